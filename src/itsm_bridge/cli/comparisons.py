"""``diff``: what changes if one configuration becomes another."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.errors import ConfigurationInvalid

if TYPE_CHECKING:
    from itsm_bridge.config.model import Configuration
    from itsm_bridge.operations.differing import Changed, ConfigurationDifference, Flipped

LISTED: Final = 20
"""Kinds of change that a terminal shows; ``--json`` has every ticket."""

EXAMPLES: Final = 3
"""Tickets that are named for each kind of change."""

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_FOLDER: Final = click.Path(path_type=Path, exists=True, file_okay=False)


class Stretch(click.ParamType[timedelta]):
    """A length of calendar time, such as ``90d``."""

    name = "stretch"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read one: a number of hours, days of 24 hours, or weeks."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no length of time such as 90d, 12w or 48h", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command(epilog="Example: itsm-bridge diff config config.new --since 90d")
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--since", type=Stretch(), default="90d", help="Replay tickets created within this time (default: 90d).")
@click.pass_obj
def diff(options: Options, old: Path, new: Path, since: timedelta) -> None:
    """What changes if the configuration folder OLD becomes NEW, on the tickets in the store. Nothing is written."""
    from itsm_bridge.operations.differing import difference

    before, after = _loaded(old), _loaded(new)
    with opened(options) as bridge:
        found = difference(bridge, before, after, since, bridge.clock())
    options.document(_document(found))
    for line in _lines(found):
        options.say(line)


def _loaded(folder: Path) -> Configuration:
    """One of the two configurations; what is wrong with it names its folder."""
    from itsm_bridge.config import load

    try:
        return load(folder)
    except ConfigurationInvalid as problem:
        hint = f"itsm-bridge -C {shlex.quote(str(folder))} check"
        raise ConfigurationInvalid(f"{folder}: {problem.message}", problem.findings, hint=hint) from None


def _lines(found: ConfigurationDifference) -> Iterator[str]:
    yield f"{plural(found.replayed, 'ticket')} created since {found.since:%Y-%m-%d} replayed under both configurations."
    yield from _changes("would have come out otherwise", found.changed)
    yield from _loads(found)
    yield from _verdicts(found.flipped)
    yield from _changes("would be planned otherwise by the next run", found.pending)
    if not (found.changed or found.flipped or found.pending):
        yield "Nothing comes out otherwise."


def _changes(what: str, changed: Sequence[Changed]) -> Iterator[str]:
    if not changed:
        return
    fields = ", ".join(f"{name} {count}" for name, count in Counter(change.field for change in changed).most_common())
    yield ""
    yield f"{plural(len({change.ticket for change in changed}), 'ticket')} {what} ({fields}):"
    groups: dict[str, list[str]] = {}
    for change in changed:
        groups.setdefault(_effect(change), []).append(change.ticket)
    for effect, tickets in sorted(groups.items(), key=lambda group: -len(group[1]))[:LISTED]:
        examples = ", ".join(tickets[:EXAMPLES]) + (", …" if len(tickets) > EXAMPLES else "")
        yield printable(f"  {len(tickets):>6}  {effect}: {examples}")
    if len(groups) > LISTED:
        yield f"  … and {len(groups) - LISTED} more kinds of change: itsm-bridge --json diff lists all"


def _effect(change: Changed) -> str:
    rules = f"{change.rule_before or 'no rule'} → {change.rule_after or 'no rule'}"
    return f"{change.field} {_shown(change.before)} → {_shown(change.after)} ({rules})"


def _shown(value: str | int | None) -> str:
    return "nothing" if value is None else str(value)


def _loads(found: ConfigurationDifference) -> Iterator[str]:
    if not found.changed:
        return
    yield ""
    yield "Given to:"
    for vendor, (before, after) in found.loads.items():
        if before or after:
            yield printable(f"  {vendor:<16} {before:>6} → {after:>6}  {after - before:+d}")


def _verdicts(flipped: Sequence[Flipped]) -> Iterator[str]:
    if not flipped:
        return
    yield ""
    yield f"{plural(len(flipped), 'clock')} with another verdict:"
    counts = Counter((flip.sla, _word(flip.before), _word(flip.after)) for flip in flipped)
    for (sla, before, after), count in sorted(counts.items()):
        yield printable(f"  {count:>6} of {sla}: {before} → {after}")


def _word(breached: bool | None) -> str:
    return "no clock" if breached is None else "breached" if breached else "not breached"


def _document(found: ConfigurationDifference) -> dict[str, object]:
    return {
        "since": found.since.isoformat(),
        "replayed": found.replayed,
        "changed": [_change(change) for change in found.changed],
        "loads": [
            {"vendor": vendor, "before": before, "after": after} for vendor, (before, after) in found.loads.items()
        ],
        "verdicts": [
            {"ticket": flip.ticket, "sla": flip.sla, "breached_before": flip.before, "breached_after": flip.after}
            for flip in found.flipped
        ],
        "pending": [_change(change) for change in found.pending],
    }


def _change(change: Changed) -> dict[str, object]:
    return {
        "ticket": change.ticket,
        "field": change.field,
        "from": change.before,
        "to": change.after,
        "rule_before": change.rule_before,
        "rule_after": change.rule_after,
    }
