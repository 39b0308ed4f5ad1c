"""What somebody resolved about a field, as the rules see it: it stands, or it gives the rules their way."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.rules.made import NOW, entry, vote
from tests.rules.made import record as made
from tests.rules.test_approval import HEAD

from itsm_bridge.config import Configuration
from itsm_bridge.config.model import Ownership
from itsm_bridge.model import ApprovalState, TicketRecord, TicketType
from itsm_bridge.rules import Decider, Standing, Verdict, explain, inputs_json, render_text

WORDS = "resolved as hold by asha on 2026-11-23 01:35 UTC"


def resolved(configuration: Configuration, record: TicketRecord, mode: Ownership, field: str = "vendor") -> Verdict:
    return Decider(configuration).decide(record, NOW, standing={field: Standing("asha", NOW, mode, WORDS)})


@pytest.mark.parametrize("field", ["vendor", "priority"])
def test_a_field_on_hold_says_who_holds_it(configuration: Configuration, field: str) -> None:
    verdict = resolved(configuration, made(environment="ap", impact=3, urgency=3), Ownership.HOLD, field)
    assert field not in verdict.values
    (line,) = verdict.held
    assert (line.field, WORDS in line.why, "changed by" in line.why) == (field, True, False)


def test_what_is_accepted_is_not_held(configuration: Configuration) -> None:
    verdict = resolved(configuration, made(environment="ap"), Ownership.YIELD)
    assert ("vendor" in verdict.values, verdict.held) == (False, ())


def test_where_the_rules_have_their_way_the_reason_and_the_explanation_say_who_said_so(
    configuration: Configuration,
) -> None:
    record = made(environment="ap")
    verdict = resolved(configuration, record, Ownership.FORCE)
    plain = Decider(configuration).decide(record, NOW)
    given = plain.values["vendor"]
    assert verdict.values["vendor"] == replace(given, because=f"{given.because} ({WORDS})")
    assert {name: one for name, one in verdict.values.items() if name != "vendor"} == {
        name: one for name, one in plain.values.items() if name != "vendor"
    }
    standing = {"vendor": Standing("asha", NOW, Ownership.FORCE, WORDS)}
    assert WORDS in " ".join(render_text(explain(Decider(configuration), record, NOW, standing=standing)).split())
    assert json.loads(inputs_json(verdict))["standing"]["vendor"][2] == WORDS


def test_a_hold_outlives_a_vote_and_releases_nothing(configuration: Configuration) -> None:
    votes = (vote(HEAD, ApprovalState.APPROVED),)
    history = entry("approval", "requested", "not_required", minutes=20)
    record = made(
        history, approvals=votes, type=TicketType.CHANGE, environment="ap", approval=ApprovalState.NOT_REQUIRED
    )
    verdict = resolved(configuration, record, Ownership.HOLD, "approval")
    held = {line.field: line.why for line in verdict.held}
    assert "approval" not in verdict.values
    assert WORDS in held["approval"]
    assert held["vendor"].startswith("waits for approval")
