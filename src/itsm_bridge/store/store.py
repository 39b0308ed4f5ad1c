"""The store as the program sees it: what it can be asked (``Reader``), and what it can be told (``Store``)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

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
import itsm_bridge.store.verdicts as verdicts
import itsm_bridge.store.warned as warned
import itsm_bridge.store.worklogs as worklogs
from itsm_bridge.model import (
    EMPTY,
    Decision,
    JournalEntry,
    NativeSla,
    Outcome,
    Resolution,
    Ticket,
    TicketRecord,
    Verdict,
    Warned,
    Worklog,
)
from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.chain import Head, Verification
from itsm_bridge.store.database import Database, Reading
from itsm_bridge.store.opening import open_database, state_folder
from itsm_bridge.store.page import PageOfRecords
from itsm_bridge.store.rows import (
    AbsenceRow,
    DayCountRow,
    DecisionRow,
    FieldValue,
    Intent,
    LastWrite,
    OddityRow,
    QuarantineRow,
    Run,
    Saved,
    Scan,
    StreamCount,
    SweepRow,
)

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process that writes."""


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

    def last_writes(self, source: str, *, open_only: bool = False) -> dict[str, dict[str, LastWrite]]:
        """What the bridge last did to each field of each ticket (``open_only``: open ones) by external id, field."""
        with self._reading() as connection:
            return intents.last_writes(connection, source, open_only=open_only)

    def audit_head(self, before: datetime | None = None) -> Head:
        """The end of the audit log, or what it was before an instant."""
        with self._reading() as connection:
            return audit.head(connection, before)

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


