from __future__ import annotations

import json
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.store.audited import RULES, VALUES, a_run, announce, drop_triggers
from tests.store.samples import NOW, record, ticket
from tests.store.test_kill import KILLS, kill_one, started

from itsm_bridge.errors import AuditBroken, NotInitialised, StorageFailed
from itsm_bridge.model import Choice, Outcome, Resolution
from itsm_bridge.store import EMPTY_AUDIT, Store
from itsm_bridge.store.audit import walk
from itsm_bridge.store.chain import AuditRow

FILE = "sqlite:///bridge.db"


def rows_of(store: Store) -> list[AuditRow]:
    return list(walk(store._database.reading))


def folder_of(store: Store) -> Path:
    return store._chain._files.folder


def test_an_announced_write_has_a_row_for_each_field_and_one_more_when_its_end_is_known(store: Store) -> None:
    run_id = store.start_run("run", NOW, "the configuration")
    intent = announce(store, run_id, "m1")
    assert [row.outcome for row in rows_of(store)] == ["sent", "sent"]
    store.close_intent(intent, {"priority": Outcome.VERIFIED, "vendor": Outcome.CONFLICT}, NOW, NOW, "anna was faster")
    sent, _, priority, vendor = rows_of(store)
    assert (sent.source, sent.external_id, sent.number) == ("snow", ticket(1).external_id, ticket(1).number)
    assert (sent.run_id, sent.intent_id, sent.configuration) == (run_id, intent, "the configuration")
    assert (sent.actor, sent.detail) == ("itsm-bridge", "")
    assert (priority.field, priority.old, priority.new, priority.rule) == ("priority", "3", "2", RULES["priority"])
    assert (vendor.field, vendor.old, vendor.new, vendor.rule) == ("vendor", "null", '"acme"', RULES["vendor"])
    assert (priority.outcome, vendor.outcome, vendor.detail) == ("verified", "conflict", "anna was faster")


def test_each_row_names_the_source_s_account_that_wrote_whichever_run_looks_the_write_up(
    store: Store, url: str, tmp_path: Path
) -> None:
    run_id = store.start_run("run", NOW, "d")
    intent = store.open_intent(run_id, ticket(1), VALUES, "m1", "i1", NOW, RULES, "bridge@egov.example")
    with Store.open(url, tmp_path) as later:
        later.start_run("run", NOW, "d")
        later.close_intent(intent, Outcome.UNKNOWN, NOW, detail="a run died around this write")
        assert [row.account for row in rows_of(later)] == ["bridge@egov.example"] * 4
        assert not later.verify_audit().faults
    drop_triggers(store)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE audit SET account = '' WHERE seq = 2"))
    assert [(fault.kind, fault.row) for fault in store.verify_audit().faults] == [("changed", 2)]


def test_a_run_that_ended_has_a_row_with_who_called_it_and_how(store: Store) -> None:
    run_id = store.start_run("apply", NOW, "the configuration")
    head = store.audit_end(run_id, "asha", "exit 6", {"given": {"allow_changes": "9"}}, "10 tickets would change", NOW)
    (row,) = rows_of(store)
    assert (row.run_id, row.intent_id, row.field, row.actor, row.account) == (run_id, 0, "apply", "asha", "")
    assert (row.outcome, row.detail, row.configuration) == ("exit 6", "10 tickets would change", "the configuration")
    assert json.loads(row.new) == {"given": {"allow_changes": "9"}}
    assert (head.rows, head.hash) == (1, row.hash)
    assert (store.verify_audit().seals, store.verify_audit().faults) == (1, ())


def test_what_somebody_resolved_is_in_the_log_with_who_and_is_sealed(store: Store) -> None:
    store.save_record(record(), NOW)
    one = ticket()
    ours: dict[str, str | int | None] = {"vendor": "acme"}
    made = Resolution(one.source, one.external_id, "vendor", Choice.THEIRS, ours, {"vendor": None}, None, "asha", NOW)
    store.save_resolution(made)
    (row,) = rows_of(store)
    assert (row.source, row.external_id, row.number, row.field) == (one.source, one.external_id, one.number, "vendor")
    assert (row.actor, row.outcome, row.intent_id) == ("asha", "resolved as theirs", 0)
    assert (row.old, row.new) == ('{"vendor":null}', '{"vendor":"acme"}')
    assert (store.verify_audit().seals, store.verify_audit().faults) == (1, ())


