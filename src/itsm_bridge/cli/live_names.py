"""The part of ``init --from`` that turns a source's names into ``bridge.yaml``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_bridge.config import credentials, load
from itsm_bridge.config.literals import LiteralError, parse_url
from itsm_bridge.config.model import Jira, JiraWrite, Position, ServiceNow, ServiceNowWrite, Source
from itsm_bridge.errors import ConfigurationInvalid, UsageError
from itsm_bridge.model import TicketType

if TYPE_CHECKING:
    from itsm_bridge.connectors.live_names import JiraNames, ServiceNowNames

NAMES = {"jira": "ops", "servicenow": "snow"}
"""What the shipped files, and the variables of the secrets, call a source of each kind."""

WORDS = (
    ("cancel|declin|reject|withdrawn", "canceled"),
    ("closed|complete|incomplete|skipped", "closed"),
    ("resolved|done", "resolved"),
    ("hold|wait|pending", "on_hold"),
    ("progress|implement|review|scheduled|open|assigned|work", "in_progress"),
    ("new|assess|authorize|draft", "new"),
)
"""What a state's label says, the first that is in it."""

CATEGORIES = {"new": ("new",), "indeterminate": ("in_progress", "on_hold"), "done": ("resolved", "closed", "canceled")}
"""Our states that a category of Jira can stand for, the usual one first."""


def with_live_names(texts: Mapping[str, str], origins: Sequence[str], folder: Path, target: Path) -> dict[str, str]:
    """The files with the sections of these sources written anew; those of other sources stay as they are shipped."""
    from itsm_bridge.connectors.live_names import jira_names, servicenow_names

    changed = dict(texts)
    for origin in origins:
        source, project = _source(origin, folder, target)
        secrets = credentials(source, project)
        if isinstance(source, Jira):
            lines = _jira(source, jira_names(source, secrets))
        else:
            lines = _servicenow(source, servicenow_names(source, secrets))
        kind = "jira" if isinstance(source, Jira) else "servicenow"
        changed["bridge.yaml"] = _with_section(changed["bridge.yaml"], NAMES[kind], lines)
    return changed


def _source(origin: str, folder: Path, target: Path) -> tuple[Source, Path]:
    """What is asked, and where its secrets may lie: a source that is configured, or a kind with an address."""
    kind, equals, address = origin.partition("=")
    if not equals:
        sources = load(folder).sources
        if origin not in sources:
            raise UsageError(f"bridge.yaml has no source {origin}; nothing was written", hint="itsm-bridge init --help")
        return sources[origin], folder.resolve().parent
    if kind not in NAMES:
        raise UsageError(f"--from is jira=URL or servicenow=URL, not {kind}=…", hint="itsm-bridge init --help")
    try:
        url = parse_url(address)
    except LiteralError as error:
        raise UsageError(f"--from: {error}; nothing was written", hint="itsm-bridge init --help") from None
    return _new(kind, url, target.resolve().parent), target.resolve().parent


def _new(kind: str, url: str, project: Path) -> Source:
    place = Position("bridge.yaml", 1, 1)
    if kind == "servicenow":
        return ServiceNow(NAMES[kind], url, (), "", {}, {}, ServiceNowWrite(), place)
    cloud = Jira(NAMES[kind], url, "cloud", (), {}, {}, {}, {}, JiraWrite(), place)
    try:
        credentials(cloud, project)
    except ConfigurationInvalid:
        if not url.endswith(".atlassian.net"):
            return Jira(NAMES[kind], url, "data_center", (), {}, {}, {}, {}, JiraWrite(), place)
    return cloud


def _with_section(text: str, name: str, lines: Iterable[str]) -> str:
    """The text with everything below ``name:`` replaced, up to the next source or section."""
    section = "".join(f"    {line}\n" for line in lines)
    changed, count = re.subn(rf"(?m)^  {name}:\n(?:    .*\n|\n(?=    ))*", lambda _: f"  {name}:\n{section}", text)
    assert count == 1  # noqa: S101 - the shipped file has each source once
    return changed


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _plain(text: str) -> str:
    """For a comment: one line, whatever the source says."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _said(label: str, allowed: Sequence[str]) -> str | None:
    """The state that a label's own words say, if it is one of those."""
    return next((ours for words, ours in WORDS if ours in allowed and re.search(words, label.casefold())), None)


# --- Jira --------------------------------------------------------------------------------------------------------


