"""The audit log as an operator meets it: in the line of a run, in status, in the workbook, and where it is broken."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from tests.end_to_end.conftest import made_project, recent_sandbox

from itsm_bridge.cli import cli
from itsm_bridge.cli.exits import Finished
from itsm_bridge.errors import ConfigurationInvalid, GuardTripped
from itsm_bridge.operations.conflicts import account


def called(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["-C", str(folder / "config"), *words])


@pytest.fixture(scope="module")
def after_a_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Result]]:
    """A project whose first run has written to the sandbox, and what the run said."""
    folder = tmp_path_factory.mktemp("audited")
    with recent_sandbox() as sandbox:
        made_project(folder, sandbox)
        assert called(folder, "sync").exit_code == 0
        yield folder, called(folder, "-v", "apply")


@pytest.fixture
def folder(after_a_run: tuple[Path, Result]) -> Path:
    return after_a_run[0]


def verified(folder: Path, *words: str) -> dict[str, object]:
    document: dict[str, object] = json.loads(called(folder, "--json", "audit", "verify", *words).stdout)
    return document


def broken(result: Result) -> Finished:
    assert isinstance(result.exception, Finished)
    assert result.exception.code == 15
    return result.exception


def test_a_run_says_where_the_log_ends_and_every_place_says_the_same(after_a_run: tuple[Path, Result]) -> None:
    folder, ran = after_a_run
    assert ran.exit_code == 0, ran.output
    found = re.search(r"audit ([\d,]+) rows, head ([0-9a-f]{12})…", ran.output)
    assert found is not None
    rows, head = found.groups()
    assert int(rows.replace(",", "")) > 10
    assert f"audit {rows} rows, head {head}…" in called(folder, "status").output
    document = verified(folder)
    assert (document["ok"], f"{document['rows']:,}", str(document["head"])[:12]) == (True, rows, head)
    assert called(folder, "audit", "verify").output.startswith(f"ok: {rows} rows since 20")


def rows_shown(folder: Path, *words: str) -> list[dict[str, Any]]:
    document: dict[str, list[dict[str, Any]]] = json.loads(called(folder, "--json", "audit", "show", *words).stdout)
    return document["rows"]


def test_a_run_that_wrote_nothing_has_one_row_with_who_called_it_and_what_was_allowed(folder: Path) -> None:
    before = verified(folder)
    assert called(folder, "apply", "--allow-changes", "60").exit_code == 0
    after = verified(folder)
    assert (int(str(after["rows"])), after["ok"]) == (int(str(before["rows"])) + 1, True)
    (row,) = rows_shown(folder, "--last", "1")
    assert (row["field"], row["outcome"], row["actor"], row["account"]) == ("apply", "exit 0", account(), "")
    assert row["to"]["given"] == {"allow_changes": "60"}
    assert (row["to"]["written"], row["hash"]) == (0, after["head"])
    told = called(folder, "audit", "show", "--last", "1").output
    assert f"apply: exit 0, by {account()} with --allow-changes=60; 0 written of 0 planned" in told


def test_a_guard_that_stopped_a_run_is_in_the_log_with_its_reason(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    bridge_file = copy / "config" / "bridge.yaml"
    text = bridge_file.read_text(encoding="utf-8")
    saved = copy / "old.json"
    assert called(copy, "plan", "--out", str(saved)).exit_code == 0
    assert "max_wait: 2m" in text
    bridge_file.write_text(text.replace("max_wait: 2m", "max_wait: 3m"), encoding="utf-8")
    stopped = called(copy, "apply", str(saved))
    assert isinstance(stopped.exception, GuardTripped)
    (row,) = rows_shown(copy, "--last", "1")
    assert (row["field"], row["outcome"], row["to"]["written"]) == ("apply", "exit 6", 0)
    assert "another configuration" in row["detail"]
    assert row["to"]["given"] == {"file": str(saved)}
    assert verified(copy)["ok"] is True


def test_the_account_that_wrote_is_shown_by_audit_and_by_explain(folder: Path) -> None:
    rows = [row for row in rows_shown(folder, "--last", "9999") if row["source"] and row["outcome"] == "verified"]
    assert {row["source"]: row["account"] for row in rows} == {"snow": "bridge", "ops": "bridge@egov.example"}
    row = rows[0]
    ticket = f"{row['source']}:{row['number']}"
    wanted = f"{row['field']} {row['from'] or '–'} → {row['to']} (rule {row['rule']}): verified, by itsm-bridge as"
    for words in (("audit", "show", ticket), ("explain", ticket)):
        assert f"{wanted} {row['account']}" in called(folder, *words).output
    document = json.loads(called(folder, "--json", "explain", ticket).stdout)
    assert row["account"] in {one["account"] for one in document["writes"]}
    assert {one["number"] for one in rows_shown(folder, ticket)} == {row["number"]}
    assert called(folder, "audit", "show", "snow:NOBODY").exit_code != 0


def copied(folder: Path, tmp_path: Path) -> Path:
    """The project with its log, to be harmed."""
    copy = tmp_path / "copy"
    (copy / "var").mkdir(parents=True)
    shutil.copytree(folder / "config", copy / "config")
    shutil.copy(folder / ".env", copy)
    for name in ("audit.key", "audit.seals", "newest-run"):
        (copy / "var" / name).write_bytes((folder / "var" / name).read_bytes())
    with (
        sqlite3.connect(folder / "var" / "itsm-bridge.db") as whole,
        sqlite3.connect(copy / "var" / "itsm-bridge.db") as database,
    ):
        whole.backup(database)
    return copy


def test_the_workbook_holds_the_head_and_it_is_found_again(folder: Path) -> None:
    assert called(folder, "report", "--format", "xlsx").exit_code == 0
    (workbook,) = (folder / "reports").rglob("*.xlsx")
    about = dict(openpyxl.load_workbook(workbook)["About"].iter_rows(min_row=4, max_col=2, values_only=True))
    head = str(verified(folder)["head"])
    assert f"head {head}" in str(about["Audit log"])
    assert verified(folder, "--head", f"{head[:12]}…")["ok"] is True
    assert "no row has a hash" in str(broken(called(folder, "audit", "verify", "--head", "0123456789ab")))


def test_a_changed_row_is_named_with_what_it_means_and_what_to_do(folder: Path, tmp_path: Path) -> None:
    copy = copied(folder, tmp_path)
    with sqlite3.connect(copy / "var" / "itsm-bridge.db") as database:
        database.execute("DROP TRIGGER audit_keeps_rows")
        database.execute("UPDATE audit SET rule = 'another' WHERE seq = 7")
    files = {file: file.read_bytes() for file in (copy / "var").glob("audit*")}
    done = called(copy, "audit", "verify")
    problem = broken(done)
    assert str(problem).startswith("audit: row 7 is not as it was written: somebody or something wrote to the database")
    assert problem.hint.startswith("itsm-bridge help 15")
    assert "changed  row 7" in done.stderr
    assert {file: file.read_bytes() for file in (copy / "var").glob("audit*")} == files
    assert [fault["row"] for fault in verified(copy)["faults"]] == [7]  # type: ignore[attr-defined]  # a list of JSON


@pytest.mark.parametrize("head", ["", "3f2a", "not a hash", "3f2a9c01d4e5" * 6])
def test_what_is_no_hash_is_refused(folder: Path, head: str) -> None:
    assert called(folder, "audit", "verify", "--head", head).exit_code == 2


def test_a_key_of_the_environment_that_is_none_is_refused_and_not_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_AUDIT_KEY", "canary-5f2e")
    done = called(folder, "audit", "verify")
    assert isinstance(done.exception, ConfigurationInvalid)
    assert "64 hexadecimal digits" in done.exception.message
    assert "canary" not in done.exception.message + done.output


def test_a_key_may_lie_in_a_file_that_the_environment_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "key"
    key.write_text((folder / "var" / "audit.key").read_text())
    monkeypatch.setenv("ITSM_BRIDGE_AUDIT_KEY_FILE", str(key))
    assert verified(folder)["ok"] is True
    key.write_text("ab" * 32)
    assert "none of the" in str(broken(called(folder, "audit", "verify")))
