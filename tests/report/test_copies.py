"""Copies for vendors: what is in them, what is not, and that a leak stops one and keeps nothing else."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.analysis import made
from tests.analysis.made import ago, decision, ticket

from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.tables import DESCRIBED, TABLES
from itsm_bridge.config.model import Configuration, People, Reports
from itsm_bridge.errors import GuardTripped, StorageFailed, UsageError
from itsm_bridge.report import shown
from itsm_bridge.report.contents import Report
from itsm_bridge.report.copies import Copies, known_vendors, publish_copies
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.manifest import WrittenFile
from itsm_bridge.report.shown import LEFT_OUT, SHOWN, shown_tables

BACK_AGAIN = ticket(
    "INC1",
    ago(days=9),
    (ago(days=8), "state", "in_progress"),
    (ago(days=3), "vendor", "OptIT"),
    (ago(days=2, hours=20), "assignee", "Omar Haddad"),
    (ago(days=2, hours=12), "priority", "1"),
    (ago(days=2), "vendor", "GWL"),
    (ago(days=2) + (ago(days=1) - ago(days=2)) / 100, "assignee", "Asha Rao"),
    (ago(days=1), "state", "resolved"),
    assignee="Asha Rao",
    summary="Disk of OptIT is full, see snow:INC3",
)
HANDED_OVER = ticket(
    "INC2", ago(days=3), (ago(days=2), "vendor", "OptIT"), (ago(hours=30), "state", "in_progress"),
    (ago(hours=20), "priority", "1"), assignee="Asha Rao", summary="Said to Omar Haddad",
)  # fmt: skip
FOREIGN = ticket("INC3", ago(hours=5), vendor="OptIT", assignee="Omar Haddad")
NOBODYS = ticket("INC4", ago(hours=4), vendor=None, assignee="Desk 1")
RECORDS = (BACK_AGAIN, HANDED_OVER, FOREIGN, NOBODYS)


@pytest.fixture(scope="session")
def seen(configured: Configuration) -> Frames:
    decided = [
        decision(BACK_AGAIN, "vendor", "GWL", ago(hours=30), "verified", because="OptIT is full at 140 %."),
        decision(BACK_AGAIN, "priority", 1, ago(hours=40), "verified", because="OptIT asked for it."),
        decision(HANDED_OVER, "priority", 1, ago(hours=20), "verified"),
        decision(HANDED_OVER, "vendor", "OptIT", ago(hours=50), "verified"),
    ]
    return made.frames(RECORDS, configured, decisions=decided)


@pytest.fixture(scope="session")
def copied(seen: Frames, configured: Configuration, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The folders of all copies, published once for the tests that only look."""
    out = tmp_path_factory.mktemp("copies")
    before = os.umask(0)
    try:
        copies = publish_copies(seen, configured, configured.vendors, out, ("xlsx", "csv"))
    finally:
        os.umask(before)
    copies.check()
    return {vendor: one.folder for vendor, one in copies.published.items()}


def copy(seen: Frames, configuration: Configuration, out: Path, vendor: str = "GWL") -> Path:
    copies = publish_copies(seen, configuration, [vendor], out, ("xlsx", "csv"))
    copies.check()
    return copies.published[vendor].folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_copy_is_a_folder_of_its_own_below_the_period_s(copied: Mapping[str, Path]) -> None:
    folder = copied["GWL"]
    assert folder.parts[-3:] == ("2026-W47", "vendors", "GWL")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    tables = {f"csv/{name}.csv" for name in (*SHOWN, "definitions")}
    assert names == {"itsm-bridge_2026-W47.xlsx", "manifest.json", *tables}
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["vendor"] == "GWL"
    assert {file["path"] for file in manifest["files"]} == names - {"manifest.json"}


def test_a_vendor_sees_its_tickets_and_those_it_has_no_more_as_they_were(copied: Mapping[str, Path]) -> None:
    rows = table(copied["GWL"], "tickets")
    assert [(row["ticket"], row["state"], row["vendor"], row["priority"]) for row in rows] == [
        ("snow:INC1", "resolved", "GWL", "1"),
        ("snow:INC2", "handed_over", "GWL", "3"),
    ]
    assert [row["summary"] for row in rows] == ["Disk of [other party] is full, see [other party]", ""]
    assert rows[1]["age_hours"] == rows[1]["resolved_at"] == ""


