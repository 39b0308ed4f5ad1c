"""The connector of a simulation: the protocol of ``connectors.base`` over a world in memory, and what goes wrong."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import tests.simulation.world as worlds
from tests.simulation.faults import CrashPoints, Faults
from tests.simulation.people import People
from tests.simulation.world import BRIDGE, WORKFLOW, World

from itsm_bridge.connectors.base import Absence, Bookmark, Census, Check, DayCount, Identity, Page, Write
from itsm_bridge.errors import OutcomeUnknown, RecordRejected, SourceUnavailable, WriteRefused
from itsm_bridge.model import Ticket, TicketRecord

PAGE = 3


@dataclass
class FakeConnector:
    """One source. Each call takes some time, may fail, and is a point at which the process may die."""

    world: World
    people: People
    faults: Faults
    points: CrashPoints
    chance: random.Random
    switch: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.name = self.world.name

    def identity(self) -> Identity:
        self._asked("identity")
        return Identity(BRIDGE, "UTC", self.world.now)

    def streams(self) -> Sequence[str]:
        return ("tickets",)

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:  # noqa: ARG002 - the protocol
        reached = datetime.fromisoformat(bookmark["at"]) if bookmark else None
        since = reached - worlds.OVERLAP if reached else None
        last: tuple[datetime, str] | None = None
        while True:
            self._asked("fetch")
            if last is not None and self.faults.fires("cut"):
                raise SourceUnavailable(f"{self.name}: the connection broke in the middle of a walk")
            rows = [one for one in self.world.index() if since is None or one.ticket.updated_at >= since]
            rows = [one for one in rows if last is None or _place(one) > last][:PAGE]
            if rows:
                last = _place(rows[-1])
                reached = max([last[0], *([reached] if reached else [])])
            self.world.say(f"  page {[one.ticket.external_id for one in rows]}")
            doubled = [*rows, *rows[:1]] if self.faults.fires("duplicates") else rows
            yield Page(tuple(doubled), {"at": reached.isoformat()} if reached else {})
            if len(rows) < PAGE:
                return
            if self.faults.fires("edit_while_paging"):
                self.people.somebody_edits()

    def census(self, stream: str) -> Iterator[Census]:  # noqa: ARG002 - the protocol
        self._asked("census")
        ids = self._visible()
        for start in range(0, len(ids), 10):
            yield Census(
                {one: self.world.tickets[one].record.ticket.version for one in ids[start : start + 10]}, len(ids)
            )

    def fetch_ids(self, stream: str, external_ids: Sequence[str]) -> Page:  # noqa: ARG002 - the protocol
        self._asked("fetch_ids")
        there = self._visible()
        return Page(tuple(self.world.seen(one) for one in external_ids if one in there), {})

    def absence(self, stream: str, external_id: str) -> Absence | None:  # noqa: ARG002 - the protocol
        self._asked("absence")
        if external_id in self._visible():
            return None
        return Absence.HIDDEN if external_id in self.world.tickets else Absence.DELETED

    def count_by_day(self, stream: str, since: date) -> Sequence[DayCount]:
        self._asked("count_by_day")
        days = Counter(self.world.tickets[one].record.ticket.created_at.date() for one in self._visible())
        return [DayCount(stream, day, count) for day, count in days.items() if day >= since]

    def read(self, ticket: Ticket) -> TicketRecord:
        if self.faults.fires("edit_before_read") and ticket.external_id in self.world.tickets:
            self.people.edit(ticket.external_id)
        self._asked("read")
        if ticket.external_id not in self._visible():
            raise RecordRejected(f"{ticket.id} is not there any more")
        return self.world.seen(ticket.external_id)

    def notes(self, ticket: Ticket) -> Collection[str]:
        self._asked("notes")
        if ticket.external_id not in self._visible() or self.faults.fires("board_closed"):
            raise WriteRefused(f"{ticket.id}: its notes cannot be seen")
        truth = self.world.tickets[ticket.external_id]
        return {note.marker for note in truth.board} - truth.unseen

    def push(self, write: Write) -> None:
        external_id = write.ticket.external_id
        if self.faults.fires("edit_before_write"):
            self.people.edit(external_id)
        self._pass("before push")
        self._fail_early(write)
        if write.values:
            self._store(write)
            self._pass("after the fields", weight=5)
        if (write.approvers or write.notes) and self.faults.fires("half_written"):
            raise OutcomeUnknown(f"{self.name}: half_written")
        if self.name == "snow" and "approval" in write.values:
            for approver in write.approvers:
                self.world.ask(external_id, approver)
                self._pass("after an approver")
        for note in write.notes:
            self.world.note(external_id, note, write.marker, unseen=self.faults.fires("note_unseen"))
            self._pass("after a note", weight=3)
        if self.faults.fires("edit_after_write"):
            self.people.edit(external_id)
        if self.faults.fires("answer_lost"):
            self.world.say(f"  push to {external_id}: answer_lost")
            raise OutcomeUnknown(f"{self.name}: answer_lost")

    def doctor(self) -> Sequence[Check]:
        return ()

    def _fail_early(self, write: Write) -> None:
        external_id = write.ticket.external_id
        for fault, error in (
            ("request_lost", OutcomeUnknown),
            ("turned_away", SourceUnavailable),
            ("refused", WriteRefused),
        ):
            if self.faults.fires(fault):
                self.world.attempt(external_id, write.values, write.marker, fault)
                raise error(f"{self.name}: {fault}")

    def _store(self, write: Write) -> None:
        external_id = write.ticket.external_id
        truth = self.world.tickets[external_id]
        lost = {truth.unwritable}
        if self.faults.fires("not_stored"):
            lost.add(self.chance.choice(sorted(write.values)))
        stored = {name: value for name, value in write.values.items() if name not in lost}
        self.world.edit(external_id, BRIDGE, stored, marker=write.marker, asked=write.values)
        if truth.rewritten in stored:
            other = "GWL" if stored[truth.rewritten] != "GWL" else "OptIT"
            self.world.edit(external_id, WORKFLOW, {truth.rewritten: other})
            self.faults.fired["rewriting"] += 1

    def _visible(self) -> list[str]:
        return sorted(one for one, truth in self.world.tickets.items() if not truth.hidden)

    def _asked(self, call: str) -> None:
        self._pass(call)
        if self.faults.fires("busy"):
            self.world.say(f"  {call}: busy")
            raise SourceUnavailable(f"{self.name}: {call}: busy")

    def _pass(self, site: str, weight: int = 1) -> None:
        """Time goes by, and the process may die."""
        self.world.now += timedelta(seconds=self.chance.choice((0.05, 0.1, 0.3, 0.7)))
        self.points.visit(site, weight)
        self.switch()
        self.points.live()


def _place(record: TicketRecord) -> tuple[datetime, str]:
    return record.ticket.updated_at, record.ticket.external_id
