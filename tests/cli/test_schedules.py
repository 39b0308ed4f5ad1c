"""Lines for cron and units for systemd: they mean what was meant, and work as printed."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.programs import BARE
from tests.end_to_end.conftest import made_project, recent_sandbox

from itsm_bridge.cli import cli
from itsm_bridge.cli.schedule_text import Job, crontab, for_cron, when
from itsm_bridge.cli.schedule_units import on_calendar, units, word
from itsm_bridge.cli.schedules import EVERY, program
from itsm_bridge.cli.starter import write_starter
from itsm_bridge.config import load
from itsm_bridge.store import Store

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
AWKWARD = ("a b", "100%", "o'brien", 'say "hi"', "back\\slash", "back\\%", "$HOME", "a;b", "'\\%'", "\\\\%")


def as_cron_hands_over(command: str) -> str:
    """What the usual cron (Vixie's and its descendants') gives to ``sh``: a walk with one flag, as in its source."""
    shown, is_escaped = "", False
    for character in command:
        if is_escaped:
            shown = shown[:-1] + "%" if character == "%" else shown + character
            is_escaped = False
        elif character == "%":
            return shown
        else:
            shown += character
            is_escaped = character == "\\"
    return shown


def job(folder: Path) -> Job:
    write_starter(folder / "config", {})
    configuration = load(folder / "config")
    place = configuration.folder.resolve()
    return Job(("/opt/it sm/itsm-bridge",), place, folder / "var", folder / "reports", "15m", "bridge", configuration)


def job_line(text: str) -> str:
    (line,) = [one for one in text.splitlines() if not one.startswith("#")]
    return line


@pytest.mark.parametrize("name", AWKWARD)
def test_cron_and_sh_together_read_the_words_that_were_meant(name: str) -> None:
    words = ("/bin/it", "-C", f"/etc/{name}/config", "run")
    assert tuple(shlex.split(as_cron_hands_over(for_cron(shlex.join(words))))) == words


def test_a_bare_percent_would_have_ended_the_line() -> None:
    assert as_cron_hands_over("/etc/100%/config run") == "/etc/100"


@pytest.mark.parametrize("every", EVERY)
def test_every_interval_is_five_fields_and_the_same_instants_for_systemd(every: str, tmp_path: Path) -> None:
    minutes = replace(job(tmp_path), every=every).minutes
    minute, hour, *rest = when(minutes).split()
    assert rest == ["*", "*", "*"]
    hours = 24 if hour == "*" else 1 if hour == "0" else 24 // int(hour.removeprefix("*/"))
    assert len(minute.split(",")) * hours == 24 * 60 // minutes
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        done = subprocess.run([analyze, "calendar", on_calendar(minutes)], capture_output=True, check=False)  # noqa: S603 (our own words)
        assert done.returncode == 0, done.stderr


def test_the_report_is_announced_in_the_zone_of_reports(tmp_path: Path) -> None:
    assert "Monday 00:00 Asia/Kolkata" in crontab(job(tmp_path), NOW)


def test_the_printed_line_does_its_run_in_the_environment_of_cron(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "100% of it" / "itsm-bridge"  # as installed, but always that of this tree
    script.parent.mkdir()
    path = shlex.quote(BARE["PYTHONPATH"])
    script.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {shlex.quote(sys.executable)} -m itsm_bridge "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(script)])
    folder = tmp_path / "it's 100% ours"
    folder.mkdir()
    with recent_sandbox() as sandbox:
        made_project(folder, sandbox)
        printed = CliRunner().invoke(cli, ["-C", str(folder / "config"), "schedule", "cron"])
        assert printed.exit_code == 0
        command = as_cron_hands_over(job_line(printed.output).split(maxsplit=5)[5])
        done = subprocess.run(  # noqa: S603 (the line that we printed)
            [
                "/usr/bin/env",
                "-i",
                "HOME=/nonexistent",
                "SHELL=/bin/sh",
                "PATH=/usr/bin:/bin",
                "/bin/sh",
                "-c",
                command,
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with Store.open(load(folder / "config").store, folder) as store:
        (run,) = store.runs()
        assert (run.command, run.outcome) == ("run", "0")


@pytest.mark.parametrize("name", AWKWARD)
def test_systemd_reads_the_words_that_were_meant(name: str) -> None:
    quoted = word(name, is_argument=True)
    if quoted.startswith('"'):
        inner = quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    else:
        inner = quoted
        assert not set(quoted) & set(" \t\"'\\;")
    assert inner.replace("%%", "%").replace("$$", "$") == name


def test_the_service_has_each_secret_as_a_credential_and_writes_to_two_folders_only(tmp_path: Path) -> None:
    text = units(job(tmp_path))["itsm-bridge.service"]
    for name in ("SNOW__USERNAME", "SNOW__PASSWORD", "OPS__EMAIL", "OPS__TOKEN"):
        assert f"LoadCredential=ITSM_BRIDGE_{name}:/etc/itsm-bridge/credentials/ITSM_BRIDGE_{name}\n" in text
        assert f"Environment=ITSM_BRIDGE_{name}_FILE=%d/ITSM_BRIDGE_{name}\n" in text
    assert f"ReadWritePaths={tmp_path}/var {tmp_path}/reports\n" in text
    assert "TimeoutStartSec=2400\n" in text  # max_runtime of 30 minutes, and ten for reports


def test_a_client_of_oauth_has_its_own_credentials(tmp_path: Path) -> None:
    given = job(tmp_path)
    (tmp_path / ".env").write_text("ITSM_BRIDGE_SNOW__CLIENT_ID=x\nITSM_BRIDGE_SNOW__REFRESH_TOKEN_FILE=y\n")
    text = units(given)["itsm-bridge.service"]
    assert "SNOW__PASSWORD" not in text
    assert "LoadCredential=ITSM_BRIDGE_SNOW__REFRESH_TOKEN:" in text
    assert "a credential cannot be written" in " ".join(text.replace("\n#", "").split())


def test_units_are_written_once_and_never_over_what_is_there(tmp_path: Path) -> None:
    write_starter(tmp_path / "config", {})
    words = ["-C", str(tmp_path / "config"), "schedule", "systemd", "--user", "root", "--out", str(tmp_path / "units")]
    assert CliRunner().invoke(cli, words).exit_code == 0
    assert {one.name for one in (tmp_path / "units").iterdir()} == {"itsm-bridge.service", "itsm-bridge.timer"}
    assert "is there already" in str(CliRunner().invoke(cli, words).exception)
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        files = [str(one) for one in (tmp_path / "units").iterdir()]
        done = subprocess.run([analyze, "verify", "--man=no", *files], capture_output=True, text=True, check=False)  # noqa: S603 (our own files)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_program_is_named_by_a_path_that_is_whole() -> None:
    assert Path(program()[0]).is_absolute()
