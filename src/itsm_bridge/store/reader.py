"""What a store can be asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime

import itsm_bridge.store.absent as absent
import itsm_bridge.store.audit as audit
import itsm_bridge.store.counts as counts
import itsm_bridge.store.decisions as decisions
import itsm_bridge.store.intents as intents
import itsm_bridge.store.journal as journal
import itsm_bridge.store.lookouts as lookouts
import itsm_bridge.store.natives as natives
import itsm_bridge.store.pages as pages
import itsm_bridge.store.records as records
import itsm_bridge.store.resolutions as resolutions
import itsm_bridge.store.runs as runs
import itsm_bridge.store.scan as scan
import itsm_bridge.store.shown as shown
import itsm_bridge.store.verdicts as verdicts
import itsm_bridge.store.warned as warned
import itsm_bridge.store.worklogs as worklogs
from itsm_bridge.model import (
    JournalEntry,
    NativeSla,
    Resolution,
    Ticket,
    TicketRecord,
    Verdict,
    Warned,
    Worklog,
)
from itsm_bridge.store.chain import AuditRow, Head
from itsm_bridge.store.database import Reading
from itsm_bridge.store.rows import (
    AbsenceRow,
    Arrival,
    DayCountRow,
    DecisionRow,
    Intent,
    KnownTicket,
    LastWrite,
    OddityRow,
    QuarantineRow,
    Run,
    Scan,
    ShownNote,
    StreamCount,
    SweepRow,
)


class Reader:
    """Everything that can be asked of a store, or of a snapshot of it. Every method raises ``StorageFailed`` alone."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def bookmark(self, source: str, stream: str) -> Mapping[str, str] | None:
        """How far ``stream`` was read, as the connector said it; ``None`` for not at all."""
        with self._reading() as connection:
            return pages.bookmark(connection, source, stream)

    def find_ticket(self, ticket_id: str) -> Ticket | None:
        """The ticket that people call ``<source>:<number>``, by its number of today before an old one."""
        with self._reading() as connection:
            return records.find(connection, ticket_id)

    def ticket(self, source: str, external_id: str) -> Ticket | None:
        """The ticket with the source's immutable id."""
        with self._reading() as connection:
            return records.by_identity(connection, source, external_id)

    def journal(self, source: str, external_id: str) -> list[JournalEntry]:
        """What people wrote on one ticket, the oldest first; empty where it is not read."""
        with self._reading() as connection:
            return journal.of(connection, source, external_id)

    def worklogs(self, source: str, external_id: str) -> list[Worklog]:
        """The time booked on one ticket, by when it counts from; empty where none is read."""
        with self._reading() as connection:
            return worklogs.of(connection, source, external_id)

    def booked(self, before: datetime) -> dict[tuple[str, str], int]:
        """Seconds booked on each ticket (source, external id), as last read, for time that began before an instant."""
        with self._reading() as connection:
            return worklogs.booked(connection, before)

    def natives(self, source: str, ids: Collection[str]) -> list[NativeSla]:
        """The clocks of some tickets as their source measures them, as last read; empty where none are read."""
        with self._reading() as connection:
            return natives.of(connection, source, ids)

    def sources_with_natives(self) -> frozenset[str]:
        """The sources of which any such clock was read."""
        with self._reading() as connection:
            return natives.sources(connection)

    def records(
        self,
        *,
        source: str | None = None,
        open_only: bool = False,
        ids: Collection[tuple[str, str]] | None = None,
    ) -> Iterator[TicketRecord]:
        """Whole records ordered by source and external id, a chunk in memory at a time.

        ``ids`` are ``(source, external_id)``; one that is not there is left out. Outside a snapshot each chunk is a
        transaction of its own, so that tickets may be stored while the iterator is walked.
        """
        return records.walk(self._reading, source, open_only=open_only, ids=ids)

    def open_tickets(self, source: str) -> Iterator[Ticket]:
        """The open tickets of ``source`` without their history, by external id."""
        return records.open_tickets(self._reading, source)

    def touched(self, fields: Collection[str]) -> list[tuple[str, str]]:
        """The open tickets (source, external id) of which one of ``fields`` was ever changed, by us or anybody."""
        with self._reading() as connection:
            return records.touched(connection, fields)

    def alive(self, since: datetime, before: datetime) -> Iterator[TicketRecord]:
        """Whole records, in the same order, of tickets created before an instant that are open or dated ``since``.

        What is left out had been done before ``since``, and nothing has happened to it from then on.
        """
        return records.alive(self._reading, since, before)

    def created(self, before: datetime) -> dict[str, int]:
        """How many tickets of each source were created before an instant; a source without any is not there."""
        with self._reading() as connection:
            return records.created(connection, before)

    def arrivals(self, since: datetime, before: datetime) -> list[Arrival]:
        """The tickets that were created from ``since`` on and ``before`` an instant, by source and external id."""
        with self._reading() as connection:
            return records.arrivals(connection, since, before)

    def known(self, ids: Iterable[tuple[str, str]]) -> list[KnownTicket]:
        """Numbers and creations of tickets (source, external id), in their order; one that is not there is left out."""
        with self._reading() as connection:
            return list(records.known(connection, ids))

    def finished(self, since: datetime, limit: int) -> list[tuple[str, str]]:
        """Source and external id of what was resolved or closed since an instant, the newest ``limit`` of them."""
        with self._reading() as connection:
            return records.finished(connection, since, limit)

    def ticket_count(self, source: str | None = None, *, open_only: bool = False) -> int:
        """How many tickets there are, of one source or of all."""
        with self._reading() as connection:
            return records.count(connection, source, open_only=open_only)

    def oddities(self) -> list[OddityRow]:
        """What was odd in each ticket when it was last read."""
        with self._reading() as connection:
            return lookouts.current_oddities(connection)

    def quarantine(self) -> list[QuarantineRow]:
        """The records that could not be read."""
        with self._reading() as connection:
            return lookouts.quarantined(connection)

    def runs(self, limit: int = 20) -> list[Run]:
        """The last runs, newest first."""
        with self._reading() as connection:
            return runs.newest(connection, limit)

    def freshness(self) -> dict[str, datetime]:
        """When each source was last read to its end; one that never was is not there."""
        with self._reading() as connection:
            return runs.synced(connection)

    def versions(self, source: str) -> dict[str, str]:
        """The stored version of every ticket of ``source`` that is not gone, by external id."""
        with self._reading() as connection:
            return absent.versions(connection, source)

    def stream_of(self, source: str) -> dict[str, str]:
        """In which stream each record of ``source`` was last read, by external id; older stores do not know of all."""
        with self._reading() as connection:
            return absent.stream_of(connection, source)

    def absences(self, source: str | None = None) -> list[AbsenceRow]:
        """The known tickets that the last sweep missed, and those that are gone."""
        with self._reading() as connection:
            return absent.missed(connection, source)

    def sweeps(self) -> dict[str, SweepRow]:
        """The last whole sweep of each source; one that was never swept is not there."""
        with self._reading() as connection:
            return {sweep.source: sweep for sweep in absent.last_sweeps(connection)}

    def stops(self) -> dict[str, str]:
        """The sources of which the last sweep missed more tickets than it may, and what was said then."""
        with self._reading() as connection:
            return absent.stopped(connection)

    def shown_notes(self) -> list[ShownNote]:
        """Internal notes of ours that a source showed to customers and that are not taken off their tickets yet."""
        with self._reading() as connection:
            return shown.every(connection)

    def day_counts(self) -> list[DayCountRow]:
        """What the last comparison of each stream said, by source, stream and day."""
        with self._reading() as connection:
            return counts.by_day(connection)

    def stream_counts(self) -> list[StreamCount]:
        """When each stream was last compared with its source."""
        with self._reading() as connection:
            return counts.by_stream(connection)

    def created_by_day(self, source: str, stream: str, since: date) -> dict[date, int]:
        """Tickets of a stream by the day (UTC) of their creation, without those that the last sweep missed."""
        with self._reading() as connection:
            return counts.created_by_day(connection, source, stream, since)

    def quarantined_in(self, source: str, stream: str) -> int:
        """Records of a stream that are in quarantine and were never read."""
        with self._reading() as connection:
            return counts.quarantined_in(connection, source, stream)

    def decisions(
        self,
        *,
        latest: bool = False,
        run_id: int | None = None,
        source: str | None = None,
        external_id: str | None = None,
    ) -> Iterator[DecisionRow]:
        """Decisions in the order in which they were made; with ``latest`` only the newest of each ticket and field."""
        return decisions.walk(self._reading, latest=latest, run_id=run_id, source=source, external_id=external_id)

    def unresolved_intents(self, source: str) -> list[Intent]:
        """The writes of which nobody knows yet what became of them, oldest first."""
        with self._reading() as connection:
            return intents.unresolved(connection, source)

    def closed_intents(self, since: Run | None) -> list[Intent]:
        """The writes with a detail whose end became known after the end of a run; all of them for ``None``."""
        with self._reading() as connection:
            return intents.closed_since(connection, since)

    def last_writes(
        self, source: str, *, open_only: bool = False, external_id: str | None = None
    ) -> dict[str, dict[str, LastWrite]]:
        """What the bridge last did to each field of each ticket, of the open ones or of one alone, by id and field."""
        with self._reading() as connection:
            return intents.last_writes(connection, source, open_only=open_only, external_id=external_id)

    def audit_head(self, before: datetime | None = None) -> Head:
        """The end of the audit log, or what it was before an instant."""
        with self._reading() as connection:
            return audit.head(connection, before)

    def audit_rows(self, limit: int, ticket: tuple[str, str] | None = None) -> list[AuditRow]:
        """The last rows of the audit log, of all or of one ticket (source, external id), the oldest first."""
        with self._reading() as connection:
            return audit.newest(connection, limit, ticket)

    def rereads(self) -> dict[str, datetime]:
        """The sources that must be read from their start before anything is written to them, and since when."""
        with self._reading() as connection:
            return runs.rereads_of(connection)

    def resolutions(self) -> resolutions.Resolved:
        """What people decided about conflicts and what counts now, by ticket (source, external id) and field."""
        with self._reading() as connection:
            return resolutions.newest(connection)

    def resolutions_of(self, source: str, external_id: str) -> list[Resolution]:
        """All that people ever decided about the conflicts of one ticket, the oldest first."""
        with self._reading() as connection:
            return resolutions.every(connection, source, external_id)

    def intents_of(self, source: str, external_id: str) -> list[Intent]:
        """The writes of one ticket, the oldest first."""
        with self._reading() as connection:
            return intents.of(connection, source, external_id)

    def verdicts(self, source: str, ids: Collection[str], *, before: datetime | None = None) -> list[Verdict]:
        """What was agreed about the clocks of some tickets, up to and with an instant, by ticket, level and end."""
        with self._reading() as connection:
            return verdicts.of(connection, source, ids, before)

    def unfrozen(self, source: str, limit: int) -> list[str]:
        """External ids of tickets that were stored since their ended clocks were last frozen, at most ``limit``."""
        with self._reading() as connection:
            return verdicts.queued(connection, source, limit)

    def warnings(self, source: str, ids: Collection[str]) -> list[Warned]:
        """The shares of clocks of some tickets that are known to be used up, by ticket, level and start."""
        with self._reading() as connection:
            return warned.of(connection, source, ids)

    def watches(self, source: str) -> dict[tuple[str, float], datetime]:
        """When each level's (name, percent) warning was last looked for."""
        with self._reading() as connection:
            return warned.watches(connection, source)

    def scan(self, table: str) -> Scan:
        """A whole table for analyses; its columns and their types are described in ``store.scan``."""
        return scan.scan(self._reading, table)
