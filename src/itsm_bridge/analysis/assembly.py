"""From tickets, clocks and decisions to frames: one pass over the tickets, for a period and the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import pandas as pd

from itsm_bridge.analysis.agreements import Agreements, Identity, cycle_columns
from itsm_bridge.analysis.capacity import capacity
from itsm_bridge.analysis.demand import EMPTY as NO_DEMAND
from itsm_bridge.analysis.frames import Frames, Partners, Row, framed
from itsm_bridge.analysis.growing import GrowingColumns, GrowingRows
from itsm_bridge.analysis.judged import Judged
from itsm_bridge.analysis.lived import Lived
from itsm_bridge.analysis.material import Gone, Material, Problem, Sent
from itsm_bridge.analysis.outside import outside
from itsm_bridge.analysis.partners import NOTHING as NO_PARTNERS
from itsm_bridge.analysis.partners import partners
from itsm_bridge.analysis.period import Period, Week
from itsm_bridge.analysis.recent import REPEATS_OVER, Recent
from itsm_bridge.analysis.resolutions import resolutions
from itsm_bridge.analysis.running import divided, running
from itsm_bridge.analysis.sla_native import findings_of, rows_of
from itsm_bridge.analysis.taken import Cohort, Taken
from itsm_bridge.analysis.traction import WEEKS_BEFORE
from itsm_bridge.calendars import Calendars
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import Histories, Holders, all_as_of, all_with_recorded_ends, microseconds
from itsm_bridge.model import Decision, Outcome, TicketRecord
from itsm_bridge.sla import CycleColumns
from itsm_bridge.store import KnownTicket

BATCH = 4_000
"""Tickets whose clocks are computed at a time."""

PLANNED = "planned"
"""The outcome of a decision that was to be written."""

ROWS = ("natives", "votes", "findings")
COLUMNS = ("tickets", "history", "intervals", "hands", "running", "cycles", "verdicts")
"""The frames that are filled ticket by ticket, and some thousand tickets at a time."""


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
        lived = Lived.of(self._columns, self._configuration, self._calendars, self.until)
        demand, planned = self._ahead(lived.spans)
        recent = self._recent.frame(lived.cycles)  # asks for the last clocks, which are judged too
        return Frames(
            period=self._period,
            until=self.until,
            weeks=self._weeks,
            known={name: counted.get(name, 0) for name in sorted({*counted, *self._material.freshness})},
            freshness=self._material.freshness,
            tickets=lived.tickets,
            history=lived.history,
            intervals=lived.intervals,
            spans=lived.spans,
            hands=lived.hands,
            used=divided(self._columns["running"].frame(), lived.hands, self._calendars),
            cycles=lived.cycles,
            judged=self._judged.frame(lived.spans),
            natives=self._rows["natives"].frame(),
            verdicts=self._columns["verdicts"].frame(),
            decisions=framed("decisions", self._decisions(books.sent)),
            votes=lived.votes(self._rows["votes"].frame(), self._calendars),
            resolutions=resolutions(lived.tickets, lived.intervals, self._calendars, self._period.start),
            findings=self._rows["findings"].frame(),
            capacity=capacity(self._configuration.vendors, self._calendars, self._weeks),
            demand=demand,
            partners=planned,
            recent=recent,
            outside=outside(self._material.outside, self.until, self._period.zone),
            reports=self._configuration.reports,
            previous=previous,
        )

    def _ahead(self, lived: pd.DataFrame) -> tuple[pd.DataFrame, Partners]:
        """What a look ahead rests on: arrivals of the years before, and what ``vendors.yaml`` says of what comes."""
        if self._is_previous:
            return NO_DEMAND, NO_PARTNERS
        demand = self._material.arriving.demand(self.until, self._period.zone)
        return demand, partners(self._configuration, self._calendars, self.until, demand, lived)

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
