"""The rules over whole populations, field by field instead of ticket by ticket, with the same answers."""

from __future__ import annotations

from itsm_bridge.rules.columns.course import Deal
from itsm_bridge.rules.columns.decider import ColumnDecider
from itsm_bridge.rules.columns.facts import columns_of
from itsm_bridge.rules.columns.outcomes import Decided, Outcomes

__all__ = ["ColumnDecider", "Deal", "Decided", "Outcomes", "columns_of"]
