"""Whatever is done to the log without the key is found: a thousand random ways, on each database."""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tests.store.audited import a_run, drop_triggers, verified_within
from tests.store.samples import NOW

from itsm_bridge.store import Store
from itsm_bridge.store.chain import GENESIS, Head, linked
from itsm_bridge.store.schema import audit

TAMPERINGS = 1000
RUNS = 6
Row = dict[str, object]


@pytest.fixture
def forged(url: str, tmp_path: Path) -> Iterator[Store]:
    """A store with sealed rows of six runs, and without the triggers that would stop a forger."""
    with Store.open(url, tmp_path, create=True) as store:
        for number in range(RUNS):
            a_run(store, f"run {number}", minutes=number)
        drop_triggers(store)
        yield store


def rows_of(connection: Connection) -> list[Row]:
    return [dict(row._mapping) for row in connection.execute(select(audit).order_by(audit.c.seq))]


def put_all(connection: Connection, rows: list[Row]) -> None:
    connection.execute(delete(audit))
    connection.execute(insert(audit), rows)


def other(value: object, chance: random.Random) -> object:
    """The value with one bit of one character or number changed."""
    if isinstance(value, int):
        return value ^ 1 << chance.randrange(20)
    text = str(value)
    if not text:
        return "x"
    place = chance.randrange(len(text))
    return text[:place] + chr(ord(text[place]) ^ 1 << chance.randrange(4)) + text[place + 1 :]


def flip(connection: Connection, chance: random.Random) -> None:
    row = chance.choice(rows_of(connection))
    name = chance.choice([name for name in row if name != "seq"])
    connection.execute(update(audit).where(audit.c.seq == row["seq"]).values({name: other(row[name], chance)}))


def renumber(connection: Connection, chance: random.Random) -> None:
    row = chance.choice(rows_of(connection))
    connection.execute(update(audit).where(audit.c.seq == row["seq"]).values(seq=chance.choice([-1, 0, 10_000])))


def remove(connection: Connection, chance: random.Random) -> None:
    connection.execute(delete(audit).where(audit.c.seq == chance.choice(rows_of(connection))["seq"]))


def remove_and_close_the_gap(connection: Connection, chance: random.Random) -> None:
    rows = rows_of(connection)
    del rows[chance.randrange(len(rows))]
    put_all(connection, [{**row, "seq": place} for place, row in enumerate(rows, start=1)])


def swap(connection: Connection, chance: random.Random) -> None:
    rows = rows_of(connection)
    one, two = chance.sample(range(len(rows)), 2)
    rows[one], rows[two] = {**rows[two], "seq": rows[one]["seq"]}, {**rows[one], "seq": rows[two]["seq"]}
    put_all(connection, rows)


def cut_the_tail(connection: Connection, chance: random.Random) -> None:
    connection.execute(delete(audit).where(audit.c.seq > chance.randrange(len(rows_of(connection)))))


def add(connection: Connection, chance: random.Random) -> None:
    rows = rows_of(connection)
    place = chance.randrange(len(rows) + 1)
    prev = rows[place - 1]["hash"] if place else GENESIS
    made = {**chance.choice(rows), "prev": prev, "hash": secrets.token_hex(32)}
    rows.insert(place, made)
    put_all(connection, [{**row, "seq": seq} for seq, row in enumerate(rows, start=1)])


def rebuild(connection: Connection, chance: random.Random) -> None:
    """Change a row, and chain it and all that follow anew, with another key."""
    rows, key = rows_of(connection), chance.randbytes(32)
    first = chance.randrange(len(rows))
    rows[first]["new"] = '"P1"'
    head = Head(first, str(rows[first - 1]["hash"]) if first else GENESIS)
    for place in range(first, len(rows)):
        content = {name: value for name, value in rows[place].items() if name not in {"seq", "prev", "hash"}}
        row = linked(key, head, content)
        rows[place], head = asdict(row), Head(row.seq, row.hash)
    put_all(connection, rows)


IN_THE_DATABASE: tuple[Callable[[Connection, random.Random], None], ...] = (
    flip, flip, flip, renumber, remove, remove_and_close_the_gap, swap, cut_the_tail, add, rebuild,
)  # fmt: skip


def other_key(folder: Path, chance: random.Random) -> None:
    (folder / "audit.key").write_text(chance.randbytes(32).hex())


