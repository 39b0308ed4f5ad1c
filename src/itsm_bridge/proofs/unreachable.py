"""``R301``: rules that can never decide anything behind all earlier rules together."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from itsm_bridge.proofs.engine import Course
from itsm_bridge.proofs.ground import Disagreement, Draft, Ground, attempt, named
from itsm_bridge.proofs.guesses import guess
from itsm_bridge.proofs.judging import Judged
from itsm_bridge.proofs.reading import MadeUp

TIMELY = frozenset({"escalation", "knowledge"})
"""Sections that see what no made-up ticket carries: the loads of the day, and approvals that ran out of time."""


def unreachable(ground: Ground) -> Iterator[Draft]:
    """A finding for each rule that decides nothing, whatever the ticket."""
    for one in ground.judged:
        yield from attempt(one, "can ever decide anything", partial(_findings, ground, one))


def _findings(ground: Ground, one: Judged) -> Iterator[Draft]:
    if ground.has_decided(one) or _is_guessed(ground, one):
        return
    found = ground.find(one.decides)
    if found is None:
        matched = ground.find(one.matches)
        yield _never_matching(ground, one) if matched is None else _hidden(ground, one, matched)
    elif not ground.has_decided(one) and one.section not in TIMELY:
        raise Disagreement


def _is_guessed(ground: Ground, one: Judged) -> bool:
    ticket = guess(ground.ticket, ground.boxes, one.rule.when)
    if ticket is not None and (one.section, one.rule.name) in ground.engine.course(ticket).deciding:
        ground.meet(ticket)
    return ground.has_decided(one)


def _hidden(ground: Ground, one: Judged, found: MadeUp) -> Draft:
    """It matches tickets, and others have decided them."""
    section, name = one.section, one.rule.name

    def shows(course: Course) -> bool:
        return course.matches(section, name) and not course.decides(section, name)

    hiding = tuple(other for other in ground.search.hiding(one.decides) if other != name)
    message, suggestion = _words(one, hiding)
    return Draft("R301", "error", one.rule.position, message, suggestion, ground.witness(found, shows), shows)


def _words(one: Judged, hiding: tuple[str, ...]) -> tuple[str, str]:
    name = f'"{one.rule.name}"'
    if not hiding and one.section != "classify":
        return f"{name} can never decide anything: the rules above it take every ticket that it matches", "remove it"
    if not hiding:
        what = " and ".join(one.rule.then.fields)
        return (
            f"{name} never fills anything: each ticket that it matches has {what} already",
            "remove it, or ask for less",
        )
    above = named(hiding)
    together = "together take" if len(hiding) > 1 else "takes"
    message = f"{name} can never decide anything: {above} {together} every ticket that it matches"
    return message, f"put {name} above {above}, or remove it"


def _never_matching(ground: Ground, one: Judged) -> Draft:
    """It matches no ticket: by itself, or for what the earlier sections decide."""
    section, name = one.section, one.rule.name

    def shows(course: Course) -> bool:
        return course.alone(section, name) and not course.matches(section, name)

    found = ground.find(one.alone)
    if found is None:
        message = f'"{name}" matches no ticket: its condition contradicts itself'
        return Draft("R301", "error", one.rule.position, message, "correct its condition, or remove it")
    hiding = tuple(other for other in ground.search.hiding(one.matches) if other != name)
    by = f": {named(hiding)} {'see' if len(hiding) > 1 else 'sees'} to that" if hiding else ""
    message = f'"{name}" can never decide anything: no ticket that it matches comes as far as {section}{by}'
    suggestion = "ask for what the earlier sections leave, or remove it"
    return Draft("R301", "error", one.rule.position, message, suggestion, ground.witness(found, shows), shows)
