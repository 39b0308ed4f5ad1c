"""What people wrote on tickets: read into the store where that is asked for, and told by ``explain``."""

from __future__ import annotations

import json

from tests.end_to_end.conftest import Project


def test_notes_are_read_where_the_configuration_says_so_and_explain_tells_of_the_last(project: Project) -> None:
    ticket = next(one for one in project.sandbox.truth() if one.place == "incident" and one.fields["active"] == "true")
    name = f"snow:{ticket.number}"
    for text in ("first", "second \x1b[2J\u202eline"):
        project.sandbox.edit(ticket.id, {"work_notes": text})
    assert project.run("sync", "--source", "snow").returncode == 0
    assert "written on it" not in project.run("explain", name).stdout
    assert json.loads(project.run("--json", "explain", name).stdout)["journal"] is None

    project.edit("bridge.yaml", "    kind: servicenow\n", "    kind: servicenow\n    journals: true\n")
    assert project.run("sync", "--source", "snow").returncode == 0
    last = json.loads(project.run("--json", "explain", name).stdout)["journal"]
    assert last["entries"] >= 2
    assert (last["last"]["author"], last["last"]["element"]) == ("asha.k", "work_notes")
    assert last["last"]["text"] == "second [2J\u202eline"
    (line,) = [line for line in project.run("explain", name).stdout.splitlines() if "written on it" in line]
    assert line.endswith("UTC by asha.k in work_notes")
    assert line.isprintable()
