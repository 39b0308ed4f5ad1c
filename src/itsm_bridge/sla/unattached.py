"""Why a service level has no clock on a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from itsm_bridge.conditions import Condition, Judgement, ground_text, grounds, miss_text, misses
from itsm_bridge.config.model import SlaDefinition
from itsm_bridge.model import State
from itsm_bridge.sla.course import Course


@dataclass(frozen=True, slots=True)
class Unattached:
    """A service level that never had a clock on a ticket, with the reason."""

    sla: str
    why: str


def unattached(definitions: Sequence[SlaDefinition], course: Course) -> Iterator[Unattached]:
    """Why there is none: what ``start`` wanted, or what stood against it while ``start`` held.

    A version of a level that was never in force while the ticket changed is left out, where another one was.
    """
    current = {one.name for one in definitions if _in_force(one, course)}
    for definition in definitions:
        moments = _in_force(definition, course)
        if moments:
            yield Unattached(definition.name, _why(definition, course, moments))
        elif definition.name not in current:
            yield Unattached(definition.name, f"not in force while the ticket changed; it is {_period(definition)}")


def _in_force(definition: SlaDefinition, course: Course) -> list[int]:
    """The instants of the course at which a definition could attach."""
    return [at for at in course.at if definition.holds_on(course.day(at))]


def _period(definition: SlaDefinition) -> str:
    since = "" if definition.start_day is None else f"from {definition.start_day} on"
    until = "" if definition.end_day is None else f"before {definition.end_day}"
    return " and ".join(filter(None, (since, until)))


def _why(definition: SlaDefinition, course: Course, moments: Sequence[int]) -> str:
    starts = {at: course.judge(definition.start, at) for at in moments}
    held = [at for at, start in starts.items() if start.held]
    if not held:
        nearest = min(reversed(starts.values()), key=lambda start: start.failed)
        return f"start never held; it would have {_if(nearest)}"
    if stopped := _first_held(definition.stop, held, course):
        return f"stop already held when start did: {stopped}"
    if cancelled := _first_held(definition.cancel, held, course):
        return f"cancel held when start did: {cancelled}"
    if all(course.value("state", at) == State.CANCELED for at in held):
        return "the ticket was canceled when start held"
    if definition.kind == "uc" or definition.calendar == "vendor":
        return "no vendor had the ticket in hand while start held"
    return "start and stop or cancel held in turn, so it was settled before it could begin"


def _if(start: Judgement) -> str:
    return miss_text(misses(start))


def _first_held(condition: Condition | None, held: list[int], course: Course) -> str:
    """On what a condition rested that held from the first of the instants on; empty where it did not hold."""
    judged = None if condition is None else course.judge(condition, held[0])
    return ground_text(grounds(judged)) if judged is not None and judged.held else ""
