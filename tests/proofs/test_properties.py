"""What is proved of a rule set is what deciding every ticket finds: no more, and no less."""

from __future__ import annotations

import os
import re
from itertools import count

import pytest
from tests.proofs.oracle import Findings, decide_all
from tests.proofs.random_rules import NOW, configuration, tickets

from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import Finding
from itsm_bridge.proofs import prove
from itsm_bridge.rules import every_rule

LONG = "ITSM_BRIDGE_LONG" in os.environ
WANTED = 10_000 if LONG else 160
"""Rule sets; ``make long`` tries 10,000."""

MOST = 2_500 if LONG else 300
"""Tickets that one rule set may need to be decided whole; larger ones are passed over."""

CHUNKS = 8


def as_found(findings: tuple[Finding, ...], made: Configuration) -> Findings:
    """The same as the oracle says it."""
    names = {rule.position.line: rule.name for _, rule in every_rule(made.rules)}
    result = Findings(set(), set())
    for one in findings:
        quoted = re.findall(r'"(\w+)"', one.message)
        if one.code == "R301":
            result.unreachable.add(names[one.line])
        elif one.code == "R302" and one.severity == "warning":
            result.crossing.add((quoted[1], quoted[0]))
        elif one.code == "R303":
            result.gaps.add("priority" if one.severity == "warning" else "assignment")
        elif one.code == "R306" and "is active" in one.message:
            result.idle_vendors.add(quoted[0])
    return result


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_proofs_say_of_random_rule_sets_what_deciding_every_ticket_says(chunk: int) -> None:
    tried, wrong = 0, 0
    for seed in count(chunk, CHUNKS):
        made, fields = configuration(seed)
        listed = list(tickets(made, fields, MOST))
        if listed:
            tried += 1
            findings = prove(made, NOW)
            assert [one.message for one in findings if one.code == "R309"] == [], f"seed {seed}"
            assert as_found(findings, made) == decide_all(made, listed), f"seed {seed}"
            wrong += bool(findings)
        if tried >= WANTED // CHUNKS:
            break
    assert wrong, "random rule sets that are all clean show nothing"
