"""The keys ``metrics`` and ``notify`` of ``bridge.yaml``, and the address to ping."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.editing import errors_of

from itsm_bridge.config import load, ping_url
from itsm_bridge.config.model import Metrics, Notify
from itsm_bridge.errors import ConfigurationInvalid

SECRET = "https://hc.example/a-secret-check"


def saying(config: Path, text: str) -> Path:
    with (config / "bridge.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")
    return config


def test_without_the_keys_nothing_is_told(config: Path) -> None:
    loaded = load(config)
    assert (loaded.metrics, loaded.notify) == (None, Notify())


def test_both_can_be_said(config: Path) -> None:
    loaded = load(saying(config, "metrics: {file: var/x.prom}\nnotify: {ping: [run, sync]}"))
    assert (loaded.metrics, loaded.notify) == (Metrics(Path("var/x.prom")), Notify(("run", "sync")))


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("metrics: {}", "C105", "file"),
        ("metrics: {fil: x.prom}", "", "file"),
        ("metrics: {file: x.txt}", "", ".prom"),
        ("metrics: [x.prom]", "", "mapping"),
        ("notify: {ping: [rum]}", "", "run"),
        ("notify: {ping: []}", "", ""),
        ("notify: {ping: [run, run]}", "", "run"),
        ("notify: {url: https://hc.example/x}", "", "ITSM_BRIDGE_PING_URL"),
    ],
)
def test_a_mistake_is_found(config: Path, text: str, code: str, said: str) -> None:
    errors = errors_of(saying(config, text))
    assert len(errors) == 1
    assert said in str(errors[0])
    assert code[:1] in str(errors[0])


def test_the_address_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ping_url(tmp_path) is None
    (tmp_path / ".env").write_text(f"ITSM_BRIDGE_PING_URL={SECRET}\n")
    found = ping_url(tmp_path)
    assert found is not None
    assert found.get_secret_value() == SECRET
    assert SECRET not in repr(found)
    monkeypatch.setenv("ITSM_BRIDGE_PING_URL", SECRET)
    monkeypatch.setenv("ITSM_BRIDGE_PING_URL_FILE", "ping")
    with pytest.raises(ConfigurationInvalid) as refused:
        ping_url(tmp_path)
    assert "ITSM_BRIDGE_PING_URL_FILE" in refused.value.message
    assert SECRET not in refused.value.message
