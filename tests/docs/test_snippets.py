"""Every command and every fragment of README.md and docs/ is run as it stands, or says why it is not."""

from __future__ import annotations

import re
import shlex
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
from tests.end_to_end.conftest import Project, made_project, recent_sandbox
from tests.end_to_end.test_conflicts import Desk, given_away

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

SAID = {
    "itsm-bridge --json COMMAND": "itsm-bridge --json status",
    "itsm-bridge -C demo/config status": "itsm-bridge -C config status",
    "itsm-bridge COMMAND --help": "itsm-bridge status --help",
    "itsm-bridge apply --allow-changes N": "itsm-bridge apply --allow-changes 40",
    "itsm-bridge audit show [ID]": "itsm-bridge audit show ID",
    "itsm-bridge calendar show head-office 2026-12": "itsm-bridge calendar show punjab-office 2026-12",
    "itsm-bridge conflicts resolve ID [FIELD]": "itsm-bridge conflicts resolve ID vendor --hold",
    "itsm-bridge diff OLD NEW": "itsm-bridge diff config config",
    "itsm-bridge sync --full --source NAME": "itsm-bridge sync --full --source snow",
}
"""What sentences say for many things, with one of them; FILE and ID stand for one in all commands."""

LEFT_OUT = {
    "itsm-bridge sandbox": "serves until it is stopped",
    "itsm-bridge report --last --vendor GWL": "a guide has it, with the period that is the default",
}
ENDS = {
    "itsm-bridge audit verify --head 3f2a9c01d4e5": 15,  # of another log
    "itsm-bridge conflicts list": 3,
}
"""Which of them end with another code than 0 in the sandbox."""

NEW = "docs/tutorial.md"
"""The page that begins in an empty folder; all others are about a project that runs."""


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


def in_blocks(page: str) -> list[str]:
    """Our commands in the blocks of a page, without comments."""
    blocks = [one for one in blocks_of(page) if one.language in COMMANDS]
    typed = [one for block in blocks for one in typed_in(block.language, block.text)]
    return [" ".join(shlex.split(one.command, comments=True)) for one in typed if one.command.startswith(PROGRAM)]


def in_prose(page: str) -> list[str]:
    """Our commands in the sentences of a page, as they are written there but for a folder before the program."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return [one for one in re.findall(r"`(?:\S*/)?(itsm-bridge [^`]+)`", prose) if one not in NO_COMMANDS]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_is_one_that_there_is(page: str) -> None:
    commands = [*in_blocks(page), *in_prose(page)]
    assert [(one, wrong) for one in commands if (wrong := misspelt(one.replace(" … ", " ")))] == []


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


def shell_on(sandbox: Sandbox, folder: Path) -> Shell:
    """A shell that has the sandbox where a page has a source, and its secrets where a page says what they are."""
    jira, snow, account = sandbox.jira_url, sandbox.servicenow_url, sandbox.account
    addresses = {"http://127.0.0.1:8081": jira, "http://127.0.0.1:8082": snow}
    sources = {"https://egov.atlassian.net": jira, "https://egov.service-now.com": snow}
    secrets = {"the-api-token": account.token, "the-password": account.password}
    return Shell(folder, sources | secrets if (folder / "config").exists() else addresses)


@dataclass(frozen=True)
class Read:
    """A sandbox, and a project that has read it once."""

    sandbox: Sandbox
    folder: Path

    def copied(self, folder: Path) -> Shell:
        shutil.copytree(self.folder, folder)
        return shell_on(self.sandbox, folder)


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    with recent_sandbox() as sandbox:
        made = Read(sandbox, made_project(tmp_path_factory.mktemp("read"), sandbox).folder)
        done = shell_on(sandbox, made.folder).run("itsm-bridge sync")
        assert done.code == 0, done.output
        yield made


@pytest.mark.parametrize("page", sorted(set(RUN) - {NEW}))
def test_the_commands_of_a_page_do_what_it_says(page: str, read: Read, tmp_path: Path) -> None:
    shell = read.copied(tmp_path / "project")
    for block in (one for one in blocks_of(page) if one.is_run and "check" not in one.marks):
        if block.language in COMMANDS:
            type_in(shell, block)
        elif page.startswith(GUIDES):  # a guide goes step by step, and what it has written counts in what follows
            write(shell.folder / "config", shell.placed(block.text), STEPWISE)


def test_the_tutorial_goes_from_an_empty_folder_to_a_report(tmp_path: Path) -> None:
    with recent_sandbox() as sandbox:
        shell = shell_on(sandbox, tmp_path)
        for block in (one for one in blocks_of(NEW) if one.is_run):
            type_in(shell, block)
    assert len(list(tmp_path.glob("reports/*-W*/dashboard.html"))) == 1


def test_what_a_sentence_says_to_type_ends_well_or_with_what_it_found(read: Read, tmp_path: Path) -> None:
    shell = read.copied(tmp_path / "project")
    assert shell.run("itsm-bridge apply").code == 0
    ticket, _, _ = given_away(Desk(Project(shell.folder, read.sandbox)), "ops")  # so that there is a conflict
    said = {one for page in PAGES for one in in_prose(page)} - {one for page in PAGES for one in in_blocks(page)}
    assert said >= {*SAID, *LEFT_OUT}
    commands = [SAID.get(one, one).replace("FILE", "plan.json").replace("ID", ticket) for one in said - LEFT_OUT.keys()]
    codes = {one: shell.run(one).code for one in sorted(commands, key=lambda one: (" plan " not in one, one))}
    assert {one: code for one, code in codes.items() if code != ENDS.get(one, 0)} == {}
    assert len(codes) > 20


def type_in(shell: Shell, block: Block) -> None:
    """All commands of a block, each with the exit code and the words that the page shows."""
    commands = typed_in(block.language, block.text)
    assert commands
    for place, one in enumerate(commands, 1):
        done = shell.run(one.command)
        expected = int(block.marks.get("exit", 0)) if place == len(commands) else 0
        assert done.code == expected, (str(block), one.command, done.output)
        assert one.shown is None or not (wrong := differs(one.shown, done.output)), (str(block), wrong)
