"""What a run publishes when it is due, and what becomes of a copy that was stopped: told, and tried again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.analysis.made import NOW, ago, configuration, ticket
from tests.operations.post_office import PostOffice

from itsm_bridge.analysis.period import Period
from itsm_bridge.cli.runs import code_of_report, summary_line
from itsm_bridge.config.model import Mail
from itsm_bridge.connectors.base import Page
from itsm_bridge.operations.bridge import Bridge, open_bridge
from itsm_bridge.operations.due import publish_due
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.mailing import send_due
from itsm_bridge.operations.run import RunReport, run
from itsm_bridge.report import build_copies
from itsm_bridge.report.contents import Report
from itsm_bridge.report.formats import FORMATS
from itsm_bridge.report.manifest import WrittenFile

WEEK = "2026-W46"
LEADER, GWLS, OPTITS = ("lead@egov.example",), ("lead@gwl.example",), ("lead@optit.example",)


@pytest.fixture
def bridge(tmp_path: Path, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"ITSM_BRIDGE_MAIL__{name}", raising=False)
    monkeypatch.setattr("itsm_bridge.operations.due.KINDS", ("week",))
    configured = configuration(tmp_path / "config")
    mail = Mail("127.0.0.1", office.port, "bridge@egov.example", LEADER, {"GWL": GWLS, "OptIT": OPTITS})
    reports = replace(configured.reports, mail=mail)
    tickets = (ticket("INC1", ago(days=9)), ticket("INC2", ago(days=9), vendor="OptIT"))
    with open_bridge(replace(configured, reports=reports), lambda: NOW, create=True) as opened:
        opened.store.save_page("snow", "incident", Page(tickets, {"at": "1"}), NOW)
        opened.store.mark_synced("snow", ago(hours=2))
        yield opened


def mistaken(report: Report, folder: Path) -> Iterator[WrittenFile]:
    """A format with a mistake: in the copy for GWL it names OptIT."""
    if report.vendor == "GWL":
        (folder / "note.html").write_text("<p>OptIT</p>", encoding="utf-8")
        yield WrittenFile(folder / "note.html", {})


def a_run(bridge: Bridge) -> RunReport:
    """Of no source: what is in the store is looked at, and reports are published."""
    return run(bridge, {}, bridge.store.start_run("run", NOW, bridge.configuration.digest), publish_due)


def copies(bridge: Bridge) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in (bridge.reports / WEEK / "vendors").glob("*/manifest.json")}


def test_a_copy_that_is_stopped_keeps_nothing_else_from_its_place_and_is_tried_again(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as planted:
        planted.setattr("itsm_bridge.report.copies.FORMATS", {**FORMATS, "html": mistaken})
        first = a_run(bridge)
        assert (first.reports, code_of_report(first)) == ((WEEK,), 6)
        (problem,) = first.problems
        assert "the copy for GWL was not published: note.html holds 'OptIT'" in problem.message
        assert f"report {WEEK} published" in summary_line(first)
        assert first.summary()["reports"] == [WEEK]
        there = copies(bridge)
        assert set(there) == {"OptIT", "MacroSkies"}
        assert [to for _, to, _ in office.mails] == [LEADER, OPTITS]
        main = (bridge.reports / WEEK / "manifest.json").read_bytes()
        again = a_run(bridge)
        assert (again.reports, code_of_report(again), len(again.problems)) == ((), 6, 1)
        assert copies(bridge) == there
    cured = a_run(bridge)
    assert (cured.reports, cured.problems) == ((), ())
    assert copies(bridge) == {**there, "GWL": copies(bridge)["GWL"]}
    assert (bridge.reports / WEEK / "manifest.json").read_bytes() == main
    assert [to for _, to, _ in office.mails] == [LEADER, OPTITS, GWLS]  # nobody gets anything twice
    assert publish_due(bridge, NOW) == Issued()
    assert send_due(bridge, NOW) == ()
    assert len(office.mails) == 3


def test_a_copy_of_a_part_of_the_week_is_not_sent_in_place_of_the_whole_that_was_stopped(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    week = Period.holding(ago(days=7), "week", bridge.configuration.zone)
    build_copies(
        bridge.store, bridge.configuration, ["GWL"], period=week, as_of=ago(days=6), out=bridge.reports
    ).check()
    part = copies(bridge)["GWL"]
    assert json.loads(part)["as_of"] < json.loads(part)["to"]
    with monkeypatch.context() as planted:
        planted.setattr("itsm_bridge.report.copies.FORMATS", {**FORMATS, "html": mistaken})
        assert code_of_report(a_run(bridge)) == 6
    assert copies(bridge)["GWL"] == part
    assert GWLS not in [to for _, to, _ in office.mails]
    assert a_run(bridge).problems == ()
    assert copies(bridge)["GWL"] != part
    assert GWLS in [to for _, to, _ in office.mails]


def test_a_copy_that_is_not_there_any_more_is_built_again_and_nothing_else(bridge: Bridge) -> None:
    assert publish_due(bridge, NOW) == Issued((WEEK,))
    before = copies(bridge)
    assert set(before) == {"GWL", "OptIT", "MacroSkies"}
    (bridge.reports / WEEK / "vendors/OptIT/manifest.json").unlink()
    assert publish_due(bridge, NOW) == Issued()
    assert copies(bridge) == before