def no_key(folder: Path, _chance: random.Random) -> None:
    (folder / "audit.key").unlink()


def edited_seal(folder: Path, chance: random.Random) -> None:
    text = (folder / "audit.seals").read_text()[:-1]  # without its end the last line counts as not written to its end
    place = chance.randrange(len(text))
    changed = chr(ord(text[place]) ^ 1 << chance.randrange(4))
    (folder / "audit.seals").write_text(f"{text[:place]}{changed}{text[place + 1 :]}\n")


def lost_seals(folder: Path, chance: random.Random) -> None:
    """Any line but the last alone, or from any before it to the end."""
    lines = (folder / "audit.seals").read_text().splitlines(keepends=True)
    place = chance.randrange(len(lines) - 1)
    left = lines[:place] + (lines[place + 1 :] if chance.random() < 0.5 else [])
    (folder / "audit.seals").write_text("".join(left))


IN_THE_FILES = (other_key, no_key, edited_seal, edited_seal, lost_seals)


def test_a_thousand_random_tamperings_are_all_found(forged: Store) -> None:
    chance = random.Random(20261126)
    with forged._database.reading() as connection:
        untouched = rows_of(connection)
    tried: Counter[str] = Counter()
    for _ in range(TAMPERINGS):
        tamper = chance.choice(IN_THE_DATABASE)
        with forged._database.writers.connect() as connection:
            tamper(connection, chance)
            if rows_of(connection) == untouched:  # two rows that were swapped back, say: not tampered with
                continue
            found = verified_within(forged, connection)
            connection.rollback()
        assert found.faults, tamper.__name__
        tried[tamper.__name__] += 1
    assert sum(tried.values()) > TAMPERINGS * 0.99
    assert tried.keys() == {tamper.__name__ for tamper in IN_THE_DATABASE}
    assert not forged.verify_audit().faults


def test_whatever_is_done_to_the_key_or_the_seals_is_found(forged: Store) -> None:
    folder = forged._chain._files.folder
    whole = {name: (folder / name).read_bytes() for name in ("audit.key", "audit.seals")}
    chance = random.Random(20261127)
    for _ in range(200):
        tamper = chance.choice(IN_THE_FILES)
        tamper(folder, chance)
        assert forged.verify_audit().faults, tamper.__name__
        for name, content in whole.items():
            (folder / name).write_bytes(content)
    assert not forged.verify_audit().faults
    assert forged.verify_audit().head.rows == RUNS * 12


def test_a_log_that_was_made_anew_with_another_key_is_told_as_such(forged: Store) -> None:
    other_key(forged._chain._files.folder, random.Random(1))
    found = forged.verify_audit()
    assert found.faults[0].kind == "key"
    assert f"none of the {RUNS * 12} rows fits the key" in found.faults[0].text


def test_the_last_rows_and_their_seal_cut_off_together_are_told_by_the_books_of_their_run(forged: Store) -> None:
    end = forged.verify_audit().head
    run_id = forged.start_run("run", NOW, "d")
    forged.finish_run(run_id, NOW, "0", {"audit": {"rows": end.rows, "head": end.hash}})
    assert not forged.verify_audit().faults
    path = forged._chain._files.folder / "audit.seals"
    *kept, _ = path.read_text().splitlines(keepends=True)
    path.write_text("".join(kept))
    with forged._database.writers.connect() as connection:
        connection.execute(delete(audit).where(audit.c.seq > json.loads(kept[-1])["last"]))
        (fault,) = verified_within(forged, connection).faults
        assert fault.kind == "cut"
        assert fault.text.endswith("missing at the end, and the books of the last run say that they were there")
        connection.rollback()


def test_what_is_cut_off_with_its_seal_and_its_run_is_told_by_a_head_noted_elsewhere_alone(forged: Store) -> None:
    noted = forged.verify_audit().head.hash
    path = forged._chain._files.folder / "audit.seals"
    *kept, _ = path.read_text().splitlines(keepends=True)
    path.write_text("".join(kept))
    with forged._database.writers.connect() as connection:
        connection.execute(delete(audit).where(audit.c.seq > json.loads(kept[-1])["last"]))
        assert not verified_within(forged, connection).faults
        assert [fault.kind for fault in verified_within(forged, connection, noted).faults] == ["head"]
        connection.rollback()
