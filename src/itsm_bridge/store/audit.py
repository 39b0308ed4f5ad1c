"""The audit log in the database: rows are added in the transaction of the write they tell of, and never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy import text as sql

from itsm_bridge.errors import AuditBroken
from itsm_bridge.model import Outcome, Resolution
from itsm_bridge.store.audit_files import AuditFiles
from itsm_bridge.store.chain import (
    EMPTY,
    SENT,
    UNSEALED,
    AuditFault,
    AuditRow,
    Head,
    Seal,
    Verification,
    digest,
    linked,
    next_seal,
    read_seals,
    seal_line,
    verify,
)
from itsm_bridge.store.columns import clean, to_json, to_microseconds
from itsm_bridge.store.database import Reading
from itsm_bridge.store.schema import audit, intents, runs, tickets

ACTOR = "itsm-bridge"
"""Who decides what is written: the program."""

BATCH = 1000
"""Rows that are held in memory at once."""

LAST_RUNS = 20
"""Runs among which one is looked for that ended with a word on the log."""

LOOK = "itsm-bridge audit verify"

Entry = Mapping[str, object]
"""The columns of a row without those that link it."""


def announced(
    connection: Connection, intent_id: int, rules: Mapping[str, str], at: datetime, account: str
) -> list[Entry]:
    """A row for each field that is about to be written; without it a write whose end is unknown would have none."""
    written = _write(connection, intent_id, account)
    return [written.entry(field, at, SENT, rules.get(field, "")) for field in written.changes]


def closed(
    connection: Connection, intent_id: int, outcomes: Mapping[str, Outcome], at: datetime, detail: str
) -> list[Entry]:
    """A row for each field of which it is known by now what became of it.

    Rule and account are those of the announcement, whichever run looks the write up.
    """
    query = select(audit.c.field, audit.c.rule, audit.c.account)
    sent = connection.execute(query.where(audit.c.intent_id == intent_id, audit.c.outcome == SENT)).all()
    rules = {row.field: row.rule for row in sent}
    written = _write(connection, intent_id, sent[0].account if sent else "")
    known = [field for field in written.changes if field in outcomes]
    return [written.entry(field, at, str(outcomes[field]), rules.get(field, ""), detail) for field in known]


def ended(  # noqa: PLR0917 (the row)
    connection: Connection, run_id: int, by: str, outcome: str, did: Mapping[str, object], detail: str, at: datetime
) -> list[Entry]:
    """The row of a run that ended, whether it wrote or not; ``by`` is the machine's account that called it."""
    command, digest_of_run = connection.execute(select(runs.c.command, runs.c.digest).where(runs.c.id == run_id)).one()
    about = {"run_id": run_id, "field": command, "outcome": outcome, "detail": detail, "configuration": digest_of_run}
    return [_entry(NOTHING | about | {"actor": by}, at, None, did)]


def resolved(connection: Connection, one: Resolution) -> list[Entry]:
    """The row of a conflict that somebody resolved: from what was there to what the rules said."""
    is_it = (tickets.c.source == one.source, tickets.c.external_id == one.external_id)
    about = {
        "source": one.source,
        "external_id": one.external_id,
        "number": connection.scalar(select(tickets.c.number).where(*is_it)) or "",
        "field": one.field,
        "actor": one.by,
        "outcome": f"resolved as {one.choice}",
    }
    return [_entry(NOTHING | about, one.at, dict(one.theirs), dict(one.ours))]


NOTHING: dict[str, object] = {"run_id": 0, "intent_id": 0} | dict.fromkeys(
    ("source", "external_id", "number", "field", "rule", "account", "outcome", "detail", "configuration"), ""
)
"""What a row says where it has nothing to say."""


def _entry(row: Mapping[str, object], at: datetime, old: object, new: object) -> Entry:
    cleaned = {name: clean(value) if isinstance(value, str) else value for name, value in row.items()}
    return cleaned | {"at": to_microseconds(at), "old": to_json(old), "new": to_json(new)}


