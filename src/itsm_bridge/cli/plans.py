"""A plan as text: what it does to the vendors and by which rules, then the tickets, then what to type next.

The first lines are for whoever asks "is this what I meant?": a slip of a rule shows as a vendor whose pile jumps. What
is long is cut, and says so; the JSON of the same plan holds everything.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from os.path import commonprefix
from pathlib import Path

from itsm_bridge.cli.text import plural, printable
from itsm_bridge.config.model import Limits
from itsm_bridge.errors import GuardTripped
from itsm_bridge.model import FieldChange
from itsm_bridge.writeback import Pile, Plan, check_limits, gains, piles

NOTHING = "–"
NOBODY = "(nobody)"
WIDTH = 80

MOST_TICKETS = 8
"""Tickets that are named with the same change, or for the same reason."""

MOST_KINDS = 5
"""Kinds of change of one rule, and reasons of one list, that are shown."""

LONGEST_NAME = 28
"""Characters of the name of a vendor or a rule in a table."""

CUT = re.compile(r"… [\d,]+ more")
"""How a line says that it leaves something out."""

SHORTENED = "The lists are cut; every ticket: itsm-bridge --json plan, or plan --out FILE."

Line = tuple[str, ...]


def plan_text(plan: Plan, width: int = WIDTH) -> str:
    """The whole plan for a terminal; what matters most stands first and last."""
    rules = _by_rule(plan.changes)
    held = ((one.ticket, f"{one.field}: {one.why}") for one in plan.held)
    unrouted = ((one.ticket, one.why) for one in plan.unrouted)
    body = [
        *_vendors(piles(plan)),
        *_rules(rules, width),
        *(line for rule, tickets in rules.items() for line in _tickets(rule, tickets, width)),
        *_reasons("held", held, width),
        *_reasons("unrouted", unrouted, width),
    ]
    shortened = _wrapped(SHORTENED, width) if any(map(CUT.search, body)) else []
    return "\n".join([*body, *shortened, *_wrapped(_totals(plan), width)])


# --- at the first glance -----------------------------------------------------------------------------------------


def _vendors(found: Sequence[Pile]) -> Iterator[str]:
    """A table of the open tickets of each vendor, where the plan moves any."""
    moved = [pile for pile in found if pile.gained]
    if not moved:
        return
    still = [pile for pile in found if not pile.gained]
    rows: list[Line] = [("", "now", "", "then", "")]
    rows += [(_name(one.vendor), f"{one.before:,}", "→", f"{one.after:,}", f"({one.gained:+,})") for one in moved]
    rows += [(_name(one.vendor), f"{one.before:,}", "", "", "") for one in still]
    yield "Open tickets by vendor"
    yield from _table(rows, right={1, 3, 4})
    yield ""


def _rules(rules: Mapping[str, Mapping[str, list[FieldChange]]], width: int) -> Iterator[str]:
    """A table of the rules with the number of tickets that each changes, and what it does to them."""
    if not rules:
        return
    rows = [(_cut(rule), f"{len(tickets):,}") for rule, tickets in rules.items()]
    yield "Tickets by rule"
    for line, tickets in zip(_table(rows, right={1}), rules.values(), strict=True):
        effects = f"{line}   {_effect([change for changes in tickets.values() for change in changes])}"
        yield from textwrap.wrap(
            effects, width, subsequent_indent=" " * (len(line) + 3), break_on_hyphens=False, drop_whitespace=True
        )
    yield ""


def _effect(changes: Sequence[FieldChange]) -> str:
    """What the changes of a rule add up to: vendors by what they gain, other fields by their number."""
    gained = sorted(gains(changes).items(), key=lambda one: (-abs(one[1]), not one[0], one[0]))
    vendors = [f"{_name(vendor)} {count:+,}" for vendor, count in gained if count]
    fields = Counter(change.field for change in changes if change.field != "vendor")
    return ", ".join([*vendors, *(f"{field} {count:,}" for field, count in fields.items())])


def _by_rule(changes: Iterable[FieldChange]) -> dict[str, dict[str, list[FieldChange]]]:
    """The changes of each ticket by each rule; the rule with the most tickets first."""
    found: dict[str, dict[str, list[FieldChange]]] = defaultdict(lambda: defaultdict(list))
    for change in changes:
        found[change.rule][change.ticket].append(change)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))


def _table(rows: Sequence[Line], right: set[int]) -> Iterator[str]:
    """Rows of cells in columns, those of ``right`` flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            f"{cell:>{wide}}" if place in right else f"{cell:<{wide}}"
            for place, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        yield ("  " + "  ".join(cells)).rstrip()


# --- the tickets -------------------------------------------------------------------------------------------------


