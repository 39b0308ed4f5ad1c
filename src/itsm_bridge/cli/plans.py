"""A plan as text: grouped by rule, each change with its reason, then what it does to the vendors."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from os.path import commonprefix

from itsm_bridge.cli.text import plural, printable
from itsm_bridge.model import FieldChange
from itsm_bridge.writeback import Plan, plan_summary

NOTHING = "–"
WIDTH = 100


def plan_text(plan: Plan) -> str:
    """The whole plan for a terminal, the most important line last."""
    held = ((one.ticket, f"{one.field}: {one.why}") for one in plan.held)
    unrouted = ((one.ticket, one.why) for one in plan.unrouted)
    sections = [*_changes(plan.changes), *_reasons("held", held), *_reasons("unrouted", unrouted), _totals(plan)]
    return "\n".join(sections)


def _changes(changes: Iterable[FieldChange]) -> Iterator[str]:
    """Each rule with what its changes have in common, then a line for each with what is its own."""
    by_rule = sorted(changes, key=lambda change: (change.rule, change.ticket, change.field))
    for rule, group in groupby(by_rule, key=lambda change: change.rule):
        lines = list(group)
        shared = _shared([printable(line.because) for line in lines])
        rows = [_row(line, len(shared)) for line in lines]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        yield from _wrapped(f"{rule} ({plural(len(rows), 'change')}){': ' + shared if shared else ''}")
        for line, row in zip(lines, rows, strict=True):
            yield "  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
            if line.note is not None:
                yield from _wrapped(f"      {_value(line.after)}")
        yield ""


def _row(line: FieldChange, said: int) -> tuple[str, str, str, str]:
    """The cells of one change; the text of a note is too long for one, and follows on lines of its own."""
    change = f"{_value(line.before)} → {_value(line.after)}" if line.note is None else ""
    return line.ticket, line.field, change, printable(line.because)[said:].lstrip()


def _shared(reasons: Sequence[str]) -> str:
    """What all reasons begin with, before what one of them adds in parentheses."""
    prefix = commonprefix(reasons)  # noqa: RUF071 - texts, not paths: character by character is what is wanted
    if all(reason == prefix or reason.startswith(f"{prefix} (") for reason in reasons):
        return prefix
    return prefix[: max(prefix.rfind(" ("), 0)]


def _reasons(title: str, found: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Tickets that nothing is done about, by reason."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for ticket, why in found:
        by_reason[why].append(ticket)
    if by_reason:
        yield f"{title} ({plural(sum(map(len, by_reason.values())), 'ticket')})"
    for why, tickets in by_reason.items():
        yield from _wrapped(f"  {printable(why)}")
        yield from _wrapped(f"    {'  '.join(tickets)}")
    if by_reason:
        yield ""


def _wrapped(line: str) -> list[str]:
    """One line as several, those after the first as far in as it and two more."""
    indent = " " * (len(line) - len(line.lstrip(" ")))
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent + "  ", break_on_hyphens=False, break_long_words=False)


def _totals(plan: Plan) -> str:
    summary = plan_summary(plan)
    to_vendor = ", ".join(f"{vendor} +{count}" for vendor, count in summary["to_vendor"].items())
    return (
        f"{summary['tickets_to_change']} of {plural(summary['open_tickets'], 'open ticket')} would change"
        f"{'; ' + to_vendor if to_vendor else ''}. Nothing was written."
    )


def _value(value: str | int | None) -> str:
    return NOTHING if value is None else printable(str(value))
