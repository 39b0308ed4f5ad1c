"""Why a ticket is where it is, now and in the past, and what the rules come to over all open tickets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.analysis.made import NOW, RULES, ago, ticket
from tests.cli.programs import run
from tests.operations.test_differing import OWNED, keep, written

from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.errors import UsageError
from itsm_bridge.model import State
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.explaining import at_a_glance, explain_clocks, explain_ticket
from itsm_bridge.rules import render_text
from itsm_bridge.sla import Stage
from itsm_bridge.store import Store

MOVED = ticket("INC1", ago(days=10), (ago(days=5), "environment", "ap"))
BY_LOAD = (
    "assignment:\n  - {name: network, when: {category: network}, then: {vendor: OptIT}}\n"
    "  - {name: pool, when: {}, then: {among: [GWL, OptIT], by: load}}\n"
)


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    configuration = written(tmp_path / "config", rules=RULES + OWNED)
    with Store.open(configuration.store, tmp_path, create=True) as store:
        yield Bridge(configuration, store, lambda: NOW)


def test_a_ticket_is_explained_as_it_was_at_an_instant(bridge: Bridge) -> None:
    keep(bridge, MOVED)
    assert explain_ticket(bridge, "snow:INC1", NOW).verdict.values["vendor"].value == "OptIT"
    then = explain_ticket(bridge, "snow:INC1", NOW, at=ago(days=7))
    assert then.verdict.values["vendor"].value == "GWL"
    assert then.now == ago(days=7)


def test_the_past_is_explained_with_the_same_bytes_whatever_happens_later(bridge: Bridge) -> None:
    keep(bridge, ticket("INC1", ago(days=10)))
    before = render_text(explain_ticket(bridge, "snow:INC1", NOW, at=ago(days=7)))
    keep(bridge, MOVED)
    assert render_text(explain_ticket(bridge, "snow:INC1", NOW, at=ago(days=7))) == before


def test_what_was_not_there_yet_cannot_be_explained(bridge: Bridge) -> None:
    keep(bridge, MOVED)
    with pytest.raises(UsageError, match="was created only on"):
        explain_ticket(bridge, "snow:INC1", NOW, at=ago(days=11))
    with pytest.raises(UsageError, match="no ticket 'snow:INC9'"):
        explain_ticket(bridge, "snow:INC9", NOW)


def test_the_load_of_then_decides_who_was_next(tmp_path: Path) -> None:
    configuration = written(tmp_path / "config", rules=RULES + BY_LOAD)
    with Store.open(configuration.store, tmp_path, create=True) as store:
        bridge = Bridge(configuration, store, lambda: NOW)
        busy = [
            ticket(f"INC{place}", ago(days=9), (ago(days=3), "state", "closed"), vendor="GWL") for place in range(2, 9)
        ]
        keep(bridge, ticket("INC1", ago(days=8), vendor=None), *busy)
        assert explain_ticket(bridge, "snow:INC1", NOW, at=ago(days=7)).verdict.values["vendor"].value == "OptIT"
        assert explain_ticket(bridge, "snow:INC1", NOW).verdict.values["vendor"].value == "GWL"


def test_the_clocks_are_those_that_a_report_counts(bridge: Bridge) -> None:
    keep(bridge, ticket("INC1", ago(days=3), (ago(days=1), "state", "closed")))
    period = Period.holding(NOW, "week", bridge.configuration.zone)
    counted = frames(bridge.store, bridge.configuration, period, NOW).cycles
    found = explain_clocks(bridge, "snow:INC1", NOW).clocks
    assert [(one.cycle.sla, one.cycle.elapsed_seconds, one.cycle.breached) for one in found] == list(
        zip(counted["sla"], counted["elapsed_seconds"], counted["breached"], strict=True)
    )
    assert found[0].cycle.elapsed_seconds == 2 * 86_400


def test_an_end_that_no_history_tells_of_ends_the_clocks_as_in_a_report(bridge: Bridge) -> None:
    plain = ticket("INC1", ago(days=3))
    keep(bridge, replace(plain, ticket=replace(plain.ticket, state=State.RESOLVED, resolved_at=ago(days=2))))
    clock, *_ = explain_clocks(bridge, "snow:INC1", NOW).clocks
    assert (clock.cycle.stopped_at, clock.cycle.elapsed_seconds) == (ago(days=2), 86_400)
    assert clock.ended.endswith("(by the ticket's own dates)")


def test_the_clocks_of_the_past_are_those_of_then(bridge: Bridge) -> None:
    keep(bridge, ticket("INC1", ago(days=3), (ago(days=1), "state", "closed")))
    clock, *_ = explain_clocks(bridge, "snow:INC1", NOW, at=ago(days=2)).clocks
    assert (clock.cycle.stage, clock.cycle.elapsed_seconds) == (Stage.IN_PROGRESS, 86_400)
    with pytest.raises(UsageError, match="was created only on"):
        explain_clocks(bridge, "snow:INC1", NOW, at=ago(days=4))
    with pytest.raises(UsageError, match="no ticket 'snow:INC9'"):
        explain_clocks(bridge, "snow:INC9", NOW)


def test_a_glance_counts_what_each_rule_does_over_the_open_tickets(bridge: Bridge) -> None:
    gone = ticket("INC3", ago(days=10), (ago(days=5), "state", "closed"))
    keep(bridge, MOVED, ticket("INC2", ago(days=1), environment=None), gone)
    found = at_a_glance(bridge, NOW)
    hits = {one.rule.name: (one.matched, one.decided) for one in found.rules.rules}
    assert found.rules.tickets == 2
    assert hits["owner"] == (1, 1)
    assert hits["default"] == (2, 2)
    assert [one.ticket for one in found.rules.unrouted] == ["snow:INC2"]
    assert [(one.environment, one.owner) for one in found.owners] == [("punjab", "GWL"), ("ap", "OptIT")]


@pytest.fixture
def project(bridge: Bridge, tmp_path: Path) -> Path:
    keep(bridge, MOVED)
    return tmp_path


def test_the_commands_pages_are_written(project: Path) -> None:
    one = run("-C", "config", "explain", "snow:INC1", "--html", "why.html", cwd=project)
    every = run("-C", "config", "explain", "--html", "rules.html", cwd=project)
    assert (one.returncode, every.returncode) == (0, 0), one.stderr + every.stderr
    assert "OptIT" in (project / "why.html").read_text(encoding="utf-8")
    assert "Who owns what today" in (project / "rules.html").read_text(encoding="utf-8")


def test_the_command_shows_the_clocks_as_text_as_a_document_and_on_the_page(project: Path) -> None:
    text = run("-C", "config", "explain", "snow:INC1", "--sla", cwd=project)
    document = run("-C", "config", "--json", "explain", "snow:INC1", "--sla", cwd=project)
    page = run("-C", "config", "explain", "snow:INC1", "--sla", "--html", "why.html", cwd=project)
    assert (text.returncode, document.returncode, page.returncode) == (0, 0, 0), text.stderr + document.stderr
    assert "resolution in a day: running, breached by" in text.stdout
    clock, *_ = json.loads(document.stdout)["clocks"]
    assert clock["elapsed_seconds"] == sum(one["seconds"] for one in clock["intervals"]) > 10 * 86_400
    assert '<svg class="clock"' in (project / "why.html").read_text(encoding="utf-8")


def test_without_the_option_no_clock_is_told_in_text(project: Path) -> None:
    assert "resolution in a day" not in run("-C", "config", "explain", "snow:INC1", cwd=project).stdout


def test_the_command_explains_the_past(project: Path) -> None:
    done = run("-C", "config", "--json", "explain", "snow:INC1", "--at", "2026-11-12T12:00:00+05:30", cwd=project)
    document = json.loads(done.stdout)
    assert document["values"]["vendor"]["value"] == "GWL"
    assert document["now"] == "2026-11-12T12:00:00+05:30"


@pytest.mark.parametrize(
    "words",
    [
        ("explain",),
        ("explain", "--sla"),
        ("explain", "--sla", "--html", "x.html"),
        ("explain", "snow:INC9"),
        ("explain", "snow:INC9", "--sla"),
        ("explain", "snow:INC1", "--at", "2126-01-01T00:00:00Z"),
    ],
)
def test_a_command_that_names_nothing_is_wrong_usage(project: Path, words: tuple[str, ...]) -> None:
    done = run("-C", "config", *words, cwd=project)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_page_that_cannot_be_written_is_a_matter_of_the_disk(project: Path) -> None:
    done = run("-C", "config", "explain", "--html", "no/such/folder/x.html", cwd=project)
    assert done.returncode == 14
    assert "no page was written" in done.stderr