def _tickets(rule: str, tickets: Mapping[str, list[FieldChange]], width: int) -> Iterator[str]:
    """A rule with what its changes have in common, then each kind of change with the tickets that get it."""
    changes = [change for of_one in tickets.values() for change in of_one]
    shared = _shared([printable(change.because) for change in changes])
    kinds: dict[Line, list[str]] = defaultdict(list)
    for ticket, of_one in sorted(tickets.items()):
        kinds[_kind(of_one, len(shared))].append(ticket)
    yield from _wrapped(f"{printable(rule)} ({plural(len(tickets), 'ticket')}){': ' + shared if shared else ''}", width)
    ordered = sorted(kinds.items(), key=lambda one: -len(one[1]))
    for (first, *rest), names in ordered[:MOST_KINDS]:
        yield from _wrapped(f"  {first}", width)
        for more in rest:
            yield from _wrapped(f"      {more}", width)
        yield from _named(names, width)
    left = [names for _, names in ordered[MOST_KINDS:]]
    if left:
        yield f"  … {plural(sum(map(len, left)), 'more ticket')} in {plural(len(left), 'other way')}"
    yield ""


def _kind(changes: Sequence[FieldChange], said: int) -> Line:
    """What a rule does to a ticket: its fields with their reason, and the words of each note."""
    own = dict.fromkeys(printable(change.because)[said:].lstrip() for change in changes)
    fields = [
        f"{change.field} {_value(change.before)} → {_value(change.after)}" for change in changes if change.note is None
    ]
    notes = [_value(change.after) for change in changes if change.note is not None]
    what = [*fields, *([plural(len(notes), "note") if len(notes) > 1 else "note"] if notes else [])]
    sentences = [reason for reason in own if "." in reason and not reason.startswith("(")]
    beside = [reason for reason in own if reason and reason not in sentences]
    return (" ".join([", ".join(what), *beside]), *sentences, *notes)


def _shared(reasons: Sequence[str]) -> str:
    """What all reasons begin with, before what one of them adds in parentheses."""
    prefix = commonprefix(reasons)  # noqa: RUF071 - texts, not paths: character by character is what is wanted
    if all(reason == prefix or reason.startswith(f"{prefix} (") for reason in reasons):
        return prefix
    return prefix[: max(prefix.rfind(" ("), 0)]


def _reasons(title: str, found: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """Tickets that nothing is done about, by reason; the commonest first."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for ticket, why in found:
        by_reason[why].append(ticket)
    if not by_reason:
        return
    ordered = sorted(by_reason.items(), key=lambda one: -len(one[1]))
    yield f"{title} ({plural(len({ticket for tickets in by_reason.values() for ticket in tickets}), 'ticket')})"
    for why, tickets in ordered[:MOST_KINDS]:
        yield from _wrapped(f"  {printable(why)}", width)
        yield from _named(tickets, width)
    left = [tickets for _, tickets in ordered[MOST_KINDS:]]
    if left:
        yield f"  … {plural(sum(map(len, left)), 'more ticket')} for {plural(len(left), 'other reason')}"
    yield ""


def _named(tickets: Sequence[str], width: int) -> list[str]:
    more = [f"… {len(tickets) - MOST_TICKETS:,} more"] if len(tickets) > MOST_TICKETS else []
    return _wrapped("    " + "  ".join([*map(printable, tickets[:MOST_TICKETS]), *more]), width, further=0)


def _wrapped(line: str, width: int, further: int = 2) -> list[str]:
    """One line as several, those after the first as far in as it and ``further``."""
    indent = " " * (len(line) - len(line.lstrip(" ")) + further)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


# --- the end -----------------------------------------------------------------------------------------------------


def next_step(plan: Plan, limits: Limits, out: Path | None, ticket: str | None, width: int = WIDTH) -> str:
    """The command after a plan, as the last line, and above it what will stop that command.

    ``out`` is the file that the plan was saved in. A plan of one ``ticket`` is written from its file alone.
    """
    if not plan.tickets:
        return "Next: itsm-bridge status"
    file = "" if out is None else shlex.quote(str(out))
    if ticket is not None and not file:
        return f"Next: itsm-bridge plan --ticket {shlex.quote(ticket)} --out FILE && itsm-bridge apply FILE"
    command = f"itsm-bridge apply {file}".rstrip()
    try:
        check_limits(plan, limits)
    except GuardTripped as stop:
        passed = printable(stop.message.removesuffix("; nothing was written"))
        stops = _wrapped(f"A guard will stop this: {passed}.", width)
        return "\n".join([*stops, f"Next, if all of it is meant: {command} --allow-changes {len(plan.tickets)}"])
    return f"Next: {command}"


def _totals(plan: Plan) -> str:
    """How much would change, with the vendors once more: on a terminal the end is what is seen first."""
    moved = [
        f"{_name(pile.vendor)} {pile.before:,} → {pile.after:,} ({pile.gained:+,})"
        for pile in piles(plan)
        if pile.gained and pile.vendor
    ]
    held, unrouted = {one.ticket for one in plan.held}, {one.ticket for one in plan.unrouted}
    beside = [f"{len(found):,} {word}" for found, word in ((held, "held"), (unrouted, "unrouted")) if found]
    what = f"{len(plan.tickets):,} of {plural(sum(plan.open_tickets.values()), 'open ticket')} would change"
    return "; ".join([what, *filter(None, [", ".join(moved)]), *beside]) + ". Nothing was written."


def _name(vendor: str) -> str:
    return _cut(vendor) if vendor else NOBODY


def _cut(name: str) -> str:
    return printable(name, LONGEST_NAME)


def _value(value: str | int | None) -> str:
    return NOTHING if value is None else printable(str(value))
