from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report import plain_csv
from tests.report.hostile import HOSTILE, RUNNING
from tests.report.random_rows import COLUMNS, frame, random_rows

from itsm_bridge.analysis.columns import Column, Kind, shaped
from itsm_bridge.report import csvfile
from itsm_bridge.report.contents import Report
from itsm_bridge.report.foreign import neutralised, runs
from itsm_bridge.report.formats import FORMATS

KOLKATA = ZoneInfo("Asia/Kolkata")
AT = datetime(2026, 11, 19, 12, 30, 15, 999_999, tzinfo=UTC)


def written(path: Path, rows: Sequence[tuple[object, ...]], zone: ZoneInfo = KOLKATA) -> bytes:
    csvfile.write(path, COLUMNS, frame(rows), zone)
    return path.read_bytes()


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_each_kind_is_written_in_its_own_way(tmp_path: Path) -> None:
    rows = [("a", 1, -2.5, 0.95, AT, True), ('say "hi", all', -7, 40.0, 0.0, AT, False)]
    assert written(tmp_path / "x.csv", rows).decode("utf-8-sig") == (
        '"text","integer","number","percent","instant","boolean"\r\n'
        '"a",1,-2.5,0.95,2026-11-19T18:00:15+05:30,true\r\n'
        '"say ""hi"", all",-7,40,0,2026-11-19T18:00:15+05:30,false\r\n'
    )


def test_a_missing_value_is_an_empty_cell_and_never_a_zero(tmp_path: Path) -> None:
    assert written(tmp_path / "x.csv", [("", None, None, None, None, None)]).endswith(b"\r\n,,,,,\r\n")


def test_the_file_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert written(tmp_path / "x.csv", []).startswith(b"\xef\xbb\xbf")


def test_a_table_without_rows_has_a_header(tmp_path: Path) -> None:
    written(tmp_path / "x.csv", [])
    assert read(tmp_path / "x.csv") == [[column.name for column in COLUMNS]]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T01:30:00+01:00"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T01:30:00+00:00"),
        (datetime(1890, 1, 1, tzinfo=UTC), "1890-01-01T00:00:00+00:00"),
    ],
)
def test_an_instant_has_the_offset_that_its_zone_had_then(tmp_path: Path, at: datetime, text: str) -> None:
    written(tmp_path / "x.csv", [("", None, None, None, at, None)], ZoneInfo("Europe/London"))
    assert read(tmp_path / "x.csv")[1][4] == text


@pytest.mark.parametrize("seed", range(12))
def test_every_byte_is_what_a_writer_that_goes_cell_by_cell_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(csvfile, "AT_ONCE", 64)
    rows = random_rows(seed, 200)
    zone = ZoneInfo(("Asia/Kolkata", "Europe/London", "America/St_Johns")[seed % 3])
    changed = csvfile.write(tmp_path / "x.csv", COLUMNS, rows, zone)
    wanted = plain_csv.write(tmp_path / "y.csv", COLUMNS, rows, zone)
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()
    assert changed == wanted
    assert changed


def test_a_report_s_files_are_what_a_writer_that_goes_cell_by_cell_makes(report: Report, tmp_path: Path) -> None:
    for file in FORMATS["csv"](report, tmp_path):
        name = next(iter(file.tables))
        wanted = plain_csv.write(tmp_path / "y.csv", report.tables[name].columns, report.rows[name], report.zone)
        assert file.path.read_bytes() == (tmp_path / "y.csv").read_bytes(), name
        assert file.neutralised == wanted


def test_zero_keeps_its_sign(tmp_path: Path) -> None:
    rows = [("a", None, 0.0, -0.0, None, None), ("a", None, -0.0, 0.0, None, None)]
    assert written(tmp_path / "x.csv", rows).endswith(b'"a",,0,-0,,\r\n"a",,-0,0,,\r\n')


@given(st.lists(st.text(st.characters(exclude_categories=()), max_size=20), min_size=1, max_size=5))
def test_any_text_comes_back_as_it_was_made_safe(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    columns = (COLUMNS[0], Column("last", Kind.TEXT, ""))
    rows = shaped(pd.DataFrame({"text": texts, "last": ["end"] * len(texts)}), columns)
    changed = csvfile.write(path, columns, rows, KOLKATA)
    assert read(path)[1:] == [[neutralised(text), "end"] for text in texts]
    assert changed == sum(map(runs, texts))


def test_no_cell_of_a_report_can_run_and_numbers_stay_numbers(report: Report, tmp_path: Path) -> None:
    files = {next(iter(file.tables)): file for file in FORMATS["csv"](report, tmp_path)}
    for file in files.values():
        for row in read(file.path):
            assert not any(runs(cell) and not is_number(cell) for cell in row)
    tickets = read(files["tickets"].path)
    place = tickets[0].index("summary")
    assert {row[place] for row in tickets[1:]} >= {neutralised(text) for text in HOSTILE}
    assert files["tickets"].neutralised >= 2 * len(RUNNING)
    assert files["definitions"].neutralised == 0


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_a_spreadsheet_s_reader_sees_the_same_numbers(report: Report, tmp_path: Path) -> None:
    for file in FORMATS["csv"](report, tmp_path):
        name = next(iter(file.tables))
        read_back = pd.read_csv(file.path, encoding="utf-8-sig", keep_default_na=False, na_values=[""])
        assert len(read_back) == file.tables[name]
        for column in report.tables[name].columns:
            if column.kind in {Kind.NUMBER, Kind.PERCENT}:
                wanted = report.rows[name][column.name]
                pd.testing.assert_series_equal(read_back[column.name].astype("float64"), wanted)
