"""From the store to frames: the one place where the analyses meet the store, the rules and the clocks."""

from __future__ import annotations

import gc
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from itsm_bridge.analysis.agreements import Agreed, Identity
from itsm_bridge.analysis.assembly import assemble
from itsm_bridge.analysis.demand import Arriving
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.material import Compare, Gone, Material, Problem, Sent
from itsm_bridge.analysis.outside import OUTSIDE
from itsm_bridge.analysis.period import Period
from itsm_bridge.config import read_outside
from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import Finding
from itsm_bridge.model import Decision, NativeSla, TicketRecord, Verdict, Warned
from itsm_bridge.rules import classify
from itsm_bridge.sla import Clockwork, Compared, Comparer
from itsm_bridge.store import Reader, Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def frames(store: Store, configuration: Configuration, period: Period, as_of: datetime) -> Frames:
    """The frames of ``period`` as of ``as_of``, but never past the period's end; the store as it is at one moment.

    Raises ``StorageFailed``, and ``ConfigurationInvalid`` for service levels that cannot be computed.
    """
    found = read_outside(configuration)
    with store.snapshot() as reader, _without_search_for_cycles():
        read_at, clockwork, read = reader.freshness(), Clockwork(configuration), classify(configuration)
        material = Material(
            alive=reader.alive,
            counted=reader.created,
            known=reader.known,
            read=read,
            clock=clockwork.columns,
            decisions=_decisions(reader),
            sent=_sent(reader),
            problems=[*_problems(reader), *map(_left_out, found.findings)],
            freshness={name: read_at.get(name) for name in configuration.sources},
            gone={
                (row.source, row.external_id): Gone(row.gone_at, row.reason)
                for row in reader.absences()
                if row.gone_at is not None
            },
            arriving=Arriving(reader.arrivals, lambda ids: reader.records(ids=ids), read),
            booked=reader.booked,
            compare=_compare(reader, configuration, clockwork),
            agreed=_agreed(reader, as_of),
            outside=found.figures,
        )
        return assemble(material, configuration, period, period.until(as_of))


@contextmanager
def _without_search_for_cycles() -> Iterator[None]:
    """Records and rows hold no cycles, and to look for any among millions of them takes a third of the time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def _left_out(finding: Finding) -> Problem:
    """A line of a file of outside figures that is in none of them, as of any instant."""
    place = f"{finding.file}:{finding.line}:{finding.column}"
    return Problem(OUTSIDE, "left_out", place, finding.message, EPOCH)


def _compare(reader: Reader, configuration: Configuration, clockwork: Clockwork) -> Compare:
    """Tickets' cycles beside the clocks of their sources, as these were last read."""
    comparer, measuring = Comparer(configuration), reader.sources_with_natives()

    def compare(records: Sequence[TicketRecord], at: datetime) -> Iterator[Compared]:
        measured = [record for record in records if record.ticket.source in measuring]
        natives = _natives(reader, measured)
        reckoned = clockwork.reckonings(measured, at)
        for record in records:
            ticket = record.ticket
            if ticket.source in measuring:
                yield comparer.compare(next(reckoned), natives.get((ticket.source, ticket.external_id), ()), at)
            else:
                yield Compared()

    return compare


def _natives(reader: Reader, records: Iterable[TicketRecord]) -> Mapping[Identity, Sequence[NativeSla]]:
    ids = ((record.ticket.source, record.ticket.external_id) for record in records)
    found: defaultdict[Identity, list[NativeSla]] = defaultdict(list)
    for source, some in _by_source(ids):
        for native in reader.natives(source, some):
            found[source, native.external_id].append(native)
    return found


def _agreed(reader: Reader, as_of: datetime) -> Agreed:
    """What was frozen by ``as_of``, whatever the period: a week is judged by what was agreed since."""

    def verdicts(ids: Collection[Identity]) -> Iterator[Verdict]:
        for source, some in _by_source(ids):
            yield from reader.verdicts(source, some, before=as_of)

    def warnings(ids: Collection[Identity]) -> Iterator[Warned]:
        for source, some in _by_source(ids):
            yield from reader.warnings(source, some)

    return Agreed(verdicts, warnings)


def _by_source(ids: Iterable[Identity]) -> Iterator[tuple[str, list[str]]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source, external_id in ids:
        found[source].append(external_id)
    yield from found.items()


def _decisions(reader: Reader) -> Callable[[datetime], Iterable[Decision]]:
    """The latest of each field; all of them, where the latest is too late for the instant."""

    def before(instant: datetime) -> Iterable[Decision]:
        latest = list(reader.decisions(latest=True))
        if all(made.decided_at < instant for made in latest):
            return latest
        return (made for made in reader.decisions() if made.decided_at < instant)

    return before


def _sent(reader: Reader) -> Iterator[Sent]:
    scan = reader.scan("intents")
    for chunk in scan.chunks:
        for values in chunk:
            row = dict(zip(scan.columns, values, strict=True))
            outcomes = json.loads(str(row["outcomes"]))
            for name in json.loads(str(row["changes"])):
                yield Sent(
                    source=str(row["source"]),
                    external_id=str(row["external_id"]),
                    field=name,
                    opened_at=_instant(row["opened_at"]),
                    closed_at=None if row["closed_at"] is None else _instant(row["closed_at"]),
                    outcome=outcomes.get(name, ""),
                )


def _problems(reader: Reader) -> Iterator[Problem]:
    for odd in reader.oddities():
        yield Problem(odd.source, odd.check, odd.external_id, odd.detail, odd.first_seen)
    for kept in reader.quarantine():
        yield Problem(kept.source, "quarantined", kept.external_id, kept.reason, kept.first_seen)
    yield from _uncounted(reader)


def _uncounted(reader: Reader) -> Iterator[Problem]:
    """Days that are not complete, by the count of the source; and streams that the source cannot count."""
    for row in reader.day_counts():
        if row.differs:
            day = datetime.combine(row.day, time(), UTC)
            found = f"{row.source_count} in the source, {row.store_count} here"
            yield Problem(row.source, "incomplete", f"{row.stream} {row.day}", found, day)
    for stream in reader.stream_counts():
        if not stream.counted:
            detail = "the source cannot count: not compared"
            yield Problem(stream.source, "not_counted", stream.stream, detail, stream.checked_at)


def _instant(microseconds: object) -> datetime:
    return EPOCH + timedelta(microseconds=int(str(microseconds)))
