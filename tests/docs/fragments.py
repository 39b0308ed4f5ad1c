"""A fragment of a configuration, as a page shows it, written over the configuration that ships."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from itsm_bridge.config import check
from itsm_bridge.config.schema import DECODERS, schema_of
from itsm_bridge.errors import Finding

MERGED = ("sources", "vendors", "environments", "calendars", "slas")
"""Sections of which a fragment shows some entries: the others stay. Any other section stands in place of ours."""

STEPWISE = (*MERGED, "assignment", "tests")
"""The same for a guide, which shows what is to be put at the head of a section of rules."""

EVENT = "BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260702\nSUMMARY:Outing\nEND:VEVENT\n"
BESIDE = {"company.ics": f"BEGIN:VCALENDAR\n{EVENT}END:VCALENDAR\n"}
"""Files that fragments name and no page shows."""


@cache
def _sections() -> Mapping[str, str]:
    """The file of each top-level key, by the loader's own words."""
    return {key: file for file in DECODERS for key in schema_of(file)["properties"]}


def file_of(fragment: str) -> str:
    """The file to which a fragment belongs. Raises ``ValueError`` where its keys are of none, or of several."""
    document = yaml.safe_load(fragment)
    files = {_sections().get(key, "") for key in document} if isinstance(document, dict) else {""}
    if len(files) > 1 or "" in files:
        message = f"these are not keys of one file: {document if files == {''} else list(document)}"
        raise ValueError(message)
    return files.pop()


def write(config: Path, fragment: str, merged: Sequence[str]) -> None:
    """Put a fragment into its file, letter for letter: in ``merged`` sections before what is there, else in its place.

    Where it replaces rules, the tests of rules are left out: they are about other rules.
    """
    name = file_of(fragment)
    present = yaml.safe_load((config / name).read_text(encoding="utf-8"))
    shown = yaml.safe_load(fragment)
    if name == "rules.yaml" and "tests" not in merged:
        present["tests"] = []
    for key in merged:
        if key in shown and key in present:
            fragment = _completed(fragment, key, _others(present[key], shown[key]))
    rest = _dumped({key: value for key, value in present.items() if key not in shown})
    (config / name).write_text(rest + fragment, encoding="utf-8")


def put_beside(config: Path, tables: Mapping[str, str]) -> None:
    """Write what fragments of a page name: the ``tables`` that the page shows, and what none shows."""
    for file, content in {**BESIDE, **tables}.items():
        (config / file).parent.mkdir(exist_ok=True)
        (config / file).write_text(content, encoding="utf-8")


def _others(present: Any, shown: Any) -> Any:  # noqa: ANN401 - a list or a mapping of YAML
    """The entries of a section that a fragment does not show."""
    if isinstance(present, list):
        names = {one["name"] for one in shown}
        return [one for one in present if one["name"] not in names]
    return {name: value for name, value in present.items() if name not in shown}


def _completed(fragment: str, key: str, others: Any) -> str:  # noqa: ANN401 - as above
    """The fragment with entries behind its own of one section, that is before the next line that is not indented."""
    before, _, after = f"\n{fragment}".partition(f"\n{key}:\n")
    end = re.search(r"^\S", after, re.MULTILINE)
    place = end.start() if end else len(after)
    more = "".join(f"  {line}\n" for line in _dumped(others).splitlines())
    return f"{before}\n{key}:\n{after[:place]}{more}{after[place:]}".removeprefix("\n")


def _dumped(content: Any) -> str:  # noqa: ANN401 - any YAML
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False) if content else ""


def findings_of(config: Path) -> list[Finding]:
    """What ``check`` finds wrong, but for tables of figures that a fragment names and nobody has shown."""
    found = check(config)[1]
    return [one for one in found if one.severity != "info" and not one.file.startswith("inputs/")]
