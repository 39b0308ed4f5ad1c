"""What a ticket was when: the course of its fields, who had it, and the whole ticket as of an instant."""

from __future__ import annotations

from itsm_bridge.history.asof import DERIVED, as_of, with_recorded_end
from itsm_bridge.history.columns import MomentColumns, microseconds, moments_of
from itsm_bridge.history.course import (
    DONE,
    OPEN,
    SEPARATOR,
    HandOver,
    Moment,
    current,
    hand_overs,
    mismatches,
    reassignments,
    reopenings,
    reopens,
    split,
    timeline,
    values_over_time,
)
from itsm_bridge.history.facts import as_fact
from itsm_bridge.history.holders import Holder, Holders

__all__ = [
    "DERIVED",
    "DONE",
    "OPEN",
    "SEPARATOR",
    "HandOver",
    "Holder",
    "Holders",
    "Moment",
    "MomentColumns",
    "as_fact",
    "as_of",
    "current",
    "hand_overs",
    "microseconds",
    "mismatches",
    "moments_of",
    "reassignments",
    "reopenings",
    "reopens",
    "split",
    "timeline",
    "values_over_time",
    "with_recorded_end",
]