def test_a_ticket_that_came_back_shows_both_periods_and_nothing_between(copied: Mapping[str, Path]) -> None:
    folder = copied["GWL"]
    rows = [row for row in table(folder, "history") if row["ticket"] == "snow:INC1"]
    assert [(row["field"], row["from"], row["to"]) for row in rows] == [
        ("state", "new", "in_progress"),
        ("vendor", "GWL", "another party"),
        ("vendor", "another party", "GWL"),
        ("assignee", "another party", "Asha Rao"),
        ("state", "in_progress", "resolved"),
    ]
    hand = next(row for row in table(folder, "time_in_hand") if row["ticket"] == "snow:INC1")
    assert (hand["holder"], hand["seconds"], hand["hand_overs"]) == ("GWL", str(7 * 86400), "2")
    other = [row for row in table(copied["OptIT"], "history") if row["ticket"] == "snow:INC1"]
    assert [(row["field"], row["to"]) for row in other] == [
        ("vendor", "OptIT"), ("assignee", "Omar Haddad"), ("priority", "1"), ("vendor", "another party"),
    ]  # fmt: skip


def test_figures_are_the_vendor_s_own(copied: Mapping[str, Path]) -> None:
    folder = copied["GWL"]
    figures = {row["key"]: row["value"] for row in table(folder, "summary")}
    assert figures["open_tickets"] == "0"
    assert figures["tickets_known"] == "2"
    assert figures["back_and_forth"] == ""
    for name in ("sla_cycles", "sla_attainment", "bandwidth", "traction"):
        assert {row["vendor"] for row in table(folder, name)} == {"GWL"}
    assert {row["holder"] for row in table(folder, "time_in_hand")} == {"GWL"}


def test_why_the_rules_chose_a_vendor_is_not_told(copied: Mapping[str, Path]) -> None:
    rows = table(copied["GWL"], "decisions")
    assert [(row["ticket"], row["field"], row["because"]) for row in rows] == [
        ("snow:INC1", "priority", "[other party] asked for it."),
        ("snow:INC1", "vendor", ""),
    ]


def test_a_source_beside_the_day_of_its_reading_is_no_id_of_another_party_s_ticket(
    configured: Configuration, tmp_path: Path
) -> None:
    """A report that read ``snow`` on the 26th, and OptIT's ticket ``SNOW-26``."""
    records = [ticket("INC1", ago(hours=30))]
    day = made.frames(records, configured).until.astimezone(configured.zone).day
    foreign = ticket(f"SNOW-{day:02}", ago(hours=30), vendor="OptIT")
    folder = copy(made.frames([*records, foreign], configured), configured, tmp_path)
    assert [row["ticket"] for row in table(folder, "tickets")] == ["snow:INC1"]


def test_people_of_other_parties_are_nowhere(copied: Mapping[str, Path]) -> None:
    ours, theirs = copied["GWL"], copied["OptIT"]
    assert {row["assignee"] for row in table(ours, "tickets")} == {"Asha Rao"}
    assert {row["assignee"] for row in table(theirs, "tickets")} == {"another party", "Omar Haddad"}
    assert {row["actor"] for row in table(ours, "history")} == {"another party"}
    for path in theirs.rglob("*.csv"):
        assert b"Asha" not in path.read_bytes()


def pseudonymous(configured: Configuration) -> Configuration:
    return replace(configured, reports=Reports(people=People.PSEUDONYMS))


def test_people_have_other_names_where_it_is_configured(
    seen: Frames, configured: Configuration, tmp_path: Path
) -> None:
    configuration = pseudonymous(configured)
    folder = copy(seen, configuration, tmp_path / "one", "OptIT")
    people = {row["assignee"] for row in table(folder, "tickets")} - {"another party"}
    assert len(people) == 1
    assert all(person.startswith("person-") and len(person) == 17 for person in people)
    assert [row["summary"] for row in table(folder, "tickets")][1] == f"Said to {people.pop()}"
    again = copy(seen, configuration, tmp_path / "two", "OptIT")
    assert table(again, "tickets") == table(folder, "tickets")
    key = configuration.folder.resolve().parent / "var" / "people.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_text("no key", encoding="ascii")
    with pytest.raises(StorageFailed, match="does not hold a key"):
        copy(seen, configuration, tmp_path / "three")
    key.unlink()
    assert table(copy(seen, configuration, tmp_path / "four", "OptIT"), "tickets") != table(folder, "tickets")


def test_the_workbook_says_whose_copy_it_is(copied: Mapping[str, Path]) -> None:
    book = openpyxl.load_workbook(copied["GWL"] / "itsm-bridge_2026-W47.xlsx")
    first = [str(cell.value) for row in book["Overview"].iter_rows(max_row=4) for cell in row if cell.value]
    assert first[0].startswith("Service report for GWL, week 2026-W47")
    assert "Copy for GWL: only tickets that it had in this period, and only while it had them." in first
    about = {row[0].value for row in book["About"].iter_rows()}
    assert "Copy for GWL" in about
    assert "Audit log" not in about
    assert set(shown_tables()) - set(book.sheetnames) == {"history"}


