"""The store as the program sees it: what it can be asked (``Reader``), and what it can be told."""

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
import itsm_bridge.store.lookouts as lookouts
import itsm_bridge.store.pages as pages
import itsm_bridge.store.resolutions as resolutions
import itsm_bridge.store.runs as runs
import itsm_bridge.store.shown as shown
import itsm_bridge.store.verdicts as verdicts
import itsm_bridge.store.warned as warned
from itsm_bridge.model import (
    EMPTY,
    Decision,
    Outcome,
    Resolution,
    Ticket,
    TicketRecord,
    Verdict,
    Warned,
)
from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.chain import Head, Verification
from itsm_bridge.store.database import Database
from itsm_bridge.store.opening import open_database, state_folder
from itsm_bridge.store.page import PageOfRecords
from itsm_bridge.store.reader import Reader
from itsm_bridge.store.rows import (
    FieldValue,
    Saved,
    ShownNote,
    StreamCount,
    SweepRow,
)

BUSY_TIMEOUT = 30.0
"""Seconds to wait for another process that writes."""


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
        older program is migrated, a file after a copy of it was made beside it. Raises ``NotInitialised`` where there
        is none, ``ConfigurationInvalid`` for an unusable URL or a store of a newer program, else ``StorageFailed``.
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

    def copies(self) -> tuple[Path, ...]:
        """The copies beside a SQLite file from before its tables were changed, oldest first."""
        return self._database.copies()

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

    def note_stop(self, source: str, why: str, at: datetime) -> None:
        """Note that a sweep missed more tickets of ``source`` than it may: nothing is written there for now."""
        with self._database.writing() as connection:
            absent.note_stop(connection, source, why, at)

    def note_shown(self, ticket: Ticket, marker: str, at: datetime) -> None:
        """Keep that an internal note of ours on ``ticket`` is shown to customers. Durable on return."""
        with self._database.writing() as connection:
            shown.note(connection, ticket, marker, at)

    def forget_shown(self, one: ShownNote) -> None:
        """A note that was shown is not on its ticket any more."""
        with self._database.writing() as connection:
            shown.forget(connection, one)

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

    def want_reread(self, sources: Iterable[str], at: datetime) -> None:
        """Have each of ``sources`` read from its start, ids and all: see ``rereads``. What is stored stays."""
        with self._database.writing() as connection:
            for source in sources:
                pages.forget_bookmarks(connection, source)
                runs.want_reread(connection, source, at)

    def mark_synced(self, source: str, at: datetime) -> None:
        """Note that ``source`` was read to its end; it is not to be read from its start any more."""
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
        """Keep what somebody decided about a conflict, in the audit log too; what was decided before stays beside it.

        Raises ``AuditBroken`` where the log does not hold.
        """
        with self._database.writing() as connection:
            resolutions.save(connection, resolution)
            self._chain.append(connection, audit.resolved(connection, resolution), resolution.at)
        self.seal_audit(resolution.at)

    def open_intent(  # noqa: PLR0917 (the seam)
        self,
        run_id: int,
        ticket: Ticket,
        values: Mapping[str, tuple[FieldValue, FieldValue]],
        marker: str,
        inputs_digest: str,
        at: datetime,
        rules: Mapping[str, str] = EMPTY,
        account: str = "",
    ) -> int:
        """Note that ``values`` (before, after) are about to be written; the number of the intent. Durable on return.

        The audit log has it too, with the rule of each field and the source's ``account`` that writes. Raises
        ``AuditBroken`` where the log does not hold.
        """
        with self._database.writing() as connection:
            number = intents.announce(
                connection, run_id, ticket, values, marker=marker, inputs_digest=inputs_digest, at=at
            )
            self._chain.append(connection, audit.announced(connection, number, rules, at, account), at)
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

    def audit_end(  # noqa: PLR0917 (the row)
        self, run_id: int, by: str, outcome: str, did: Mapping[str, object], detail: str, at: datetime
    ) -> Head:
        """Add to the audit log that a run ended, and seal it; the end of the log. Raises ``AuditBroken``.

        ``by`` is the machine's account that called it, ``did`` what it was told and what it did, as JSON.
        """
        with self._database.writing() as connection:
            self._chain.append(connection, audit.ended(connection, run_id, by, outcome, did, detail, at), at)
        return self.seal_audit(at)

    def seal_audit(self, at: datetime) -> Head:
        """Seal what was added to the audit log, and once a day; the end of the log. Raises ``AuditBroken``."""
        with self._database.writing() as connection:
            return self._chain.seal(connection, at)

    def verify_audit(self, wanted: str = "") -> Verification:
        """Check the whole audit log; ``wanted`` begins a hash that must be in it. Nothing is written."""
        return self._chain.verify(self._database.reading, wanted)
