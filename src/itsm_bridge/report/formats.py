"""The registry of file formats: a new one is a function that writes its files into a folder, and a line below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import itsm_bridge.report.csvfile as csvfile
import itsm_bridge.report.workbook as workbook
from itsm_bridge.report.contents import Report
from itsm_bridge.report.dashboard import dashboard
from itsm_bridge.report.manifest import WrittenFile
from itsm_bridge.report.parts import shown


def _csv(report: Report, folder: Path) -> Iterator[WrittenFile]:
    """One CSV a table."""
    (folder / "csv").mkdir()
    for name, table in report.tables.items():
        path = folder / "csv" / f"{name}.csv"
        rows = report.rows[name]
        yield WrittenFile(path, {name: len(rows)}, csvfile.write(path, table.columns, rows, report.zone))


def _xlsx(report: Report, folder: Path) -> Iterator[WrittenFile]:
    """The workbook with every table that has a sheet, or the beginning of one that is very long."""
    path = folder / f"itsm-bridge_{report.frames.period.name}.xlsx"
    workbook.write(path, report)
    yield WrittenFile(path, shown(report))


def _html(report: Report, folder: Path) -> Iterator[WrittenFile]:
    """The dashboard, one page."""
    path = folder / "dashboard.html"
    path.write_text(dashboard(report), encoding="utf-8", newline="\n")
    yield WrittenFile(path, {})


FORMATS: Mapping[str, Callable[[Report, Path], Iterator[WrittenFile]]] = {
    "xlsx": _xlsx,
    "csv": _csv,
    "html": _html,
}
