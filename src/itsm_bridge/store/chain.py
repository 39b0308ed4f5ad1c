"""The chain of the audit log: what links a row to the one before it, what seals the end, and what is wrong with it.

Pure: rows, seals and the key come in, faults come out. A row's hash is the HMAC-SHA256 of its columns as they are
stored, the hash of the row before it among them, in canonical JSON. Without the key a row can be changed, but not be
made to fit.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from itsm_bridge.store.columns import DamageError, from_microseconds

GENESIS = "0" * 64
"""What the first row and the first seal follow."""

SENT = "sent"
"""The outcome in a row that was made when a write was announced."""

MOST_FAULTS = 20
"""Faults that are named; all of them are counted."""

SHORT = 12
"""Hexadecimal digits of a hash that are shown to people."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: how many rows, and the hash of the last."""

    rows: int = 0
    hash: str = GENESIS

    @property
    def short(self) -> str:
        """The hash as people compare it."""
        return f"{self.hash[:SHORT]}…"


EMPTY = Head()


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the log as it is stored: ``at`` in microseconds since the epoch, ``old`` and ``new`` as JSON.

    ``outcome`` is ``sent`` when the write was announced, else what became of it; ``configuration`` is the digest of
    the run that announced it. ``actor`` is who decided: the program, or an account of the machine; ``account`` is the
    source's own that wrote, empty where nothing was written and in rows from before it was noted. A row with the
    ``intent_id`` 0 tells of no write: a run that ended, or a conflict that somebody resolved.
    """

    seq: int
    at: int
    run_id: int
    intent_id: int
    source: str
    external_id: str
    number: str
    field: str
    old: str
    new: str
    rule: str
    actor: str
    account: str
    outcome: str
    detail: str
    configuration: str
    prev: str
    hash: str


@dataclass(frozen=True, slots=True)
class Seal:
    """One line of the file of seals: rows ``first`` to ``last`` were there ``at`` that time, and ended in ``head``."""

    at: str
    count: int
    first: int
    last: int
    head: str
    prev: str = GENESIS
    mac: str = GENESIS


LATER = frozenset({"account"})
"""Columns that the first rows of a chain may not have had: empty there."""

_COLUMNS = tuple(field.name for field in fields(AuditRow))  # without the copies of asdict, for a million rows

UNSEALED = Seal("", 0, 0, 0, GENESIS)


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Something that does not fit: a stable short ``kind``, the row where there is one, what it is and means."""

    kind: str
    row: int | None
    text: str

    @property
    def meaning(self) -> str:
        """What such a fault means, and what to do."""
        return MEANINGS[self.kind]


