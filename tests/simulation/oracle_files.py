"""Says what is wrong with how plan files were applied, from the files, the worlds' logs and what the runs told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.world import Event, World, said

from itsm_bridge.model import Ticket
from itsm_bridge.operations.run import RunReport


@dataclass
class Applying:
    """One ``apply FILE``: what the file said, where each world's log was before and after, and what was told."""

    text: bytes
    begun: Mapping[str, int]
    ended: Mapping[str, int]
    report: RunReport | None = None
    held: Mapping[str, Ticket] = field(default_factory=dict)

    def writes(self, name: str, world: World) -> list[Event]:
        """What it sent to one source, whether or not that changed anything."""
        return [event for event in world.log[self.begun[name] : self.ended[name]] if event.marker]


@dataclass
class Filed:
    """Every time that a file was applied, in order; ``is_saved`` once a process has saved one and told so."""

    all: list[Applying] = field(default_factory=list)
    is_saved: bool = False

    @contextmanager
    def applying(self, text: bytes | None, worlds: Mapping[str, World]) -> Iterator[Applying]:
        """Take note of one, also of one that dies."""
        one = Applying(text or b"", _ends(worlds), {})
        self.all.append(one)
        try:
            yield one
        finally:
            one.ended = _ends(worlds)


def misapplied(filed: Filed, worlds: Mapping[str, World], *, race: bool, seen: Counter[str]) -> list[str]:
    """Each thing that must not be."""
    times: Counter[tuple[bytes, str, str]] = Counter()
    wrong: list[str] = []
    for one in filed.all:
        seen["files applied"] += 1
        try:
            said_of = _changes(json.loads(one.text))
        except ValueError:
            wrong.append("a plan file was there that is not whole")
            continue
        for name, world in worlds.items():
            for event in one.writes(name, world):
                seen["writes by a file"] += bool(event.asked)
                wrong += _unannounced(name, world, event, said_of, race=race)
                times[one.text, name, event.external_id] += bool(event.changes)
        wrong += _untold(one, said_of, seen)
    return wrong + [
        f"{external_id} was written {count} times by the same file"
        for (_, _, external_id), count in times.items()
        if count > 1
    ]


@dataclass
class Announced:
    """What a file says of a ticket."""

    version: str
    values: dict[str, Any] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)


def _unannounced(
    name: str, world: World, event: Event, said_of: Mapping[str, Announced], *, race: bool
) -> Iterator[str]:
    """A write that is not the one that somebody looked at; in a race a person may save just before it."""
    file = said_of.get(f"{name}:{event.external_id.removeprefix('id-')}")
    if file is None:
        yield f"{event.external_id} was written by a file that does not name it"
    elif event.note and event.note not in file.notes:
        yield f"{event.external_id}: a note that the file does not announce: {event.note}"
    elif event.asked and event.asked != file.values:
        yield f"{event.external_id}: the file says {file.values}, written was {event.asked}"
    elif event.asked and not race and (was := world.version(event)) != file.version:
        yield f"{event.external_id}: the file is of version {file.version}, and it was written at {was}"


def _untold(one: Applying, said_of: Mapping[str, Announced], seen: Counter[str]) -> Iterator[str]:
    """Each ticket of the file is written, done already, or listed with the reason."""
    if one.report is None or one.report.problems:
        return
    listed = {finding.subject.partition(" ")[0] for finding in one.report.findings}
    tried = {outcome.plan.ticket.id for outcome in one.report.applied.outcomes}
    for ticket, file in said_of.items():
        there = one.held.get(ticket)
        done = there is not None and all(said(there, field) == value for field, value in file.values.items())
        if ticket in listed - tried:
            seen["tickets of a file that were skipped and listed"] += 1
        elif ticket not in tried and not done:
            yield f"{ticket} is in the file, was not written, and nobody was told"


def _changes(document: Mapping[str, Any]) -> Mapping[str, Announced]:
    found = {ticket: Announced(version) for ticket, version in document["versions"].items()}
    for line in document["changes"]:
        if line["field"] == "note":
            found[line["ticket"]].notes.add(line["to"])
        else:
            found[line["ticket"]].values[line["field"]] = line["to"]
    return found


def _ends(worlds: Mapping[str, World]) -> Mapping[str, int]:
    return {name: len(world.log) for name, world in worlds.items()}