def _jira(source: Jira, names: JiraNames) -> Iterator[str]:
    if not names.projects:
        raise UsageError(
            f"{source.url} shows the account no project; nothing was written", hint="grant Browse Projects"
        )
    yield from ("kind: jira", f"url: {source.url}", f"deployment: {source.deployment}")
    yield f"projects: [{', '.join(names.projects)}]   # all that the account sees: take out what is not yours"
    yield "fields:                                # our field: the source's field"
    for ours in ("environment", "impact", "urgency"):
        yield f"  {_field(ours, names.custom)}"
    yield from ("  service: components", "  category: labels")
    yield f"  # further fields of the site: {_plain(', '.join(names.custom))}"
    yield "types:                                 # any other is a task"
    yield from (f"  {line}" for line in _types(names.types))
    yield "states:                                # by their category, and by what their names say: look them through"
    for name, category in names.statuses.items():
        allowed = CATEGORIES.get(category, ())
        state = _said(name, allowed) or next(iter(allowed), None)
        mapped = f"{_quoted(name)}: {state}" if state else f"# {_quoted(name)}: its category says nothing"
        yield f"  {mapped}{f'   # {_plain(category)}' if state else ''}"
    ranks = [f"{_quoted(name)}: {min(place, 5)}" for place, name in enumerate(names.priorities, start=1)]
    yield f"priorities: {{{', '.join(ranks)}}}   # from the highest on"
    yield "write:                                 # what is left out is not written"
    yield f"  {'' if names.priorities else '# '}priority: priority"
    yield f"  {_target('vendor', 'Vendor', names.custom, _quoted('Vendor'))}"
    approval = '{via: field, field: "Approval"}'
    yield f"  {_target('approval', 'Approval', names.custom, approval)}"


def _field(ours: str, custom: Sequence[str]) -> str:
    """A field that is called as ours is; impact and urgency need a map of their options, which nobody can guess."""
    name = next((one for one in custom if one.casefold() == ours), None)
    if name is None:
        return f'# {ours}: "…"                      # no field is called so'
    options = {"environment": _quoted(name)}.get(ours)
    return f"{ours}: {options}" if options else f"# {ours}: {{from: {_quoted(name)}, map: {{…: 1, …: 2, …: 3}}}}"


def _types(types: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(types):
        words = name.casefold().replace("[system] ", "").replace(" ", "_")
        known = next((one for one in TicketType if one.value == words), None)
        yield f"{_quoted(name)}: {known}" if known else f"# {_quoted(name)}: task"


def _target(ours: str, wanted: str, custom: Sequence[str], value: str) -> str:
    return f"{'' if wanted in custom else '# '}{ours}: {value}"


# --- ServiceNow --------------------------------------------------------------------------------------------------


def _servicenow(source: ServiceNow, names: ServiceNowNames) -> Iterator[str]:
    mapped = {table: list(_states(labels)) for table, labels in names.states.items()}
    tables = [table for table, lines in mapped.items() if any(not line.startswith("#") for line in lines)]
    if not tables:
        hint = "grant the account read on the task tables and on sys_choice"
        raise UsageError(f"{source.url} shows the account no table with its states; nothing was written", hint=hint)
    yield from ("kind: servicenow", f"url: {source.url}", f"tables: [{', '.join(tables)}]")
    yield "# scope: assignment_group.nameSTARTSWITH…   # narrows every question"
    yield f"# active groups, as names: in vendors.yaml calls them: {_plain(', '.join(names.groups))}"
    yield "fields:                                # our field: the source's field"
    yield "  # environment: u_environment         # a column of your own"
    yield from ("  service: business_service", "  category: category")
    yield "states:                                # by what their labels say: look them through"
    for table in tables:
        yield f"  {table}:"
        yield from (f"    {line}" for line in mapped[table])
    yield "write:                                 # what is left out is not written"
    yield "  priority: {via: impact_urgency}"
    yield from ("  vendor: assignment_group", "  approval: {via: approver_records}")


def _states(labels: Mapping[str, str]) -> Iterator[str]:
    every = [ours for _, ours in WORDS]
    for value, label in sorted(labels.items(), key=_by_number):
        ours = _said(label, every)
        yield f"{_quoted(value)}: {ours}   # {_plain(label)}" if ours else f"# {_quoted(value)}: …   # {_plain(label)}"


def _by_number(choice: tuple[str, str]) -> tuple[int, str]:
    value = choice[0]
    return (int(value) if re.fullmatch(r"-?\d{1,9}", value, re.ASCII) else 0), value
