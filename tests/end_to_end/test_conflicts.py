"""Conflicts against the sandbox: a person changes a field in either product, and somebody says whose value stands."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner
from tests.end_to_end.conftest import Project
from tests.end_to_end.people_at_work import STAFF

from itsm_bridge.cli import cli
from itsm_bridge.cli.exits import ending
from itsm_bridge.operations.conflicts import account
from itsm_bridge.sandbox.population.foundation import VENDOR
from itsm_bridge.sandbox.population.people import GROUPS, GWL, OPTIT
from itsm_bridge.sandbox.servicenow.tables import made_up_id


@dataclass(frozen=True)
class Desk:
    """The program in this process, on a project of its own."""

    project: Project

    def say(self, *words: str) -> tuple[int, str]:
        """One command: its exit code and what it printed."""
        folder = str(self.project.folder / "config")
        done = CliRunner().invoke(cli, ["-C", folder, *words], standalone_mode=False)
        code = 0 if done.exception is None else ending(done.exception)[0]
        return code, done.output

    def json(self, *words: str) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.say("--json", *words)[1])

    def conflicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("conflicts", "list")["conflicts"]
        return found


@pytest.fixture
def desk(project: Project) -> Desk:
    """After the first write-back."""
    desk = Desk(project)
    assert [desk.say(word)[0] for word in ("sync", "apply")] == [0, 0]
    return desk


def given_away(desk: Desk, source: str) -> tuple[str, str, str]:
    """A person gives a ticket that the bridge gave to one vendor to another: its id, ours, theirs; and a sync."""
    with closing(sqlite3.connect(desk.project.folder / "var" / "itsm-bridge.db")) as database:
        rows = database.execute(
            "SELECT t.number, d.value FROM decisions d JOIN tickets t USING (source, external_id)"
            " WHERE d.field = 'vendor' AND d.outcome = 'verified' AND d.source = ? ORDER BY t.number",
            (source,),
        ).fetchall()
    number, ours = rows[0][0], str(json.loads(rows[0][1]))
    theirs = next(name for name in (OPTIT, GWL) if name != ours)
    hand_over(desk, number, theirs)
    return f"{source}:{number}", ours, theirs


def hand_over(desk: Desk, number: str, vendor: str) -> None:
    """What a person does a while after whatever happened last, and a sync."""
    sandbox = desk.project.sandbox
    sandbox.clock.advance(5)
    truth = next(one for one in sandbox.truth() if one.number == number)
    group = made_up_id("sys_user_group", GROUPS[vendor])
    values: dict[str, object] = (
        {"assignment_group": group} if truth.product == "servicenow" else {VENDOR: {"value": vendor}}
    )
    sandbox.edit(truth.id, values, STAFF[0].user_name)
    sandbox.clock.advance(5)
    assert desk.say("sync")[0] == 0


def vendor_of(desk: Desk, ticket: str) -> str:
    """Who has it, as the source itself says."""
    sandbox = desk.project.sandbox
    truth = next(one for one in sandbox.truth() if one.number == ticket.partition(":")[2])
    if truth.product == "servicenow":
        name = sandbox.name_of(truth.fields["assignment_group"])
        return next(vendor for vendor, group in GROUPS.items() if group == name)
    return str(truth.fields[VENDOR]["value"])


@pytest.mark.parametrize("source", ["snow", "ops"])
def test_a_person_and_the_rules_disagree_until_somebody_decides(desk: Desk, source: str) -> None:
    assert desk.say("conflicts", "list")[0] in {0, 3}
    before = desk.conflicts()
    ticket, ours, theirs = given_away(desk, source)
    (found,) = [one for one in desk.conflicts() if one not in before]
    assert (found["ticket"], found["field"], found["kind"]) == (ticket, "vendor", "stands")
    assert (found["ours"], found["theirs"]) == ({"vendor": ours}, {"vendor": theirs})
    code, lines = desk.say("conflicts", "list")
    assert code == 3
    assert ticket in lines
    assert max(map(len, lines.splitlines())) <= 80
    code, story = desk.say("conflicts", "show", ticket)
    assert code == 0
    assert f"→ {ours} (rule " in " ".join(story.split())
    assert f"conflicts resolve {ticket} vendor --ours" in story

    # theirs: accepted, and nothing is written
    code, said = desk.say("conflicts", "resolve", ticket, "vendor", "--theirs")
    assert code == 0
    assert f"resolved as theirs by {account()} on" in said
    assert [one for one in desk.conflicts() if one not in before] == []
    assert desk.say("apply")[0] == 0
    assert vendor_of(desk, ticket) == theirs

    # hold: left alone, and listed with who holds it
    assert desk.json("conflicts", "resolve", ticket, "vendor", "--hold")["already"] is False
    assert desk.json("conflicts", "resolve", ticket, "vendor", "--hold")["already"] is True
    assert desk.say("apply")[0] == 0
    assert vendor_of(desk, ticket) == theirs
    (held,) = [one for one in desk.conflicts() if one not in before]
    assert (held["ticket"], held["kind"]) == (ticket, "held")
    assert f"by {account()}" in held["why"]

    # ours: planned with the reason, written by the next run, once
    assert f"the next run writes vendor {ours}" in desk.say("conflicts", "resolve", ticket, "vendor", "--ours")[1]
    assert vendor_of(desk, ticket) == theirs
    planned = [one for one in desk.json("plan")["changes"] if one["ticket"] == ticket and one["field"] == "vendor"]
    assert [f"resolved as ours by {account()}" in one["because"] for one in planned] == [True]
    assert desk.say("apply")[0] == 0
    assert vendor_of(desk, ticket) == ours
    assert [one for one in desk.conflicts() if one not in before] == []

    # a later change of a person stands again
    hand_over(desk, ticket.partition(":")[2], theirs)
    assert desk.say("apply")[0] == 0
    assert vendor_of(desk, ticket) == theirs
    assert [one["kind"] for one in desk.conflicts() if one["ticket"] == ticket] == ["stands"]


@dataclass(frozen=True)
class Refusal:
    words: tuple[str, ...]
    says: str


def test_what_cannot_be_resolved_is_wrong_usage_and_says_what_there_is(desk: Desk) -> None:
    ticket, _, _ = given_away(desk, "snow")
    for refusal in (
        Refusal(("resolve", "snow:INC9", "--ours"), "there is no ticket"),
        Refusal(("resolve", ticket, "approval", "--ours"), "(conflicts: vendor)"),
        Refusal(("resolve", ticket), "--theirs, --ours or --hold"),
        Refusal(("show", "snow:INC9"), "there is no ticket"),
    ):
        folder = str(desk.project.folder / "config")
        done = CliRunner().invoke(cli, ["-C", folder, "conflicts", *refusal.words], standalone_mode=False)
        assert done.exception is not None
        code, said = ending(done.exception)
        assert (code, refusal.says in said) == (2, True)
