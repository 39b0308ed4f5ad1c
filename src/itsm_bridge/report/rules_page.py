"""The rules as a page to look at: the owner map, each rule with its counts, and one ticket's way through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import groupby

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Judgement, Not, describe, seen_text
from itsm_bridge.config.model import Action, Duration, Policy
from itsm_bridge.report.clocks import clocks_section
from itsm_bridge.report.page import Column, cell, page, table, text
from itsm_bridge.rules import (
    Explanation,
    FieldDecision,
    Overview,
    OwnerSlot,
    RuleExplanation,
    RuleHits,
    SectionExplanation,
)
from itsm_bridge.sla import Statements

NUMBER = "number"
LISTED = 200
"""Tickets without anybody that the page names."""


def rules_page(digest: str, now: datetime, owners: Sequence[OwnerSlot], found: Overview) -> str:
    """The owner map and the rules, with how many of the open tickets each matches and decides."""
    as_of = f"as of {now.isoformat(timespec='minutes')} · configuration {digest[:12]}"
    return page(
        "Who gets what",
        (
            "<h1>Who gets what</h1>",
            f'<p class="soft">The rules over {found.tickets:,} open tickets, {text(as_of)}</p>',
            *_owners(owners),
            *_unrouted(found),
            *_sections(found.rules),
        ),
    )


def ticket_page(explanation: Explanation, clocks: Statements | None = None) -> str:
    """One ticket's way through the rules, where it ended, and how its clocks came to what they show."""
    return page(
        f"Why {explanation.ticket} is where it is",
        (
            f"<h1>{text(explanation.ticket)}</h1>",
            f"<p>{text(explanation.summary)}</p>",
            f'<p class="soft">Decided as of {explanation.now:%Y-%m-%d %H:%M} UTC</p>',
            *_outcome(explanation),
            *(() if clocks is None else clocks_section(clocks)),
            *(part for section in explanation.sections for part in _way(section)),
        ),
    )


# --- the whole ---------------------------------------------------------------------------------------------------


def _owners(owners: Sequence[OwnerSlot]) -> Iterator[str]:
    yield "<h2>Who owns what today</h2>"
    columns = [Column(name, 20) for name in ("Environment", "Service", "Owner", "Follows", "Fallback")]
    yield table(columns, map(_owner_row, owners))


def _owner_row(one: OwnerSlot) -> tuple[str, ...]:
    owner = cell(text(one.owner)) if one.owner else cell("nobody: a gap", "bad")
    follows = "" if one.following is None else f"{text(one.following)} from {one.starts}"
    return cell(text(one.environment)), cell(text(one.service)), owner, cell(follows), cell(text(one.fallback or "–"))


def _unrouted(found: Overview) -> Iterator[str]:
    yield "<h2>Open tickets that nobody is given</h2>"
    if not found.unrouted:
        yield '<p class="good">None.</p>'
        return
    yield f'<p class="bad">{len(found.unrouted):,}</p>'
    rows = ((cell(text(one.ticket)), cell(text(one.why))) for one in found.unrouted[:LISTED])
    yield table((Column("Ticket", 20), Column("Why", 60)), rows)
    if len(found.unrouted) > LISTED:
        yield f'<p class="soft">… and {len(found.unrouted) - LISTED:,} more</p>'


def _sections(rules: Iterable[RuleHits]) -> Iterator[str]:
    columns = (
        Column("Rule", 30),
        Column("When", 30),
        Column("Then", 20),
        Column("Matches", 10, NUMBER),
        Column("Decides", 10, NUMBER),
    )
    for section, hits in groupby(rules, key=lambda one: one.section):
        yield f"<h2>{text(section.capitalize())}</h2>"
        yield table(columns, map(_rule_row, hits))


def _rule_row(one: RuleHits) -> tuple[str, ...]:
    because = f'<br><span class="soft">{text(one.rule.because)}</span>' if one.rule.because else ""
    place = f'<br><span class="soft">{text(str(one.rule.position))}</span>'
    return (
        cell(f"<strong>{text(one.rule.name)}</strong>{because}{place}"),
        cell(_condition(one.rule.when)),
        cell(text(_action(one.rule.then))),
        cell(f"{one.matched:,}", NUMBER),
        cell(f"{one.decided:,}", NUMBER),
    )


