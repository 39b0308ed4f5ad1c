from __future__ import annotations

import errno
import os
import re
from copy import deepcopy
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import LargeZipFile, ZipFile

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from tests.analysis import made
from tests.report.hostile import HOSTILE

from itsm_bridge.analysis.columns import Kind
from itsm_bridge.analysis.figures import FIGURES
from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import StorageFailed
from itsm_bridge.report import parts as split
from itsm_bridge.report import workbook
from itsm_bridge.report.build import publish
from itsm_bridge.report.cells import OPTIONS, UNIT_FORMATS
from itsm_bridge.report.contents import Report, report_of
from itsm_bridge.report.foreign import clean, fitted
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.marks import MARKS
from itsm_bridge.report.overview import against_mean, named
from itsm_bridge.report.sheets import PRINTED_WIDTH
from itsm_bridge.report.verifying import differing


@pytest.fixture(scope="module")
def path(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("out") / "report.xlsx"
    workbook.write(path, report)
    return path


@pytest.fixture(scope="module")
def opened(path: Path) -> Any:  # noqa: ANN401 - openpyxl has no types
    return openpyxl.load_workbook(path)


def texts(sheet: Any) -> list[str]:  # noqa: ANN401 - openpyxl has no types
    return [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]


def test_the_first_page_comes_first_and_every_table_has_a_sheet(report: Report, opened: Any) -> None:  # noqa: ANN401
    tables = [name for name, table in report.tables.items() if table.sheet]
    assert opened.sheetnames == ["Overview", "Contents", *tables, "Chart data", "About"]
    assert opened.active.title == "Overview"
    assert "history" not in opened.sheetnames


def test_a_sheet_holds_its_table_from_the_first_cell_on(report: Report, opened: Any) -> None:  # noqa: ANN401
    for name, table in report.tables.items():
        if table.sheet:
            sheet = opened[name]
            assert [cell.value for cell in sheet[1]] == [column.name for column in table.columns]
            assert sheet.max_row == len(report.rows[name]) + 1
            assert list(sheet.tables) == [f"tbl_{name}"]
            assert sheet.tables[f"tbl_{name}"].ref.endswith(str(max(len(report.rows[name]), 1) + 1))
            assert sheet.freeze_panes == "B2"


def test_cells_are_of_their_kind_and_say_what_the_table_says(report: Report, opened: Any) -> None:  # noqa: ANN401
    for name, table in report.tables.items():
        if table.sheet:
            for place, column in enumerate(table.columns):
                for row, wanted in enumerate(report.rows[name][column.name], start=2):
                    seen = opened[name].cell(row, place + 1).value
                    assert seen == in_a_cell(wanted, column.kind, report), (name, column.name, row)


def in_a_cell(value: Any, kind: Kind, report: Report) -> object:  # noqa: ANN401 - a cell of any kind
    if pd.isna(value) or value == "":
        return None
    if kind is Kind.TEXT:
        return fitted(value).replace("_x000D_", "\r") if "_x" not in value else clean(value)
    if kind is Kind.INSTANT:
        return value.tz_convert(report.zone).floor("s").tz_localize(None).to_pydatetime()
    return bool(value) if kind is Kind.BOOLEAN else pytest.approx(float(value))


def test_nothing_runs_and_nothing_leads_elsewhere(path: Path, opened: Any) -> None:  # noqa: ANN401
    for sheet in opened.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                assert cell.hyperlink is None or cell.hyperlink.location
    with ZipFile(path) as parts:
        names = parts.namelist()
        assert not [name for name in names if re.search("external|vba|activeX|embeddings|queryTable|connections", name)]
        for name in names:
            text = parts.read(name).decode("utf-8")
            assert 'TargetMode="External"' not in text
            if name.startswith("xl/worksheets/sheet"):
                assert "<f>" not in text
                assert "<f " not in text


def test_links_lead_to_sheets_that_are_there(opened: Any) -> None:  # noqa: ANN401
    links = [cell.hyperlink.location for row in opened["Contents"].iter_rows() for cell in row if cell.hyperlink]
    assert [link.split("!")[0].strip("'") for link in links] == [
        name for name in opened.sheetnames if name != "Contents"
    ]


def test_no_name_of_a_sheet_is_cut_off_in_the_list_of_contents(opened: Any) -> None:  # noqa: ANN401
    assert opened["Contents"].column_dimensions["A"].width >= max(map(len, opened.sheetnames)) + 1


def test_the_first_page_says_what_happened(opened: Any) -> None:  # noqa: ANN401
    said = texts(opened["Overview"])
    assert said[0] == "Service report, week 2026-W47 (16 Nov 2026 to 22 Nov 2026)"
    assert said[1].startswith("As of Thu 19 Nov 2026, 18:00:00 Asia/Kolkata.")
    assert any("tickets are open" in text for text in said)
    assert "Decisions needed" in said
    assert "snow:INC9002" in said
    assert "Approve or reject" in said
    assert any(text.startswith("▲") and text.endswith("worse") for text in said)


def test_the_first_page_has_four_charts_with_descriptions(path: Path, opened: Any) -> None:  # noqa: ANN401
    assert len(opened["Overview"]._charts) == 4
    with ZipFile(path) as parts:
        assert parts.read("xl/drawings/drawing1.xml").decode().count("descr=") == 4


def test_the_line_of_attainment_by_week_is_the_sum_over_vendors(report: Report, opened: Any) -> None:  # noqa: ANN401
    rows = report.rows["sla_trend"]
    rows = rows[rows["kind"] == "sla"]
    assert rows["vendor"].nunique() == 2
    headers = {cell.value: cell.column for cell in opened["Chart data"][4]}
    column = headers["SLA attainment by week"]
    assert [headers["judged"], opened["Chart data"].cell(4, column - 1).value] == [column + 1, "week"]
    shown = 0
    for place, week in enumerate(report.frames.weeks, start=5):
        name, share, judged = (opened["Chart data"].cell(place, column + step).value for step in (-1, 0, 1))
        of_week = rows[rows["week"] == week.name]
        assert name == week.name
        if of_week["judged"].isna().all():
            assert (share, judged) == (None, None)
        elif judged:
            assert share == pytest.approx(of_week["met"].sum() / of_week["judged"].sum(), abs=1e-6)
            shown += 1
    assert shown > 1


def test_the_first_page_is_printed_on_one_sheet_and_tables_repeat_their_header(opened: Any) -> None:  # noqa: ANN401
    first = opened["Overview"]
    assert (first.page_setup.orientation, first.page_setup.paperSize) == ("landscape", 9)
    assert first.sheet_properties.pageSetUpPr.fitToPage
    assert (first.page_setup.fitToWidth, first.page_setup.fitToHeight) == (None, None)  # one by one is the default
    table = opened["tickets"]
    assert table.page_setup.fitToHeight == 0
    assert table.print_title_rows == "$1:$1"
    assert table.oddFooter.right.text.strip() == "Page &P of &N"


def test_a_wide_table_is_printed_large_enough_to_read(report: Report, opened: Any) -> None:  # noqa: ANN401
    for name, table in report.tables.items():
        if table.sheet:
            sheet = opened[name]
            widths = [one.width for one in sheet.column_dimensions.values() for _ in range(one.min, one.max + 1)]
            assert len(widths) == len(table.columns)
            across = sheet.page_setup.fitToWidth or 1
            assert widths[0] + sum(widths[1:]) / across <= PRINTED_WIDTH + 1, name
            assert sheet.print_title_cols == ("$A:$A" if across > 1 else None)
    assert opened["tickets"].page_setup.fitToWidth >= 2
    assert opened["open_tickets"].page_setup.pageOrder == "overThenDown"


def test_only_what_this_version_offers_is_recommended(opened: Any) -> None:  # noqa: ANN401
    said = " ".join(texts(opened["About"]))
    assert "`itsm-bridge explain TICKET`" in said
    assert " --" not in said.replace("`itsm-bridge audit verify --head", "")


def test_a_chart_names_the_week_that_it_shows(path: Path) -> None:
    with ZipFile(path) as parts:
        charts = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/charts/chart")]
    assert any("Utilization in 2026-W46 (line: 100%)" in chart for chart in charts)


def test_the_first_page_groups_what_must_be_decided_and_its_sheet_gives_the_reasons(
    configured: Configuration, tmp_path: Path
) -> None:
    refused = made.ticket("INC1", made.ago(days=1), vendor=None)
    rejected = made.ticket("INC2", made.ago(days=1), vendor=None, approval="rejected")
    waiting = [made.ticket(f"INC{place}", made.ago(days=place), vendor=None) for place in (3, 4, 5, 6)]
    why = "not ours: redirected to Office IT desk (rule desktop)"
    held = made.decision(refused, "vendor", None, made.ago(hours=1), "held", because=why)
    seen = made.frames([refused, rejected, *waiting], configured, decisions=[held])
    workbook.write(tmp_path / "x.xlsx", report_of(seen, "d", "0"))
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    page = book["Overview"]
    lines = {row[7].value: [cell.value for cell in row[7:13]] for row in page.iter_rows() if row[7].value}
    assert lines["Find a vendor"][2:5] == [4, "6.0 days", "snow:INC6, snow:INC5 +2"]
    assert lines["Look at a held decision"][2:5] == [1, "1.0 days", "snow:INC1"]
    assert lines["Close, or ask again (rejected)"][4] == "snow:INC2"
    reasons = {row[1].value: row[2].value for row in book["decisions_needed"].iter_rows(min_row=2)}
    assert reasons["snow:INC1"] == why
    assert reasons["snow:INC2"] == "its approval was rejected"
    assert reasons["snow:INC3"] == "in nobody's hands"


@pytest.mark.parametrize(
    ("subjects", "shown"),
    [
        (["a"], "a"),
        (["ops:ENV-114", "ops:ENV-127"], "ops:ENV-114, ops:ENV-127"),
        ([f"snow:INC{n:07}" for n in range(1200)], "snow:INC0000000 +1,199"),
        (["x" * 40], "x" * 29 + "…"),
        (["x" * 40, "y"], "x" * 26 + "… +1"),
    ],
)
def test_names_beside_a_decision_fit_and_the_others_are_counted(subjects: list[str], shown: str) -> None:
    assert named(subjects) == shown


def test_a_tile_says_a_change_in_words(configured: Configuration, tmp_path: Path) -> None:
    old = [made.ticket(f"INC{place}", made.ago(days=40)) for place in range(4)]
    workbook.write(
        tmp_path / "x.xlsx", report_of(made.frames([*old, made.ticket("N", made.ago(hours=3))], configured), "d", "0")
    )
    said = texts(openpyxl.load_workbook(tmp_path / "x.xlsx")["Overview"])
    assert "▲ 1, worse" in said
    assert "1 above the mean of 4 weeks" in said
    assert against_mean(0.0, "tickets", "week") == "as the mean of 4 weeks"
    assert against_mean(-0.052, "share", "week") == "5.2 points below the mean of 4 weeks"
    assert against_mean(float("nan"), "share", "week") == ""


def test_a_check_that_differs_is_said_in_words_on_the_first_page(report: Report, tmp_path: Path) -> None:
    checks = report.rows["checks"].copy()
    checks.loc[0, "found"] = 77.0
    checks.loc[0, "ok"] = False
    checks.loc[0, "result"] = "DIFFERS"
    workbook.write(tmp_path / "x.xlsx", replace(report, rows={**report.rows, "checks": checks}))
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    said = texts(book["Overview"])
    assert any(
        text.startswith("DO NOT RELY ON THIS REPORT: 1 of its checks differ, first: open tickets") for text in said
    )
    assert any(f"1 of {len(checks)} checks DIFFER" in text for text in said)
    assert book["checks"]["E2"].value == "DIFFERS"


def test_what_a_sheet_marks_says_it_in_a_word_or_a_number_too(report: Report, opened: Any) -> None:  # noqa: ANN401
    for (name, column), marks in MARKS.items():
        assert column in [one.name for one in report.tables[name].columns], (name, column)
        assert marks
    rules = {
        sheet.title: [rule.type for ranged in sheet.conditional_formatting for rule in ranged.rules]
        for sheet in opened.worksheets
    }
    assert rules["checks"] == ["cellIs", "cellIs"]
    assert rules["sla_attainment"] == ["dataBar"]
    assert rules["summary"].count("iconSet") == 2
    assert "Internal: names people and tickets" in opened["tickets"].oddFooter.center.text


def test_a_full_disk_leaves_the_published_report_as_it_was(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = publish(report.frames, "d", tmp_path, ["xlsx"])

    def fail(_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", fail)
    with pytest.raises(StorageFailed, match="No space left on device; the report was not published"):
        publish(report.frames, "d", tmp_path, ["xlsx"])
    assert list(tmp_path.iterdir()) == [before.folder]
    openpyxl.load_workbook(next(before.folder.glob("*.xlsx")))


def test_a_workbook_that_is_too_large_for_its_format_is_not_published(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise LargeZipFile

    monkeypatch.setattr(xlsxwriter.Workbook, "_store_workbook", fail)
    with pytest.raises(StorageFailed, match="larger than 4 GiB"):
        workbook.write(tmp_path / "x.xlsx", report)


def test_what_it_is_made_from_is_said(report: Report, opened: Any) -> None:  # noqa: ANN401
    said = texts(opened["About"])
    assert report.digest in said
    assert "Asia/Kolkata" in said
    assert "2026-11-19T18:00:00+05:30" in said
    assert any(text.startswith(f"1,234 rows, head {'3f2a' * 16}; ") for text in said)


def test_data_that_is_out_of_date_is_said_to_be_in_words(configured: Configuration, tmp_path: Path) -> None:
    old = made.frames([made.ticket("INC1", made.ago(days=1))], configured, freshness={"snow": made.ago(days=3)})
    workbook.write(tmp_path / "x.xlsx", report_of(old, "d", "0"))
    said = texts(openpyxl.load_workbook(tmp_path / "x.xlsx")["Overview"])
    assert "OUT OF DATE: not read to its end in the 24 hours before this instant: snow." in said


def test_an_empty_store_makes_a_workbook_that_says_so(configured: Configuration, tmp_path: Path) -> None:
    workbook.write(tmp_path / "x.xlsx", report_of(made.frames([], configured), "d", "0"))
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    assert any("There is no data" in text for text in texts(book["Overview"]))
    assert [cell.value for cell in book["tickets"][1]][:2] == ["ticket", "source"]


def test_a_table_that_is_longer_than_a_sheet_goes_on_in_the_next_one(report: Report, tmp_path: Path) -> None:
    workbook.write(tmp_path / "x.xlsx", report, most_rows=40)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    count = len(report.rows["tickets"])
    names = [name for name in book.sheetnames if re.fullmatch(r"tickets(_\d)?", name)]
    assert names == ["tickets", "tickets_2"]
    assert sum(book[name].max_row - 1 for name in names) == count
    assert any("part 2 of 2" in text for text in texts(book["Contents"]))


def test_a_table_that_is_cut_says_so_above_its_header_and_where_the_rest_is(report: Report, tmp_path: Path) -> None:
    workbook.write(tmp_path / "x.xlsx", report, most_shown=7)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    count = len(report.rows["tickets"])
    sheet = book["tickets"]
    assert sheet["A1"].value == (
        f"Only the first 7 of {count} rows: filters, sums and pivots here know nothing of the others. All are in the "
        "file csv/tickets.csv, if CSV was asked for (--format csv)."
    )
    assert [cell.value for cell in sheet[2]] == [column.name for column in report.tables["tickets"].columns]
    assert [sheet.cell(row, 1).value for row in range(3, 10)] == list(report.rows["tickets"]["ticket"][:7])
    assert sheet.max_row == 9
    assert sheet.tables["tbl_tickets"].ref.startswith("A2:")
    assert sheet.tables["tbl_tickets"].ref.endswith("9")
    assert sheet.freeze_panes == "B3"
    assert sheet.print_title_rows == "$1:$2"
    assert f"(the first 7 of {count} rows)" in sheet.oddHeader.left.text
    assert any(text.endswith(f"(the first 7 of {count} rows)") for text in texts(book["Contents"]))


def test_a_mark_and_a_unit_s_format_stay_with_their_rows_where_a_table_is_cut(report: Report, tmp_path: Path) -> None:
    assert len(report.rows["open_tickets"]) > 7
    workbook.write(tmp_path / "x.xlsx", report, most_shown=7)
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    ranges = {str(one.sqref) for one in book["open_tickets"].conditional_formatting}
    assert ranges
    assert all(re.fullmatch(r"[A-Z]+3:[A-Z]+9", one) for one in ranges)
    whole = opened_whole(report, tmp_path)["summary"]
    places = [cell.value for cell in whole[1]]
    for name in ("value", "mean_of_four"):
        column = places.index(name) + 1
        looks = [whole.cell(row, column).number_format for row in range(2, 9)]
        assert [book["summary"].cell(row, column).number_format for row in range(3, 10)] == looks
        assert len(set(looks)) > 1


def opened_whole(report: Report, folder: Path) -> Any:  # noqa: ANN401 - openpyxl has no types
    workbook.write(folder / "whole.xlsx", report)
    return openpyxl.load_workbook(folder / "whole.xlsx")


def test_a_table_that_is_whole_says_nothing_above_its_header(report: Report, tmp_path: Path) -> None:
    workbook.write(tmp_path / "x.xlsx", report, most_shown=len(report.rows["tickets"]))
    assert openpyxl.load_workbook(tmp_path / "x.xlsx")["tickets"]["A1"].value == "ticket"


def test_the_rows_of_a_table_that_is_cut_are_counted_as_they_are_shown(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(split, "MOST_SHOWN", 7)
    (file,) = FORMATS["xlsx"](report, tmp_path)
    assert file.tables["tickets"] == 7
    assert len(report.rows["tickets"]) > 7
    assert not differing([file])
    assert differing([replace(file, tables={"tickets": 8})])


def test_hostile_texts_are_shown_as_texts(report: Report, opened: Any) -> None:  # noqa: ANN401
    place = [cell.value for cell in opened["tickets"][1]].index("summary")
    shown = {row[place].value for row in opened["tickets"].iter_rows(min_row=2)}
    for text in HOSTILE:
        if text and "_x" not in text:
            assert fitted(text) in shown
    assert len(report.rows["tickets"]) == opened["tickets"].max_row - 1


def test_an_instant_before_a_spreadsheet_s_first_year_is_text(configured: Configuration, tmp_path: Path) -> None:
    old = made.ticket("INC1", datetime.fromisoformat("1880-01-01T00:00:00+00:00"))
    workbook.write(tmp_path / "x.xlsx", report_of(made.frames([old], configured), "d", "0"))
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx")["tickets"]
    assert str(sheet["M2"].value).startswith("1880-01-01T")


def test_the_same_report_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        workbook.write(tmp_path / name, report)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_a_workbook_leaves_the_settings_of_the_next_one_as_they_were(report: Report, tmp_path: Path) -> None:
    before = deepcopy(OPTIONS)
    workbook.write(tmp_path / "first.xlsx", report)
    workbook.write(tmp_path / "second.xlsx", report)
    assert before == OPTIONS
    assert (tmp_path / "first.xlsx").read_bytes() == (tmp_path / "second.xlsx").read_bytes()


def test_every_unit_of_a_figure_has_a_format() -> None:
    assert {figure.unit for figure in FIGURES.values()} <= UNIT_FORMATS.keys()
