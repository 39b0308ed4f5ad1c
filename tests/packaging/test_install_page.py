"""The page about installing: the way back works as printed, and what it names is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.packaging.files import LOCKS, ROOT
from tests.store.audited import a_run
from tests.store.samples import NOW, record
from tests.store.upgrader import OLD, as_release

from itsm_bridge.cli import cli
from itsm_bridge.store import Store, copies, schema

PAGE = (ROOT / "docs/install.md").read_text(encoding="utf-8")
URL = "sqlite:///var/itsm-bridge.db"


def section(title: str) -> str:
    (found,) = [part for part in PAGE.split("\n## ") if part.startswith(f"{title}\n")]
    return found


def block(title: str) -> str:
    """The only block of commands of a section."""
    (found,) = re.findall(r"```sh\n(.*?)```", section(title), re.DOTALL)
    return str(found)


def test_the_way_back_works_as_printed(tmp_path: Path) -> None:
    with as_release(OLD, tmp_path / "old"), Store.open(URL, tmp_path, create=True) as store:
        store.save_record(record(summary="of before"), NOW)
        a_run(store, "of before")
    with Store.open(URL, tmp_path) as store:
        a_run(store, "of after")
        (copy,) = store.copies()
    assert copies.revision_in(copy) == OLD != schema.REVISION
    shutil.copy(copy, tmp_path / "whole")
    printed, shown = block("Downgrade"), "itsm-bridge.db.r0009.20261126T120000Z.backup"
    assert shown in printed
    script = printed.replace("/srv/itsm-bridge", str(tmp_path)).replace(shown, copy.name)
    subprocess.run(["/bin/sh", "-euc", script], check=True)  # noqa: S603 (the page's own lines)
    with as_release(OLD, tmp_path / "again"), Store.open(URL, tmp_path) as store:
        assert next(store.records()).ticket.summary == "of before"
        assert store.verify_audit().faults == ()


def test_every_file_and_target_that_the_page_names_is_there() -> None:
    for lock in re.findall(r"requirements/(\w+)\.lock", PAGE):
        assert (LOCKS / f"{lock}.lock").is_file(), lock
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
    for anchor in re.findall(r"\]\(#([^)]+)\)", PAGE):
        titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
        assert anchor in {title.lower().replace(" ", "-") for title in titles}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= targets


@pytest.mark.parametrize("command", sorted(set(re.findall(r"[` ]itsm-bridge ([a-z]+(?: (?:cron|systemd))?)\b", PAGE))))
def test_every_command_that_the_page_names_is_one(command: str) -> None:
    assert CliRunner().invoke(cli, [*command.split(), "--help"]).exit_code == 0


def test_the_container_is_run_with_few_rights_and_as_the_file_says() -> None:
    printed, containerfile = block("In a container"), (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert all(word in printed for word in ("--read-only", "--tmpfs /tmp", "--cap-drop ALL", "no-new-privileges"))
    (folder,) = re.findall(r"^WORKDIR (/srv.*)$", containerfile, re.MULTILINE)
    assert {f":{folder}/config:ro", f":{folder}/var", f":{folder}/reports"} <= set(re.findall(r':[^" ]*', printed))
    (user,) = re.findall(r"^USER (\d+):", containerfile, re.MULTILINE)
    assert f"-o {user} " in printed
    assert not re.findall(r"ITSM_BRIDGE_\w+(?<!_FILE)=", printed)
