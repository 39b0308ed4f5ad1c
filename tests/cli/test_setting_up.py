"""``init``, ``schema`` and ``config show``: as somebody types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator
from tests.config.editing import copy_example, edit
from tests.config.test_schema import plain

from itsm_bridge.cli import cli, setting_up
from itsm_bridge.config import FILES, load
from itsm_bridge.config.schema import read_document
from itsm_bridge.errors import UsageError


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_init_writes_passes_check_and_its_schemas_accept_it(tmp_path: Path) -> None:
    config = tmp_path / "config"
    assert run("init", config).exit_code == 0
    assert run("-C", config, "check", "--strict").exit_code == 0
    for name in FILES:
        first, second = (config / name).read_text(encoding="utf-8").splitlines()[:2]
        path = first.removeprefix("# yaml-language-server: $schema=")
        assert second == f"# $schema: {path}"
        schema = json.loads((config / path).read_text(encoding="utf-8"))
        Draft202012Validator(schema).validate(plain(read_document(config, name)))
    assert {".env.example", ".gitignore"} <= contents(tmp_path).keys()


def test_init_says_what_to_do_next_in_three_lines(tmp_path: Path) -> None:
    lines = run("init", tmp_path / "config").output.splitlines()
    assert len(lines) == 4
    assert all(word in "\n".join(lines[1:]) for word in (".env", "check", "doctor", "sync", "plan"))


def test_init_overwrites_nothing_and_writes_nothing_beside_what_is_there(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "sla.yaml").write_text("mine\n", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("mine too\n", encoding="utf-8")
    before = contents(tmp_path)
    found = run("init", config)
    assert isinstance(found.exception, UsageError)
    assert contents(tmp_path) == before
    (config / "sla.yaml").unlink()
    assert run("init", config).exit_code == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "mine too\n"
    before = contents(tmp_path)
    assert isinstance(run("init", config).exception, UsageError)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("writes", range(9))
def test_a_set_up_that_was_killed_leaves_no_half_file_and_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    config, left = tmp_path / "config", [writes]
    linked = setting_up._linked

    def killed(part: Path, path: Path) -> bool:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return linked(part, path)

    with monkeypatch.context() as patched:
        patched.setattr(setting_up, "_linked", killed)
        run("init", config)
    assert left == [0]
    cut = contents(tmp_path)
    assert len(cut) == writes
    finished = run("init", config)
    assert finished.exit_code == 0
    whole = contents(tmp_path)
    assert len(whole) == 10
    assert all(whole[name] == content for name, content in cut.items())


def test_schemas_are_written_anew_and_the_loader_never_looks_there(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    before = load(config).digest
    assert run("-C", config, "schema", "--write").exit_code == 0
    assert load(config).digest == before
    edit(config, "vendors.yaml", "  GWL:\n", "  NewName:\n")
    assert run("-C", config, "schema", "--write").exit_code == 0
    assert "NewName" in (config / ".schemas" / "rules.json").read_text(encoding="utf-8")


def test_a_schema_is_printed_for_one_file_and_for_all(tmp_path: Path) -> None:
    assert json.loads(run("-C", tmp_path, "schema", "sla.yaml").stdout)["title"].startswith("sla.yaml")
    assert json.loads(run("-C", tmp_path, "schema").stdout)["$defs"].keys() == set(FILES)


def test_what_config_show_prints_loads_as_the_same_configuration(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    shown = run("-C", config, "config", "show").stdout
    parts: dict[str, list[str]] = {name: [] for name in FILES}
    owner = {
        key: name
        for name in FILES
        for key in plain(read_document(config, name)) | ({"holders": 0} if name == "sla.yaml" else {})
    }
    file = ""
    for line in shown.splitlines():
        if line and line[0] not in " #":
            file = owner[line.partition(":")[0]]
        if not line.startswith("#"):
            parts[file].append(line)
    (tmp_path / "again").mkdir()
    again = copy_example(tmp_path / "again")
    for name, lines in parts.items():
        (again / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    first, second = load(config), load(again)
    assert [one.name for one in second.slas] == [one.name for one in first.slas]
    assert (second.limits, second.zone, second.store, second.ownership) == (
        first.limits,
        first.zone,
        first.store,
        first.ownership,
    )
    assert second.sources["snow"].states == first.sources["snow"].states
    assert second.vendors.keys() == first.vendors.keys()
    assert second.rules.matrix == first.rules.matrix


def test_each_value_has_its_line_and_a_key_that_is_left_out_its_default(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    edit(config, "bridge.yaml", "  max_runtime: 30m\n", "")
    lines = (config / "bridge.yaml").read_text(encoding="utf-8").splitlines()
    shown = json.loads(run("-C", config, "--json", "config", "show", "--option", "limits").stdout)
    values = {one["key"]: one for one in shown["values"]}
    assert values["limits.max_runtime"] == {"key": "limits.max_runtime", "value": "30m", "origin": "default"}
    line = int(values["limits.max_wait"]["origin"].removeprefix("bridge.yaml:"))
    assert "max_wait: 2m" in lines[line - 1]
    assert isinstance(run("-C", config, "config", "show", "--option", "nothing").exception, UsageError)


def test_no_secret_is_shown_only_whether_and_where_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = copy_example(tmp_path)
    secret = tmp_path / "token"
    secret.write_text("hidden-in-a-file", encoding="utf-8")
    secret.chmod(0o600)
    dotenv = tmp_path / ".env"
    dotenv.write_text("ITSM_BRIDGE_OPS__EMAIL=hidden-in-dotenv\n", encoding="utf-8")
    dotenv.chmod(0o600)
    monkeypatch.setenv("ITSM_BRIDGE_SNOW__PASSWORD", "hidden-in-the-environment")
    monkeypatch.setenv("ITSM_BRIDGE_OPS__TOKEN_FILE", str(secret))
    for options in ((), ("--json",)):
        shown = run("-C", config, *options, "config", "show").output
        assert "ITSM_BRIDGE_SNOW__PASSWORD" in shown
        assert "hidden" not in shown
        assert str(secret) not in shown
    found = json.loads(run("-C", config, "--json", "config", "show").stdout)["secrets"]
    origins = {one["variable"]: one["origin"] for one in found}
    assert origins["ITSM_BRIDGE_SNOW__PASSWORD"] == "environment"
    assert origins["ITSM_BRIDGE_OPS__EMAIL"] == ".env"
    assert origins["ITSM_BRIDGE_OPS__TOKEN"] == "environment (ITSM_BRIDGE_OPS__TOKEN_FILE)"
    assert origins["ITSM_BRIDGE_SNOW__USERNAME"] is None
