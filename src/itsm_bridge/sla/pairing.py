"""Which of the sources' own clocks measures the same as which of ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.model import NativeSla
from itsm_bridge.sla.model import Cycle, Reckoning, Stage

Names = Mapping[str, frozenset[str]]
"""By the name of a service level, the folded names of the clocks that it is compared with."""


@dataclass(frozen=True, slots=True)
class Paired:
    """What belongs together on one ticket, and what stands alone."""

    pairs: tuple[tuple[Reckoning, NativeSla], ...]
    natives: tuple[NativeSla, ...]
    ours: tuple[Reckoning, ...]


def names_of(definitions: Iterable[SlaDefinition]) -> Names:
    """What each service level calls itself in the sources: ``native``, else its own name."""
    return {one.name: frozenset(_folded(name) for name in one.native or (one.name,)) for one in definitions}


def paired(reckonings: Sequence[Reckoning], natives: Sequence[NativeSla], names: Names) -> Paired:
    """Ours and theirs of one ticket by name, each with at most one of the other side.

    Of several alike, those belong together that started nearest to each other; before that, one that was cancelled
    belongs to another such.
    """
    theirs = [_folded(native.name) for native in natives]
    alike = [
        (_distance(one.cycle, native), place, other)
        for place, one in enumerate(reckonings)
        for other, native in enumerate(natives)
        if theirs[other] in names[one.cycle.sla]
    ]
    found: dict[int, int] = {}
    for _, place, other in sorted(alike):
        if place not in found and other not in found.values():
            found[place] = other
    return Paired(
        pairs=tuple((reckonings[place], natives[found[place]]) for place in sorted(found)),
        natives=tuple(native for other, native in enumerate(natives) if other not in found.values()),
        ours=tuple(one for place, one in enumerate(reckonings) if place not in found),
    )


def _distance(ours: Cycle, theirs: NativeSla) -> tuple[bool, timedelta]:
    """How little two clocks look like one; a clock without a start is far from all."""
    cancelled = ours.stage is Stage.CANCELLED, theirs.stage.casefold() == Stage.CANCELLED
    apart = timedelta.max if theirs.started_at is None else abs(ours.started_at - theirs.started_at)
    return cancelled[0] is not cancelled[1], apart


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
