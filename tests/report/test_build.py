"""From a store to a published folder, with the real store, rules and clocks."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from tests.analysis.made import NOW, ago, decision, ticket

from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Oddity, Page, Rejected
from itsm_bridge.errors import UsageError
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.report import Published, build, build_all, build_copies
from itsm_bridge.store import Store

RECORDS = (
    ticket("INC1", ago(days=9), (ago(days=8), "state", "in_progress"), (ago(days=2), "state", "resolved")),
    ticket("INC2", ago(days=3), (ago(days=2), "vendor", "OptIT"), summary="=1+1"),
    ticket("INC3", ago(hours=5), environment=None, vendor=None, summary="pb-web is down"),
    ticket("INC4", ago(days=200), (ago(days=190), "state", "closed")),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open("sqlite:///var/bridge.db", tmp_path, create=True) as opened:
        page = Page(
            RECORDS,
            {"at": "1"},
            rejected=(Rejected("INC9", "no creation date"),),
            oddities=(Oddity("INC2", "unmapped_state", "state 99"),),
        )
        opened.save_page("snow", "incident", page, ago(hours=2))
        opened.mark_synced("snow", ago(hours=2))
        decide(opened, RECORDS[1])
        yield opened


def decide(store: Store, record: TicketRecord) -> None:
    """One decision that was written and verified."""
    run = store.start_run("run", ago(hours=1), "digest")
    store.save_decisions(run, [decision(record, "vendor", "OptIT", ago(hours=1), "planned")])
    intent = store.open_intent(run, record.ticket, {"vendor": ("GWL", "OptIT")}, "marker", "inputs", ago(minutes=50))
    store.close_intent(intent, Outcome.VERIFIED, ago(minutes=49), written_at=ago(minutes=50))


def built(store: Store, configured: Configuration, out: Path, **options: object) -> Published:
    period = Period.holding(NOW, "week", configured.zone)
    chosen: dict[str, object] = {"period": period, "as_of": NOW} | options
    return build(store, configured, out=out, **chosen)  # type: ignore[arg-type]  # spelled out by each test


def table(published: Published, name: str) -> list[dict[str, str]]:
    with (published.folder / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_is_a_folder_as_the_contract_says(store: Store, configured: Configuration, tmp_path: Path) -> None:
    published = built(store, configured, tmp_path / "out")
    assert published.folder == tmp_path / "out" / "2026-W47"
    names = {path.relative_to(published.folder).as_posix() for path in published.folder.rglob("*") if path.is_file()}
    csv = {f"csv/{name}.csv" for name in TABLES}
    assert names == {"itsm-bridge_2026-W47.xlsx", "dashboard.html", "manifest.json", *csv}
    assert {file.path for file in published.files} == {published.folder / name for name in names}


def test_what_the_store_holds_is_what_the_report_says(store: Store, configured: Configuration, tmp_path: Path) -> None:
    published = built(store, configured, tmp_path / "out")
    assert [row["ticket"] for row in table(published, "tickets")] == ["snow:INC1", "snow:INC2", "snow:INC3"]
    assert [row["environment"] for row in table(published, "open_tickets")] == ["punjab", "punjab"]
    assert [row["outcome"] for row in table(published, "decisions")] == ["verified"]
    assert {row["check"] for row in table(published, "data_quality")} >= {"quarantined", "unmapped_state", "unrouted"}
    assert published.figures["open_tickets"] == 2
    assert published.figures["tickets_known"] == 4
    assert published.figures["staleness"] == 2


def test_figures_from_outside_are_read_when_the_report_is_made(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    lines = "vendor,month,value\nGWL,2026-10,99.9%\nGVL,2026-10,99.9%\nOptIT,2026-12,1\n"
    (tmp_path / "uptime.csv").write_text(lines, encoding="utf-8")
    (tmp_path / "cost.csv").write_text("vendor,month,value,currency\nGWL,2026-10,1200000,INR\n", encoding="utf-8")
    reports = replace(configured.reports, inputs={"uptime": Path("uptime.csv"), "cost": Path("cost.csv")})
    told = replace(configured, folder=tmp_path, reports=reports)
    published = built(store, told, tmp_path / "out")
    book = openpyxl.load_workbook(published.folder / "itsm-bridge_2026-W47.xlsx")
    shown = {row[3]: (row[4], row[5]) for row in book["inputs"].iter_rows(values_only=True)}
    assert (shown["uptime"], shown["cost"]) == ((0.999, "share"), (1_200_000, "INR"))
    cost, given = table(published, "inputs")
    assert (cost["figure"], cost["unit"]) == ("cost", "INR")
    assert (given["vendor"], given["month"], float(given["value"])) == ("GWL", "2026-10", 0.999)
    scored = [row for row in table(published, "scorecard") if row["figure"] == "uptime"]
    assert [(row["vendor"], float(row["score"])) for row in scored] == [("GWL", 99.9)]
    left = [row for row in table(published, "data_quality") if row["check"] == "left_out"]
    assert [(row["source"], row["count"]) for row in left] == [("outside", "1")]
    assert 'uptime.csv:3:1: "GVL" is no known vendor' in left[0]["detail"]


def test_the_manifest_lists_every_file_with_its_rows_and_digest(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    published = built(store, configured, tmp_path / "out")
    manifest = json.loads((published.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == "2026-11-19T18:00:00+05:30"
    assert manifest["configuration"] == configured.digest
    assert {file["path"] for file in manifest["files"]} == {
        path.relative_to(published.folder).as_posix() for path in published.folder.rglob("*.[chx]*") if path.is_file()
    }
    for file in manifest["files"]:
        content = (published.folder / file["path"]).read_bytes()
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        if file["path"].endswith(".csv"):
            name = Path(file["path"]).stem
            assert file["rows"] == file["tables"][name] == len(table(published, name))
    assert next(file["neutralised_cells"] for file in manifest["files"] if file["path"] == "csv/tickets.csv") == 1


def test_the_same_store_configuration_and_instant_give_the_same_bytes(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    one, other = built(store, configured, tmp_path / "one"), built(store, configured, tmp_path / "other")
    assert [file.sha256 for file in one.files] == [file.sha256 for file in other.files]
    again = built(store, configured, tmp_path / "one")
    assert [file.sha256 for file in again.files] == [file.sha256 for file in one.files]


def test_workbook_and_csv_hold_the_same_numbers(store: Store, configured: Configuration, tmp_path: Path) -> None:
    published = built(store, configured, tmp_path / "out")
    book = openpyxl.load_workbook(published.folder / "itsm-bridge_2026-W47.xlsx")
    for name in ("summary", "sla_attainment", "traction", "bandwidth"):
        header, *rows = book[name].iter_rows(values_only=True)
        for said, shown in zip(table(published, name), rows, strict=True):
            assert {column: in_a_cell(text, shown[place]) for place, (column, text) in enumerate(said.items())} == dict(
                zip(header, shown, strict=True)
            )


def in_a_cell(text: str, shown: object) -> object:
    """A text of a CSV as the type that the workbook shows."""
    if text == "":
        return None
    if isinstance(shown, bool):
        return text == "true"
    return float(text) if isinstance(shown, int | float) else text


def test_a_period_that_is_over_is_seen_as_of_its_end(store: Store, configured: Configuration, tmp_path: Path) -> None:
    before = Period.holding(NOW, "week", configured.zone).previous()
    late, in_time = (
        built(store, configured, tmp_path / name, period=before, as_of=at)
        for name, at in (("late", NOW), ("in_time", before.end))
    )
    assert late.folder.name == "2026-W46"
    assert [file.sha256 for file in late.files] == [file.sha256 for file in in_time.files]
    assert late.figures["open_tickets"] == 1


def test_a_later_sync_does_not_change_a_past_report(store: Store, configured: Configuration, tmp_path: Path) -> None:
    at = ago(days=1)
    one = built(store, configured, tmp_path / "one", as_of=at)
    changed = ticket(
        "INC2", ago(days=3), (ago(days=2), "vendor", "OptIT"), (ago(hours=1), "state", "resolved"), summary="=1+1"
    )
    store.save_page("snow", "incident", Page((changed, ticket("INC5", ago(minutes=5))), {"at": "2"}), NOW)
    other = built(store, configured, tmp_path / "other", as_of=at)
    names = ["tickets", "open_tickets", "sla_cycles", "sla_attainment", "traction", "history", "summary", "bandwidth"]
    assert all(table(one, name) == table(other, name) for name in names)


def test_an_empty_store_is_reported_as_one(configured: Configuration, tmp_path: Path) -> None:
    with Store.open("sqlite:///var/empty.db", tmp_path, create=True) as empty:
        published = built(empty, configured, tmp_path / "out", as_of=NOW - timedelta(microseconds=NOW.microsecond))
    assert published.figures["open_tickets"] is None
    assert [row["check"] for row in table(published, "data_quality")] == ["never_read"]
    assert table(published, "tickets") == []


def test_only_the_formats_that_are_asked_for_are_written(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    published = built(store, configured, tmp_path / "out", formats=("csv",))
    assert not list(published.folder.glob("*.xlsx"))
    assert built(store, configured, tmp_path / "out", formats=("xlsx",)).folder == published.folder
    assert not (published.folder / "csv").exists()


def test_an_unknown_format_is_refused_before_anything_is_built(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="no format 'docx'"):
        built(store, configured, tmp_path / "out", formats=("csv", "docx"))
    assert not (tmp_path / "out").exists()


def test_reports_are_for_their_owner_alone(store: Store, configured: Configuration, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        published = built(store, configured, tmp_path / "out")
    finally:
        os.umask(before)
    for path in [published.folder, *published.folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_all_copies_and_the_report_are_built_in_one_go(store: Store, configured: Configuration, tmp_path: Path) -> None:
    period = Period.holding(NOW, "week", configured.zone)
    published, copies = build_all(store, configured, period=period, out=tmp_path, formats=("csv",))
    copies.check()
    folders = {path.name for path in (tmp_path / period.name / "vendors").iterdir()}
    assert folders == set(copies.published) == set(configured.vendors)
    assert (published.folder / "manifest.json").is_file()
    assert [row["ticket"] for row in table(copies.published["OptIT"], "tickets")] == ["snow:INC2"]
    assert {row["ticket"] for row in table(published, "tickets")} == {"snow:INC1", "snow:INC2", "snow:INC3"}
    for one in copies.published.values():
        assert all(file.path.is_file() for file in one.files)


def test_a_copy_alone_builds_nothing_else(store: Store, configured: Configuration, tmp_path: Path) -> None:
    period = Period.holding(NOW, "week", configured.zone)
    copies = build_copies(store, configured, ["gwl"], period=period, as_of=NOW, out=tmp_path / "out", formats=("csv",))
    assert list(copies.published) == ["GWL"]
    out = tmp_path / "out"
    made = {path.relative_to(out).parts[:3] for path in out.rglob("*") if path.is_file()}
    assert made == {(period.name, "vendors", "GWL")}
    with pytest.raises(UsageError, match="there is no format 'pdf'"):
        build_copies(store, configured, ["GWL"], period=period, as_of=NOW, out=tmp_path / "out", formats=("pdf",))


def test_what_a_killed_publication_of_a_copy_left_is_not_taken_along(
    store: Store, configured: Configuration, tmp_path: Path
) -> None:
    folder = built(store, configured, tmp_path, formats=("csv",)).folder
    unfinished = folder / "vendors" / ".GWL.new-12ab34cd" / "csv"
    unfinished.mkdir(parents=True)
    (unfinished / "tickets.csv").write_text("nobody has looked this over", encoding="utf-8")
    (folder / "vendors" / "note.txt").write_text("a person's", encoding="utf-8")
    built(store, configured, tmp_path, formats=("csv",))
    assert not unfinished.exists()
    assert (folder / "vendors" / "note.txt").is_file()
