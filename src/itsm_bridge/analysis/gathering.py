"""From the store to frames: the one place where the analyses meet the store, the rules and the clocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time, timedelta

from itsm_bridge.analysis.assembly import Gone, Material, Problem, Sent, assemble
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import Decision
from itsm_bridge.rules import classify
from itsm_bridge.sla import cycles
from itsm_bridge.store import Reader, Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def frames(store: Store, configuration: Configuration, period: Period, as_of: datetime) -> Frames:
    """The frames of ``period`` as of ``as_of``, but never past the period's end; the store as it is at one moment.

    Raises ``StorageFailed``, and ``ConfigurationInvalid`` for service levels that cannot be computed.
    """
    with store.snapshot() as reader:
        read_at = reader.freshness()
        material = Material(
            records=reader.records(),
            read=classify(configuration),
            clock=lambda records, at: cycles(records, configuration, at),
            decisions=_decisions(reader),
            sent=_sent(reader),
            problems=_problems(reader),
            freshness={name: read_at.get(name) for name in configuration.sources},
            gone={
                (row.source, row.external_id): Gone(row.gone_at, row.reason)
                for row in reader.absences()
                if row.gone_at is not None
            },
            booked=reader.booked,
        )
        return assemble(material, configuration, period, period.until(as_of))


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
