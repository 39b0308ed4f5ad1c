"""Twelve real Jira issues, read through the connector into the store; test_event_log.py has the real incidents."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from tests.end_to_end.conftest import made_project

from itsm_bridge.sandbox import start
from itsm_bridge.store import Store

BRIDGE = """
timezone: UTC
sources:
  snow: {{kind: servicenow, url: {servicenow}, tables: [incident], states: {{1: new}}}}
  ops:
    kind: jira
    url: {jira}
    deployment: cloud
    projects: [SP]
    priorities: {{Highest: 1, High: 2, Medium: 3, Low: 4, Lowest: 5}}
    write: {{priority: priority}}
"""


def test_every_issue_of_the_real_jira_is_in_the_store_with_its_whole_changelog(shared: Path, tmp_path: Path) -> None:
    file = shared / "data/jira/issues_with_changelog.json"
    with start(loads=[file], now=datetime.now(UTC)) as sandbox:
        project = made_project(tmp_path, sandbox)
        text = BRIDGE.format(jira=sandbox.jira_url, servicenow=sandbox.servicenow_url)
        (project.folder / "config" / "bridge.yaml").write_text(text, encoding="utf-8")
        done = project.run("sync", "--source", "ops")
    assert (done.returncode, done.stderr) == (0, "")
    with Store.open("sqlite:///var/itsm-bridge.db", project.folder) as store:
        read = {record.ticket.number: record for record in store.records(source="ops")}
    issues = json.loads(file.read_text(encoding="utf-8"))
    newest = {issue["key"]: issue for issue in sorted(issues, key=lambda issue: issue["fields"]["updated"])}
    assert read.keys() == newest.keys()
    for key, issue in newest.items():
        statuses = [
            (item["fromString"], item["toString"])
            for history in issue["changelog"]["histories"]
            for item in history["items"]
            if item["field"] == "status"
        ]
        got = [(e.source_old, e.source_new) for e in read[key].history if e.field == "state"]
        assert Counter(got) == Counter(statuses)