MEANINGS = {
    "changed": "somebody or something wrote to the database past itsm-bridge; compare with a backup",
    "missing": "rows were taken out of the database; find them in a backup",
    "misplaced": "rows were inserted, or put in the place of others; compare with a backup",
    "cut": (
        "the end of the log was cut off, or an older copy of the database was put back; put back the audit.seals of "
        "the same backup, and keep the newer one as evidence"
    ),
    "seal": "the file audit.seals was edited; put back its backup",
    "unsealed": (
        "lines of audit.seals were taken out (put back its backup), or another machine works on this database: then "
        "the next run here seals them"
    ),
    "key": "the key was lost or replaced, or the whole log was made anew without it; put back audit.key from a backup",
    "head": "the hash was noted wrongly, or the log is not the one that it was noted from",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a check: the end of the chain, when its first row was made, and the first of its faults."""

    head: Head
    since: datetime | None
    seals: int
    found: int
    faults: tuple[AuditFault, ...]


def canonical(values: Mapping[str, object]) -> bytes:
    """The one way to write down these values; what no column of ours can hold is written as Python shows it."""
    return _dumps(values).encode("ascii")


_dumps = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"), default=repr).encode


def digest(key: bytes, values: Mapping[str, object], but: str) -> str:
    """The keyed hash of ``values`` without the one that holds it.

    A column that came later counts only where it says something: rows from before it keep their hash, and no two rows
    that differ have the same record.
    """
    record = {name: value for name, value in values.items() if name != but and (value != "" or name not in LATER)}
    return hmac.digest(key, canonical(record), "sha256").hex()


def linked(key: bytes, head: Head, content: Mapping[str, object]) -> AuditRow:
    """The row that follows ``head``; ``content`` are the other columns."""
    row = {**content, "seq": head.rows + 1, "prev": head.hash}
    return AuditRow(**row, hash=digest(key, row, "hash"))  # type: ignore[arg-type]  # the columns, by name


def next_seal(key: bytes, before: Seal, head: Head, at: datetime) -> Seal:
    """The seal of ``head``, which follows the seal ``before``."""
    first, day = before.last + 1, at.isoformat(timespec="seconds")
    seal = Seal(day, head.rows - before.last, first, head.rows, head.hash, before.mac)
    return Seal(**{**asdict(seal), "mac": digest(key, asdict(seal), "mac")})


def seal_line(seal: Seal) -> str:
    """The seal as a line of its file."""
    return canonical(asdict(seal)).decode("ascii") + "\n"


def read_seals(text: str) -> list[Seal | None]:
    """The seals of a file, ``None`` for a line that is none. A line that was not written to its end does not count."""
    return [_seal(line) for line in text.split("\n")[:-1]]


def _seal(line: str) -> Seal | None:
    try:
        seal = Seal(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    is_canonical = seal_line(seal) == f"{line}\n"
    return seal if is_canonical and isinstance(seal.last, int) and isinstance(seal.head, str) else None


def verify(
    rows: Iterable[AuditRow], seals: Sequence[Seal | None], key: bytes, wanted: str = "", noted: Head = EMPTY
) -> Verification:
    """Check the whole chain; ``wanted`` is the beginning of a hash, noted elsewhere, that must be in it.

    ``noted`` is the end that the books of the last run tell of.
    """
    walk = _Walk(key, seals, noted)
    found = list(walk.of_seals())
    is_there = not wanted
    for row in rows:
        found += walk.of_row(row)
        is_there = is_there or (isinstance(row.hash, str) and row.hash.startswith(wanted))
    found += walk.of_end()
    if not is_there:
        found.append(AuditFault("head", None, f"no row has a hash that begins with {wanted}"))
    if walk.changed and walk.changed == walk.count:
        found = [AuditFault("key", None, f"none of the {walk.count:,} rows fits the key"), *found]
    return Verification(walk.head, walk.since, len(seals), len(found), tuple(found[:MOST_FAULTS]))


class _Walk:
    """A walk along the chain, with what it has seen so far."""

    def __init__(self, key: bytes, seals: Sequence[Seal | None], noted: Head) -> None:
        self.head = EMPTY
        self._noted = noted
        self.since: datetime | None = None
        self.changed = self.count = 0
        self._key = key
        self._seals = seals
        self._heads = {seal.last: seal.head for seal in seals if seal is not None}
        self._sealed = max(self._heads, default=0)
        self._announcing: set[int] = set()

    def of_seals(self) -> Iterator[AuditFault]:
        """What is wrong with the file of seals by itself."""
        prev = GENESIS
        for number, seal in enumerate(self._seals, start=1):
            if seal is None or seal.prev != prev or digest(self._key, asdict(seal), "mac") != seal.mac:
                yield AuditFault("seal", None, f"line {number} of audit.seals is not as it was written")
            prev = prev if seal is None else seal.mac

    def of_row(self, row: AuditRow) -> Iterator[AuditFault]:
        """What is wrong with the next row."""
        wanted = self.head.rows + 1
        self.count += 1
        if digest(self._key, {name: getattr(row, name) for name in _COLUMNS}, "hash") != row.hash:
            self.changed += 1
            yield AuditFault("changed", row.seq, f"row {row.seq} is not as it was written")
        if row.seq != wanted:
            yield _gap(wanted, row.seq)
        elif row.prev != self.head.hash:
            yield AuditFault("misplaced", row.seq, f"row {row.seq} does not follow the row before it")
        if self._heads.get(row.seq, row.hash) != row.hash:
            yield AuditFault("misplaced", row.seq, f"row {row.seq} is not the one that was sealed")
        if row.seq == self._noted.rows and row.hash != self._noted.hash:
            yield AuditFault("misplaced", row.seq, f"row {row.seq} is not the one that its run ended with")
        self._note(row)

    def of_end(self) -> Iterator[AuditFault]:
        """What is wrong with the end: it must reach the newest seal, and no farther than one run beyond it."""
        first, known = self.head.rows + 1, max(self._sealed, self._noted.rows)
        if known >= first:
            witness = "audit.seals says" if known == self._sealed else "the books of the last run say"
            lost = _range(first, known)
            yield AuditFault("cut", first, f"{lost} missing at the end, and {witness} that they were there")
        if len(self._announcing) > 1:
            text = f"the rows after {self._sealed:,} are not sealed, and they are of {len(self._announcing)} runs"
            yield AuditFault("unsealed", self._sealed + 1, text)

    def _note(self, row: AuditRow) -> None:
        if self.since is None:
            self.since = _instant(row.at)
        if row.seq > self._sealed and row.outcome == SENT:
            self._announcing.add(row.run_id)
        self.head = Head(row.seq, row.hash)


def _gap(wanted: int, seq: int) -> AuditFault:
    if seq < wanted:
        return AuditFault("misplaced", seq, f"row {seq} has a number that is not given")
    return AuditFault("missing", wanted, f"{_range(wanted, seq - 1)} missing")


def _range(first: int, last: int) -> str:
    return f"row {first:,} is" if first == last else f"rows {first:,} to {last:,} are"


def _instant(at: int) -> datetime | None:
    try:
        return from_microseconds(at)
    except DamageError:
        return None
