"""How a ticket is read, ranked, approved and handed out: pure rules, the same verdict for the same arguments.

The sections run in order: ``classify`` (``classify.py``), then those of ``decide.STAGES``. Each stage is a function
from a ``Case``, the ticket as the section sees it, and the section's compiled rules to a ``Step``, what it came to;
the decider adds the steps up and the explanation reads them, neither knowing what a stage does.

So a new action is one file and one line. A section that escalates would be ``rules/escalation.py``::

    SECTION = "escalation"

    def decide(case: Case, rules: Sequence[CompiledRule[Escalate]]) -> Step:
        told = [rule for rule in case.matching(rules)]
        return Step(trace=tuple(TraceEntry(SECTION, rule.name, True, f"tell {rule.then.tell}") for rule in told))

and one line in ``STAGES``: ``escalation.SECTION: Stage(attrgetter("escalation"), escalation.decide)``.
"""

from __future__ import annotations

from itsm_bridge.rules.approval import roll_up
from itsm_bridge.rules.classify import classify
from itsm_bridge.rules.decide import STAGES, Decider, inputs_json
from itsm_bridge.rules.explain import Explanation, explain, render_text, to_json
from itsm_bridge.rules.facts import facts_of
from itsm_bridge.rules.ownership import standing_fields
from itsm_bridge.rules.testing import Difference, TestResult, run_tests
from itsm_bridge.rules.verdict import FieldDecision, Standing, TraceEntry, Verdict

__all__ = [
    "STAGES",
    "Decider",
    "Difference",
    "Explanation",
    "FieldDecision",
    "Standing",
    "TestResult",
    "TraceEntry",
    "Verdict",
    "classify",
    "explain",
    "facts_of",
    "inputs_json",
    "render_text",
    "roll_up",
    "run_tests",
    "standing_fields",
    "to_json",
]
