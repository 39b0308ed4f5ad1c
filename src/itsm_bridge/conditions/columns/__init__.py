"""Conditions over whole populations: what holds for which tickets, field by field instead of ticket by ticket.

Each field of a population is a column: its distinct values, and for each ticket which of them it has. A test is asked
once for each distinct value, by the very code of ``matching``; texts to look for are looked for all in one pass. What
holds for which ticket is a set of bits, so that ``any``, ``all`` and ``not`` cost next to nothing for each ticket.
"""

from __future__ import annotations

from itsm_bridge.conditions.columns.bits import Bits, Places, all_rows, flags_of, no_rows, rows_in, rows_of
from itsm_bridge.conditions.columns.evaluation import NONE, Answers, ColumnConditions
from itsm_bridge.conditions.columns.grouping import alike
from itsm_bridge.conditions.columns.population import Column, Columns, RowFacts

__all__ = [
    "NONE",
    "Answers",
    "Bits",
    "Column",
    "ColumnConditions",
    "Columns",
    "Places",
    "RowFacts",
    "alike",
    "all_rows",
    "flags_of",
    "no_rows",
    "rows_in",
    "rows_of",
]
