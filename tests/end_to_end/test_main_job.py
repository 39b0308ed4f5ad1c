from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from tests.connectors.fakes import Seen, serving
from tests.connectors.test_contract import passed_on
from tests.end_to_end.conftest import Project, made_project

from itsm_bridge.cli import COMMANDS
from itsm_bridge.connectors.answers import path_template
from itsm_bridge.sandbox import start


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project after its first run, which has published the reports that were due."""
    with start(now=datetime.now(UTC)) as sandbox:
        made = made_project(tmp_path_factory.mktemp("settled"), sandbox, reports_are_due=True)
        assert made.run_afresh("run").returncode == 0
        yield made


def written_by_the_bridge(project: Project) -> int:
    """Values that the store knows the bridge to have written."""
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        return int(database.execute("SELECT count(*) FROM intents").fetchone()[0])


def test_a_run_that_went_well_says_nothing_under_cron(settled: Project) -> None:
    done = settled.run_afresh("run")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_second_run_writes_nothing(settled: Project) -> None:
    before = written_by_the_bridge(settled)
    assert before > 0
    summary = json.loads(settled.run_afresh("--json", "run").stdout)
    assert (summary["planned"], summary["written"]) == (0, 0)
    assert written_by_the_bridge(settled) == before


def test_what_was_written_stands_in_both_sources_with_our_name(project: Project) -> None:
    before = json.loads(project.run("--json", "sync").stdout)
    assert before["exit_code"] == 0
    plan = json.loads(project.run("--json", "plan").stdout)
    assert json.loads(project.run("--json", "apply").stdout)["written"] == plan["summary"]["tickets_to_change"]
    project.run("sync", "--full")
    with sqlite3.connect(project.folder / "var" / "itsm-bridge.db") as database:
        ours = {
            (f"{source}:{number}", field, new)
            for source, number, field, new in database.execute(
                "SELECT t.source, t.number, h.field, h.new FROM history h JOIN tickets t USING (source, external_id)"
                " WHERE h.actor IN (?, ?)",
                (project.sandbox.account.user, project.sandbox.account.email),
            )
        }
    direct = {"impact", "urgency", "priority", "vendor"}
    wanted = {(c["ticket"], c["field"], str(c["to"])) for c in plan["changes"] if c["field"] in direct}
    assert wanted <= ours


READING = ("/search/jql", "/search/approximate-count", "/issue/bulkfetch", "/changelog/bulkfetch")


def test_nothing_but_apply_writes_and_it_writes_nothing_but_decided_fields_and_notes(project: Project) -> None:
    snow_url, ops_url = project.sandbox.servicenow_url, project.sandbox.jira_url
    with serving(passed_on(snow_url)) as snow, serving(passed_on(ops_url)) as ops:
        project.edit("bridge.yaml", snow_url, snow.url)
        project.edit("bridge.yaml", ops_url, ops.url)

        def sent() -> list[Seen]:
            return [one for one in (*snow.seen, *ops.seen) if one.method != "GET" and not one.path.endswith(READING)]

        for words in (("check", "--live"), ("doctor",), ("sync",), ("plan", "--out", "monday.json")):
            assert project.run(*words).returncode == 0, words
        assert min(len(snow.seen), len(ops.seen)) > 10
        assert sent() == []
        planned = json.loads(project.run("--json", "plan").stdout)["summary"]["tickets_to_change"]
        assert project.run("apply").returncode == 0
        writes = sent()
    assert len(writes) >= planned > 0
    asked = {(one.method, path_template(one.path)) for one in writes}
    assert asked <= {
        ("PUT", "/rest/api/3/issue/{id}"),
        ("POST", "/rest/api/3/issue/{id}/comment"),
        *(("PATCH", f"/api/now/table/{table}/{{sys_id}}") for table in ("incident", "sc_req_item", "change_request")),
        *(
            (method, f"/api/now/table/sysapproval_approver{end}")
            for method, end in (("POST", ""), ("PATCH", "/{sys_id}"))
        ),
    }
    assert {one.method for one in writes} >= {"PUT", "PATCH"}


def test_a_run_publishes_the_reports_that_are_due_and_only_once(settled: Project) -> None:
    folders = sorted(path.name for path in (settled.folder / "reports").iterdir())
    assert len(folders) == 3
    manifests = [settled.folder / "reports" / name / "manifest.json" for name in folders]
    before = [path.stat().st_mtime_ns for path in manifests]
    settled.run("run")
    assert [path.stat().st_mtime_ns for path in manifests] == before


def test_a_report_is_the_same_to_the_byte_when_it_is_built_again(settled: Project, tmp_path: Path) -> None:
    contents = []
    for name in ("first", "second"):
        done = settled.run_afresh("report", "--last", "--out", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        files = [path for path in sorted((tmp_path / name).rglob("*")) if path.is_file()]
        contents.append([(path.relative_to(tmp_path / name), path.read_bytes()) for path in files])
    assert contents[0] == contents[1]


def test_the_csvs_and_the_workbook_hold_the_same_rows(settled: Project, tmp_path: Path) -> None:
    folder = Path(json.loads(settled.run("--json", "report", "--out", str(tmp_path)).stdout)["folder"])
    workbook = openpyxl.load_workbook(next(folder.glob("*.xlsx")), read_only=True)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tables = next(file["tables"] for file in manifest["files"] if file["path"].endswith(".xlsx"))
    for table, rows in tables.items():
        with (folder / "csv" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            assert len(list(csv.reader(file))) - 1 == rows
    assert len(workbook.sheetnames) >= len(tables)


def test_a_saved_plan_is_applied_and_then_has_nothing_left(project: Project) -> None:
    project.run("sync")
    assert project.run("plan", "--out", "monday.json").returncode == 0
    announced = json.loads((project.folder / "monday.json").read_text(encoding="utf-8"))
    applied = json.loads(project.run("--json", "apply", "monday.json").stdout)
    assert applied["written"] == announced["summary"]["tickets_to_change"]
    assert json.loads(project.run("--json", "plan").stdout)["changes"] == []


def test_applying_the_same_file_twice_is_no_conflict(project: Project) -> None:
    project.run("sync")
    project.run("plan", "--out", "monday.json")
    for _ in range(2):
        done = project.run("apply", "monday.json")
        assert (done.returncode, done.stderr) == (0, "")


def test_a_plan_of_one_ticket_is_saved_as_that_and_no_more(project: Project) -> None:
    project.run("sync")
    some = json.loads(project.run("--json", "plan").stdout)["changes"][0]["ticket"]
    assert project.run("plan", "--out", "one.json", "--ticket", some).returncode == 0
    assert json.loads(project.run("--json", "apply", "one.json").stdout)["written"] == 1


def test_what_was_written_is_still_told_as_verified_after_a_run_with_nothing_to_do(settled: Project) -> None:
    settled.run("run")
    with sqlite3.connect(settled.folder / "var" / "itsm-bridge.db") as database:
        query = "SELECT count(*) FROM decisions WHERE outcome = 'verified'"
        written = database.execute(query).fetchone()[0]
        later = "SELECT count(*) FROM decisions d WHERE outcome = 'kept' AND EXISTS (SELECT 1 FROM decisions e WHERE"
        hidden = (
            f"{later} e.outcome = 'verified' AND e.external_id = d.external_id AND e.field = d.field AND e.id < d.id)"
        )
        assert database.execute(hidden).fetchone()[0] == 0
    assert written > 0


def test_a_report_of_half_a_week_does_not_stand_in_for_the_whole_one(project: Project) -> None:
    project.run("sync")
    weekly = _published_for_a_week(project)
    manifest = json.loads((weekly / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["as_of"] == manifest["to"]
    middle = datetime.fromisoformat(manifest["from"]) + timedelta(days=2)
    assert project.run("report", "--as-of", middle.isoformat()).returncode == 0
    project.run("run")
    assert json.loads((weekly / "manifest.json").read_text(encoding="utf-8"))["as_of"] == manifest["to"]


def _published_for_a_week(project: Project) -> Path:
    """The report of the last week, built; the others count as published."""
    (weekly,) = (project.folder / "reports").glob("*-W*")
    shutil.rmtree(weekly)
    assert project.run("run").returncode == 0
    return weekly


def test_explain_says_which_rule_decided(settled: Project) -> None:
    decisions = settled.folder / "reports"
    with sqlite3.connect(settled.folder / "var" / "itsm-bridge.db") as database:
        number, rule = database.execute(
            "SELECT t.source || ':' || t.number, d.rule FROM decisions d JOIN tickets t USING (source, external_id)"
            " WHERE d.field = 'vendor' AND d.rule <> '' LIMIT 1"
        ).fetchone()
    text = settled.run("explain", number)
    assert decisions.is_dir()
    assert text.returncode == 0
    assert f"[decides] {rule}" in text.stdout
    document = json.loads(settled.run("--json", "explain", number).stdout)
    assert document["values"]["vendor"]["rule"] == rule


@pytest.mark.parametrize("name", ["check", "test", "doctor", "plan", "status", "report"])
def test_json_is_one_document_and_nothing_else(settled: Project, name: str) -> None:
    done = settled.run("--json", name)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    assert "'findings':" not in done.stdout  # a mapping of Python's, printed as text


def test_status_is_one_screen_and_healthy_after_a_good_run(settled: Project) -> None:
    text = settled.run("status").stdout
    assert text.startswith("healthy")
    assert len(text.splitlines()) <= 24


def test_a_changed_copy_of_the_configuration_is_compared_on_what_is_stored(settled: Project) -> None:
    config = settled.folder / "config"
    same = settled.run("diff", str(config), str(config))
    assert (same.returncode, same.stdout.splitlines()[-1]) == (0, "Nothing comes out otherwise."), same.stderr
    changed = settled.folder / "changed"
    shutil.copytree(config, changed)
    rules = (changed / "rules.yaml").read_text(encoding="utf-8")
    (changed / "rules.yaml").write_text(
        rules.replace("then: {owner: true}", "then: {vendor: GWL}", 1), encoding="utf-8"
    )
    done = settled.run("diff", str(config), str(changed))
    assert "vendor OptIT → GWL (owner → owner)" in done.stdout


def test_a_calendar_of_the_configuration_is_looked_at_and_asked(settled: Project) -> None:
    due = settled.run("calendar", "due", "punjab-office", "2026-11-07T12:00:00+05:30", "4h")
    assert (due.returncode, due.stdout) == (0, "2026-11-09T11:30:00+05:30\n"), due.stderr
    assert settled.run("calendar", "show", "punjab-office", "2026-11").stdout.count("\n2026-11-") == 30


def test_the_audit_log_of_what_was_written_holds(settled: Project) -> None:
    done = settled.run("--json", "audit", "verify")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert found["rows"] > 0


def test_where_init_has_been_a_newcomer_is_told_what_there_is_and_what_to_install(project: Project) -> None:
    """What needs no source; ``test_newcomer`` goes the whole way."""
    new = project.folder / "new"
    new.mkdir()
    there = replace(project, folder=new)
    begun = there.run("init")
    assert begun.returncode == 0, begun.stderr
    assert "itsm-bridge check" in begun.stdout
    assert there.run("init").returncode == 2
    for words in (("config", "show"), ("schema", "rules.yaml"), ("help", "C111"), ("completion", "bash"), ("man",)):
        assert there.run(*words).stdout, words
    (line,) = [one for one in there.run("schedule", "cron").stdout.splitlines() if one and one[0].isdigit()]
    assert str(new / "config") in line


def test_every_command_is_tried_here_or_in_the_tests_beside() -> None:
    tried = "\n".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in COMMANDS if f'"{name}"' not in tried] == []


def test_files_belong_to_their_owner_alone(settled: Project) -> None:
    made = [*(settled.folder / "var").rglob("*"), *(settled.folder / "reports").rglob("*")]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600, 0o700}
