"""``R303``: tickets that no rule decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import z3

from itsm_bridge.proofs.engine import Property
from itsm_bridge.proofs.ground import Draft, Ground, attempt
from itsm_bridge.proofs.reading import MadeUp


@dataclass(frozen=True, slots=True)
class _Gap:
    """One way to fall between the rules of a section."""

    section: str
    severity: str
    when: z3.BoolRef
    shows: Property
    message: str
    suggestion: str


def gaps(ground: Ground) -> Iterator[Draft]:
    """A finding for each section and each way in which it leaves tickets alone; a section without rules has no gaps."""
    for gap in _gaps(ground):
        judged = ground.sections.judged[gap.section]
        if judged:
            yield from attempt(judged[-1], "leaves a gap", lambda gap=gap: _findings(ground, gap))  # type: ignore[misc]


def _gaps(ground: Ground) -> tuple[_Gap, ...]:
    found = ground.sections
    return (
        _Gap(
            "priority",
            "warning",
            found.unranked,
            lambda course: course.is_unranked,
            "tickets get no priority: no rule ranks them, and they have no impact and urgency of their own",
            "end the section with a rule for everything else: when: {}",
        ),
        _Gap(
            "assignment",
            "error",
            found.unmatched,
            lambda course: course.verdict.unrouted is not None and not course.matching("assignment"),
            "tickets are given to nobody: no rule matches them",
            "end the section with a rule for everything else: when: {}",
        ),
        _Gap(
            "assignment",
            "error",
            found.untaken,
            lambda course: course.verdict.unrouted is not None and bool(course.matching("assignment")),
            "tickets are given to nobody: rules match them, and nobody whom those name can take the work",
            "name a fallback for the environment, or end the section with a pool that can take everything",
        ),
    )


def _findings(ground: Ground, gap: _Gap) -> Iterator[Draft]:
    found = ground.find(gap.when)
    if found is None:
        return
    witness = ground.witness(found, gap.shows)
    last = ground.sections.judged[gap.section][-1].rule.position
    message = gap.message + _reason(ground, gap, witness) + since(ground, witness)
    yield Draft("R303", gap.severity, last, message, gap.suggestion, witness, gap.shows)


def _reason(ground: Ground, gap: _Gap, witness: MadeUp) -> str:
    unrouted = ground.engine.course(witness).verdict.unrouted
    return f" ({unrouted.why})" if gap.section == "assignment" and unrouted is not None else ""


def since(ground: Ground, witness: MadeUp) -> str:
    """From which day on, where it is not so today."""
    zone = ground.configuration.zone
    today, day = (at.astimezone(zone).date() for at in (ground.ticket.now, witness.now))
    turn = _turn(ground, day)
    return "" if turn == today else f", from {turn} on"


def _turn(ground: Ground, day: date) -> date:
    turns = [known for known, _ in ground.ticket.days.alternatives if isinstance(known, date) and known <= day]
    return max(turns)
