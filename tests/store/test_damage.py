from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.samples import NOW, decision, entry, page, ticket, vote

from itsm_bridge.connectors.base import Oddity, Rejected
from itsm_bridge.errors import BridgeError
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.store import Store, scan, sqlite_file

URL = "sqlite:///bridge.db"
SAMPLES = 60


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with rows in every table, closed."""
    project = tmp_path_factory.mktemp("sound")
    with Store.open(URL, project, create=True) as store:
        run_id = store.start_run("run", NOW, "d")
        for number in range(40):
            of = ticket(number, labels=("a", "b"), custom={"district": ("Moga",)}, due_at=NOW, description="x" * 200)
            full = TicketRecord(of, tuple(entry(of, f"{number}.{step}") for step in range(4)), (vote(of, str(number)),))
            odd, bad = (Oddity(of.external_id, "late", "x"),), (Rejected(f"bad {number}", "why"),)
            store.save_page("snow", "s", page(full, oddities=odd, rejected=bad), NOW)
            store.save_decisions(run_id, [decision(number)])
            intent = store.open_intent(run_id, of, {"priority": (None, 2)}, str(number), "", NOW)
            if number % 2:
                store.close_intent(intent, Outcome.VERIFIED, NOW, written_at=NOW, record=full)
        store.mark_synced("snow", NOW)
        store.finish_run(run_id, NOW, "0", {"read": 40})
    return project / "bridge.db"


def use_everything(project: Path) -> None:
    """Whatever the program does with a store."""
    with Store.open(URL, project) as store:
        list(store.records())
        list(store.records(open_only=True, ids=[("snow", ticket(3).external_id)]))
        list(store.decisions(latest=True))
        store.find_ticket("snow:INC0000007")
        store.bookmark("snow", "s")
        store.runs()
        store.freshness()
        store.oddities()
        store.quarantine()
        store.unresolved_intents("snow")
        store.last_writes("snow", open_only=True)
        for name in scan.TABLES:
            list(store.scan(name).chunks)
        store.save_page("snow", "s", page(TicketRecord(ticket(7, summary="other"))), NOW)
        store.close_intent(1, Outcome.CONFLICT, NOW)


def flip(data: bytearray, chance: random.Random) -> bytearray:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def cut(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(1, len(data))]


def blank(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data))
    data[start : start + 512] = bytes(len(data[start : start + 512]))
    return data


def scramble_page(data: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(data) // 4096) * 4096
    data[start : start + 4096] = chance.randbytes(4096)
    return data


@pytest.mark.parametrize("size_looked_at", [sqlite_file.SMALL, 0], ids=["looked at on opening", "too large to look at"])
@pytest.mark.parametrize("harm", [flip, cut, blank, scramble_page])
def test_a_damaged_file_is_never_worse_than_an_explained_error(
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    harm: Callable[[bytearray, random.Random], bytearray],
    size_looked_at: int,
) -> None:
    monkeypatch.setattr(sqlite_file, "SMALL", size_looked_at)
    for seed in range(SAMPLES // 4):
        damaged = harm(bytearray(sound.read_bytes()), random.Random(seed))
        shutil.copy(sound.parent / "audit.key", tmp_path)
        (tmp_path / "bridge.db").write_bytes(damaged)
        with contextlib.suppress(BridgeError):
            use_everything(tmp_path)
        for leftover in tmp_path.iterdir():
            leftover.unlink()


def test_a_sound_copy_serves(sound: Path, tmp_path: Path) -> None:
    shutil.copy(sound, tmp_path)
    shutil.copy(sound.parent / "audit.key", tmp_path)
    use_everything(tmp_path)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE tickets SET type = 'nonsense'",
        "UPDATE tickets SET state = x'00'",
        "UPDATE tickets SET labels = '[1'",
        "UPDATE tickets SET labels = 7",
        "UPDATE tickets SET custom = '[]'",
        "UPDATE tickets SET originals = '{\"a\": 1}'",
        "UPDATE tickets SET created_at = 9223372036854775807",
        "UPDATE tickets SET created_at = 'yesterday'",
        "UPDATE tickets SET summary = CAST(x'ff' AS TEXT)",
        "UPDATE history SET at = x'ff'",
        "UPDATE approvals SET state = ''",
    ],
)
def test_values_that_the_program_cannot_have_written_are_damage(sound: Path, tmp_path: Path, harm: str) -> None:
    shutil.copy(sound, tmp_path)
    with Store.open(URL, tmp_path) as store:
        with store._database.writing() as connection:
            connection.exec_driver_sql(harm)
        with pytest.raises(BridgeError, match="is damaged"):
            list(store.records())
