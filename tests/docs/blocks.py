"""The blocks of code in README.md and docs/, with what the comments above them say; each has to be of a known kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

GENERATED = {
    "docs/codes.md": "tests/cli/test_help_codes.py",
    "docs/configuration.md": "tests/config/test_schema.py",
    "docs/log-events.md": "tests/test_events.py",
    "docs/tables.md": "tests/docs/test_tables_page.py",
}
"""Pages that are made of the code: the test beside each compares the whole page."""

REASONS = {
    "serves until it is stopped",
    "installs packages",
    "needs root",
    "needs a container engine",
    "needs a program of its own",
    "needs a source of your own",
    "a file of another program",
    "a picture",
    "an example of output",
}
"""Why a block may say that it is ``not run``. Its commands are parsed all the same."""

MARKS = ("exit", "check", "file", "not run", "run by")
"""What a comment above a block may say: its exit code, the code that ``check`` gives for it, the name under which it
stands in ``config/``, why it is not run, or which other test runs it."""

LANGUAGES = ("sh", "console", "yaml", "csv", "")
"""What can be run, and text without a language, which has to say why it is not."""

_FENCE = re.compile(r"^( *)(```+)(\S*)\s*$")
_MARK = re.compile(r"^ *<!-- ([a-z ]+): (.+) -->$")


@dataclass(frozen=True)
class Block:
    """One block of code."""

    page: str
    line: int
    language: str
    text: str
    marks: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_run(self) -> bool:
        """Whether the tests of this folder run it: nothing else does, and nothing is in the way."""
        return not {"not run", "run by"} & self.marks.keys()


def pages() -> list[str]:
    """README.md and all of docs/, but not what is generated."""
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [name for file in files if (name := str(file.relative_to(ROOT))) not in GENERATED]


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks_of(page: str, text: str | None = None) -> list[Block]:
    """Every block of a page."""
    return list(_blocks(page, (text_of(page) if text is None else text).splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    rest = iter(enumerate(lines, 1))
    marks: dict[str, str] = {}
    for number, line in rest:
        if mark := _MARK.match(line):
            marks[mark[1]] = mark[2]
        elif fence := _FENCE.match(line):
            inside: list[str] = []
            for _, one in rest:
                if one.strip() == fence[2]:
                    break
                inside.append(one.removeprefix(fence[1]))
            else:
                message = f"{page}:{number}: the block has no end"
                raise ValueError(message)
            yield Block(page, number, fence[3], "".join(f"{one}\n" for one in inside), marks)
            marks = {}
        else:
            marks = {}


def mistake_in(block: Block) -> str:
    """Why a block can be neither run nor left out; empty where all is well."""
    return next((f"{block}: {text}" for text in _mistakes(block)), "")


def _mistakes(block: Block) -> Iterator[str]:
    marks = block.marks
    if unknown := marks.keys() - set(MARKS):
        yield f"{', '.join(unknown)} is no mark"
    if block.language not in LANGUAGES:
        yield f"nothing runs a block of {block.language}"
    if not block.text.strip():
        yield "the block is empty"
    if "run by" in marks and not _reads(marks["run by"], block.page):
        yield f"{marks['run by']} is no test that reads {block.page}"
    if marks.get("not run", "a picture") not in REASONS:
        yield f"{marks['not run']} is no reason"
    if block.is_run and block.language == "csv" and "file" not in marks:
        yield "a table has to say which file it is"
    if block.is_run and not block.language:
        yield "a block without a language has to say why it is not run"


def _reads(test: str, page: str) -> bool:
    path = ROOT / test
    return path.name.startswith("test_") and path.is_file() and Path(page).name in path.read_text(encoding="utf-8")
