from __future__ import annotations

import re

import pytest
from packaging.utils import canonicalize_name
from tests.packaging.files import LOCKS, pins, text_of, wanted

NAMES = ("bench", "build", "dev", "postgres", "run", "tools")


def test_there_are_no_other_locks() -> None:
    assert sorted(path.stem for path in LOCKS.glob("*.lock")) == sorted(NAMES)


@pytest.mark.parametrize("lock", NAMES)
def test_a_lock_pins_every_package_with_hashes_and_names_no_address(lock: str) -> None:
    entries = re.split(r"\n(?=\S)", text_of(lock).strip())
    assert len(entries) == sum(len(versions) for versions in pins(lock).values()) > 0
    for entry in entries:
        assert "==" in entry.partition("\n")[0]
        assert "--hash=sha256:" in entry
    assert not re.search(r"://|--index|--extra-index|--find-links|@ ", text_of(lock))


@pytest.mark.parametrize(("extra", "lock"), [("", "run"), ("postgres", "postgres"), ("postgres", "dev"), ("", "dev")])
def test_what_is_locked_is_what_the_project_wants(extra: str, lock: str) -> None:
    for requirement in wanted(extra):
        versions = pins(lock)[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), requirement


def test_what_runs_is_what_was_tested() -> None:
    tested = pins("dev")
    for lock in ("run", "postgres"):
        for name, versions in pins(lock).items():
            assert versions <= tested[name], name


def test_tools_stay_out_of_what_runs() -> None:
    tools = {"cyclonedx-bom", "pip-audit"}
    assert tools <= pins("tools").keys()
    assert not tools & {*pins("run"), *pins("dev"), *pins("postgres"), *pins("bench")}
