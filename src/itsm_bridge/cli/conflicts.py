"""``conflicts``: where the rules and people do not agree, how that came about, and whose value is to stand."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.exits import FINDINGS, Finished
from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.errors import UsageError

if TYPE_CHECKING:
    from itsm_bridge.operations.conflicts import FieldStory
    from itsm_bridge.writeback.conflicts import Conflict

WIDTH = 80

HEAD = ("ticket", "field", "ours", "theirs", "set by", "since (UTC)", "why")
ROOM = (17, 8, 9, 9, 10, 11, 10)
"""Characters of each column; what is longer is cut, so that a line fits a terminal of 80."""

SHORT = {"not_stored": "not stored", "overridden": "not kept", "rejected": "refused", "conflict": "moved"}
"""Kinds of conflict by other words where their names do not say it to an operator."""

INITIALS = {"impact": "i", "urgency": "u"}


@click.group(epilog="Example: itsm-bridge conflicts list")
def conflicts() -> None:
    """Fields where the rules and people do not agree, and whose value is to stand."""


@conflicts.command("list", epilog="Example: itsm-bridge --json conflicts list")
@click.pass_obj
def list_(options: Options) -> None:
    """One line each; exits 3 where there are any."""
    from itsm_bridge.operations.conflicts import survey

    with opened(options) as bridge:
        found = survey(bridge, bridge.clock()).conflicts
    options.document({"conflicts": [_document(one) for one in found]})
    for line in _table(found):
        options.say(line)
    if found:
        first = f"itsm-bridge conflicts show {found[0].ticket}"
        raise Finished(FINDINGS, f"{plural(len(found), 'conflict')} between the rules and what is there", first)
    options.say("no conflicts")


@conflicts.command(epilog="Example: itsm-bridge conflicts show snow:INC0010023")
@click.argument("ticket_id", metavar="ID")
@click.pass_obj
def show(options: Options, ticket_id: str) -> None:
    """The story of each field of one ticket, and what the next run does."""
    from itsm_bridge.operations.conflicts import story_of

    with opened(options) as bridge:
        stories = story_of(bridge, ticket_id, bridge.clock())
    options.document({"ticket": ticket_id, "fields": [_story_document(one) for one in stories]})
    for story in stories:
        for line in _story(ticket_id, story):
            options.say(line)


@conflicts.command(epilog="Example: itsm-bridge conflicts resolve snow:INC0010023 priority --theirs")
@click.argument("ticket_id", metavar="ID")
@click.argument("field", metavar="[FIELD]", required=False)
@click.option("--theirs", "choice", flag_value="theirs", help="What is there stands, until it or the rules change.")
@click.option("--ours", "choice", flag_value="ours", help="The next run writes what the rules say over it, once.")
@click.option("--hold", "choice", flag_value="hold", help="The field is left alone until it is resolved otherwise.")
@click.pass_obj
def resolve(options: Options, ticket_id: str, field: str | None, choice: str | None) -> None:
    """Decide whose value stands; nothing is written before the next run."""
    from itsm_bridge.model import Choice
    from itsm_bridge.operations.conflicts import account
    from itsm_bridge.operations.conflicts import resolve as resolved_as

    if choice is None:
        raise UsageError("say whose value stands: --theirs, --ours or --hold", hint="itsm-bridge conflicts resolve -h")
    with opened(options) as bridge:
        found = resolved_as(bridge, ticket_id, field, Choice(choice), by=account(), now=bridge.clock())
    one = found.resolution
    options.document(
        {
            "ticket": found.ticket,
            "field": one.field,
            "resolution": one.choice.value,
            "by": one.by,
            "at": one.at.isoformat(),
            "already": found.already,
            "next_run": found.next_run,
        }
    )
    before = "already " if found.already else ""
    options.say(printable(f"{found.ticket} {one.field}: {before}{one.text}"))
    options.say(printable(f"the next run {found.next_run}"))


def _table(found: Sequence[Conflict]) -> Iterator[str]:
    """A head and a line for each; columns are as wide as they need to be, up to their room."""
    rows = [HEAD, *map(_row, found)] if found else []
    cut = [[_cut(cell, room) for cell, room in zip(row, ROOM, strict=True)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cut, strict=True)]
    for row in cut:
        yield " ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(one: Conflict) -> tuple[str, ...]:
    since = f"{one.since:%m-%d %H:%M}" if one.since is not None else "–"
    who = one.by.partition("@")[0] or "–"
    return (one.ticket, one.field, _short(one.ours), _short(one.theirs), who, since, SHORT.get(one.kind, one.kind))


def _short(values: Mapping[str, str | int | None]) -> str:
    """Values in few characters: ``i2 u3`` are impact and urgency."""
    cells = [f"{INITIALS.get(name, '')}{'–' if value is None else value}" for name, value in values.items()]
    return " ".join(cells) or "–"


def _cut(text: str, room: int) -> str:
    shown = printable(text)
    return shown if len(shown) <= room else shown[: room - 1] + "…"


def _story(ticket_id: str, story: FieldStory) -> Iterator[str]:
    yield printable(f"{story.field}: the rules say {story.ours}; the ticket says {story.theirs}")
    for event in story.events:
        yield from _wrapped(f"  {event.at:%Y-%m-%d %H:%M} UTC  {printable(event.text)}")
    if story.conflict is not None:
        yield from _wrapped(f"  conflict: {printable(story.conflict.why)}")
    yield from _wrapped(f"  the next run {printable(story.next_run)}")
    if story.conflict is not None:
        for choice in ("theirs", "ours", "hold"):
            yield pasted(f"    itsm-bridge conflicts resolve {ticket_id} {story.field} --{choice}")
    yield ""


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 6, break_on_hyphens=False, break_long_words=False)


def _document(one: Conflict) -> dict[str, object]:
    return {
        "ticket": one.ticket,
        "field": one.field,
        "ours": one.ours,
        "theirs": one.theirs,
        "by": one.by,
        "since": one.since.isoformat() if one.since is not None else None,
        "kind": one.kind,
        "why": one.why,
    }


def _story_document(story: FieldStory) -> dict[str, object]:
    return {
        "field": story.field,
        "ours": story.ours,
        "theirs": story.theirs,
        "events": [{"at": one.at.isoformat(), "kind": one.kind, "text": one.text} for one in story.events],
        "conflict": _document(story.conflict) if story.conflict is not None else None,
        "next_run": story.next_run,
    }