def test_only_the_owner_may_read_a_copy(copied: Mapping[str, Path]) -> None:
    folder = copied["GWL"]
    for path in (folder.parent.parent, folder.parent, folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_the_same_copy_has_the_same_bytes(
    copied: Mapping[str, Path], seen: Frames, configured: Configuration, tmp_path: Path
) -> None:
    one, other = copied["GWL"], copy(seen, configured, tmp_path)
    for path in one.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()


def test_every_table_is_shown_or_left_out_for_a_reason() -> None:
    assert not SHOWN.keys() & LEFT_OUT.keys()
    assert set(TABLES) - {"definitions"} <= SHOWN.keys() | LEFT_OUT.keys()
    assert all(LEFT_OUT.values())
    assert set(shown_tables()) == {*SHOWN, "definitions"} & TABLES.keys()


def test_a_copy_defines_its_own_tables_alone(copied: Mapping[str, Path]) -> None:
    defined = {row["figure"].partition(".")[0] for row in table(copied["GWL"], "definitions")}
    assert not defined & LEFT_OUT.keys()
    assert set(shown_tables()) <= defined


def leaking(_report: Report, folder: Path) -> Iterator[WrittenFile]:
    path = folder / "dashboard.html"
    path.write_text("<p>GWL is better than OPT&#73;T</p>", encoding="utf-8")
    yield WrittenFile(path, {})


def test_a_format_that_leaks_stops_the_copy_and_what_was_there_stays(
    seen: Frames, configured: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = copy(seen, configured, tmp_path) / "manifest.json"
    old = before.read_bytes()
    # the program's own text must not say it, or it would be taken for a word of the program
    monkeypatch.setattr("itsm_bridge.report.copies.FORMATS", {**FORMATS, "html": only_of_gwl})
    copies = publish_copies(seen, configured, ["GWL", "OptIT"], tmp_path, ("csv", "html"))
    assert set(copies.published) == {"OptIT"}
    with pytest.raises(GuardTripped, match=r"GWL was not published: dashboard.html holds 'OptIT' \(its text\)"):
        copies.check()
    assert before.read_bytes() == old
    assert sorted(path.name for path in before.parent.parent.iterdir()) == ["GWL", "OptIT"]


def only_of_gwl(report: Report, folder: Path) -> Iterator[WrittenFile]:
    if report.vendor == "GWL":
        yield from leaking(report, folder)


def leaky_table() -> Table:
    def build(frames: Frames) -> pd.DataFrame:
        return pd.DataFrame({"holder": ["OptIT"] if any(frames.known.values()) else []}, dtype="string")

    return Table("leaky", "Leaky", "A table with a mistake.", (Column("holder", Kind.TEXT, "Who."),), build)


def test_a_table_that_leaks_stops_the_copy(
    seen: Frames, configured: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DESCRIBED, "leaky", leaky_table())
    assert "leaky" not in shown_tables()  # not on the list, so in no copy
    monkeypatch.setattr(shown, "SHOWN", {**SHOWN, "leaky": frozenset()})
    copies = publish_copies(seen, configured, ["GWL"], tmp_path, ("csv",))
    assert not copies.published
    with pytest.raises(GuardTripped, match=r"csv/leaky.csv holds 'OptIT' \(row 2, column 1\)"):
        copies.check()
    assert not list((tmp_path / "2026-W47" / "vendors").iterdir())


def test_the_name_of_a_person_is_not_repeated_in_the_message(
    seen: Frames, configured: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tells(report: Report, folder: Path) -> Iterator[WrittenFile]:
        path = folder / "note.txt"
        path.write_text("Omar Haddad" if report.vendor == "GWL" else "", encoding="utf-8")
        yield WrittenFile(path, {})

    monkeypatch.setattr("itsm_bridge.report.copies.FORMATS", {"html": tells})
    copies = publish_copies(seen, configured, ["GWL"], tmp_path, ("html",))
    message = copies.stopped["GWL"].message
    assert "the name of a person" in message
    assert "Omar" not in message


def test_all_that_were_stopped_are_counted() -> None:
    stopped = {"A": GuardTripped("one"), "B": GuardTripped("two")}
    with pytest.raises(GuardTripped, match="one; and 1 more"):
        Copies({}, stopped).check()


def test_a_vendor_that_does_not_exist_is_named_with_who_was_meant(configured: Configuration) -> None:
    assert known_vendors(configured, ["gwl", "OptIT", "GWL"]) == ("GWL", "OptIT")
    with pytest.raises(UsageError, match="there is no vendor 'OptTI'; did you mean 'OptIT'"):
        known_vendors(configured, ["OptTI"])
    with pytest.raises(UsageError, match="there are: GWL, OptIT, MacroSkies"):
        known_vendors(configured, ["Zzzzzz"])


def test_a_vendor_without_a_ticket_has_a_copy_without_rows(copied: Mapping[str, Path]) -> None:
    folder = copied["MacroSkies"]
    assert table(folder, "tickets") == table(folder, "history") == table(folder, "sla_cycles") == []