def test_a_conflict_that_is_resolved_in_the_middle_of_a_run_breaks_nothing_of_its_chain(
    store: Store, url: str, tmp_path: Path
) -> None:
    run_id = store.start_run("run", NOW, "d")
    intent = announce(store, run_id, "m1")
    with Store.open(url, tmp_path) as other:
        other.save_resolution(Resolution("snow", "x", "vendor", Choice.HOLD, {}, {}, None, "asha", NOW))
        store.close_intent(intent, Outcome.VERIFIED, NOW, NOW)
        other.save_resolution(Resolution("snow", "x", "vendor", Choice.OURS, {}, {}, None, "asha", NOW))
    announce(store, run_id, "m2", 2)
    store.audit_end(run_id, "cron", "exit 0", {}, "", NOW)
    assert [row.actor for row in rows_of(store)].count("asha") == 2
    assert (store.verify_audit().seals, store.verify_audit().faults) == (4, ())  # one of what the other found there


def test_a_conflict_is_not_resolved_where_the_log_does_not_hold(store: Store, url: str, tmp_path: Path) -> None:
    a_run(store, "a")
    (folder_of(store) / "audit.key").unlink()
    with Store.open(url, tmp_path) as again:
        made = Resolution("snow", "x", "vendor", Choice.OURS, {}, {}, None, "asha", NOW)
        with pytest.raises(AuditBroken):
            again.save_resolution(made)
        assert again.resolutions() == {}


def test_rows_and_the_write_they_tell_of_stand_or_fall_together(store: Store) -> None:
    run_id = store.start_run("run", NOW, "d")
    announce(store, run_id, "m1")
    with pytest.raises(StorageFailed):
        announce(store, run_id, "m1")  # a marker is used once
    assert len(store.unresolved_intents("snow")) == 1
    assert len(rows_of(store)) == len(VALUES)


def test_text_that_a_database_cannot_hold_does_not_break_the_chain(store: Store) -> None:
    run_id = store.start_run("run", NOW, "d")
    values = {"note \ud800": (None, "nul \0 and \ud800")}
    store.open_intent(run_id, ticket(), values, "m1", "i1", NOW, {"note \ud800": "r\0"})
    assert store.verify_audit().head.rows == 1
    assert not store.verify_audit().faults


