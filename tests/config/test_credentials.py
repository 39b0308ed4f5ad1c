from __future__ import annotations

import os
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from tests.config.editing import EXAMPLE

from itsm_bridge.config import Credentials, audit_key, credentials, load
from itsm_bridge.config.model import Jira, Source
from itsm_bridge.errors import ConfigurationInvalid

CANARY = "canary-5f2e"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ITSM_BRIDGE_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def snow() -> Source:
    return load(EXAMPLE).sources["snow"]


@pytest.fixture(scope="module")
def ops() -> Source:
    return load(EXAMPLE).sources["ops"]


def private(path: Path, content: bytes | str, mode: int = 0o600) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def opened(found: Credentials) -> tuple[str, str, str]:
    return found.kind, found.account, found.secret.get_secret_value()


def refusal(source: Source, project: Path) -> str:
    with pytest.raises(ConfigurationInvalid) as raised:
        credentials(source, project)
    everything = "".join(traceback.format_exception(raised.value)) + repr(raised.value.findings)
    assert CANARY not in everything
    assert {one.code for one in raised.value.findings} == {"C280"}
    return raised.value.message


def test_servicenow_has_a_user_and_a_password(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD", " p\u00e4ss word$ ")

    assert opened(credentials(snow, tmp_path)) == ("password", "bridge", " p\u00e4ss word$ ")


def test_jira_has_an_address_and_a_token(ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__EMAIL", "bridge@egov.example")
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", CANARY)

    assert opened(credentials(ops, tmp_path)) == ("token", "bridge@egov.example", CANARY)


def data_center(ops: Source) -> Source:
    assert isinstance(ops, Jira)
    return replace(ops, deployment="data_center")


def test_data_center_has_a_personal_access_token(ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", CANARY)

    found = credentials(data_center(ops), tmp_path)

    assert opened(found) == ("bearer", "", CANARY)
    assert CANARY not in repr(found)


def test_data_center_has_a_user_and_a_password_else(
    ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__USERNAME", "bridge")
    assert "set ITSM_BRIDGE_OPS__PASSWORD (or" in refusal(data_center(ops), tmp_path)
    private(tmp_path / "secret", "s3cret")
    monkeypatch.setenv("ITSM_BRIDGE_OPS__PASSWORD_FILE", "secret")

    assert opened(credentials(data_center(ops), tmp_path)) == ("password", "bridge", "s3cret")


def test_data_center_wants_one_way_to_sign_in(ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = "set ITSM_BRIDGE_OPS__TOKEN, or ITSM_BRIDGE_OPS__USERNAME and ITSM_BRIDGE_OPS__PASSWORD (or"
    assert wanted in refusal(data_center(ops), tmp_path)
    monkeypatch.setenv("ITSM_BRIDGE_OPS__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_OPS__PASSWORD", CANARY)
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", CANARY)
    assert "keep one of the two ways to sign in" in refusal(data_center(ops), tmp_path)


def test_nothing_of_it_is_ever_shown(ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__EMAIL", f"{CANARY}@egov.example")
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", CANARY)

    found = credentials(ops, tmp_path)

    assert CANARY not in f"{found!r} {found} {found.secret!r} {found.secret}"


def test_what_is_missing_is_named_exactly(snow: Source, ops: Source, tmp_path: Path) -> None:
    assert "set ITSM_BRIDGE_SNOW__USERNAME and ITSM_BRIDGE_SNOW__PASSWORD (or" in refusal(snow, tmp_path)
    assert "set ITSM_BRIDGE_OPS__EMAIL and ITSM_BRIDGE_OPS__TOKEN (or" in refusal(ops, tmp_path)


def test_the_one_that_is_missing_is_named_alone(ops: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN", CANARY)
    monkeypatch.setenv("ITSM_BRIDGE_OPS__EMAIL", "")

    assert "set ITSM_BRIDGE_OPS__EMAIL (or" in refusal(ops, tmp_path)


def test_the_variables_of_another_source_do_not_count(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW2__USERNAME", CANARY)
    monkeypatch.setenv("ITSM_BRIDGE_SNOW2__PASSWORD", CANARY)
    monkeypatch.setenv("USERNAME", CANARY)
    monkeypatch.setenv("PASSWORD", CANARY)

    assert "ITSM_BRIDGE_SNOW__USERNAME and ITSM_BRIDGE_SNOW__PASSWORD" in refusal(snow, tmp_path)


@pytest.mark.parametrize("content", ["s3cret", "s3cret\n", "s3cret\r\n", "\ufeffs3cret\n", "\ufeffs3cret\r\n\r\n"])
def test_a_secret_may_lie_in_a_file(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", str(private(tmp_path / "secret", content)))

    assert opened(credentials(snow, tmp_path))[2] == "s3cret"


def test_a_relative_path_starts_in_the_project(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private(tmp_path / "secret", "s3cret")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", "secret")

    assert opened(credentials(snow, tmp_path))[2] == "s3cret"


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"", 0o600, "is empty"),
        (b"\r\n", 0o600, "is empty"),
        (b"\xef\xbb\xbf", 0o600, "is empty"),
        (f"{CANARY}\n{CANARY}\n".encode(), 0o600, "holds a line break"),
        (CANARY.encode() + b"\x00", 0o600, "holds a line break or another control character"),
        (CANARY.encode() + b"\xff", 0o600, "is not UTF-8"),
        (CANARY.encode() * 7_000, 0o600, "is larger than 64 kB"),
        (CANARY.encode(), 0o602, "can be changed by others"),
        (CANARY.encode(), 0o620, "can be changed by others"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named_by_its_variable(
    snow: Source, tmp_path: Path, content: bytes, mode: int, reason: str
) -> None:
    private(tmp_path / "secret", content, mode)
    private(tmp_path / ".env", "ITSM_BRIDGE_SNOW__USERNAME=bridge\nITSM_BRIDGE_SNOW__PASSWORD_FILE=secret\n")

    assert f"the file that ITSM_BRIDGE_SNOW__PASSWORD_FILE names {reason}" in refusal(snow, tmp_path)


def test_a_readable_secret_file_is_accepted(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", str(private(tmp_path / "secret", "s3cret", 0o644)))

    assert opened(credentials(snow, tmp_path))[2] == "s3cret"


def test_a_secret_pasted_into_the_variable_of_its_file_is_not_repeated(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", CANARY)

    message = refusal(snow, tmp_path)

    assert "the file that ITSM_BRIDGE_SNOW__PASSWORD_FILE names cannot be read: No such file" in message


def test_a_fifo_or_a_folder_for_a_secret_is_refused_without_waiting(
    snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "fifo", 0o600)
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME_FILE", "fifo")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", str(tmp_path))

    message = refusal(snow, tmp_path)

    assert "ITSM_BRIDGE_SNOW__USERNAME_FILE names is not a regular file" in message
    assert "ITSM_BRIDGE_SNOW__PASSWORD_FILE names is not a regular file" in message


def test_a_value_and_a_file_for_it_contradict(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD", CANARY)
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", CANARY)

    message = refusal(snow, tmp_path)

    assert "both ITSM_BRIDGE_SNOW__PASSWORD and ITSM_BRIDGE_SNOW__PASSWORD_FILE are set" in message


# --- .env --------------------------------------------------------------------------------------------------------


def test_a_dotenv_beside_the_configuration_is_read(snow: Source, tmp_path: Path) -> None:
    lines = "\ufeff# ours\nITSM_BRIDGE_SNOW__USERNAME=bridge\nexport ITSM_BRIDGE_SNOW__PASSWORD='pa$$ #1'\nOTHER=1\n"
    private(tmp_path / ".env", lines)

    assert opened(credentials(snow, tmp_path)) == ("password", "bridge", "pa$$ #1")


def test_the_real_environment_wins_over_dotenv(snow: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private(tmp_path / ".env", f"ITSM_BRIDGE_SNOW__USERNAME=bridge\nITSM_BRIDGE_SNOW__PASSWORD={CANARY}\n")
    private(tmp_path / "secret", "s3cret")
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD_FILE", "secret")

    assert opened(credentials(snow, tmp_path)) == ("password", "bridge", "s3cret")


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"ITSM_BRIDGE_SNOW__PASSWORD=canary-5f2e", 0o666, ".env can be changed by others"),
        (b"ITSM_BRIDGE_SNOW__PASSWORD=canary-5f2e\xff", 0o600, ".env is not UTF-8"),
        (b"ITSM_BRIDGE_SNOW__PASSWORD='canary-5f2e${HOME}'", 0o600, "use ITSM_BRIDGE_SNOW__PASSWORD_FILE instead"),
    ],
)
def test_a_dotenv_that_cannot_be_trusted_is_refused(
    snow: Source, tmp_path: Path, content: bytes, mode: int, reason: str
) -> None:
    private(tmp_path / ".env", content, mode)

    assert reason in refusal(snow, tmp_path)


def test_a_dotenv_that_is_no_file_is_refused_without_waiting(snow: Source, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env", 0o600)

    assert ".env is not a regular file" in refusal(snow, tmp_path)


def test_the_key_of_the_audit_log_is_none_unless_a_variable_or_the_dotenv_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audit_key(tmp_path) is None
    private(tmp_path / ".env", f"ITSM_BRIDGE_AUDIT_KEY={'ab' * 32}\n")
    assert audit_key(tmp_path) == "ab" * 32
    monkeypatch.setenv("ITSM_BRIDGE_AUDIT_KEY_FILE", str(private(tmp_path / "key", "cd" * 32 + "\n")))
    assert audit_key(tmp_path) == "cd" * 32


@pytest.mark.parametrize("key", [CANARY, "ab" * 31, "xy" * 32])
def test_what_is_no_key_of_the_audit_log_is_refused_and_not_shown(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_AUDIT_KEY", key)
    with pytest.raises(ConfigurationInvalid, match="64 hexadecimal digits") as raised:
        audit_key(tmp_path)
    assert key not in "".join(traceback.format_exception(raised.value))
