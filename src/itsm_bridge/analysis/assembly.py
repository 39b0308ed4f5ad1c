"""From tickets, clocks and decisions to frames: one pass over the tickets, for a period and the one before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import pandas as pd

from itsm_bridge.analysis.agreements import Agreed, Agreements, Identity, cycle_columns
from itsm_bridge.analysis.capacity import capacity
from itsm_bridge.analysis.demand import EMPTY as NO_DEMAND
from itsm_bridge.analysis.demand import Arriving
from itsm_bridge.analysis.effort import work_seconds
from itsm_bridge.analysis.frames import Frames, Partners, Row, framed
from itsm_bridge.analysis.growing import GrowingColumns, GrowingRows
from itsm_bridge.analysis.hands import with_business_time
from itsm_bridge.analysis.judged import Judged
from itsm_bridge.analysis.outside import outside
from itsm_bridge.analysis.partners import NOTHING as NO_PARTNERS
from itsm_bridge.analysis.partners import partners
from itsm_bridge.analysis.period import Period, Week
from itsm_bridge.analysis.recent import REPEATS_OVER, Recent
from itsm_bridge.analysis.resolutions import resolutions
from itsm_bridge.analysis.running import divided, running
from itsm_bridge.analysis.sla_native import findings_of, rows_of
from itsm_bridge.analysis.spans import spans
from itsm_bridge.analysis.taken import Cohort, Taken
from itsm_bridge.analysis.traction import WEEKS_BEFORE
from itsm_bridge.analysis.votes import votes
from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import Configuration, OutsideFigure
from itsm_bridge.history import Histories, Holders, all_as_of, all_with_recorded_ends, microseconds
from itsm_bridge.model import Decision, Outcome, TicketRecord
from itsm_bridge.sla import Compared, CycleColumns
from itsm_bridge.store import KnownTicket

BATCH = 4_000
"""Tickets whose clocks are computed at a time."""

PLANNED = "planned"
"""The outcome of a decision that was to be written."""

ROWS = ("natives", "votes", "findings")
COLUMNS = ("tickets", "history", "intervals", "hands", "running", "cycles", "verdicts")
"""The frames that are filled ticket by ticket, and some thousand tickets at a time."""

NOTHING_AGREED = Agreed()

Read = Callable[[TicketRecord], TicketRecord]
Clock = Callable[[Sequence[TicketRecord], datetime, Histories | None], CycleColumns]
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

    ``alive`` gives all records of tickets that were created before its second instant, but for those that had been done
    by its first and were not touched since; ``counted`` says how many there are, of each source, that were created
    before an instant, and ``known`` what some of them (by source and external id) are called. ``decisions`` gives, for
    an instant, the latest decision before it about each field of each ticket, in any order; it may give more. ``sent``
    is in the order of sending. ``gone`` is by source and external id, and so is ``booked``: the seconds that people
    booked on tickets before an instant. ``compare`` holds tickets' cycles against the clocks of their sources.
    ``agreed`` is about ended clocks, ``arriving`` about what came in the years before. ``outside`` are figures that
    tickets do not hold.
    """

    alive: Callable[[datetime, datetime], Iterable[TicketRecord]]
    counted: Callable[[datetime], Mapping[str, int]]
    known: Callable[[Collection[Identity]], Iterable[KnownTicket]]
    read: Read
    clock: Clock
    decisions: Callable[[datetime], Iterable[Decision]]
    sent: Iterable[Sent]
    problems: Iterable[Problem]
    freshness: Mapping[str, datetime | None]
    gone: Mapping[Identity, Gone]
    arriving: Arriving
    booked: Callable[[datetime], Mapping[Identity, int]] = lambda _: {}
    compare: Compare = lambda records, _at: [Compared()] * len(records)
    agreed: Agreed = NOTHING_AGREED
    outside: Sequence[OutsideFigure] = ()


def assemble(material: Material, configuration: Configuration, period: Period, until: datetime) -> Frames:
    """The frames of ``period`` as of ``until``, with those of the period before up to the same point."""
    before = period.previous()
    books = _Books.of(material)
    now = _Assembler(material, configuration, period, until, is_previous=False)
    then = _Assembler(material, configuration, before, period.previous_until(until), is_previous=True)
    records = iter(material.alive(min(now.since, then.since), max(now.until, then.until)))
    while some := list(islice(records, BATCH)):
        ended, histories = all_with_recorded_ends(some, Histories.of(some))
        now.add(ended, histories)
        then.add(ended, histories)
    return now.frames(books, then.frames(books, None))


