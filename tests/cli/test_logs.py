"""What stands on standard error: JSON alone where it was asked for, lines for people else, and nothing of libraries."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.analysis.made import configuration
from tests.cli.programs import run

from itsm_bridge.cli import logs
from itsm_bridge.cli.telling import telling
from itsm_bridge.config.model import Metrics, Notify
from itsm_bridge.errors import LockHeld, StorageFailed
from itsm_bridge.events import LOG, emit, listening, set_run


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root, before = logging.getLogger(), (LOG.handlers, LOG.level, LOG.propagate)
    of_root = (root.handlers[:], root.level)
    yield
    LOG.handlers, LOG.level, LOG.propagate = before
    root.handlers[:], root.level = of_root
    set_run(None)


def test_with_json_the_last_line_of_a_failing_command_is_an_event_too(tmp_path: Path) -> None:
    done = run("--log-format", "json", "status", cwd=tmp_path)
    assert done.returncode == 10
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert (said["event"], said["level"], said["exit_code"]) == ("command.failed", "error", 10)
    assert said.keys() == {"at", "level", "event", "exit_code", "message", "next"}


def test_with_json_each_mistake_of_a_configuration_is_an_event(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/bridge.yaml").write_text("timezone: Mars\nstroe: x\n")
    done = run("--log-format", "json", "run", cwd=tmp_path)
    events = [json.loads(line)["event"] for line in done.stderr.splitlines()]
    assert done.returncode == 13
    assert set(events[:-1]) == {"config.mistake"}
    assert events[-1] == "command.failed"


@pytest.mark.parametrize("watched", [True, False])
def test_a_person_at_a_terminal_is_told_of_a_migration_and_cron_is_not(
    capsys: pytest.CaptureFixture[str], watched: bool
) -> None:
    logs.start("text", logging.WARNING, watched=watched)
    emit("store.migrated", before="0009", tables="0010", file="itsm-bridge.db.r0009.20261126T120000Z.backup")
    emit("run.started", command="run")
    told = "info: the store's tables were brought from 0009 to 0010; copy of before, beside the store: "
    expected = [f"{told}itsm-bridge.db.r0009.20261126T120000Z.backup"] if watched else []
    assert capsys.readouterr().err.splitlines() == expected


def test_an_event_is_one_line_that_obeys_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    for log_format in ("json", "text"):
        logs.start(log_format, logging.DEBUG)
        set_run(7)
        emit("ticket.gone", ticket="snow:\x1b]0;pwned\x07", reason='a\r\n{"level":"error"}')
    first, second = capsys.readouterr().err.splitlines()
    assert json.loads(first)["run"] == 7
    assert "\x1b" not in first + second
    assert second == 'info: snow:\\x1b]0;pwned\\x07: gone, a\\r\\n{"level":"error"}'


def test_what_a_library_says_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    logs.start("json", logging.DEBUG)
    logging.getLogger("urllib3.connectionpool").critical("https://me:secret@example.org")
    assert capsys.readouterr().err == ""


def test_a_closed_standard_error_ends_no_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    logs.start("text", logging.DEBUG)
    closed = (tmp_path / "closed").open("w")
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    emit("run.started", command="run")
    assert not (tmp_path / "closed").read_text()


def test_what_cannot_be_told_is_a_warning_and_the_error_stays_what_it_was(tmp_path: Path) -> None:
    plain = configuration(tmp_path / "config")
    made = replace(plain, metrics=Metrics(Path("nowhere/x.prom")), notify=Notify(("run",)))
    heard: list[str] = []
    with (
        listening(lambda event, _: heard.append(event)),
        pytest.raises(StorageFailed, match="damaged"),
        telling(made, "run"),
    ):
        raise StorageFailed("damaged")
    assert heard == ["run.ended", "metrics.failed", "ping.failed"]


def test_a_run_that_finds_another_at_work_tells_nothing(tmp_path: Path) -> None:
    heard: list[str] = []
    with (
        listening(lambda event, _: heard.append(event)),
        pytest.raises(LockHeld),
        telling(configuration(tmp_path / "config"), "run"),
    ):
        raise LockHeld("held")
    assert heard == []
