from __future__ import annotations

import fcntl
import json
import shutil
import socket

import pytest
from tests.cli.programs import Done
from tests.end_to_end.conftest import Project


def one_line(done: Done) -> str:
    """What a failing command must leave behind: nothing on standard output, one last line on standard error."""
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("itsm-bridge: ")
    assert "Next: " in last
    return last


def test_a_misspelt_key_is_named_with_its_place_and_the_right_word(project: Project) -> None:
    project.edit("rules.yaml", "    because: Security work", "    becuase: Security work")
    done = project.run("run")
    assert done.returncode == 13
    one_line(done)
    assert done.stderr.startswith("rules.yaml:54:5: ")
    assert 'did you mean "because"' in done.stderr
    assert not (project.folder / "var" / "itsm-bridge.db").exists()


def test_a_broken_file_is_named_with_its_place_and_the_others_are_checked_too(project: Project) -> None:
    project.edit("sla.yaml", "  internal:\n", "  internal: {\n")
    project.edit("vendors.yaml", "status: onboarding", "status: onbording")
    done = project.run("run")
    assert done.returncode == 13
    one_line(done)
    assert "sla.yaml:" in done.stderr
    assert 'did you mean "onboarding"' in done.stderr


def test_a_wrong_password_is_one_line_and_never_shown(project: Project) -> None:
    done = project.run("run", ITSM_BRIDGE_SNOW__PASSWORD="canary-4711")
    assert done.returncode == 12
    assert "snow" in one_line(done)
    assert "canary-4711" not in done.stderr


def test_a_wrong_password_of_one_source_does_not_stop_the_other(project: Project) -> None:
    project.run("run", ITSM_BRIDGE_SNOW__PASSWORD="canary-4711")
    status = project.run("status").stdout
    assert "never read whole" in status
    assert "read whole 0 minutes ago" in status


def test_a_missing_password_names_the_variable(project: Project) -> None:
    secrets = project.folder / ".env"
    lines = secrets.read_text(encoding="utf-8").splitlines(keepends=True)
    secrets.write_text("".join(line for line in lines if "PASSWORD" not in line), encoding="utf-8")
    done = project.run("run")
    assert done.returncode == 13
    assert "ITSM_BRIDGE_SNOW__PASSWORD" in done.stderr


def test_a_dead_server_is_one_line_and_the_next_run_helps(project: Project) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    project.edit("bridge.yaml", project.sandbox.servicenow_url, f"http://127.0.0.1:{port}")
    project.edit("bridge.yaml", "max_wait: 2m", "max_wait: 1s")
    done = project.run("run")
    assert done.returncode == 5
    assert "snow" in one_line(done)


def test_a_slip_in_a_rule_is_stopped_before_the_first_write(project: Project) -> None:
    project.edit("bridge.yaml", "max_changes: 200", "max_changes: 3")
    done = project.run("run")
    assert done.returncode == 6
    assert "nothing was written" in one_line(done)
    assert "--allow-changes" in done.stderr
    assert '"written": 0' in project.run("--json", "run").stdout or project.run("run").returncode == 6


def test_the_guard_is_lifted_by_the_command_that_it_names(project: Project) -> None:
    project.edit("bridge.yaml", "max_changes: 200", "max_changes: 3")
    line = one_line(project.run("run"))
    allowed = line.rsplit("itsm-bridge ", 1)[1].split()
    assert allowed[:2] == ["apply", "--allow-changes"]
    assert project.run(*allowed).returncode == 0
    assert project.run("run").returncode == 0


def test_a_saved_plan_outlives_no_change_of_the_rules_and_the_command_that_is_named_goes_on(project: Project) -> None:
    project.run("sync")
    project.run("plan", "--out", "monday.json")
    project.edit("rules.yaml", "name: default", "name: by-default")
    stopped = project.run("apply", "monday.json")
    assert stopped.returncode == 6
    line = one_line(stopped)
    assert "monday.json was made under another configuration" in line
    assert "nothing was written" in line
    commands = [part.partition(";")[0].split()[1:] for part in line.partition("Next: ")[2].split(": ")[1:]]
    assert [words[0] for words in commands] == ["plan", "apply"]
    assert [project.run(*words).returncode for words in commands] == [0, 0]
    assert json.loads(project.run("--json", "plan").stdout)["changes"] == []


def test_a_plan_file_that_was_edited_is_refused_in_one_line(project: Project) -> None:
    project.run("sync")
    project.run("plan", "--out", "monday.json")
    file = project.folder / "monday.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"OptIT"', '"GWL"'), encoding="utf-8")
    done = project.run("apply", "monday.json")
    assert done.returncode == 2
    assert "it was edited or damaged; nothing was written" in one_line(done)
    assert json.loads(project.run("--json", "plan").stdout)["changes"]


