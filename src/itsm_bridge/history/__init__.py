"""What a ticket was when: the course of its fields, who had it, and the whole ticket as of an instant."""

from __future__ import annotations

from itsm_bridge.history.asof import all_as_of, all_with_recorded_ends, as_of, with_recorded_end
from itsm_bridge.history.columns import MomentColumns, mismatched, moments_of
from itsm_bridge.history.course import (
    DERIVED,
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
from itsm_bridge.history.entries import Histories, microseconds
from itsm_bridge.history.facts import as_fact
from itsm_bridge.history.holders import Holder, Holders

__all__ = [
    "DERIVED",
    "DONE",
    "OPEN",
    "SEPARATOR",
    "HandOver",
    "Histories",
    "Holder",
    "Holders",
    "Moment",
    "MomentColumns",
    "all_as_of",
    "all_with_recorded_ends",
    "as_fact",
    "as_of",
    "current",
    "hand_overs",
    "microseconds",
    "mismatched",
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