class _Write:
    """What all rows of one write share."""

    def __init__(self, row: Mapping[str, object], changes: Mapping[str, tuple[object, object]]) -> None:
        self.changes = changes
        self._shared = row

    def entry(self, field: str, at: datetime, outcome: str, rule: str, detail: str = "") -> Entry:
        """The row of one field."""
        row = {"field": field, "rule": rule, "outcome": outcome, "detail": detail, **self._shared}
        return _entry(row, at, *self.changes[field])


def _write(connection: Connection, intent_id: int, account: str) -> _Write:
    names = ("run_id", "source", "external_id", "number")
    query = select(*(intents.c[name] for name in names), runs.c.digest.label("configuration"), intents.c.changes)
    row = connection.execute(query.join_from(intents, runs).where(intents.c.id == intent_id)).one()
    *shared, changes = row
    about = dict(zip((*names, "configuration"), shared, strict=True))
    return _Write({"intent_id": intent_id, "actor": ACTOR, "account": account, **about}, changes)


def newest(connection: Connection, limit: int, ticket: tuple[str, str] | None = None) -> list[AuditRow]:
    """The last rows, of all or of one ticket (source, external id), the oldest first."""
    query = select(*(audit.c[field.name] for field in fields(AuditRow))).order_by(audit.c.seq.desc()).limit(limit)
    if ticket is not None:
        query = query.where(audit.c.source == ticket[0], audit.c.external_id == ticket[1])
    return [AuditRow(*row) for row in connection.execute(query)][::-1]


def head(connection: Connection, before: datetime | None = None) -> Head:
    """The end of the chain, or what it was before an instant."""
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    if before is not None:
        query = query.where(audit.c.at < to_microseconds(before))
    row = connection.execute(query).first()
    return EMPTY if row is None else Head(*row)


def noted(connection: Connection) -> Head:
    """The end of the chain that the newest of the last runs has in its own books."""
    query = select(runs.c.summary).order_by(runs.c.id.desc()).limit(LAST_RUNS)
    for summary in connection.scalars(query):
        told = summary.get("audit") if isinstance(summary, Mapping) else None
        if isinstance(told, Mapping) and isinstance(told.get("rows"), int):
            return Head(told["rows"], str(told.get("head")))
    return EMPTY


def walk(reading: Reading) -> Iterator[AuditRow]:
    """Every row in its order, as it is stored."""
    with reading() as connection:
        yield from _rows(connection)


def _rows(connection: Connection) -> Iterator[AuditRow]:
    query = select(*(audit.c[field.name] for field in fields(AuditRow))).order_by(audit.c.seq)
    with connection.execute(query.execution_options(yield_per=BATCH)) as result:
        for row in result:
            yield AuditRow(*row)