def test_the_guard_on_a_saved_plan_is_lifted_by_the_command_that_it_names(project: Project) -> None:
    project.edit("bridge.yaml", "max_changes: 200", "max_changes: 3")
    project.run("sync")
    project.run("plan", "--out", "monday.json")
    line = one_line(project.run("apply", "monday.json"))
    allowed = line.rsplit("itsm-bridge ", 1)[1].split()
    assert allowed[:3] == ["apply", "monday.json", "--allow-changes"]
    short = [*allowed[:-1], str(int(allowed[-1]) - 1)]
    assert [project.run(*words).returncode for words in (short, allowed)] == [6, 0]


def test_a_second_run_at_the_same_time_does_nothing(project: Project) -> None:
    project.run("sync")
    with (project.folder / "var" / "itsm-bridge.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = project.run("run")
    assert done.returncode == 11
    assert "another run is at work" in one_line(done)


def test_a_damaged_database_is_one_line(project: Project) -> None:
    project.run("sync")
    (project.folder / "var" / "itsm-bridge.db").write_bytes(b"not a database at all" * 1000)
    done = project.run("run")
    assert done.returncode == 14
    one_line(done)


def test_without_a_store_there_is_nothing_to_report(project: Project) -> None:
    for words in (("status",), ("plan",), ("report",), ("explain", "snow:INC1"), ("apply",)):
        done = project.run(*words)
        assert (done.returncode, one_line(done).count("itsm-bridge sync")) == (10, 1), words


def test_an_unknown_ticket_is_wrong_usage(settled: Project) -> None:
    done = settled.run("explain", "snow:INC999")
    assert done.returncode == 2
    assert "snow:INC999" in one_line(done)


@pytest.mark.parametrize("instant", ["yesterday", "2026-11-23", "2026-11-23T07:00:00"])
def test_an_instant_without_a_zone_is_refused(settled: Project, instant: str) -> None:
    done = settled.run("report", "--as-of", instant)
    assert done.returncode == 2
    assert instant in one_line(done)


def test_a_project_that_is_not_there_needs_a_person(project: Project) -> None:
    project.edit("bridge.yaml", "projects: [OPS, ENV]", "projects: [OPS, ZZZ]")
    done = project.run("run")
    assert done.returncode == 7
    assert "ZZZ" in one_line(done) or "ops" in one_line(done)


def test_a_report_that_cannot_be_written_does_not_hide_what_the_run_wrote(project: Project) -> None:
    shutil.rmtree(project.folder / "reports")
    (project.folder / "reports").touch()  # a file where the folder should be
    done = project.run("--json", "run")
    assert done.returncode == 14
    summary = json.loads(done.stdout)
    assert summary["written"] > 0
    assert summary["sources"]["snow"]["read"] > 0


def test_a_plan_for_an_unknown_ticket_or_into_a_missing_folder_is_wrong_usage(settled: Project) -> None:
    assert settled.run("plan", "--ticket", "snow:nope").returncode == 2
    assert settled.run("plan", "--out", "nowhere/plan.json").returncode == 2


def test_a_report_in_no_format_is_wrong_usage(settled: Project) -> None:
    done = settled.run("report", "--format", "")
    assert done.returncode == 2
    one_line(done)


def test_a_vendor_that_the_source_does_not_know_stays_a_finding_with_its_reason(project: Project) -> None:
    project.edit("vendors.yaml", 'names: {snow: "eGov GWL"', 'names: {snow: "eGov GWLX"')
    lines = [project.run("run").stderr for _ in range(4)]
    assert all("not_stored" in line and "eGov GWLX" in line for line in lines)
    status = json.loads(project.run("--json", "status").stdout)
    assert not status["healthy"]
    assert status["findings"]


def test_doctor_names_what_is_wrong_and_the_fix(project: Project) -> None:
    done = project.run("doctor", ITSM_BRIDGE_OPS__TOKEN="canary-4712")
    assert done.returncode == 3
    assert "FAILURE" in done.stdout
    assert "fix: " in done.stdout
    assert "canary-4712" not in done.stdout + done.stderr
    assert "ITSM_BRIDGE_OPS__" in done.stdout
    lines = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert len(set(lines)) == len(lines)
    assert any(line.startswith("FAILURE  ops ") for line in lines)


def test_the_loudest_log_holds_no_secret(project: Project) -> None:
    account = project.sandbox.account
    done = project.run("-vv", "run")
    assert done.returncode == 0
    for secret in (account.password, account.token):
        assert secret not in done.stdout + done.stderr
        assert secret.encode() not in (project.folder / "var" / "itsm-bridge.db").read_bytes()


def test_loading_what_is_no_ticket_file_is_wrong_usage(project: Project) -> None:
    (project.folder / "notes.json").write_text('{"hello": 1}', encoding="utf-8")
    done = project.run("sandbox", "--load", "notes.json")
    assert done.returncode == 2
    assert "notes.json" in one_line(done)


def test_demo_leaves_a_folder_of_somebody_else_alone(project: Project) -> None:
    done = project.run("demo", "--out", "config")
    assert done.returncode == 2
    assert (project.folder / "config" / "rules.yaml").exists()
