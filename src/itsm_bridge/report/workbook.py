"""The workbook: the first page, the list of sheets, the tables, the charts' numbers, and the colophon."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError, FileSizeError

from itsm_bridge.analysis.by_vendor import by_vendor
from itsm_bridge.errors import StorageFailed
from itsm_bridge.report.cells import OPTIONS, Styles
from itsm_bridge.report.charts import add_chart_data
from itsm_bridge.report.contents import Report
from itsm_bridge.report.overview import SHEET, fill_overview
from itsm_bridge.report.parts import MOST_ROWS, parts
from itsm_bridge.report.sheets import add_about, add_contents, add_table_sheet


def write(path: Path, report: Report, most_rows: int = MOST_ROWS, most_shown: int | None = None) -> None:
    """Write the workbook; the same report gives the same bytes. Its parts are put together beside ``path``.

    It shows ``most_shown`` rows of a table, or as many as ``parts.shown`` says, and ``most_rows`` of them on a sheet.

    Raises ``OSError`` where the disk fails, and ``StorageFailed`` for a workbook that is too large for its format.
    """
    try:
        _write(path, report, most_rows, most_shown)
    except FileCreateError as problem:  # it holds the error of the system, which says more
        cause = problem.args[0] if problem.args else None
        raise (cause if isinstance(cause, OSError) else OSError(str(problem))) from problem
    except FileSizeError as problem:
        raise StorageFailed(
            f"{path.name}: one of its parts would be larger than 4 GiB; the report was not published, what was there "
            "is as it was",
            hint="itsm-bridge report --format csv",
        ) from problem


def _write(path: Path, report: Report, most_rows: int, most_shown: int | None) -> None:
    options = {**deepcopy(OPTIONS), "tmpdir": str(path.parent)}  # XlsxWriter adds to what it is given
    with xlsxwriter.Workbook(str(path), options) as workbook:
        workbook.set_properties(
            {
                "title": report.title,
                "subject": report.stamp,
                "author": f"itsm-bridge {report.version}",
                "comments": f"Configuration {report.digest}",
                "created": report.frames.until.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        styles = Styles(workbook)
        overview = workbook.add_worksheet(SHEET)
        listed = list(parts(report, most_rows, most_shown))
        add_contents(workbook, styles, report, listed)
        for part in listed:
            add_table_sheet(workbook, styles, report, part)
        vendors = by_vendor(report.frames)
        data = add_chart_data(workbook, styles, report, vendors)
        add_about(workbook, styles, report)
        fill_overview(workbook, styles, report, vendors, data)
        overview.activate()
