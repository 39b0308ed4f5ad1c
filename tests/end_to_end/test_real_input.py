"""A year of a real company's incidents and twelve real Jira issues, read through the connectors into the store.

The figures are those that others published of the log (../shared/data/README.md); nothing here made the records.
"""

from __future__ import annotations

import csv
import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from tests.end_to_end.conftest import Project, made_project

from itsm_bridge.model import State, TicketRecord
from itsm_bridge.sandbox import start
from itsm_bridge.sandbox.loads.event_log import STATES
from itsm_bridge.store import Store

BRIDGE = """
timezone: UTC
sources:
  snow:
    kind: servicenow
    url: {servicenow}
    tables: [incident]
    fields: {{category: category, made_sla: made_sla, mod_count: sys_mod_count}}
    states: {{1: new, 2: in_progress, 3: on_hold, 4: on_hold, 5: on_hold, 6: resolved, 7: closed, 9: on_hold}}
    write: {{priority: {{via: impact_urgency}}, vendor: assignment_group}}
  ops:
    kind: jira
    url: {jira}
    deployment: cloud
    projects: [SP]
    priorities: {{Highest: 1, High: 2, Medium: 3, Low: 4, Lowest: 5}}
    write: {{priority: priority}}
"""


@dataclass(frozen=True)
class Synced:
    """What one sync left in the store, and the log it came from: the rows of each incident in the file's order."""

    project: Project
    records: dict[str, TicketRecord]
    issues: dict[str, TicketRecord]
    log: dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def synced(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synced]:
    uci = shared / "data/uci/incident_event_log.csv.xz"
    log: dict[str, list[dict[str, str]]] = defaultdict(list)
    with lzma.open(uci, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            log[row["number"]].append(row)
    loads = [uci, shared / "data/jira/issues_with_changelog.json"]
    with start(loads=loads, now=datetime.now(UTC)) as sandbox:
        project = made_project(tmp_path_factory.mktemp("uci"), sandbox)
        text = BRIDGE.format(servicenow=sandbox.servicenow_url, jira=sandbox.jira_url)
        (project.folder / "config" / "bridge.yaml").write_text(text, encoding="utf-8")
        done = project.run("sync")
        assert (done.returncode, done.stderr) == (0, "")
        with Store.open("sqlite:///var/itsm-bridge.db", project.folder) as store:
            records = {record.ticket.number: record for record in store.records(source="snow")}
            issues = {record.ticket.number: record for record in store.records(source="ops")}
        yield Synced(project, records, issues, log)


def changes(rows: list[dict[str, str]], column: str) -> list[tuple[str, str]]:
    """What a column became, row by row."""
    return [(old[column], new[column]) for old, new in pairwise(rows) if old[column] != new[column]]


def missed(record: TicketRecord) -> bool:
    return record.ticket.custom["made_sla"] == ("false",)


def states_of(record: TicketRecord) -> set[str]:
    """Every state that the ticket ever was in, as the source called it."""
    entries = [entry for entry in record.history if entry.field == "state"]
    return {entry.source_old for entry in entries} | {record.ticket.originals["state"]} - {""}


def test_every_incident_is_in_the_store(synced: Synced) -> None:
    assert len(synced.log) == 24_918
    assert sum(map(len, synced.log.values())) == 141_712
    assert synced.records.keys() == synced.log.keys()


def test_every_state_change_of_the_log_is_in_the_store(synced: Synced) -> None:
    wrong = {}
    for number, rows in synced.log.items():
        wanted = [(STATES.get(old, old), STATES.get(new, new)) for old, new in changes(rows, "incident_state")]
        entries = [entry for entry in synced.records[number].history if entry.field == "state"]
        got = [(entry.source_old, entry.source_new) for entry in entries if entry.source_old]
        if Counter(got) != Counter(wanted):
            wrong[number] = (wanted, got)
    assert wrong == {}


@pytest.mark.parametrize("column", ["impact", "urgency", "priority"])
def test_every_change_of_rank_is_in_the_store(synced: Synced, column: str) -> None:
    wanted = {number: len(changes(rows, column)) for number, rows in synced.log.items()}
    got = {
        number: sum(entry.field == column and entry.old != "" for entry in record.history)
        for number, record in synced.records.items()
    }
    assert got == wanted


def test_every_hand_over_between_teams_is_in_the_store_with_its_instant_and_actor(synced: Synced) -> None:
    for number, rows in synced.log.items():
        wanted = [
            (_instant(new["sys_updated_at"]), _text(new["assignment_group"]), new["sys_updated_by"])
            for old, new in pairwise(rows)
            if old["assignment_group"] != new["assignment_group"]
        ]
        history = [entry for entry in synced.records[number].history if entry.field == "group"]
        got = [(entry.at, entry.new, entry.actor) for entry in history]
        assert Counter(got) == Counter(wanted), number


def test_the_tickets_stand_as_the_last_row_leaves_them(synced: Synced) -> None:
    for number, rows in synced.log.items():
        ticket, last = synced.records[number].ticket, rows[-1]
        assert ticket.originals["state"] == STATES.get(last["incident_state"], last["incident_state"])
        assert str(ticket.priority) == last["priority"][0]
        assert ticket.group == (_text(last["assignment_group"]) or None)
        assert ticket.created_at == _instant(last["opened_at"])


def test_met_and_missed_service_levels_are_those_published(synced: Synced) -> None:
    lost = sum(map(missed, synced.records.values()))
    assert (len(synced.records) - lost, lost) == (15_803, 9_115)


def test_incidents_that_were_only_resolved_and_closed_are_those_published(synced: Synced) -> None:
    short = [r for r in synced.records.values() if states_of(r) <= {STATES["Resolved"], STATES["Closed"]}]
    rest = [r for r in synced.records.values() if not states_of(r) <= {STATES["Resolved"], STATES["Closed"]}]
    assert (len(short), len(rest)) == (1_816, 23_102)
    assert round(100 * sum(map(missed, short)) / len(short), 1) == 16.3
    assert round(100 * sum(map(missed, rest)) / len(rest), 1) == 38.2


@pytest.mark.parametrize(("month", "share"), [("2016-03", 64.2), ("2016-04", 24.3), ("2016-05", 23.4)])
def test_the_share_of_breaches_by_month_opened_is_that_published(synced: Synced, month: str, share: float) -> None:
    longer = [r for r in synced.records.values() if not states_of(r) <= {STATES["Resolved"], STATES["Closed"]}]
    opened = [r for r in longer if f"{r.ticket.created_at:%Y-%m}" == month]
    assert round(100 * sum(map(missed, opened)) / len(opened), 1) == share


def test_a_state_that_nobody_mapped_is_kept_and_listed(synced: Synced) -> None:
    odd = [entry for record in synced.records.values() for entry in record.history if entry.source_new == "-100"]
    assert {entry.new for entry in odd} == {State.UNKNOWN}
    into = [new for rows in synced.log.values() for _, new in changes(rows, "incident_state") if new == "-100"]
    assert len(odd) == len(into) > 0


def test_every_issue_of_the_real_jira_is_in_the_store_with_its_whole_changelog(synced: Synced, shared: Path) -> None:
    issues = json.loads((shared / "data/jira/issues_with_changelog.json").read_text(encoding="utf-8"))
    newest = {issue["key"]: issue for issue in sorted(issues, key=lambda issue: issue["fields"]["updated"])}
    assert synced.issues.keys() == newest.keys()
    for key, issue in newest.items():
        statuses = [
            (item["fromString"], item["toString"])
            for history in issue["changelog"]["histories"]
            for item in history["items"]
            if item["field"] == "status"
        ]
        got = [(e.source_old, e.source_new) for e in synced.issues[key].history if e.field == "state"]
        assert Counter(got) == Counter(statuses)


def test_the_odd_things_of_the_log_are_listed_and_not_dropped(synced: Synced) -> None:
    done = synced.project.run("report", "--period", "month", "--as-of", "2017-02-19T00:00:00Z")
    assert done.returncode == 0, done.stderr
    with (synced.project.folder / "reports/2017-02/csv/data_quality.csv").open(encoding="utf-8-sig") as file:
        listed = {row["check"]: int(row["count"]) for row in csv.DictReader(file) if row["source"] == "snow"}
    assert listed["resolved_without_date"] == 1_556
    assert listed["unmapped_state"] > 0
    assert listed["changed_after_closing"] > 0


def test_a_second_sync_brings_nothing_new(synced: Synced) -> None:
    again = json.loads(synced.project.run("--json", "sync").stdout)
    assert (again["sources"]["snow"]["new"], again["sources"]["snow"]["changed"]) == (0, 0)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)


def _text(value: str) -> str:
    return "" if value == "?" else value
