"""Writers of reports: CSVs and the workbook, beside pandas and openpyxl, for a wide sheet and for a whole store.

First a table of 100,000 rows and 25 columns: the same rows go through our two writers and through what else writes
them. What was written is read again and compared before a figure is printed. Then all tables of a store of which every
ticket is in the report, as ``report`` writes them. Each is measured in a process of its own, by the time of the
processor: other programs count for little, and the largest memory is that of this writer alone.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import zip_longest
from pathlib import Path
from typing import Any
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import xlsxwriter
from benchmarks.bench_cycles import ROOT
from benchmarks.bench_reports import CASES, URL, fill, memory

from itsm_bridge.analysis.columns import Column, Kind, shaped
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.config import load
from itsm_bridge.report import csvfile
from itsm_bridge.report.cells import NUMBER_FORMATS, Styles
from itsm_bridge.report.contents import Report, report_of
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.long_sheets import LongSheet, replaceable
from itsm_bridge.report.verifying import differing
from itsm_bridge.store import Store

ROWS = 100_000
WIDTHS: Mapping[Kind, int] = {
    Kind.TEXT: 12, Kind.INTEGER: 4, Kind.NUMBER: 3, Kind.PERCENT: 1, Kind.INSTANT: 4, Kind.BOOLEAN: 1,
}  # fmt: skip
COLUMNS = tuple(Column(f"{kind}_{place}", kind, "") for kind, width in WIDTHS.items() for place in range(width))
ZONE = ZoneInfo("Asia/Kolkata")
FIRST = datetime(2026, 7, 1, tzinfo=UTC)
COMPARED = 500
"""Rows of a workbook that are compared cell by cell; openpyxl takes minutes for all."""


def main() -> None:
    """Print seconds, memory and size."""
    if not replaceable():
        sys.exit("this version of XlsxWriter does not let its writing of rows be replaced")
    print(f"{ROWS:,} rows of {len(COLUMNS)} columns:{'':<12}{'seconds':>9} {'MB of memory':>13} {'MB written':>11}")
    for name, write in WRITERS.items():
        alone(name, measured, write)
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), CASES[1], load(ROOT / "config"))
        print("a report of 100,000 tickets, all of its quarter:")
        alone("", whole, folder)


def alone(name: str, measure: Callable[..., None], what: object) -> None:
    """Measure in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as others:
        others.submit(measure, name, what).result()


def measured(name: str, write: Callable[[Path, pd.DataFrame], None]) -> None:
    """Write the table, read it again, and print what it took."""
    rows = made()
    before = memory()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"table.{name.rsplit(maxsplit=1)[-1]}"
        began = time.process_time()
        write(path, rows)
        took, most = time.process_time() - began, memory()
        READERS[path.suffix](path, rows)
        size = path.stat().st_size
    show(name, took, before, size, most)


def show(name: str, took: float, before: float, size: int, most: float | None = None) -> None:
    """A line of what was measured."""
    print(f"  {name:<40} {took:>6.2f} {before:>5,.0f} → {most or memory():>5,.0f} {size / 1e6:>11.1f}", flush=True)


def made() -> pd.DataFrame:
    """Rows as tables of tickets have them: ids that are all different, words, summaries, counts, instants."""
    by = random.Random(7)
    words = ["disk", "full", "mail", "slow", "login", "refused", "€", "printer", "=1+1", 'said "no"', "a,b"]
    frame: dict[str, list[object]] = {}
    for place, column in enumerate(COLUMNS):
        match column.kind:
            case Kind.TEXT if place < 2:
                values: list[object] = [f"snow:INC{row:07}" for row in range(ROWS)]
            case Kind.TEXT if place < 4:
                values = [" ".join(by.choices(words, k=5)) for _ in range(ROWS)]
            case Kind.TEXT:
                values = by.choices(["", *words], k=ROWS)
            case Kind.INTEGER:
                values = [by.choice([None, by.randrange(10**place)]) for _ in range(ROWS)]
            case Kind.INSTANT:
                values = [FIRST + timedelta(seconds=by.randrange(7_000_000)) for _ in range(ROWS)]
            case Kind.BOOLEAN:
                values = by.choices([True, False, None], k=ROWS)
            case _:
                values = [round(by.random() * 1000, 6) for _ in range(ROWS)]
        frame[column.name] = values
    return shaped(pd.DataFrame(frame), COLUMNS)


def our_csv(path: Path, rows: pd.DataFrame) -> None:
    """Ours."""
    csvfile.write(path, COLUMNS, rows, ZONE)


def pandas_csv(path: Path, rows: pd.DataFrame) -> None:
    """pandas, which neither looks for formulas nor says in which zone its instants are."""
    local(rows).to_csv(path, index=False, encoding="utf-8-sig")


def our_sheet(path: Path, rows: pd.DataFrame) -> None:
    """Ours: a sheet as in a report."""
    with xlsxwriter.Workbook(str(path)) as workbook:
        styles = Styles(workbook)
        sheet = workbook.add_worksheet("table", worksheet_class=LongSheet)
        headers = [{"header": column.name} for column in COLUMNS]
        sheet.add_table(0, 0, len(rows), len(COLUMNS) - 1, {"columns": headers})
        for place, column in enumerate(COLUMNS):
            sheet.set_column(place, place, 12, styles(num_format=NUMBER_FORMATS[column.kind]))
            sheet.lay((1, place), column.kind, rows[column.name], ZONE)


def plain_sheet(path: Path, rows: pd.DataFrame) -> None:
    """XlsxWriter alone, cell by cell, and without a look at what a text holds."""
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        dates = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet, there = workbook.add_worksheet("table"), local(rows)
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column.name)
            sheet.set_column(place, place, 12, dates if column.kind is Kind.INSTANT else None)
            for row, value in enumerate(there[column.name], start=1):
                if pd.isna(value) or value == "":
                    continue
                sheet.write(row, place, value.to_pydatetime() if column.kind is Kind.INSTANT else value)


