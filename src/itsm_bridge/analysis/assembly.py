"""From tickets, clocks and decisions to frames: one pass over the tickets, for a period and the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

from itsm_bridge.analysis.agreements import Agreed, Agreements
from itsm_bridge.analysis.capacity import capacity
from itsm_bridge.analysis.effort import work_seconds
from itsm_bridge.analysis.frames import Frames, Growing, Row, framed
from itsm_bridge.analysis.hands import FOLLOWED as IN_HAND
from itsm_bridge.analysis.hands import PLACE, hand_rows, with_business_time
from itsm_bridge.analysis.period import Period, Week
from itsm_bridge.analysis.running import Breaches, Reckon, divided
from itsm_bridge.analysis.sla_native import findings_of, rows_of
from itsm_bridge.analysis.spans import GONE, spans
from itsm_bridge.analysis.traction import WEEKS_BEFORE
from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import (
    DERIVED,
    SEPARATOR,
    Holders,
    Moment,
    as_of,
    mismatches,
    reassignments,
    remembered,
    reopenings,
    timeline,
    with_recorded_end,
)
from itsm_bridge.model import OPEN_STATES, ApprovalState, Decision, Outcome, State, TicketRecord
from itsm_bridge.sla import Clocked, Compared

BATCH = 4_000
"""Tickets whose clocks are computed at a time."""

PLANNED = "planned"
"""The outcome of a decision that was to be written."""

ROWS = (
    "tickets", "history", "intervals", "hands", "running", "cycles", "verdicts", "natives", "findings",
)  # fmt: skip
"""The frames that are filled ticket by ticket."""

FOLLOWED = ("state", "vendor", "environment", "approval")

NOTHING_AGREED = Agreed()

Read = Callable[[TicketRecord], TicketRecord]
Clock = Callable[[Iterable[TicketRecord], datetime], Clocked]
Compare = Callable[[Sequence[TicketRecord], datetime], Iterable[Compared]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something odd that the store holds about one record: an oddity, or why it is quarantined."""

    source: str
    check: str
    external_id: str
    detail: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class Gone:
    """Since when a ticket cannot be seen in its source, and why, as the store has it (``AbsenceRow.reason``)."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A value that was sent to a source; ``outcome`` is what came of it, ``unknown`` before ``closed_at``."""

    source: str
    external_id: str
    field: str
    opened_at: datetime
    closed_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of. ``read`` fills in what classify rules say; ``clock`` computes cycles as of an instant.

    ``reckon`` gives the intervals that tickets' cycles add up to (``None``: nobody asks). ``decisions`` gives, for
    an instant, the latest decision before it about each field of each ticket, in any order; it may give more. ``sent``
    is in the order of sending. ``gone`` is by source and external id, and so is ``booked``: the seconds that people
    booked on tickets before an instant. ``compare`` holds tickets' cycles against the clocks of their sources.
    ``agreed`` is about ended clocks.
    """

    records: Iterable[TicketRecord]
    read: Read
    clock: Clock
    reckon: Reckon | None
    decisions: Callable[[datetime], Iterable[Decision]]
    sent: Iterable[Sent]
    problems: Iterable[Problem]
    freshness: Mapping[str, datetime | None]
    gone: Mapping[tuple[str, str], Gone]
    booked: Callable[[datetime], Mapping[tuple[str, str], int]] = lambda _: {}
    compare: Compare = lambda records, _at: [Compared()] * len(records)
    agreed: Agreed = NOTHING_AGREED


def assemble(material: Material, configuration: Configuration, period: Period, until: datetime) -> Frames:
    """The frames of ``period`` as of ``until``, with those of the period before up to the same point."""
    before = period.previous()
    books = _Books(tuple(material.sent), tuple(material.problems))
    odd = frozenset((one.source, one.external_id) for one in books.problems)
    now = _Assembler(material, configuration, period, until, odd, weeks_before=WEEKS_BEFORE)
    compared = replace(material, reckon=None)
    then = _Assembler(compared, configuration, before, period.previous_until(until), odd, weeks_before=0)
    for record in material.records:
        whole = with_recorded_end(record)
        now.add(whole)
        then.add(whole)
    return now.frames(books, then.frames(books, None))


@dataclass(frozen=True, slots=True)
class _Books:
    """What the store holds beside the tickets, for both periods."""

    sent: tuple[Sent, ...]
    problems: tuple[Problem, ...]


class _Assembler:
    """Gathers the tickets that matter to one period, as of one instant."""

    def __init__(
        self,
        material: Material,
        configuration: Configuration,
        period: Period,
        until: datetime,
        odd: Collection[tuple[str, str]],
        *,
        weeks_before: int,
    ) -> None:
        self._material = material
        self._configuration = configuration
        self._period = period
        self._until = until
        self._weeks: tuple[Week, ...] = period.weeks(until, weeks_before)
        self._since = min([period.start, *(week.start for week in self._weeks)])
        self._rows = {name: Growing(name) for name in ROWS}
        self._holders = Holders(configuration)
        self._followed = frozenset({*FOLLOWED, *IN_HAND, *self._holders.fields})
        self._cycles = 0
        self._breaches = None if material.reckon is None else Breaches(material.reckon, period.start, until)
        self._known: Counter[str] = Counter()
        self._waiting: list[tuple[TicketRecord, TicketRecord]] = []
        self._agreements = Agreements(material.agreed, configuration, until)
        self._ids: dict[tuple[str, str], str] = {}
        self._booked = material.booked(until)
        self._odd = odd
        self._odd_ids: dict[tuple[str, str], str] = {}

    def add(self, record: TicketRecord) -> None:
        """Take one ticket in, as it stood at the instant; those that cannot matter are only counted."""
        if record.ticket.created_at < self._until:
            self._known[record.ticket.source] += 1
            key = record.ticket.source, record.ticket.external_id
            if key in self._odd:
                self._odd_ids[key] = record.ticket.id
        gone = self._gone(record)
        seen = None if self._is_past(record) else as_of(record, self._until)
        if seen is not None:
            self._place(seen, gone)

    def _gone(self, record: TicketRecord) -> Gone | None:
        """Since when the ticket could not be seen at the instant, which is a finding of its own; ``None``: it could."""
        ticket = record.ticket
        gone = self._material.gone.get((ticket.source, ticket.external_id))
        if gone is None or gone.at >= self._until or ticket.created_at >= self._until:
            return None
        found = (ticket.source, f"gone_{gone.reason}", ticket.id, f"not seen in the source since {gone.at:%Y-%m-%d}")
        self._rows["findings"].add([found])
        return gone

    def _place(self, seen: TicketRecord, gone: Gone | None) -> None:
        """Put a ticket into the frames that it belongs to."""
        read = self._material.read(seen)
        course = timeline(read, self._followed)
        if gone is not None and read.ticket.state.is_open:
            course = _cut(course, gone.at)
            read = replace(read, ticket=replace(read.ticket, state=State.UNKNOWN))
        moments = _narrowed(course)
        if self._was_open(moments, self._since):
            self._rows["intervals"].add(_intervals(read.ticket.id, moments))
        if self._was_open(moments, self._period.start):
            self._take(seen, read, clocked=gone is None)
            stretches = self._holders.stretches(remembered(course, PLACE), self._until)
            self._rows["hands"].add(hand_rows(read.ticket.id, stretches))

    def frames(self, books: _Books, previous: Frames | None) -> Frames:
        """All of it, typed."""
        self._clock_waiting()
        self._rows["findings"].add(self._found(books.problems))
        calendars = Calendars(self._configuration)
        intervals = self._rows["intervals"].frame()
        intervals["work_seconds"] = work_seconds(intervals, self._configuration, calendars, self._until)
        hands = with_business_time(self._rows["hands"].frame(), calendars)
        return Frames(
            period=self._period,
            until=self._until,
            weeks=self._weeks,
            known={name: self._known[name] for name in sorted({*self._known, *self._material.freshness})},
            freshness=self._material.freshness,
            tickets=self._rows["tickets"].frame(),
            history=self._rows["history"].frame(),
            intervals=intervals,
            spans=spans(intervals),
            hands=hands,
            used=divided(self._rows["running"].frame(), hands, calendars),
            cycles=self._rows["cycles"].frame(),
            natives=self._rows["natives"].frame(),
            verdicts=self._rows["verdicts"].frame(),
            decisions=framed("decisions", self._decisions(books.sent)),
            findings=self._rows["findings"].frame(),
            capacity=capacity(self._configuration.vendors, calendars, self._weeks),
            previous=previous,
        )

    def _is_past(self, record: TicketRecord) -> bool:
        """Whether a ticket was done before the earliest week, and nothing has happened to it since."""
        untouched = record.ticket.updated_at < self._since and all(entry.at < self._since for entry in record.history)
        return untouched and not record.ticket.state.is_open

    def _was_open(self, moments: tuple[Moment, ...], since: datetime) -> bool:
        """Whether one of the moments is an open one that lasted until ``since`` or later."""
        ends = [*(moment.at for moment in moments[1:]), self._until]
        return any(
            moment.values["state"] in OPEN_STATES and end >= since for moment, end in zip(moments, ends, strict=True)
        )

    def _take(self, seen: TicketRecord, read: TicketRecord, *, clocked: bool) -> None:
        ticket = read.ticket
        self._ids[ticket.source, ticket.external_id] = ticket.id
        self._rows["tickets"].add([(*_ticket(read), self._booked.get((ticket.source, ticket.external_id)))])
        recorded = [entry for entry in seen.history if entry.entry_id != DERIVED]
        self._rows["history"].add(
            (ticket.id, entry.at, entry.field, entry.old, entry.new, entry.actor) for entry in recorded
        )
        self._rows["findings"].add(
            (ticket.source, "history_mismatch", ticket.id, f"{entry.field}: history ends with {entry.new!r}")
            for entry in mismatches(seen)
        )
        if len(recorded) < len(seen.history):
            lost = (ticket.source, "no_state_history", ticket.id, "its end is taken from its dates")
            self._rows["findings"].add([lost])
        if clocked:
            self._waiting.append((seen, read))
        if len(self._waiting) >= BATCH:
            self._clock_waiting()

    def _clock_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        records = [read for _, read in waiting]
        clocked = self._material.clock(records, self._until)
        if self._breaches is not None:
            self._rows["running"].add(self._breaches.running(records, clocked.cycles, self._cycles))
        self._cycles += len(clocked.cycles)
        for record, compared in zip(records, self._material.compare(records, self._until), strict=True):
            self._rows["natives"].add(rows_of(compared))
            self._rows["findings"].add(findings_of(record.ticket.source, compared))
        beside = self._agreements.beside(waiting, clocked.cycles)
        self._rows["cycles"].add(beside.cycles)
        self._rows["verdicts"].add(beside.verdicts)
        self._rows["findings"].add(
            (lost.source, "unclocked", lost.ticket, f"{lost.sla}: {lost.reason}") for lost in clocked.unclocked
        )

    def _decisions(self, sent: Iterable[Sent]) -> list[Row]:
        """The latest of each field, with what came of it."""
        latest: dict[tuple[str, str, str], Decision] = {}
        for made in self._material.decisions(self._until):
            key = made.source, made.external_id, made.field
            known = made.decided_at < self._until and key[:2] in self._ids
            if known and (key not in latest or made.decided_at >= latest[key].decided_at):
                latest[key] = made
        outcomes = self._outcomes(latest, sent)
        return [
            (
                self._ids[key[:2]],
                key[2].partition(" ")[0],
                made.value,
                made.rule,
                made.because,
                made.decided_at,
                outcomes[key],
            )
            for key, made in latest.items()
        ]

    def _outcomes(
        self, latest: Mapping[tuple[str, str, str], Decision], sent: Iterable[Sent]
    ) -> dict[tuple[str, str, str], str]:
        """What came of each decision: of a planned one, what became of the last write since."""
        outcomes = {key: made.outcome for key, made in latest.items()}
        for one in sent:
            key = one.source, one.external_id, one.field
            made = latest.get(key)
            if made is not None and made.outcome == PLANNED and made.decided_at <= one.opened_at < self._until:
                known = one.closed_at is not None and one.closed_at < self._until
                outcomes[key] = one.outcome if known else Outcome.UNKNOWN
        return outcomes

    def _found(self, problems: Iterable[Problem]) -> list[Row]:
        """What is odd about the tickets known at the instant, whenever noticed, and what else was noticed by then."""
        return [
            (one.source, one.check, self._odd_ids.get((one.source, one.external_id), one.external_id), one.detail)
            for one in problems
            if (one.source, one.external_id) in self._odd_ids or one.first_seen < self._until
        ]


def _ticket(record: TicketRecord) -> Row:
    ticket = record.ticket
    return (
        ticket.id, ticket.source, ticket.external_id, ticket.number, ticket.type, ticket.project, ticket.environment,
        SEPARATOR.join(ticket.service), SEPARATOR.join(ticket.category), ticket.priority, ticket.state,
        ticket.approval or ApprovalState.NOT_REQUIRED, ticket.vendor, ticket.group, ticket.assignee, ticket.summary,
        ticket.created_at, ticket.resolved_at, ticket.closed_at, ticket.state.is_open, len(reopenings(record)),
        len(reassignments(record)),
    )  # fmt: skip


def _narrowed(course: tuple[Moment, ...]) -> tuple[Moment, ...]:
    """The moments at which one of ``FOLLOWED`` changes."""
    changed = (
        after
        for before, after in pairwise(course)
        if any(before.values[name] != after.values[name] for name in FOLLOWED)
    )
    return course[:1] + tuple(changed)


def _cut(moments: tuple[Moment, ...], at: datetime) -> tuple[Moment, ...]:
    """The course of an open ticket up to the instant at which it was gone."""
    kept = tuple(moment for moment in moments if moment.at < at) or moments[:1]
    return (*kept, Moment(max(at, kept[-1].at), {**kept[-1].values, "state": GONE}))


def _intervals(ticket: str, moments: tuple[Moment, ...]) -> list[Row]:
    ends = [after.at for _, after in pairwise(moments)]
    return [
        (
            ticket, moment.at, end, moment.values["state"], moment.values["vendor"], moment.values["environment"],
            moment.values["approval"], None,
        )
        for moment, end in zip(moments, [*ends, None], strict=True)
    ]  # fmt: skip
