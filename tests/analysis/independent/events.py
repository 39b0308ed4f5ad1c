"""What happens to tickets: their comings and goings, and their stays with a vendor in an environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from tests.analysis.independent.lives import DONE, OPEN, Life, Values
from tests.analysis.made import ticket

from itsm_bridge.model import TicketRecord

COMING, GOING = ("created", "reopened", "moved_in"), ("moved_out", "resolved")


@dataclass(frozen=True)
class Event:
    """Something that happened to a ticket at an instant, in whose hands and where."""

    at: datetime
    what: str
    vendor: str
    environment: str
    life: Life


@dataclass(frozen=True)
class Stay:
    """A ticket being open with one vendor in one environment."""

    life: Life
    vendor: str
    environment: str
    start: datetime
    end: datetime | None


def events_of(life: Life) -> Iterator[Event]:
    """Whoever had a ticket until then is whose it was when it went; whoever has it from then on when it came."""
    opened, done, before = False, False, None
    for at, values in life.moments:
        was_open, is_open = before is not None and before["state"] in OPEN, values["state"] in OPEN
        moved = before is not None and _place(before) != _place(values)
        if was_open and before is not None and (moved or not is_open):
            yield Event(at, "resolved" if values["state"] in DONE else "moved_out", *_place(before), life)
        if is_open and (moved or not was_open):
            yield Event(at, "moved_in" if was_open or (opened and not done) else "reopened" if opened else "created",
                        *_place(values), life)  # fmt: skip
        opened = opened or is_open
        done = values["state"] in DONE or (done and not is_open)
        before = values


def stays_of(life: Life) -> Iterator[Stay]:
    """Each as long as nothing of vendor, environment and being open changes."""
    begun: datetime | None = None
    before: Values | None = None
    for at, values in life.moments:
        if (
            begun is not None
            and before is not None
            and (_place(values) != _place(before) or values["state"] not in OPEN)
        ):
            yield Stay(life, *_place(before), begun, at)
            begun = None
        if values["state"] in OPEN and begun is None:
            begun = at
        before = values
    if begun is not None and before is not None:
        yield Stay(life, *_place(before), begun, None)


def _place(values: Values) -> tuple[str, str]:
    return values["vendor"], values["environment"]


def as_record(life: Life) -> TicketRecord:
    """A life as the oracle of the clocks wants it."""
    first: dict[str, Any] = {**life.moments[0][1], "priority": life.moments[0][1]["priority"] or None}
    changes = [
        (at, field, values[field])
        for (_, before), (at, values) in pairwise(life.moments)
        for field in values
        if values[field] != before[field]
    ]
    return ticket(life.row["number"], life.created, *changes, **first)
