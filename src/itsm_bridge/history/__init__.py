"""What a ticket was when: the course of its fields, and the whole ticket as of an instant."""

from __future__ import annotations

from itsm_bridge.history.asof import DERIVED, as_of, with_recorded_end
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
)

__all__ = [
    "DERIVED",
    "DONE",
    "OPEN",
    "SEPARATOR",
    "HandOver",
    "Moment",
    "as_of",
    "current",
    "hand_overs",
    "mismatches",
    "reassignments",
    "reopenings",
    "reopens",
    "split",
    "timeline",
    "with_recorded_end",
]
