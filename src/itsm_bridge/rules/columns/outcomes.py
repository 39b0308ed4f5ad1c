"""What the rules make of many tickets: a few decisions, and for each ticket which of them it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from itsm_bridge.conditions.columns import NONE, Bits, Columns, Places
from itsm_bridge.rules.verdict import FieldDecision


@dataclass(frozen=True, slots=True)
class Decided:
    """What one field becomes: row ``i`` by ``decisions[codes[i]]``, or where that is ``NONE`` nothing is decided."""

    codes: Places
    decisions: Sequence[FieldDecision]

    def of(self, row: int) -> FieldDecision | None:
        """What becomes of one ticket."""
        code = int(self.codes[row])
        return None if code == NONE else self.decisions[code]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What the rules make of many tickets, row by row in the order in which they were given.

    ``facts`` are the tickets' as classified, with what the sections decided. ``values`` has what ``Verdict.values``
    has, by ``impact``, ``urgency``, ``priority``, ``approval`` and ``vendor``. ``first`` says for ``intake``,
    ``approval`` and ``assignment`` which rule decided, by its place in the section, else ``NONE``. ``unrouted`` are the
    tickets for which no rule finds a vendor.
    """

    facts: Columns
    values: Mapping[str, Decided]
    first: Mapping[str, Places]
    unrouted: Bits

    def of(self, row: int) -> dict[str, FieldDecision]:
        """The values of one ticket, as ``Verdict.values``."""
        found = ((field, decided.of(row)) for field, decided in self.values.items())
        return {field: decision for field, decision in found if decision is not None}


class Draft:
    """What one field becomes, as far as it is decided."""

    def __init__(self, count: int) -> None:
        self._codes = np.full(count, NONE, dtype=np.int64)
        self._known: dict[FieldDecision, int] = {}

    def give(self, rows: Places, group: Places, decisions: Sequence[FieldDecision | None]) -> None:
        """Decide ``rows``, each by that of ``decisions`` whose place stands beside it in ``group``."""
        codes = [
            NONE if decision is None else self._known.setdefault(decision, len(self._known)) for decision in decisions
        ]
        self._codes[rows] = np.array(codes, dtype=np.int64)[group]

    @property
    def decided(self) -> Decided:
        """All of it."""
        return Decided(self._codes, tuple(self._known))
