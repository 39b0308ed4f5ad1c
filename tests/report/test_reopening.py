"""Finished files, opened again: a name is found wherever a file can hold it."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from itsm_bridge.report.naming import Names
from itsm_bridge.report.reopening import leaks, pieces

NAMES = Names(["GWL"], ["OptIT & Co"])


def workbook(path: Path, **where: bool) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        book.set_properties({"title": "OptIT & Co" if where.get("property") else "GWL"})
        sheet = book.add_worksheet("OptIT & Co" if where.get("sheet") else "GWL")
        hidden = book.add_worksheet("more")
        hidden.hide()
        sheet.write_string(0, 0, "GWL")
        if where.get("shared"):
            sheet.write_string(1, 0, "optit & co")
        if where.get("hidden"):
            hidden.write_string(1, 0, "OptIT & Co")
        if where.get("name"):
            book.define_name("OptIT_Co", "=GWL!$A$1")
        if where.get("header"):
            sheet.set_header("&LOptIT && Co")
        if where.get("comment"):
            sheet.write_comment(0, 0, "OptIT & Co")
        if where.get("chart"):
            chart = book.add_chart({"type": "bar"})
            chart.add_series({"values": "=GWL!$A$1:$A$2", "name": "OptIT & Co"})
            sheet.insert_chart(3, 3, chart)


def test_a_workbook_without_the_name_is_clean(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx")
    assert not list(leaks(tmp_path, NAMES, {}))


@pytest.mark.parametrize("place", ["property", "sheet", "shared", "hidden", "name", "header", "comment", "chart"])
def test_a_name_is_found_in_every_part_of_a_workbook(tmp_path: Path, place: str) -> None:
    names = Names(["GWL"], ["OptIT & Co", "OptIT_Co"])
    workbook(tmp_path / "a.xlsx", **{place: True})
    found = list(leaks(tmp_path, names, {}))
    assert found
    assert {leak.file for leak in found} == {"a.xlsx"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", '"x","GWL asks ""OptIT & Co"""\r\n'),
        ("a.csv", '"\'OptIT & Co"\r\n'),
        ("dashboard.html", "<title>OptIT &amp; Co</title>"),
        ("dashboard.html", '<svg aria-label="OptIT &#38; Co"></svg>'),
        ("dashboard.html", "<!-- OptIT & Co -->"),
        ("dashboard.html", "<script>var a = 'OptIT & Co'</script>"),
        ("manifest.json", '{"vendor": "OptIT & Co"}'),
        ("OptIT & Co.csv", "x\r\n"),
    ],
)
def test_a_name_is_found_in_every_kind_of_file(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert [leak.name for leak in leaks(tmp_path, NAMES, {})][:1] == ["OptIT & Co"]


def test_a_row_of_another_vendor_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('"ticket","vendor"\r\n"s:1","GWL"\r\n"s:2","Zed"\r\n', encoding="utf-8-sig")
    found = list(leaks(tmp_path, NAMES, {"vendor": {"GWL"}, "ticket": {"s:1"}}))
    assert [(leak.place, leak.name) for leak in found] == [
        ("row 3, column ticket", "s:2"), ("row 3, column vendor", "Zed"),
    ]  # fmt: skip


def test_the_address_of_a_cell_is_no_name(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx")
    assert not list(leaks(tmp_path, Names(["GWL"], ["A1"]), {}))


def test_the_place_of_a_cell_and_of_its_string_are_no_texts_and_numbers_are(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as book:
        sheet = book.add_worksheet("x")
        for row in range(40):
            sheet.write_string(row, 0, f"text {row}")
        sheet.write_number(0, 1, 77.25)
        sheet.write_string(0, 2, "4711")
    found = [piece.text for piece in pieces(tmp_path / "a.xlsx") if piece.place == "xl/worksheets/sheet1.xml"]
    assert "77.25" in found
    assert not {"A7", "17", "c r=", "1:3"} & set(found)
    assert [leak.name for leak in leaks(tmp_path, Names(["x"], ["77.25"]), {})] == ["77.25"]
    assert [leak.name for leak in leaks(tmp_path, Names(["x"], ["4711"]), {})] == ["4711"]


def test_a_name_is_found_in_a_cell_whose_text_stands_in_the_sheet_itself(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx"), {"constant_memory": True}) as book:
        book.add_worksheet("x").write_string(0, 0, "of OptIT & Co")
        book.add_worksheet("y").write_formula(0, 0, '="OptIT & Co"', None, "GWL")
    places = [leak.place for leak in leaks(tmp_path, NAMES, {})]
    assert places == ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"]


def test_every_text_of_a_file_is_looked_at_where_it_stands_first(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"a","b"\r\n"c","a"\r\n"a","b"\r\n"b","\'=d"\r\n', encoding="utf-8-sig")
    assert [(piece.place, piece.text) for piece in pieces(path)] == [
        ("row 1, column 1", "a"), ("row 1, column 2", "b"), ("row 2, column 1", "c"), ("row 4, column 2", "=d"),
    ]  # fmt: skip
