"""Every command and every fragment of README.md and docs/ is run as it stands, or says why it is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.config.editing import copy_example
from tests.docs.blocks import GENERATED, ROOT, Block, blocks_of, mistake_in, pages, text_of
from tests.docs.fragments import MERGED, STEPWISE, file_of, findings_of, put_beside, write
from tests.docs.shell import PROGRAM, Shell, differs, misspelt, typed_in
from tests.end_to_end.conftest import made_project, recent_sandbox

from itsm_bridge.config import load
from itsm_bridge.rules import run_tests
from itsm_bridge.sandbox import Sandbox

PAGES = pages()
BLOCKS = [block for page in PAGES for block in blocks_of(page)]
FRAGMENTS = [block for block in BLOCKS if block.language == "yaml" and block.is_run]
COMMANDS = ("sh", "console")
RUN = [page for page in PAGES if any(one.language in COMMANDS and one.is_run for one in BLOCKS if one.page == page)]
GUIDES = "docs/guides/"

NO_COMMANDS = ("itsm-bridge note",)
"""What begins like a command and is none: the mark below a note."""

NEW = ("docs/tutorial.md",)
"""Pages that begin in an empty folder; all others are about a project that runs."""


def test_every_block_is_of_a_known_kind_and_is_run_or_says_why_not() -> None:
    assert [mistake for block in BLOCKS if (mistake := mistake_in(block))] == []


def test_no_block_is_overlooked() -> None:
    for page in PAGES:
        fences = re.findall(r"^\s*```", text_of(page), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), page
    run = [one for one in BLOCKS if one.is_run]
    tried = [one for one in run if one in FRAGMENTS or one.language in COMMANDS or one.language == "csv"]
    assert tried == run
    assert len(run) > 40


def test_every_mark_stands_above_a_block() -> None:
    for page in PAGES:
        marks = re.findall(r"^ *<!-- [a-z ]+: .+ -->$", text_of(page), re.MULTILINE)
        assert len(marks) == sum(len(block.marks) for block in blocks_of(page)), page


def test_what_is_made_of_the_code_is_held_by_another_test() -> None:
    for page, test in GENERATED.items():
        assert Path(page).name in (ROOT / test).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("```toml\na = 1\n```", "nothing runs"),
        ("```\nwords\n```", "has to say why"),
        ("<!-- not run: no time -->\n```sh\nls\n```", "is no reason"),
        ("<!-- run by: tests/docs/blocks.py -->\n```sh\nls\n```", "is no test that reads"),
        ("<!-- exti: 3 -->\n```sh\nls\n```", "is no mark"),
        ("```csv\na,b\n```", "which file"),
        ("```yaml\n```", "is empty"),
    ],
)
def test_a_block_that_nothing_can_run_is_named(text: str, what: str) -> None:
    (block,) = blocks_of("page.md", text)
    assert mistake_in(block).startswith("page.md:")
    assert what in mistake_in(block)


@pytest.mark.parametrize(
    "command",
    [
        "itsm-bridge run --max-runtim 5m",
        "itsm-bridge rnu",
        "itsm-bridge report --period year",
        "itsm-bridge audit check",
        "itsm-bridge status again",
    ],
)
def test_a_command_that_there_is_not_is_found_without_running_it(command: str) -> None:
    assert misspelt(command)


@pytest.mark.parametrize(("shown", "same"), [("a … c\n…\nd", True), ("a … c\nd", False), ("…", True), ("a … c", False)])
def test_what_is_shown_is_compared_but_for_what_is_left_out(shown: str, same: bool) -> None:
    assert (not differs(shown, "a b c\nx\ny\nd\n")) is same


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one_that_there_is(page: str) -> None:
    blocks = [one for one in blocks_of(page) if one.language in COMMANDS]
    commands = [typed.command for one in blocks for typed in typed_in(one.language, one.text)]
    prose = re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    commands += [one.replace(" … ", " ") for one in re.findall(r"`(itsm-bridge [^`]+)`", prose)]
    ours = [one for one in commands if one.startswith(PROGRAM) and one not in NO_COMMANDS]
    assert [(one, wrong) for one in ours if (wrong := misspelt(one))] == []


def test_every_target_of_make_that_a_page_names_is_one() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z-]+)", text_of(page), re.MULTILINE)}
    assert named - targets == set()
    assert {"demo", "test"} <= named


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_a_fragment_of_configuration_is_checked_as_it_stands(block: Block, tmp_path: Path) -> None:
    page = blocks_of(block.page)
    config = copy_example(tmp_path)
    steps = [one for one in page if one.line < block.line and one in FRAGMENTS and "check" not in one.marks]
    if block.page.startswith(GUIDES):  # a guide goes step by step
        for one in (*steps, block):
            write(config, one.text, STEPWISE)
    else:
        write(config, block.text, MERGED)
    put_beside(config, {one.marks["file"]: one.text for one in page if "file" in one.marks})
    found = findings_of(config)
    if "check" in block.marks:
        assert {one.code for one in found} == {block.marks["check"]}
        return
    assert [f"{one.code} {one.file}:{one.line} {one.message}" for one in found] == []
    if file_of(block.text) == "rules.yaml":
        assert all(result.passed for result in run_tests(load(config), datetime.now(UTC)))


@dataclass(frozen=True)
class Read:
    """A sandbox, and a project that has read it once."""

    sandbox: Sandbox
    folder: Path

    def shell(self, folder: Path, *, new: bool = False) -> Shell:
        """A shell that has the sandbox where a page has a source, and its secrets where a page says what they are."""
        jira, snow, account = self.sandbox.jira_url, self.sandbox.servicenow_url, self.sandbox.account
        addresses = {"http://127.0.0.1:8081": jira, "http://127.0.0.1:8082": snow}
        sources = {"https://egov.atlassian.net": jira, "https://egov.service-now.com": snow}
        secrets = {"the-api-token": account.token, "the-password": account.password}
        return Shell(folder, addresses if new else sources | secrets)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    with recent_sandbox() as sandbox:
        made = Read(sandbox, made_project(tmp_path_factory.mktemp("read"), sandbox).folder)
        done = made.shell(made.folder).run("itsm-bridge sync")
        assert done.code == 0, done.output
        yield made


@pytest.mark.parametrize("page", RUN)
def test_the_commands_of_a_page_do_what_it_says(page: str, read: Read, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    if page not in NEW:
        shutil.copytree(read.folder, folder, dirs_exist_ok=True)
    shell = read.shell(folder, new=page in NEW)
    for block in (one for one in blocks_of(page) if one.is_run and "check" not in one.marks):
        if block.language in COMMANDS:
            type_in(shell, block)
        elif page.startswith(GUIDES):  # a guide goes step by step, and what it has written counts in what follows
            write(folder / "config", shell.placed(block.text), STEPWISE)


def type_in(shell: Shell, block: Block) -> None:
    """All commands of a block, each with the exit code and the words that the page shows."""
    commands = typed_in(block.language, block.text)
    assert commands
    for place, one in enumerate(commands, 1):
        done = shell.run(one.command)
        expected = int(block.marks.get("exit", 0)) if place == len(commands) else 0
        assert done.code == expected, (str(block), one.command, done.output)
        assert one.shown is None or not (wrong := differs(one.shown, done.output)), (str(block), wrong)
