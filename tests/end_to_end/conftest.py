"""The installed program against the sandbox, as an operator would run it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.programs import Done, run, run_afresh

from itsm_bridge.analysis.period import Period
from itsm_bridge.cli.starter import write_secrets, write_starter
from itsm_bridge.config import load
from itsm_bridge.operations.due import KINDS
from itsm_bridge.sandbox import Sandbox, start


@dataclass(frozen=True)
class Project:
    """A folder with a configuration, and the sandbox that it points at."""

    folder: Path
    sandbox: Sandbox

    def run(self, *words: str, **environment: str) -> Done:
        """One command without a terminal and with hardly any environment, as cron does it."""
        return run(*words, cwd=self.folder, **environment)

    def run_afresh(self, *words: str) -> Done:
        """The same in a new interpreter, in which sets are walked in another order."""
        return run_afresh(*words, cwd=self.folder)

    def edit(self, file: str, old: str, new: str) -> None:
        """Change one place of one configuration file."""
        path = self.folder / "config" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def made_project(folder: Path, sandbox: Sandbox, *, reports_are_due: bool = False) -> Project:
    """A project on a sandbox; its reports count as published, since few tests are about them and they take seconds."""
    account = sandbox.account
    write_starter(folder / "config", {"snow": sandbox.servicenow_url, "ops": sandbox.jira_url})
    secrets = {
        "ITSM_BRIDGE_SNOW__USERNAME": account.user,
        "ITSM_BRIDGE_SNOW__PASSWORD": account.password,
        "ITSM_BRIDGE_OPS__EMAIL": account.email,
        "ITSM_BRIDGE_OPS__TOKEN": account.token,
    }
    write_secrets(folder / ".env", secrets)
    if not reports_are_due:
        publish_nothing(folder)
    return Project(folder, sandbox)


def publish_nothing(folder: Path) -> None:
    """Let the reports of the last whole week, month and quarter count as published, with all vendors' copies."""
    configuration = load(folder / "config")
    for unit in KINDS:
        last = Period.holding(datetime.now(UTC), unit, configuration.zone).previous()
        listing = {"as_of": last.end.isoformat(), "files": [{"path": "none.xlsx"}]}
        for copy in ("", *(f"vendors/{name}" for name in configuration.vendors)):
            place = folder / "reports" / last.name / copy
            place.mkdir(parents=True)
            (place / "manifest.json").write_text(
                json.dumps(listing | {"vendor": copy.removeprefix("vendors/")}), encoding="utf-8"
            )


MONTHS = timedelta(days=60)
"""How far back the tickets of a sandbox go that are done: few tests need the year, and reading it takes seconds."""


def recent_sandbox() -> Sandbox:
    """A sandbox with the tickets of some weeks, and all open ones."""
    now = datetime.now(UTC)
    return start(now=now, since=now - MONTHS)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project of its own, with a sandbox of its own."""
    with recent_sandbox() as sandbox:
        yield made_project(tmp_path, sandbox)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project after its first run; shared, so only for tests that change nothing."""
    with recent_sandbox() as sandbox:
        made = made_project(tmp_path_factory.mktemp("settled"), sandbox)
        assert made.run("run").returncode == 0
        yield made
