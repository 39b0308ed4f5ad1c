"""``init --from``: a configuration with the names of a live source, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.test_setting_up import run

from itsm_bridge.config import load
from itsm_bridge.config.model import Jira, ServiceNow
from itsm_bridge.connectors.jira.site import CloudSite
from itsm_bridge.errors import CredentialsRefused, UsageError
from itsm_bridge.sandbox import Sandbox, start


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with start(now=datetime(2026, 11, 2, 6, tzinfo=UTC), seed=1) as sandbox:
        yield sandbox


@pytest.fixture
def signed_in(served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", served.account.user)
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD", served.account.password)
    monkeypatch.setenv("ITSM_BRIDGE_OPS__EMAIL", served.account.email)
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", served.account.token)
    return served


def test_live_names_make_a_configuration_that_passes_check(signed_in: Sandbox, tmp_path: Path) -> None:
    config = tmp_path / "config"
    origins = ("--from", f"jira={signed_in.jira_url}", "--from", f"servicenow={signed_in.servicenow_url}")
    done = run("init", config, *origins)
    assert done.exit_code == 0, done.exception
    assert run("-C", config, "check").exit_code == 0
    snow, ops = load(config).sources["snow"], load(config).sources["ops"]
    assert isinstance(snow, ServiceNow)
    assert isinstance(ops, Jira)
    assert (snow.url, ops.url) == (signed_in.servicenow_url, signed_in.jira_url)
    assert set(ops.projects) == {"OPS", "ENV"}
    assert ops.states["waiting for customer"] == "on_hold"
    assert ops.priorities["highest"] == 1
    assert snow.states["incident"]["3"] == "on_hold"
    assert snow.states["incident"]["6"] == "resolved"
    text = (config / "bridge.yaml").read_text(encoding="utf-8")
    assert "eGov OptIT" in text
    assert signed_in.account.token not in text


def test_a_source_that_is_configured_is_asked_by_its_name(signed_in: Sandbox, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("init", first, "--from", f"jira={signed_in.jira_url}").exit_code == 0
    assert run("-C", first, "init", second, "--from", "ops").exit_code == 0
    assert load(second).sources["ops"].url == signed_in.jira_url
    assert isinstance(run("-C", first, "init", tmp_path / "third", "--from", "nobody").exception, UsageError)
    assert not (tmp_path / "third").exists()


def test_an_address_that_is_none_writes_nothing(tmp_path: Path) -> None:
    assert isinstance(run("init", tmp_path / "config", "--from", "jira=nowhere").exception, UsageError)
    assert list(tmp_path.iterdir()) == []


def test_names_that_differ_in_capitals_alone_come_once_as_the_loader_wants_them(
    signed_in: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = CloudSite.statuses

    def doubled(site: CloudSite) -> list[dict[str, object]]:
        found = asked(site)
        return [*found, found[0] | {"name": str(found[0]["name"]).upper()}]

    monkeypatch.setattr(CloudSite, "statuses", doubled)
    config = tmp_path / "config"
    assert run("init", config, "--from", f"jira={signed_in.jira_url}").exit_code == 0
    assert run("-C", config, "check").exit_code == 0
    assert "to do" in load(config).sources["ops"].states


def test_refused_credentials_write_nothing(signed_in: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", "wrong")
    found = run("init", tmp_path / "config", "--from", f"jira={signed_in.jira_url}")
    assert isinstance(found.exception, CredentialsRefused)
    assert list(tmp_path.iterdir()) == []
