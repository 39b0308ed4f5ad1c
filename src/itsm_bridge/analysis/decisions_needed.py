"""What somebody must decide: the most urgent first, with what happens otherwise and where to do it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

import itsm_bridge.analysis.open_tickets as open_tickets
from itsm_bridge.analysis.by_vendor import VendorLine, by_vendor, utilization_week
from itsm_bridge.analysis.columns import DTYPES, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.matters import Matter
from itsm_bridge.analysis.messages import stale_sources
from itsm_bridge.model import ApprovalState, Outcome

NEARLY_FULL = 0.9
"""The share of a running week's capacity from which a vendor is nearly overloaded."""

REPLACED = frozenset({Outcome.CONFLICT, Outcome.OVERRIDDEN})
"""Outcomes in which a person and the rules want different values."""

HELD = "held"
OVERDUE, OVERDUE_NOTE = "not given within", "(its approval is overdue)"
"""How ``rules.timeouts.Overdue`` words a held decision, and a note to the contact, about an approval out of time."""

PLAIN = {"approval": "its approval is requested", "vendor": "in nobody's hands"}
"""Why, where no rule says more."""


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of decision: what is asked, what happens if nobody answers, and the command or place to do it.

    ``short`` is the same for the first page.
    """

    short: str
    decision: str
    otherwise: str
    where: str


KINDS: Mapping[str, Question] = {
    "guard": Question(
        "Let a stopped run through",
        "Let a stopped run's changes through, or find out why there are so many",
        "Nothing is written to any source.",
        "itsm-bridge plan, then apply --allow-changes N",
    ),
    "overload": Question(
        "Relieve an overloaded vendor",
        "Move work from an overloaded vendor, or add people",
        "Work waits, and service levels are breached.",
        "sheet bandwidth; vendors.yaml",
    ),
    "overdue": Question(
        "Approve or reject (overdue)",
        "Approve or reject: the time for it is up",
        "The ticket is given to nobody, and its clock goes on.",
        "the ticket in its source",
    ),
    "conflict": Question(
        "Say whose value stands",
        "Say whose value stands: a person and the rules differ",
        "The bridge leaves the field as it is.",
        "itsm-bridge conflicts show TICKET, then conflicts resolve",
    ),
    "unrouted": Question(
        "Find a vendor",
        "Find a vendor: no rule gives the ticket to anybody",
        "Nobody works on it.",
        "itsm-bridge explain TICKET; rules.yaml",
    ),
    "owner": Question(
        "Name the next owner",
        "Name the next owner of an environment",
        "From that day on its tickets go to the fallback, or to nobody.",
        "vendors.yaml, environments",
    ),
    "nda": Question(
        "Sign the agreement (NDA)",
        "Sign the non-disclosure agreement",
        "The vendor is given no work.",
        "vendors.yaml, nda_signed",
    ),
    "stale": Question(
        "Have a source read again",
        "Have a source read again",
        "This report is out of date, and nothing of that source is decided.",
        "itsm-bridge doctor, then run",
    ),
    "held": Question(
        "Look at a held decision",
        "Look at a decision that is held or was not stored",
        "The ticket stays as it is.",
        "itsm-bridge explain TICKET",
    ),
    "rejected": Question(
        "Close, or ask again (rejected)",
        "Close the ticket, or ask again: its approval was rejected",
        "It stays open in nobody's hands.",
        "the ticket in its source",
    ),
    "approval": Question(
        "Approve or reject",
        "Approve or reject",
        "The ticket is given to nobody until then.",
        "the ticket in its source",
    ),
}
"""In the order of urgency."""

Line = tuple[str, str, str, object]
"""Kind, subject, why and since when."""


def build(frames: Frames, matters: Iterable[Matter] = ()) -> pd.DataFrame:
    """The rows of ``TABLE``; ``matters`` are what the configuration and the runs add."""
    lines: list[Line] = [(one.kind, one.subject, one.why, one.since) for one in matters]
    if sum(frames.known.values()):
        lines = [*_of_tickets(frames), *_overloads(frames), *_stale(frames), *lines]
    places = {kind: place for place, kind in enumerate(KINDS)}
    table = pd.DataFrame(
        [(*_row(KINDS[kind], subject, why, since), kind, places[kind]) for kind, subject, why, since in lines],
        columns=[*(column.name for column in TABLE.columns), "place"],
    )
    table["since"] = table["since"].astype(DTYPES[Kind.INSTANT])
    return table.sort_values(["place", "since", "subject"], kind="stable", na_position="first")


def days_since(since: pd.Timestamp, until: datetime) -> float:
    """How long a decision has been waited for, in days."""
    return (until - since.to_pydatetime()) / timedelta(days=1)


def _row(asked: Question, subject: str, why: str, since: object) -> tuple[object, ...]:
    return asked.decision, subject, why, since, asked.otherwise, asked.where


def _of_tickets(frames: Frames) -> Iterator[Line]:
    """Open tickets that need an approval, a vendor or a look, each by its most urgent question."""
    every = frames.tickets[frames.tickets["open"]]
    needed = open_tickets.needed(frames)
    tickets = every.loc[needed != "", ["ticket", "approval", "vendor", "created_at"]]
    needs, why = needed[tickets.index], open_tickets.reasons(tickets, frames)
    asked = _since(frames)
    late = _overdue(frames, asked)
    differing = frozenset(frames.decisions.loc[frames.decisions["outcome"].isin(list(REPLACED)), "ticket"])
    for ticket, need, reason in zip(tickets.to_dict("records"), needs, why, strict=True):
        name = ticket["ticket"]
        kind = _kind(need, ticket, late=name in late, differs=name in differing)
        words = late[name] if kind == "overdue" else reason or PLAIN.get(need, "")
        yield kind, name, words, asked.get(name, ticket["created_at"])


def _kind(need: str, ticket: Mapping[Any, object], *, late: bool, differs: bool) -> str:
    if need == "approval":
        return "overdue" if late else "approval"
    if need == "vendor":
        return "unrouted"
    if differs:
        return "conflict"
    in_nobodys_hands = ticket["vendor"] == ""
    return "rejected" if in_nobodys_hands and ticket["approval"] == ApprovalState.REJECTED else "held"


def _overdue(frames: Frames, asked: Mapping[str, object]) -> dict[str, str]:
    """By ticket, why an approval is overdue, as the rules say it: in a held decision, or in a note since it was asked.

    ``asked`` is since when approvals stand as they do.
    """
    rows = frames.decisions
    said = rows["because"].str.contains(OVERDUE, regex=False)  # also where it is "taken for rejected: …"
    held = rows[(rows["field"] == "approval") & (rows["outcome"] == HELD) & said]
    told = rows[(rows["field"] == "note") & rows["because"].str.contains(OVERDUE_NOTE, regex=False)]
    since = told["ticket"].map(asked).astype(DTYPES[Kind.INSTANT])
    told = told[since.isna() | (told["decided_at"] >= since)]
    words = [*zip(told["ticket"], told["value"], strict=True), *zip(held["ticket"], held["because"], strict=True)]
    return {str(ticket): str(why).partition(" (rule ")[0] for ticket, why in words}


def _since(frames: Frames) -> dict[str, object]:
    """By ticket, since when its approval stands as it does."""
    rows = frames.history[frames.history["field"] == "approval"]
    return dict(rows.groupby("ticket")["at"].max())


def _overloads(frames: Frames) -> Iterator[Line]:
    week = utilization_week(frames)
    for line in by_vendor(frames):
        why = _overload(line, week, frames)
        if why:
            yield "overload", line.vendor, why, None


def _overload(line: VendorLine, week: str, frames: Frames) -> str:
    parts = []
    if line.is_without_capacity:
        parts.append(f"{line.overload:,.0f} h of work arrived in {week}, and it has no capacity")
    if line.utilization is not None and line.utilization > 1:
        parts.append(f"{line.utilization:.0%} of its capacity arrived in {week}")
    if line.running is not None and line.running > NEARLY_FULL:
        parts.append(f"{line.running:.0%} of its capacity has arrived in {frames.weeks[-1].name} so far")
    return "; ".join(parts)


def _stale(frames: Frames) -> Iterator[Line]:
    for name in stale_sources(frames):
        at = frames.freshness[name]
        yield "stale", name, "never read to its end" if at is None else "not read to its end for a day or longer", at


TABLE = Table(
    name="decisions_needed",
    title="Decisions needed",
    description="What waits for somebody's decision at the as-of instant, the most urgent first: tickets, vendors, "
    "owners, sources and runs. What the configuration holds is that of now.",
    columns=(
        Column("decision", Kind.TEXT, "What must be decided."),
        Column("subject", Kind.TEXT, "The ticket, vendor, environment, source or run that it is about."),
        Column("why", Kind.TEXT, "The reason, in the words of the rule or of the configuration where there are any."),
        Column(
            "since",
            Kind.INSTANT,
            "Since when it waits: of a ticket since its approval became what it is (asked for, given, rejected), else "
            "since its creation; of a source since it was last read to its end. Empty where it has no beginning.",
        ),
        Column("otherwise", Kind.TEXT, "What happens as long as nobody decides."),
        Column("where", Kind.TEXT, "The command, file, sheet or place where it is decided."),
        Column("kind", Kind.TEXT, f"{', '.join(KINDS)}: the kind of decision, in the order of urgency."),
    ),
    build=build,
)
