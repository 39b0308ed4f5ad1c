"""How a ticket is read, ranked, approved and handed out: pure rules, the same verdict for the same arguments.

The sections run in order: ``classify`` (``classify.py``), then those of ``decide.STAGES``. Each stage is a function
from a ``Case``, the ticket as the section sees it, and the section's compiled rules to a ``Step``, what it came to;
the decider adds the steps up and the explanation reads them, neither knowing what a stage does.

So a new action is one file and one line: ``rules/knowledge.py`` is the shortest, with ``SECTION`` and ``decide``, and
stands in ``STAGES`` as ``knowledge.SECTION: Stage(attrgetter("knowledge"), knowledge.decide)``.
"""

from __future__ import annotations

from itsm_bridge.rules.classify import classify
from itsm_bridge.rules.coverage import RuleCoverage, Survivor, coverage, survivors
from itsm_bridge.rules.decide import STAGES, Decider, inputs_json
from itsm_bridge.rules.eligibility import objections, objections_there, owner_on
from itsm_bridge.rules.explain import (
    Explanation,
    RuleExplanation,
    SectionExplanation,
    explain,
    render_text,
    to_json,
)
from itsm_bridge.rules.facts import facts_of
from itsm_bridge.rules.overview import Overview, OwnerSlot, RuleHits, every_rule, overview, owner_map
from itsm_bridge.rules.ownership import OWNED, standing_fields, whose
from itsm_bridge.rules.testing import Difference, TestResult, run_tests
from itsm_bridge.rules.verdict import (
    FieldDecision,
    NoteDecision,
    RunningClock,
    Standing,
    TraceEntry,
    Verdict,
)
from itsm_bridge.rules.votes import person_of, roll_up

__all__ = [
    "OWNED",
    "STAGES",
    "Decider",
    "Difference",
    "Explanation",
    "FieldDecision",
    "NoteDecision",
    "Overview",
    "OwnerSlot",
    "RuleCoverage",
    "RuleExplanation",
    "RuleHits",
    "RunningClock",
    "SectionExplanation",
    "Standing",
    "Survivor",
    "TestResult",
    "TraceEntry",
    "Verdict",
    "classify",
    "coverage",
    "every_rule",
    "explain",
    "facts_of",
    "inputs_json",
    "objections",
    "objections_there",
    "overview",
    "owner_map",
    "owner_on",
    "person_of",
    "render_text",
    "roll_up",
    "run_tests",
    "standing_fields",
    "survivors",
    "to_json",
    "whose",
]
