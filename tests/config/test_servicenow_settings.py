from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from tests.config.editing import EXAMPLE, copy_example, edit, errors_of

from itsm_bridge.config import Credentials, credentials, load
from itsm_bridge.config.model import ServiceNow, Source
from itsm_bridge.errors import ConfigurationInvalid

PREFIX = "ITSM_BRIDGE_SNOW__"
CLIENT = {"USERNAME": "bridge", "CLIENT_ID": "id-7", "CLIENT_SECRET": "canary-client"}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ITSM_BRIDGE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def snow() -> Source:
    return load(EXAMPLE).sources["snow"]


def read(snow: Source, project: Path, monkeypatch: pytest.MonkeyPatch, **values: str) -> Credentials:
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name, value)
    return credentials(snow, project)


def refusal(snow: Source, project: Path, monkeypatch: pytest.MonkeyPatch, **values: str) -> str:
    with pytest.raises(ConfigurationInvalid) as raised:
        read(snow, project, monkeypatch, **values)
    assert "canary" not in "".join(traceback.format_exception(raised.value)) + repr(raised.value.findings)
    return raised.value.message


def test_a_client_signs_in_by_its_own_credentials(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(snow, tmp_path, monkeypatch, **CLIENT)
    assert (found.kind, found.account, found.secret.get_secret_value()) == ("oauth", "bridge", "canary-client")
    assert found.oauth is not None
    assert (found.oauth.client_id, found.oauth.refresh) == ("id-7", None)
    assert "canary" not in repr(found)


def test_a_refresh_token_in_a_variable_has_no_file(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(snow, tmp_path, monkeypatch, **CLIENT, REFRESH_TOKEN="canary-refresh")
    assert found.oauth is not None
    assert found.oauth.refresh is not None
    assert found.oauth.refresh.value.get_secret_value() == "canary-refresh"
    assert (found.oauth.refresh.file, found.oauth.refresh.variable) == (None, f"{PREFIX}REFRESH_TOKEN")
    assert "canary" not in repr(found)


def test_a_refresh_token_in_a_file_keeps_the_way_to_it(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "refresh"
    file.write_text("canary-refresh\n")
    file.chmod(0o600)
    found = read(snow, tmp_path, monkeypatch, **CLIENT, REFRESH_TOKEN_FILE="refresh")
    assert found.oauth is not None
    assert found.oauth.refresh is not None
    assert found.oauth.refresh.value.get_secret_value() == "canary-refresh"
    assert found.oauth.refresh.file == file


def test_what_a_client_lacks_is_named(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(snow, tmp_path, monkeypatch, CLIENT_ID="id-7")
    assert f"{PREFIX}USERNAME and {PREFIX}CLIENT_SECRET" in message
    assert "PASSWORD" not in message


def test_a_password_beside_a_client_is_refused(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = refusal(snow, tmp_path, monkeypatch, **CLIENT, PASSWORD="canary-password")
    assert f"{PREFIX}PASSWORD and those of a client" in message


def test_a_refresh_token_set_twice_or_unreadable_is_refused(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = refusal(snow, tmp_path, monkeypatch, **CLIENT, REFRESH_TOKEN="canary", REFRESH_TOKEN_FILE="canary")
    assert "both" in message
    monkeypatch.delenv(f"{PREFIX}REFRESH_TOKEN")
    assert "REFRESH_TOKEN_FILE names cannot be read" in refusal(snow, tmp_path, monkeypatch)


# --- bridge.yaml ---


def without_clocks(folder: Path) -> Path:
    """The shipped configuration, which asks for the sources' own clocks, without that."""
    config = copy_example(folder)
    bridge = config / "bridge.yaml"
    written = bridge.read_text(encoding="utf-8").splitlines(keepends=True)
    bridge.write_text("".join(line for line in written if "native_slas:" not in line), encoding="utf-8")
    return config


def with_lines(folder: Path, lines: str) -> Path:
    config = without_clocks(folder)
    edit(config, "bridge.yaml", "    kind: servicenow\n", f"    kind: servicenow\n    {lines}\n")
    return config


def test_pysnow_is_the_transport_and_clocks_and_notes_are_not_read_unless_asked_for(tmp_path: Path) -> None:
    (tmp_path / "asked").mkdir()
    plain = load(without_clocks(tmp_path)).sources["snow"]
    lines = "transport: requests\n    native_slas: true\n    journals: true\n    choice_labels: true"
    asked = load(with_lines(tmp_path / "asked", lines)).sources["snow"]
    assert isinstance(plain, ServiceNow)
    assert isinstance(asked, ServiceNow)
    assert (plain.transport, plain.native_slas, plain.journals, plain.choice_labels) == ("pysnow", False, False, False)
    assert (asked.transport, asked.native_slas, asked.journals, asked.choice_labels) == ("requests", True, True, True)


@pytest.mark.parametrize(
    ("line", "code", "suggestion"),
    [
        ("transport: request", "C202", "requests"),
        ("transport: pysno", "C202", "pysnow"),
        ("transport: aiosnow", "C202", "pysnow"),
        ("transprt: pysnow", "C111", "transport"),
        ("native_slas: yes", "C201", "true"),
        ("native_sla: true", "C111", "native_slas"),
        ("journals: on", "C201", "true"),
        ("journal: true", "C111", "journals"),
    ],
)
def test_a_mistake_is_named_with_what_was_probably_meant(
    tmp_path: Path, line: str, code: str, suggestion: str | None
) -> None:
    (finding,) = errors_of(with_lines(tmp_path, line))
    assert (finding.code, finding.suggestion) == (code, suggestion)


@pytest.mark.parametrize("key", ["client_id", "client_secret", "refresh_token", "auth"])
def test_a_client_in_the_file_is_sent_to_the_environment(tmp_path: Path, key: str) -> None:
    (finding,) = errors_of(with_lines(tmp_path, f"{key}: canary"))
    assert "comes from the environment" in finding.message
    assert "canary" not in finding.message


def test_where_nothing_is_set_both_ways_to_sign_in_are_named(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = refusal(snow, tmp_path, monkeypatch)
    for name in ("USERNAME", "PASSWORD", "CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN_FILE"):
        assert PREFIX + name in message
