from __future__ import annotations

import hmac
import json
import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from tests.store.audited import a_run, drop_triggers
from tests.store.samples import NOW, native, page, record, ticket

from itsm_bridge.errors import ConfigurationInvalid, StorageFailed
from itsm_bridge.store import Store, migrate, postgres, schema, sqlite_file

NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "{after}", "{before}", None, None


def upgrade():
    op.add_column("runs", sa.Column("host", sa.Text()))
    op.execute("UPDATE tickets SET summary = 'migrated'")
    {last}
"""

AFTER = f"{int(schema.REVISION) + 1:04}"


def next_step(last: str) -> str:
    """The text of the next version's migration."""
    return NEXT.format(after=AFTER, before=schema.REVISION, last=last)


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The next version of the program, with one more migration; its file."""
    folder = tmp_path / "release/migrations"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "MIGRATIONS", folder)
    for module in (migrate, sqlite_file, postgres):
        monkeypatch.setattr(module, "REVISION", AFTER)
    step = folder / f"versions/r{AFTER}_host.py"
    step.write_text(next_step("pass"))
    return step


def revision(store: Store) -> str | None:
    with store._database.reading() as connection:
        return migrate.revision_of(connection)


def set_revision(connection: Connection, number: str) -> None:
    connection.execute(text("UPDATE itsm_bridge_version SET version_num = :number"), {"number": number})


def columns_of_runs(store: Store) -> set[str]:
    with store._database.reading() as connection:
        return {column["name"] for column in inspect(connection).get_columns("runs")}


def test_the_migrations_make_exactly_the_tables_of_the_schema(store: Store) -> None:
    with store._database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "version_table": schema.VERSION_TABLE}
        )
        assert compare_metadata(context, schema.metadata) == []


def test_the_newest_migration_is_the_one_that_the_schema_names(store: Store) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [schema.REVISION] == [revision(store)]


@pytest.mark.parametrize("made_by", [AFTER, "0099", "a1b2c3"])
def test_a_newer_store_is_refused_and_not_changed(url: str, tmp_path: Path, made_by: str) -> None:
    with Store.open(url, tmp_path, create=True) as store:
        store.save_record(record(), NOW)
        with store._database.writing() as connection:
            set_revision(connection, made_by)
    files = {file: file.read_bytes() for file in tmp_path.rglob("*.db")}
    for create in (True, False):
        with pytest.raises(ConfigurationInvalid, match="newer version") as caught:
            Store.open(url, tmp_path, create=create)
        assert "it was not changed" in caught.value.message
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.db")} == files


@pytest.mark.usefixtures("store")
def test_an_older_store_is_migrated_when_it_is_opened(url: str, tmp_path: Path, next_release: Path) -> None:
    assert next_release.exists()
    with Store.open(url, tmp_path) as store:
        assert revision(store) == AFTER
        assert "host" in columns_of_runs(store)


def test_a_migration_that_breaks_off_changes_nothing_and_can_be_done_again(
    store: Store, url: str, tmp_path: Path, next_release: Path
) -> None:
    store.save_record(record(summary="kept"), NOW)
    store.close()
    next_release.write_text(next_step("op.execute('SELECT * FROM no_such_table')"))
    with pytest.raises(StorageFailed):
        Store.open(url, tmp_path)
    assert "host" not in columns_of_runs(store)
    assert revision(store) == schema.REVISION
    assert next(store.records()).ticket.summary == "kept"
    store.close()
    next_release.write_text(next_step("pass"))
    with Store.open(url, tmp_path) as migrated:
        assert next(migrated.records()).ticket.summary == "migrated"


def test_a_first_migration_that_breaks_off_leaves_no_store(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(connection: object, place: str) -> None:
        whole(connection, place)  # type: ignore[arg-type]  # a connection, whose type is of no interest here
        raise KeyboardInterrupt

    whole = migrate._run_alembic
    monkeypatch.setattr(migrate, "_run_alembic", half)
    with pytest.raises(KeyboardInterrupt):
        Store.open(url, tmp_path, create=True)
    monkeypatch.setattr(migrate, "_run_alembic", whole)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []
    with Store.open(url, tmp_path, create=True) as store:
        assert revision(store) == schema.REVISION


def test_a_store_at_a_step_that_never_was_is_no_store_of_ours(url: str, tmp_path: Path) -> None:
    with Store.open(url, tmp_path, create=True) as store, store._database.writing() as connection:
        set_revision(connection, "0000")
    with pytest.raises(StorageFailed, match="something else has changed it"):
        Store.open(url, tmp_path)


def test_a_store_of_the_first_release_keeps_its_rows_and_learns_the_rest(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tmp_path / "first/migrations"
    later = shutil.ignore_patterns("__pycache__", *(f"r{number:04}_*" for number in range(2, int(schema.REVISION) + 1)))
    shutil.copytree(migrate.MIGRATIONS, first, ignore=later)
    with monkeypatch.context() as older:
        older.setattr(migrate, "MIGRATIONS", first)
        for module in (migrate, sqlite_file, postgres):
            older.setattr(module, "REVISION", "0001")
        with Store.open(url, tmp_path, create=True) as store, store._database.writing() as connection:
            connection.execute(text("INSERT INTO freshness VALUES ('snow', 1)"))
            assert not inspect(connection).has_table("absences")
    with Store.open(url, tmp_path) as store:
        assert revision(store) == schema.REVISION
        assert list(store.freshness()) == ["snow"]
        store.save_page("snow", "incident", page(record(), bookmark="1"), NOW)
        assert store.ticket_count(open_only=True) == 1


def test_a_log_from_before_accounts_were_noted_still_verifies_goes_on_and_shows_tampering(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eighth = tmp_path / "eighth/migrations"
    later = shutil.ignore_patterns("__pycache__", *(f"r{number:04}_*" for number in range(9, int(schema.REVISION) + 1)))
    shutil.copytree(migrate.MIGRATIONS, eighth, ignore=later)
    with monkeypatch.context() as older:
        older.setattr(migrate, "MIGRATIONS", eighth)
        for module in (migrate, sqlite_file, postgres):
            older.setattr(module, "REVISION", "0008")
        with Store.open(url, tmp_path, create=True) as store, store._database.writing() as connection:
            for row in rows_of_the_eighth():
                names = ", ".join(row)
                values = ", ".join(f":{name}" for name in row)
                connection.execute(text(f"INSERT INTO audit ({names}) VALUES ({values})"), row)  # noqa: S608 (ours)
    with Store.open(url, tmp_path, audit_key=KEY) as store:
        found = store.verify_audit()
        assert (found.head.rows, found.faults) == (3, ())
        assert {row.account for row in store.audit_rows(9)} == {""}
        a_run(store, "the ninth")
        store.audit_end(store.start_run("run", NOW, "d"), "asha", "exit 0", {}, "", NOW)
        assert store.verify_audit().faults == ()
        drop_triggers(store)
        with store._database.writing() as connection:
            connection.execute(text("UPDATE audit SET account = 'somebody' WHERE seq = 2"))
        assert [(fault.kind, fault.row) for fault in store.verify_audit().faults] == [("changed", 2)]


KEY = "5e" * 32


def rows_of_the_eighth() -> list[dict[str, object]]:
    """Three rows as the version before wrote them: the hash is over every column but itself, in canonical JSON."""
    rows: list[dict[str, object]] = []
    for seq in (1, 2, 3):
        texts = dict.fromkeys(("external_id", "number", "old", "new", "rule", "detail", "configuration"), "null")
        row: dict[str, object] = {
            "seq": seq,
            "at": seq,
            "run_id": 1,
            "intent_id": seq,
            "source": "snow",
            "field": "vendor",
            **texts,
        }
        row |= {"actor": "itsm-bridge", "outcome": "sent", "prev": rows[-1]["hash"] if rows else "0" * 64}
        written = json.dumps(row, sort_keys=True, separators=(",", ":")).encode()
        rows.append(row | {"hash": hmac.digest(bytes.fromhex(KEY), written, "sha256").hex()})
    return rows


def test_clocks_of_a_source_that_were_read_before_say_less_and_are_kept(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fourth = tmp_path / "fourth/migrations"
    later = shutil.ignore_patterns("__pycache__", *(f"r{number:04}_*" for number in range(5, int(schema.REVISION) + 1)))
    shutil.copytree(migrate.MIGRATIONS, fourth, ignore=later)
    with monkeypatch.context() as older:
        older.setattr(migrate, "MIGRATIONS", fourth)
        for module in (migrate, sqlite_file, postgres):
            older.setattr(module, "REVISION", "0004")
        with Store.open(url, tmp_path, create=True) as store, store._database.writing() as connection:
            row = text("INSERT INTO native_slas VALUES ('snow', 'x', 'n1', 'P1', 'completed', 1, 2, 3, 4, true)")
            connection.execute(row)
    with Store.open(url, tmp_path) as store:
        (kept,) = store.natives("snow", ["x"])
        assert (kept.name, kept.elapsed_seconds, kept.breached) == ("P1", 4, True)
        assert (kept.measured_at, kept.target_seconds, kept.zone, kept.percent) == (None, None, None, None)
        store.save_page("snow", "task_sla", page(natives=(native(ticket(1)),)), NOW)
        assert store.natives("snow", [ticket(1).external_id]) == [native(ticket(1))]