@pytest.mark.parametrize("statement", ["UPDATE audit SET detail = 'x'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_or_delete_a_row(store: Store, statement: str) -> None:
    a_run(store, "a")
    with pytest.raises(StorageFailed), store._database.writing() as connection:
        connection.execute(text(statement))
    assert not store.verify_audit().faults


def test_a_row_cannot_be_replaced_by_inserting_it_again(tmp_path: Path) -> None:
    with Store.open(FILE, tmp_path, create=True) as store:
        a_run(store, "a")
    with sqlite3.connect(tmp_path / "bridge.db") as other, pytest.raises(sqlite3.IntegrityError, match="never changed"):
        other.execute("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2")


def test_the_key_lies_outside_the_database_and_is_its_owners_alone(store: Store) -> None:
    a_run(store, "a")
    key = folder_of(store) / "audit.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert (folder_of(store) / "audit.seals").stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32
    held = [file for file in folder_of(store).iterdir() if key.read_bytes().strip() in file.read_bytes()]
    assert held == [key]


def test_a_key_that_is_lost_stops_the_next_write_and_no_other_is_made(store: Store, url: str, tmp_path: Path) -> None:
    a_run(store, "a")
    (folder_of(store) / "audit.key").unlink()
    with Store.open(url, tmp_path) as again:
        with pytest.raises(AuditBroken, match=r"has 12 rows and its key .*audit\.key is missing"):
            announce(again, again.start_run("run", NOW, "d"), "m2")
        assert again.unresolved_intents("snow") == []
        assert again.verify_audit().faults[0].kind == "key"
    assert not (folder_of(store) / "audit.key").exists()


def test_a_key_from_elsewhere_leaves_no_file_and_must_be_the_same_again(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path, create=True, audit_key="ab" * 32) as store:
        a_run(store, "a")
        assert not (folder_of(store) / "audit.key").exists()
    with Store.open(url, tmp_path, audit_key="AB" * 32) as store:
        a_run(store, "b")
    with Store.open(url, tmp_path, audit_key="cd" * 32) as store, pytest.raises(AuditBroken, match="is not the one"):
        a_run(store, "c")


def test_an_older_copy_of_the_database_is_found_and_nothing_is_written_to_it(tmp_path: Path) -> None:
    with Store.open(FILE, tmp_path, create=True) as store:
        a_run(store, "a")
        store.close()
        shutil.copy(tmp_path / "bridge.db", tmp_path / "copy")
        a_run(store, "b")
    (tmp_path / "copy").replace(tmp_path / "bridge.db")
    for side in ("-wal", "-shm"):
        (tmp_path / f"bridge.db{side}").unlink(missing_ok=True)
    with Store.open(FILE, tmp_path) as store:
        (fault,) = store.verify_audit().faults
        assert (fault.kind, fault.row) == ("cut", 13)
        assert "rows 13 to 24 are missing at the end" in fault.text
        with pytest.raises(AuditBroken, match="does not hold the 24 rows that were sealed"):
            a_run(store, "c")
        lines = (tmp_path / "audit.seals").read_text().splitlines(keepends=True)
        (tmp_path / "audit.seals").write_text("".join(lines[:-1]))  # what the runbook says: those of the same backup
        assert not store.verify_audit().faults
        a_run(store, "c")
        assert not store.verify_audit().faults


def test_the_end_is_sealed_after_each_run_that_wrote_and_once_a_day(store: Store) -> None:
    def seals() -> list[dict[str, object]]:
        return [json.loads(line) for line in (folder_of(store) / "audit.seals").read_text().splitlines()]

    a_run(store, "a")
    store.seal_audit(NOW)
    assert [(seal["first"], seal["last"], seal["count"]) for seal in seals()] == [(1, 12, 12)]
    assert seals()[0]["head"] == store.audit_head().hash
    store.seal_audit(NOW + timedelta(days=1))
    a_run(store, "b", writes=1, minutes=1500)
    assert [(seal["first"], seal["last"], seal["count"]) for seal in seals()] == [(1, 12, 12), (13, 12, 0), (13, 16, 4)]


def test_a_row_that_was_changed_far_back_stops_the_first_write_of_the_next_day(
    store: Store, url: str, tmp_path: Path
) -> None:
    a_run(store, "a")
    a_run(store, "b")
    drop_triggers(store)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE audit SET new = '\"forged\"' WHERE seq = 5"))
    with Store.open(url, tmp_path) as same_day:
        a_run(same_day, "c", minutes=10)
    with Store.open(url, tmp_path) as next_day:
        written = len(rows_of(next_day))
        with pytest.raises(AuditBroken, match="row 5 is not as it was written; nothing more is written"):
            a_run(next_day, "d", minutes=1500)
        assert len(rows_of(next_day)) == written


def test_a_new_day_on_a_database_that_another_machine_writes_to_as_well_stops_nobody(
    store: Store, url: str, tmp_path: Path
) -> None:
    """Each machine has the key and seals of its own."""
    a_run(store, "a")
    here = (folder_of(store) / "audit.seals").read_text()
    a_run(store, "b", minutes=10)
    a_run(store, "c", minutes=20)
    (folder_of(store) / "audit.seals").write_text(here)
    assert [fault.kind for fault in store.verify_audit().faults] == ["unsealed"]
    with Store.open(url, tmp_path) as next_day:
        a_run(next_day, "d", minutes=1500)
        assert not next_day.verify_audit().faults


def test_a_store_that_never_wrote_has_no_key_no_seal_and_no_fault(store: Store) -> None:
    assert store.seal_audit(NOW) == EMPTY_AUDIT
    assert not store.verify_audit().faults
    assert list(folder_of(store).glob("audit.*")) == []


def test_a_seal_that_was_not_written_to_its_end_does_not_count_and_is_replaced(
    store: Store, url: str, tmp_path: Path
) -> None:
    a_run(store, "a")
    seals = folder_of(store) / "audit.seals"
    whole = seals.read_text()
    seals.write_text(whole + whole[:50])
    assert not store.verify_audit().faults
    with Store.open(url, tmp_path) as again:
        a_run(again, "b")
        assert not again.verify_audit().faults
        assert again.verify_audit().seals == 2


def test_the_head_of_an_instant_is_that_of_then(store: Store) -> None:
    a_run(store, "a")
    then = store.audit_head()
    a_run(store, "b", minutes=60)
    assert store.audit_head(NOW + timedelta(minutes=60)) == then
    assert store.audit_head(NOW) == EMPTY_AUDIT
    assert store.audit_head().rows == 24


def test_a_head_that_was_noted_elsewhere_is_looked_for(store: Store) -> None:
    a_run(store, "a")
    noted = store.audit_head().hash[:12]
    a_run(store, "b")
    assert not store.verify_audit(noted).faults
    assert [fault.kind for fault in store.verify_audit("0123456789ab").faults] == ["head"]


def test_each_of_many_faults_is_counted_and_the_first_are_named(store: Store) -> None:
    for number in range(5):
        a_run(store, str(number))
    drop_triggers(store)
    with store._database.writing() as connection:
        connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq > 1"))
    found = store.verify_audit()
    assert (found.found, len(found.faults), found.faults[0].row) == (59, 20, 2)


STEPS = st.lists(st.sampled_from(["announce", "close", "seal", "die", "run"]), max_size=25)


@settings(max_examples=25)
@given(STEPS)
def test_an_untouched_chain_holds_after_any_sequence_of_runs_and_deaths(steps: list[str]) -> None:
    """As the program works: a run resolves what the last one left open before it announces anything."""
    with tempfile.TemporaryDirectory() as folder:
        project, announced = Path(folder), 0
        store = Store.open(FILE, project, create=True)
        run_id = store.start_run("run", NOW, "d")
        for place, step in enumerate(steps):
            match step:
                case "announce":
                    announce(store, run_id, str(place))
                    announced += 1
                case "close":
                    for intent in store.unresolved_intents("snow"):
                        store.close_intent(intent.id, Outcome.VERIFIED, NOW, NOW)
                case "seal":
                    store.seal_audit(NOW + timedelta(hours=place))
                case "die" | "run":
                    if step == "run":
                        store.seal_audit(NOW)
                    store.close()
                    store = Store.open(FILE, project)
                    run_id = store.start_run("run", NOW, "d")
            found = store.verify_audit()
            assert found.faults == ()
        assert Counter(row.outcome for row in rows_of(store))["sent"] == announced * len(VALUES)
        store.close()


def test_a_program_that_is_killed_anywhere_leaves_each_write_and_its_rows_together(tmp_path: Path) -> None:
    chance = random.Random(20261126)
    rows = [0]
    with started("tests.store.announcer", tmp_path) as program:
        for number in range(KILLS):
            kill_one(program, 0 if number < 5 else chance.randint(1, 12), chance.randint(0, 20_000))
            rows.append(assert_audited(tmp_path))
    assert rows == sorted(rows), "what was written stays written"
    assert rows[-1] > KILLS


def assert_audited(project: Path) -> int:
    """The chain holds, and has a row for each field of each intent and each outcome; how many."""
    try:
        store = Store.open(FILE, project)
    except NotInitialised:
        return 0
    with store:
        assert store.verify_audit().faults == ()
        with store._database.reading() as connection:
            states = Counter(row[0] for row in connection.execute(text("SELECT state FROM intents")))
        outcomes = Counter(row.outcome == "sent" for row in rows_of(store))
        assert outcomes[True] == len(VALUES) * states.total()
        assert outcomes[False] == len(VALUES) * states["closed"]
        return outcomes.total()
