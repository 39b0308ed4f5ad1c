"""What can be said of the container file without building it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from packaging.specifiers import SpecifierSet
from tests.packaging.files import ROOT, pyproject

Line = tuple[str, str]


def lines() -> list[Line]:
    """Each instruction with what follows it, continued lines joined."""
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    joined = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE))
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line)]


def stages() -> list[list[Line]]:
    """The instructions of each stage."""
    found: list[list[Line]] = []
    for line in lines():
        if line[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(line)
    return found


def said(stage: list[Line], word: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == word]


def test_it_runs_as_a_user_without_rights_given_by_number() -> None:
    run = stages()[-1]
    assert all(int(number) >= 1000 for number in said(run, "USER")[-1].split(":"))
    assert [word for word, _ in run].index("USER") > max(
        n for n, (word, _) in enumerate(run) if word in {"RUN", "COPY"}
    )


def test_it_starts_the_program_itself_and_no_shell() -> None:
    run = stages()[-1]
    assert said(run, "ENTRYPOINT") == ['["itsm-bridge"]']
    assert said(run, "CMD") == ['["--help"]']


def test_its_python_is_one_that_the_project_is_made_for_and_tested_with() -> None:
    (version,) = re.findall(r"^ARG PYTHON=(\d+\.\d+)-slim", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    project = pyproject()["project"]
    assert SpecifierSet(project["requires-python"]).contains(version)
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    assert [rest.split()[0] for stage in stages() for rest in said(stage, "FROM")] == [
        "docker.io/library/python:${PYTHON}"
    ] * 2


def test_all_that_it_installs_is_locked_with_hashes() -> None:
    commands = [shlex.split(one) for rest in said(stages()[0], "RUN") for one in rest.split("&&")]
    pip = [command for command in commands if command[0].endswith("pip")]
    named = [word for command in pip for word in command if word.endswith(".lock")]
    assert named == [f"requirements/{lock}.lock" for lock in ("build", "run", "postgres")]
    for command in pip:
        assert "--require-hashes" in command or {"--no-deps", "--no-index"} <= set(command), command
    assert not any("pip" in rest for rest in said(stages()[1], "RUN"))


def test_nothing_is_fetched_from_the_network_beside_packages_and_no_secret_is_in_it() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    assert not re.search(r"^ADD|curl|wget|https?://|--mount|apt", text, re.MULTILINE)
    assert not re.search(r"ITSM_BRIDGE_|PASSWORD|TOKEN|SECRET", text, re.IGNORECASE)


def test_the_builder_is_given_only_what_the_file_copies() -> None:
    ignore = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert ignore[0] == "*"
    given = {line.removeprefix("!").partition("/")[0] for line in ignore if line.startswith("!")}
    sources = [one for rest in said(stages()[0], "COPY") for one in rest.split()[:-1]]
    assert given == {one.partition("/")[0] for one in sources}
    assert all((ROOT / one).exists() for one in sources)
    assert Path(".env") not in {Path(one) for one in given}
    assert [rest.split()[0] for rest in said(stages()[-1], "COPY")] == ["--from=build"]
