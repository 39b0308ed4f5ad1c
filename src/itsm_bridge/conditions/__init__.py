"""The conditions of rules and service levels: what they are, whether they hold, and why not.

A condition is parsed once, by the configuration, into the frozen types of ``language``; everything here is pure. The
fields of a ticket are given as *facts*: a mapping from the field's name to a tuple of its values, empty where there is
none. ``matching`` decides whether a condition holds, ``explanation`` says why not.
"""

from __future__ import annotations

from itsm_bridge.conditions.distance import Nearest, compile_distance
from itsm_bridge.conditions.explanation import (
    Judgement,
    describe,
    duration_text,
    explain,
    ground_text,
    grounds,
    leaves,
    miss_text,
    misses,
    seen_text,
    shown,
)
from itsm_bridge.conditions.language import (
    CUSTOM,
    FIELDS,
    WEEKDAYS,
    AllOf,
    AnyOf,
    Condition,
    Facts,
    Field,
    FieldTest,
    Kind,
    Matcher,
    Not,
    Operator,
    Value,
    field_of,
    fields_of,
)
from itsm_bridge.conditions.matching import MATCH_LIMIT, check_pattern, compile_condition, holds
from itsm_bridge.conditions.shortlist import Shortlist

__all__ = [
    "CUSTOM",
    "FIELDS",
    "MATCH_LIMIT",
    "WEEKDAYS",
    "AllOf",
    "AnyOf",
    "Condition",
    "Facts",
    "Field",
    "FieldTest",
    "Judgement",
    "Kind",
    "Matcher",
    "Nearest",
    "Not",
    "Operator",
    "Shortlist",
    "Value",
    "check_pattern",
    "compile_condition",
    "compile_distance",
    "describe",
    "duration_text",
    "explain",
    "field_of",
    "fields_of",
    "ground_text",
    "grounds",
    "holds",
    "leaves",
    "miss_text",
    "misses",
    "seen_text",
    "shown",
]