def _condition(condition: Condition) -> str:
    match condition:
        case FieldTest():
            return text(describe(condition))
        case Not(part):
            return f"not: {_condition(part)}"
        case AllOf(()):
            return "every ticket"
        case AllOf(parts) | AnyOf(parts):
            word = "all of" if isinstance(condition, AllOf) else "one of"
            return f"{word}<ul>{''.join(f'<li>{_condition(part)}</li>' for part in parts)}</ul>"


def _action(then: Action) -> str:
    """What a rule does, in the words of its keys; those that say nothing are left out."""
    given = ((one.name.replace("_", " "), getattr(then, one.name)) for one in fields(then))
    return "; ".join(_said(name, value) for name, value in given if value not in (None, False, (), ""))


def _said(name: str, value: object) -> str:
    if value is True:
        return name
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {one}" for key, one in value.items())
    if isinstance(value, Duration):
        working = f"{value.working_days} working days"
        return f"{name} {working if value.seconds is None else timedelta(seconds=value.seconds)}"
    if isinstance(value, Policy):
        return f"{name} {value.kind}" + ("" if value.amount is None else f" {value.amount:g}")
    return f"{name} {', '.join(map(str, value)) if isinstance(value, tuple) else value}"


# --- one ticket --------------------------------------------------------------------------------------------------


def _outcome(explanation: Explanation) -> Iterator[str]:
    verdict = explanation.verdict
    yield "<h2>Outcome</h2>"
    rows = [
        (
            cell(text(name)),
            cell(f"<strong>{text(str(made.value))}</strong>"),
            cell(text(made.rule)),
            cell(text(made.because)),
        )
        for name, made in verdict.values.items()
    ]
    rows += [(cell(text(held.field)), cell("held", "bad"), cell(""), cell(text(held.why))) for held in verdict.held]
    if verdict.unrouted is not None:
        rows.append((cell("vendor"), cell("nobody", "bad"), cell(""), cell(text(verdict.unrouted.why))))
    if rows:
        yield table((Column("Field", 20), Column("Value", 20), Column("Rule", 20), Column("Because", 40)), rows)
    else:
        yield "<p>Nothing is decided.</p>"


def _decided(field: str, made: FieldDecision) -> tuple[str, ...]:
    value = cell(f"<strong>{text(str(made.value))}</strong>")
    return cell(text(field)), value, cell(text(made.rule)), cell(text(made.because))


def _stopped(field: str, word: str, why: str) -> tuple[str, ...]:
    return cell(text(field)), cell(word, "bad"), cell(""), cell(text(why))


def _way(section: SectionExplanation) -> Iterator[str]:
    skipped = f' <span class="soft">did not run: {text(section.skipped)}</span>' if section.skipped else ""
    yield f"<h2>{text(section.name.capitalize())}{skipped}</h2>"
    for note in section.notes:
        yield f"<p>{text(note)}</p>"
    if section.nearest:
        yield f'<p class="soft">Nearest: {text(section.nearest)}</p>'
    if section.rules:
        yield table(
            (Column("", 10), Column("Rule", 30), Column("Condition and what was seen", 60)),
            map(_way_row, section.rules),
        )


def _way_row(rule: RuleExplanation) -> tuple[str, ...]:
    kind, word = ("decides", "decides") if rule.decided else ("", "matches" if rule.matched else "no")
    note = f"<br>{text(rule.note)}" if rule.note else ""
    because = f'<br><span class="soft">{text(rule.because)}</span>' if rule.because else ""
    return (
        cell(f'<span class="tag {kind}">{word}</span>'),
        cell(f"<strong>{text(rule.name)}</strong>{note}{because}"),
        cell(_judgement(rule.judgement)),
    )


def _judgement(judgement: Judgement) -> str:
    outcome = '<span class="good">yes</span>' if judgement.held else '<span class="soft">no</span>'
    if judgement.test is not None:
        return f"{text(describe(judgement.test))}: seen {text(seen_text(judgement))} — {outcome}"
    if not judgement.parts:
        return f"every ticket — {outcome}"
    parts = "".join(f"<li>{_judgement(part)}</li>" for part in judgement.parts)
    word = {"all": "all of", "any": "one of", "not": "not"}[judgement.kind]
    return f"{word}: {outcome}<ul>{parts}</ul>"
