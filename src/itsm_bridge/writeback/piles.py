"""What a plan does to the vendors: how many open tickets each has in hand before it and after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from itsm_bridge.model import FieldChange
from itsm_bridge.writeback.plan import Plan


@dataclass(frozen=True, slots=True)
class Pile:
    """The open tickets of one vendor; ``vendor`` is empty for those that nobody has."""

    vendor: str
    before: int
    after: int

    @property
    def gained(self) -> int:
        """How many more they become."""
        return self.after - self.before


def piles(plan: Plan) -> tuple[Pile, ...]:
    """Every vendor with open tickets before or after, the one that changes most first and nobody after its equals."""
    gained = gains(plan.changes)
    found = [
        Pile(vendor, plan.in_hand.get(vendor, 0), plan.in_hand.get(vendor, 0) + gained[vendor])
        for vendor in {**plan.in_hand, **gained}
    ]
    return tuple(sorted(found, key=lambda pile: (-abs(pile.gained), not pile.vendor, pile.vendor)))


def gains(changes: Iterable[FieldChange]) -> Counter[str]:
    """How many tickets more each vendor gets by some changes; fewer is below zero."""
    gained: Counter[str] = Counter()
    for change in changes:
        if change.field == "vendor":
            gained[str(change.before or "")] -= 1
            gained[str(change.after or "")] += 1
    return gained