class Store(Reader):
    """An opened store; a context manager. What a method was told is durable when it returns, or was not done at all."""

    def __init__(self, database: Database, files: AuditFiles) -> None:
        super().__init__(database.reading)
        self._database = database
        self._chain = audit.Chain(files)

    @classmethod
    def open(
        cls,
        url: str,
        project: Path,
        create: bool = False,  # noqa: FBT001, FBT002 (the seam)
        *,
        busy_timeout: float = BUSY_TIMEOUT,
        audit_key: str | None = None,
    ) -> Store:
        """Open the store that ``url`` names, relative to ``project``; with ``create`` make it where there is none.

        ``busy_timeout`` is in seconds; ``audit_key`` is the key of the audit log where no file holds it. A store of an
        older program is migrated. Raises ``NotInitialised`` where there is none, ``ConfigurationInvalid`` for an
        unusable URL or a store of a newer program, else ``StorageFailed``.
        """
        database = open_database(url, project, create=create, busy_timeout=busy_timeout)
        return cls(database, AuditFiles(state_folder(url, project), audit_key))

    def close(self) -> None:
        """Give files and connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def sole(self) -> AbstractContextManager[None]:
        """Be the only writer on this database, whatever the host; raises ``LockHeld`` where another run is at work."""
        return self._database.sole()

    @contextmanager
    def snapshot(self) -> Iterator[Reader]:
        """A reader that sees the store as it is now, whatever is written meanwhile; for one thread."""
        with self._database.snapshot() as reading:
            yield Reader(reading)

    def faults(self) -> tuple[str, ...]:
        """What a check of every page and index finds wrong, empty for nothing; minutes for a large file."""
        return self._database.faults()

    def save_page(self, source: str, stream: str, page: PageOfRecords, at: datetime) -> Saved:
        """Store the rows of a page and its bookmark, in one transaction."""
        with self._database.writing() as connection:
            return pages.save_page(connection, source, stream, page, at)

    def save_found(self, source: str, stream: str, page: PageOfRecords, at: datetime) -> Saved:
        """Store the rows of a page that was read apart from the walk, as they are: its bookmark is not kept."""
        with self._database.writing() as connection:
            return pages.save_found(connection, source, stream, page, at)

    def release(self, source: str, ids: Sequence[str]) -> None:
        """Take records out of quarantine that the source does not have any more."""
        with self._database.writing() as connection:
            lookouts.release(connection, source, ids)

    def note_sweep(
        self,
        sweep: SweepRow,
        missing: Mapping[str, str],
        *,
        final: Collection[str],
        patience: int,
        streams: Mapping[str, str] = EMPTY,
    ) -> list[str]:
        """Note a whole sweep, and why each known ticket that it missed is not there; the ids that are gone since.

        A ticket is gone at once for a reason in ``final``, else when ``patience`` sweeps in a row have missed it. It is
        there again as soon as it is read again. ``streams`` says in which stream tickets were seen.
        """
        with self._database.writing() as connection:
            pages.place(connection, sweep.source, streams)
            return absent.note_sweep(connection, sweep, missing, final, patience)

    def save_counts(self, comparison: StreamCount, source_counts: Mapping[date, int], settled: date) -> None:
        """Compare a stream with what its source counts, by day, and keep that; days before ``settled`` were over."""
        with self._database.writing() as connection:
            counts.save(connection, comparison, source_counts, settled)

    def save_record(self, record: TicketRecord, at: datetime) -> Saved:
        """Store one ticket as it was just read."""
        with self._database.writing() as connection:
            return pages.save_records(connection, record.ticket.source, [record], at)

    def forget_bookmarks(self, source: str) -> None:
        """Let every stream of ``source`` be read from its start; what is stored stays."""
        with self._database.writing() as connection:
            pages.forget_bookmarks(connection, source)

    def mark_synced(self, source: str, at: datetime) -> None:
        """Note that ``source`` was read to its end."""
        with self._database.writing() as connection:
            runs.mark_synced(connection, source, at)

    def start_run(self, command: str, at: datetime, digest: str) -> int:
        """Note that a command begins to work on the store; the number of its run."""
        with self._database.writing() as connection:
            return runs.start(connection, command, at, digest)

    def finish_run(
        self, run_id: int, at: datetime, outcome: str, summary: Mapping[str, object], told: Iterable[Warned] = ()
    ) -> None:
        """Note how a run ended, and of which warnings it told, in one transaction.

        ``summary`` is kept as JSON; what JSON does not know becomes text.
        """
        with self._database.writing() as connection:
            runs.finish(connection, run_id, at, outcome, summary)
            warned.tell(connection, told, at)

    def queue_for_freezing(self, source: str, inputs: str, at: datetime) -> bool:
        """Have every ticket of ``source`` looked at again, if it was last frozen by other ``inputs``; whether so."""
        with self._database.writing() as connection:
            return verdicts.queue_all(connection, source, inputs, at)

    def freeze(self, source: str, ids: Sequence[str], agreed: Iterable[Verdict]) -> int:
        """Keep verdicts, and that these tickets have been looked at; how many verdicts were not there before."""
        with self._database.writing() as connection:
            return verdicts.freeze(connection, source, ids, agreed)

    def save_warnings(
        self, source: str, crossed: Iterable[Warned], watched: Collection[tuple[str, float]], at: datetime
    ) -> None:
        """Keep which shares are used up, and for which (name of the level, percent) was looked; known ones stay."""
        with self._database.writing() as connection:
            warned.save(connection, source, crossed, watched, at)

    def save_decisions(self, run_id: int, made: Iterable[Decision]) -> None:
        """Keep what a run decided, all of it or nothing."""
        with self._database.writing() as connection:
            decisions.add(connection, run_id, made)

    def save_resolution(self, resolution: Resolution) -> None:
        """Keep what somebody decided about a conflict; what was decided before stays beside it."""
        with self._database.writing() as connection:
            resolutions.save(connection, resolution)

    def open_intent(  # noqa: PLR0917 (the seam)
        self,
        run_id: int,
        ticket: Ticket,
        values: Mapping[str, tuple[FieldValue, FieldValue]],
        marker: str,
        inputs_digest: str,
        at: datetime,
        rules: Mapping[str, str] = EMPTY,
    ) -> int:
        """Note that ``values`` (before, after) are about to be written; the number of the intent. Durable on return.

        The audit log has it too, with the rule of each field. Raises ``AuditBroken`` where the log does not hold.
        """
        with self._database.writing() as connection:
            number = intents.announce(
                connection, run_id, ticket, values, marker=marker, inputs_digest=inputs_digest, at=at
            )
            self._chain.append(connection, audit.announced(connection, number, rules, at), at)
            return number

    def close_intent(  # noqa: PLR0917 (the seam)
        self,
        intent_id: int,
        outcome: Outcome | Mapping[str, Outcome],
        at: datetime,
        written_at: datetime | None = None,
        detail: str = "",
        record: TicketRecord | None = None,
    ) -> None:
        """Note what became of a write, here and in the audit log, and with ``record`` how the ticket reads since.

        All of it is one transaction.
        ``outcome`` is that of all fields, or one for each. ``written_at`` is the source's instant of the write. An
        intent without a known outcome is left open. Raises ``ValueError`` for one that is closed or does not exist.
        """
        with self._database.writing() as connection:
            outcomes = intents.close(connection, intent_id, outcome, at, written_at=written_at, detail=detail)
            self._chain.append(connection, audit.closed(connection, intent_id, outcomes, at, detail), at)
            if record is not None:
                pages.save_records(connection, record.ticket.source, [record], at)

    def seal_audit(self, at: datetime) -> Head:
        """Seal what was added to the audit log, and once a day; the end of the log. Raises ``AuditBroken``."""
        with self._database.reading() as connection:
            return self._chain.seal(connection, at)

    def verify_audit(self, wanted: str = "") -> Verification:
        """Check the whole audit log; ``wanted`` begins a hash that must be in it. Nothing is written."""
        return self._chain.verify(self._database.reading, wanted)