@dataclass(frozen=True, slots=True)
class _Books:
    """What the store holds beside the tickets, for both periods; ``odd`` are the tickets that it says something of."""

    sent: tuple[Sent, ...]
    problems: tuple[Problem, ...]
    odd: Mapping[Identity, KnownTicket]

    @classmethod
    def of(cls, material: Material) -> _Books:
        problems = tuple(material.problems)
        odd = {(one.source, one.external_id) for one in problems} | material.gone.keys()
        known = {(one.source, one.external_id): one for one in material.known(odd)}
        return cls(tuple(material.sent), problems, known)

    def known(self, until: datetime) -> Mapping[Identity, KnownTicket]:
        """Those of ``odd`` that were created before an instant."""
        return {key: one for key, one in self.odd.items() if one.created_at < until}


class _Assembler:
    """Gathers the tickets that matter to one period, as of one instant."""

    def __init__(
        self, material: Material, configuration: Configuration, period: Period, until: datetime, *, is_previous: bool
    ) -> None:
        self._material = material
        self._configuration = configuration
        self._period = period
        self.until = until
        self._is_previous = is_previous
        self._weeks: tuple[Week, ...] = period.weeks(until, 0 if is_previous else WEEKS_BEFORE)
        self.since = min([period.start, *(week.start for week in self._weeks)])
        self._rows = {name: GrowingRows(name) for name in ROWS}
        self._columns = {name: GrowingColumns(name) for name in COLUMNS}
        self._holders = Holders(configuration)
        self._cycles = 0
        self._agreements = Agreements(material.agreed, configuration, until)
        self._ids: dict[Identity, str] = {}
        self._booked = material.booked(until)
        self._calendars = Calendars(configuration)
        self._judged = Judged(self._calendars, () if is_previous else self._weeks)
        self._recent = Recent(self._clocks, until if is_previous else until - REPEATS_OVER, until)

    def add(self, records: Sequence[TicketRecord], histories: Histories) -> None:
        """Take tickets in, as they stood at the instant, but for those that cannot matter."""
        places = self._mattering(records, histories)
        some = [records[place] for place in places]
        seen, told = all_as_of(some, histories.of_tickets(places), self.until)
        gone = {place: lost.at for place, record in enumerate(seen) if (lost := self._gone(record)) is not None}
        read = [self._material.read(record) for record in seen]
        cohort = Cohort.of(seen, read, told, gone, self._holders, self.until)
        every, lives = cohort.every, cohort.lives
        taken, lived = lives.were_open(self._period.start), lives.were_open(self.since)
        self._columns["intervals"].put(lives.of_tickets(lived).intervals(every.ids))
        if not self._is_previous:
            apart = ~every.gone & ~taken & (lived | self._recent.holds(every.read))
            self._recent.add(every.read, clocked=apart)
        self._columns["hands"].put(lives.of_tickets(taken).hands(every.ids, self._holders))
        self._take(every.of(taken))

    def _gone(self, record: TicketRecord) -> Gone | None:
        """Since when the ticket could not be seen at the instant; ``None``: it could."""
        gone = self._material.gone.get((record.ticket.source, record.ticket.external_id))
        return None if gone is None or gone.at >= self.until else gone

    def frames(self, books: _Books, previous: Frames | None) -> Frames:
        """All of it, typed."""
        known = books.known(self.until)
        self._rows["findings"].add(self._found(books.problems, known))
        self._rows["findings"].add(self._lost(known))
        counted = self._material.counted(self.until)
        calendars = self._calendars
        intervals = self._columns["intervals"].frame()
        intervals["work_seconds"] = work_seconds(intervals, self._configuration, calendars, self.until)
        hands = with_business_time(self._columns["hands"].frame(), calendars)
        tickets, history = self._columns["tickets"].frame(), self._columns["history"].frame()
        cycles = self._columns["cycles"].frame()
        lived = spans(intervals)
        demand, planned = self._ahead(calendars, lived)
        recent = self._recent.frame(cycles)
        return Frames(
            period=self._period,
            until=self.until,
            weeks=self._weeks,
            known={name: counted.get(name, 0) for name in sorted({*counted, *self._material.freshness})},
            freshness=self._material.freshness,
            tickets=tickets,
            history=history,
            intervals=intervals,
            spans=lived,
            hands=hands,
            used=divided(self._columns["running"].frame(), hands, calendars),
            cycles=cycles,
            judged=self._judged.frame(lived),
            natives=self._rows["natives"].frame(),
            verdicts=self._columns["verdicts"].frame(),
            decisions=framed("decisions", self._decisions(books.sent)),
            votes=votes(
                self._rows["votes"].frame(),
                tickets,
                intervals=intervals,
                history=history,
                hands=hands,
                calendars=calendars,
            ),
            resolutions=resolutions(tickets, intervals, calendars, self._period.start),
            findings=self._rows["findings"].frame(),
            capacity=capacity(self._configuration.vendors, calendars, self._weeks),
            demand=demand,
            partners=planned,
            recent=recent,
            outside=outside(self._material.outside, self.until, self._period.zone),
            reports=self._configuration.reports,
            previous=previous,
        )

    def _ahead(self, calendars: Calendars, lived: pd.DataFrame) -> tuple[pd.DataFrame, Partners]:
        """What a look ahead rests on: arrivals of the years before, and what ``vendors.yaml`` says of what comes."""
        if self._is_previous:
            return NO_DEMAND, NO_PARTNERS
        demand = self._material.arriving.demand(self.until, self._period.zone)
        return demand, partners(self._configuration, calendars, self.until, demand, lived)

    def _mattering(self, records: Sequence[TicketRecord], histories: Histories) -> list[int]:
        """The places of all but the tickets that were done before the earliest week, and not touched since."""
        touched = histories.touched(microseconds(self.since)).tolist()
        return [
            place
            for place, record in enumerate(records)
            if touched[place] or record.ticket.updated_at >= self.since or record.ticket.state.is_open
        ]

    def _take(self, taken: Taken) -> None:
        """The tickets of the period."""
        if not len(taken.ids):
            return
        self._ids.update(zip(taken.identities, taken.ids, strict=True))
        self._columns["tickets"].put(taken.tickets(self._booked))
        self._rows["findings"].add(taken.findings())
        self._columns["history"].put(taken.history())
        self._rows["votes"].add(taken.votes())
        self._clock(taken.of(~taken.gone) if taken.gone.any() else taken)

    def _clock(self, taken: Taken) -> None:
        clocks = self._clocks(taken.read, self.until, taken.histories)
        if not self._is_previous:
            self._columns["running"].put(running(clocks, taken.ids, self._period.start, self._cycles))
        self._cycles += len(clocks)
        compared = list(self._material.compare(taken.read, self.until))
        self._rows["natives"].add(row for one in compared for row in rows_of(one))
        self._rows["findings"].add(
            row
            for record, one in zip(taken.read, compared, strict=True)
            for row in findings_of(record.ticket.source, one)
        )
        beside = self._agreements.beside(taken.seen, clocks)
        self._columns["cycles"].put(cycle_columns(clocks, taken.ids, beside))
        if beside.verdicts:
            self._columns["verdicts"].put(beside.verdicts)
        self._rows["findings"].add(
            (lost.source, "unclocked", lost.ticket, f"{lost.sla}: {lost.reason}") for lost in clocks.unclocked
        )

    def _clocks(self, records: Sequence[TicketRecord], until: datetime, histories: Histories | None) -> CycleColumns:
        """The clocks of some tickets, once each; what was judged in which week is noted on the way."""
        clocks = self._material.clock(records, until, histories)
        self._judged.add(clocks)
        return clocks

    def _decisions(self, sent: Iterable[Sent]) -> list[Row]:
        """The latest of each field, with what came of it."""
        latest: dict[tuple[str, str, str], Decision] = {}
        for made in self._material.decisions(self.until):
            key = made.source, made.external_id, made.field
            known = made.decided_at < self.until and key[:2] in self._ids
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
            if made is not None and made.outcome == PLANNED and made.decided_at <= one.opened_at < self.until:
                known = one.closed_at is not None and one.closed_at < self.until
                outcomes[key] = one.outcome if known else Outcome.UNKNOWN
        return outcomes

    def _found(self, problems: Iterable[Problem], known: Mapping[Identity, KnownTicket]) -> Iterator[Row]:
        """What is odd about the tickets known at the instant, whenever noticed, and what else was noticed by then."""
        for one in problems:
            ticket = known.get((one.source, one.external_id))
            if ticket is not None:
                yield one.source, one.check, ticket.id, one.detail
            elif one.first_seen < self.until:
                yield one.source, one.check, one.external_id, one.detail

    def _lost(self, known: Mapping[Identity, KnownTicket]) -> Iterator[Row]:
        """The tickets that could not be seen any more at the instant."""
        for key, gone in self._material.gone.items():
            ticket = known.get(key)
            if ticket is not None and gone.at < self.until:
                found = f"not seen in the source since {gone.at:%Y-%m-%d}"
                yield ticket.source, f"gone_{gone.reason}", ticket.id, found
