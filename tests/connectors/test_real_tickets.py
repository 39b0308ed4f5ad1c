"""Records that nobody of this project made go through the connectors without a stumble."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.connectors import cloud
from tests.connectors.snow import SOURCE, Snow, connected

from itsm_bridge.config.model import FieldMapping, JiraWrite
from itsm_bridge.model import ApprovalState, State, TicketType

STATES = {
    "incident": SOURCE.states["incident"],
    "change_request": {**SOURCE.states["change_request"], **dict.fromkeys(("-4", "-3", "-2", "0"), State.IN_PROGRESS)},
}
FIELDS = {ours: field for ours, field in SOURCE.fields.items() if ours != "environment"}
REAL = replace(SOURCE, states=STATES, fields=FIELDS)  # a stock instance knows no environments


def test_a_stock_instances_incidents_come_through_the_whole_reader(shared: Path) -> None:
    rows = json.loads((shared / "data/servicenow/incidents.json").read_bytes())["result"]
    snow = Snow()
    snow.tables["incident"] = rows
    with connected(snow, REAL) as connector:
        pages = list(connector.fetch("incident", None))
    records = [record for page in pages for record in page.records]
    checks = Counter(oddity.check for page in pages for oddity in page.oddities)
    assert len(records) == len(rows) == 77
    assert [page.rejected for page in pages] == [()]
    assert checks["resolved_after_closed"] == 20
    assert "unmapped_state" not in checks
    assert {record.ticket.type for record in records} == {TicketType.INCIDENT}


def test_change_requests_with_values_and_labels_beside_each_other_come_through(shared: Path) -> None:
    packed = (shared / "data/servicenow/change_requests_display_all.json.gz").read_bytes()
    rows = json.loads(gzip.decompress(packed))["result"]
    snow = Snow()
    snow.tables["change_request"] = rows
    with connected(snow, REAL) as connector:
        pages = list(connector.fetch("change_request", None))
    tickets = [record.ticket for page in pages for record in page.records]
    assert len(tickets) == len(rows) == 86
    assert {ticket.state for ticket in tickets} == {State.NEW, State.IN_PROGRESS}
    assert {ticket.impact for ticket in tickets} <= {1, 2, 3}
    assert Counter(ticket.approval for ticket in tickets) == {
        ApprovalState.REQUESTED: 62,
        ApprovalState.NOT_REQUIRED: 15,
        ApprovalState.APPROVED: 8,
        ApprovalState.REJECTED: 1,
    }


def test_a_cloud_sites_issues_with_their_changelogs_come_through_the_whole_reader(shared: Path) -> None:
    issues = json.loads((shared / "data/jira/issues_with_changelog.json").read_bytes())
    source = replace(cloud.SOURCE, projects=("SP",), fields={"flagged": FieldMapping("Flagged", {})}, write=JiraWrite())
    histories = read = 0
    for issue in issues:
        site = cloud.Cloud(fields=[{"id": "customfield_10021", "name": "Flagged", "custom": True}])
        site.statuses = [issue["fields"]["status"]]
        site.add(issue)
        site.histories[issue["id"]] = issue["changelog"]["histories"]
        with cloud.connected(site, source) as connector:
            (page,) = connector.fetch("issues", None)
            alone = connector.read(page.records[0].ticket)
        (record,) = page.records
        assert alone == record
        assert page.rejected == ()
        assert {oddity.check for oddity in page.oddities} <= {"unmapped_state", "history_mismatch"}
        assert [entry.at for entry in record.history] == sorted(entry.at for entry in record.history)
        histories += len(issue["changelog"]["histories"])
        read += len(record.history)
    assert (len(issues), histories) == (12, 51)
    assert read > 20