def pandas_sheet(path: Path, rows: pd.DataFrame) -> None:
    """What pandas makes with XlsxWriter."""
    options = {"options": {"strings_to_formulas": False, "strings_to_urls": False}}
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs=options) as writer:
        local(rows).to_excel(writer, sheet_name="table", index=False)


def openpyxl_sheet(path: Path, rows: pd.DataFrame) -> None:
    """What openpyxl makes row by row, in the mode that keeps none; a text that begins with = is a formula to it."""
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet("table")
    sheet.append([column.name for column in COLUMNS])
    plain = local(rows).astype("object")
    for row in plain.where(plain.notna(), None).itertuples(index=False):
        sheet.append([f"'{value}" if isinstance(value, str) and value[:1] == "=" else value for value in row])
    workbook.save(path)


def local(rows: pd.DataFrame) -> pd.DataFrame:
    """``rows`` with instants in our zone that say so no more, as a spreadsheet has them."""
    instants = [column.name for column in COLUMNS if column.kind is Kind.INSTANT]
    return rows.assign(**{name: rows[name].dt.tz_convert(ZONE).dt.tz_localize(None) for name in instants})


def read_csv(path: Path, rows: pd.DataFrame) -> None:
    """All rows, column by column."""
    found = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False, dtype="string")
    check(list(found.columns) == [column.name for column in COLUMNS] and len(found) == len(rows), path)
    for column in COLUMNS:
        said = [_SAID[column.kind](value) for value in found[column.name]]
        check(said == [_MEANT[column.kind](value) for value in rows[column.name]], path)


def read_sheet(path: Path, rows: pd.DataFrame) -> None:
    """The first rows and the number of all; an archive whose every part is whole."""
    with ZipFile(path) as parts:
        check(parts.testzip() is None, path)
    sheet = openpyxl.load_workbook(BytesIO(path.read_bytes()), read_only=True)["table"]
    wanted = local(rows)
    for place, row in enumerate(sheet.iter_rows(min_row=2, max_row=COMPARED + 1)):
        for cell, column in zip_longest(row, COLUMNS):  # openpyxl writes no empty cells at a row's end
            check(same(None if cell is None else cell.value, wanted[column.name].iloc[place]), path)
            check(cell is None or cell.data_type != "f", path)
    check(sum(1 for _ in sheet.rows) == len(rows) + 1, path)


def same(found: Any, wanted: Any) -> bool:  # noqa: ANN401 - a cell, and a value of the table
    """Whether a cell says a value; dates to the millisecond, as openpyxl reads them."""
    if found is None or pd.isna(wanted):
        return found is None and (bool(pd.isna(wanted)) or wanted == "")
    if isinstance(found, datetime):
        return bool(abs(found - wanted) < timedelta(milliseconds=1))
    return str(found).removeprefix("'") == wanted if isinstance(found, str) else bool(found == wanted)


def check(holds: bool, path: Path) -> None:  # noqa: FBT001 - a condition
    """Stop where a file does not say what was to be written."""
    if not holds:
        sys.exit(f"{path.name} does not say what was written")


def whole(_name: str, folder: str) -> None:
    """Every table of a report, in each format."""
    report = _report(Path(folder))
    before = memory()
    for name in ("csv", "html", "xlsx"):
        began = time.process_time()
        files = list(FORMATS[name](report, Path(folder)))
        took = time.process_time() - began
        if differing(files):
            sys.exit(differing(files)[0])
        size, rows = sum(file.path.stat().st_size for file in files), sum(sum(file.tables.values()) for file in files)
        show(f"{name} of {rows:,} rows", took, before, size)


def _report(folder: Path) -> Report:
    configuration, case = load(ROOT / "config"), CASES[1]
    period = Period.holding(case.as_of, "quarter", configuration.zone)
    with Store.open(URL, folder, create=False) as store:
        return report_of(frames(store, configuration, period, case.as_of), configuration.digest, "bench")


def _text(value: str) -> str:
    return value.removeprefix("'") if value[:2] == "'=" else value


def _number(value: Any) -> float | None:  # noqa: ANN401 - a cell, or a value of the table
    return None if pd.isna(value) or value == "" else float(value)


def _boolean(value: Any) -> bool | None:  # noqa: ANN401 - a cell, or a value of the table
    return None if pd.isna(value) or value == "" else str(value).lower() == "true"


_SAID: Mapping[Kind, Callable[[Any], object]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.NUMBER: _number,
    Kind.PERCENT: _number,
    Kind.INSTANT: lambda text: text[:19].replace("T", " "),
    Kind.BOOLEAN: _boolean,
}
_MEANT: Mapping[Kind, Callable[[Any], object]] = {
    **_SAID,
    Kind.TEXT: str,
    Kind.INSTANT: lambda value: f"{value.tz_convert(ZONE):%Y-%m-%d %H:%M:%S}",
}

READERS: Mapping[str, Callable[[Path, pd.DataFrame], None]] = {".csv": read_csv, ".xlsx": read_sheet}
WRITERS: Mapping[str, Callable[[Path, pd.DataFrame], None]] = {
    "ours, csv": our_csv,
    "pandas, csv": pandas_csv,
    "ours, xlsx": our_sheet,
    "XlsxWriter alone, xlsx": plain_sheet,
    "pandas with XlsxWriter, xlsx": pandas_sheet,
    "openpyxl row by row, xlsx": openpyxl_sheet,
}

if __name__ == "__main__":
    main()