class Chain:
    """The log with its key and seals. Raises ``AuditBroken`` rather than add to a chain that does not hold."""

    def __init__(self, files: AuditFiles) -> None:
        self._files = files
        self._key: bytes | None = None

    def append(self, connection: Connection, entries: Sequence[Entry], at: datetime) -> None:
        """Add rows in the caller's transaction."""
        _alone(connection)
        end = head(connection)
        key = self._ready(connection, end, at)
        rows = []
        for entry in entries:
            row = linked(key, end, entry)
            end = Head(row.seq, row.hash)
            rows.append(asdict(row))
        if rows:
            connection.execute(insert(audit), rows)

    def seal(self, connection: Connection, at: datetime) -> Head:
        """Seal the rows that are not sealed yet, and the same end once more on a new day; the end of the chain.

        The rows must be durable: a seal may lag behind the chain, and never leads it. ``connection`` is that of a
        transaction of its own, so that two programs never seal at once.
        """
        _alone(connection)
        end, newest = head(connection), self._newest()
        if end == EMPTY and newest == UNSEALED:
            return end
        key = self._fitting(connection, end, newest)
        if end.rows > newest.last or at.isoformat()[:10] > newest.at[:10]:
            self._files.add_seal(seal_line(next_seal(key, newest, end, at)))
        return end

    def verify(self, reading: Reading, wanted: str) -> Verification:
        """Check all of it; nothing is written. The seals are read first: a run may add rows meanwhile."""
        seals, key = read_seals(self._files.seals()), self._files.key()
        if key is not None:
            with reading() as connection:
                ended_with = noted(connection)
            return verify(walk(reading), seals, key, wanted, ended_with)
        with reading() as connection:
            end = head(connection)
        faults = []
        if end != EMPTY or seals:
            text = (
                f"the log has {end.rows:,} rows and there is no key at {self._files.key_place}: nothing can be checked"
            )
            faults.append(AuditFault("key", None, text))
        if wanted:
            faults.append(AuditFault("head", None, f"no row has a hash that begins with {wanted}"))
        return Verification(end, None, len(seals), len(faults), tuple(faults))

    def _ready(self, connection: Connection, end: Head, at: datetime) -> bytes:
        """The key, once it is known to fit. The rows of a run that died are sealed before others follow them.

        Before the first row of a day the whole log is checked: what was changed farther back stops the day's writes.
        """
        if self._key is None:
            newest = self._newest()
            if end == EMPTY and newest == UNSEALED:
                key = self._files.first_key()
            else:
                key = self._fitting(connection, end, newest)
                if at.isoformat()[:10] > newest.at[:10]:
                    self._check_whole(connection, key)
                if end.rows > newest.last:
                    self._files.add_seal(seal_line(next_seal(key, newest, end, at)))
            self._key = key
        return self._key

    def _check_whole(self, connection: Connection, key: bytes) -> None:
        """Raise ``AuditBroken`` for a row that is not as it was written; another machine has seals of its own."""
        faults = verify(_rows(connection), read_seals(self._files.seals()), key, noted=noted(connection)).faults
        told = next((fault.text for fault in faults if fault.kind != "unsealed"), None)
        if told is not None:
            raise _broken(told)

    def _fitting(self, connection: Connection, end: Head, newest: Seal) -> bytes:
        """The key, if the last row and the newest seal are its own."""
        key = self._files.key()
        if key is None:
            raise _broken(f"the audit log has {end.rows:,} rows and its key {self._files.key_place} is missing")
        if end != EMPTY and not _is_own(connection, key, end):
            raise _broken(
                f"the key {self._files.key_place} is not the one of the audit log, or its last row was changed"
            )
        if newest != UNSEALED and _hash_of(connection, newest.last) != newest.head:
            raise _broken(f"the audit log does not hold the {newest.last:,} rows that were sealed")
        if newest != UNSEALED and digest(key, asdict(newest), "mac") != newest.mac:
            raise _broken("the last line of audit.seals is not as it was written")
        return key

    def _newest(self) -> Seal:
        whole = self._files.seals().rpartition("\n")[0]
        if not whole:
            return UNSEALED
        (newest,) = read_seals(whole.rpartition("\n")[2] + "\n")  # the others are read by `verify`
        if newest is None:
            raise _broken("the last line of audit.seals is not as it was written")
        return newest


def _alone(connection: Connection) -> None:
    """One end for all: SQLite has one writer at a time, PostgreSQL is asked for it."""
    if connection.dialect.name == "postgresql":
        connection.execute(sql("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE"))


def _is_own(connection: Connection, key: bytes, end: Head) -> bool:
    row = connection.execute(
        select(*(audit.c[field.name] for field in fields(AuditRow))).where(audit.c.seq == end.rows)
    )
    return digest(key, asdict(AuditRow(*row.one())), "hash") == end.hash


def _hash_of(connection: Connection, seq: int) -> str | None:
    found: str | None = connection.scalar(select(audit.c.hash).where(audit.c.seq == seq))
    return found


def _broken(what: str) -> AuditBroken:
    return AuditBroken(f"{what}; nothing more is written", hint=LOOK)
