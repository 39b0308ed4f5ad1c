"""What one vendor may see: every frame filtered once, so that whatever is computed from them is that vendor's alone.

A copy for a vendor accepts nothing but ``ScopedFrames``. A frame that has no rule here is in it by its columns
``vendor`` and ``ticket``, and empty where it has no vendor: a new frame can leak nothing before somebody decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pandas as pd

from itsm_bridge.analysis.belonging import ANOTHER_PARTY, PERSON, TEAM, Belonging, only
from itsm_bridge.analysis.columns import DTYPES, Kind
from itsm_bridge.analysis.frames import TEXT, Frames
from itsm_bridge.analysis.partners import NOTHING as NO_PARTNERS
from itsm_bridge.config.model import HolderKind

HANDED_OVER = "handed_over"
"""In place of the state of a ticket that the vendor had in the period and has no more."""

ROLLED_BACK = ("priority", "approval", "environment", "service", "category", TEAM, PERSON)
"""What a ticket that was handed over shows as it was then; its history says so."""


@dataclass(frozen=True, slots=True, eq=False)
class ScopedFrames:
    """The frames of one vendor, and what the others in the whole ones are called: this must be in no copy.

    ``people`` are the vendor's own, ``strangers`` everybody else; ``tickets`` the vendor's, ``foreign`` all others;
    ``others`` the vendors that had tickets beside it.
    """

    vendor: str
    frames: Frames
    people: frozenset[str]
    strangers: frozenset[str]
    tickets: frozenset[str]
    foreign: frozenset[str]
    others: frozenset[str]


def scoped(frames: Frames, vendor: str) -> ScopedFrames:
    """What ``vendor`` may see of ``frames``: its tickets, and its own times of holding them."""
    own = Belonging(frames, vendor)
    mine = replace(_scoped(own), previous=None if frames.previous is None else scoped(frames.previous, vendor).frames)
    held = frozenset(mine.intervals["ticket"])
    named = frozenset(frames.tickets["ticket"]) | frozenset(frames.intervals["ticket"])
    return ScopedFrames(vendor, mine, own.people, own.foreign_people, held, named - held, own.others)


def blank(frames: Frames) -> Frames:
    """The same without a single row: what is written from it is the program's own text."""
    before = None if frames.previous is None else blank(frames.previous)
    empty: dict[str, Any] = {name: getattr(frames, name).head(0) for name in _frames_of(frames)}
    return replace(frames, known=dict.fromkeys(frames.known, 0), previous=before, partners=NO_PARTNERS, **empty)


def _scoped(own: Belonging) -> Frames:
    frames = own.frames
    kept: dict[str, Any] = {name: RULES.get(name, _by_columns(name))(own) for name in _frames_of(frames)}
    counts = kept["tickets"].groupby("source").size()
    known = {name: int(counts.get(name, 0)) for name in frames.known}
    return replace(frames, known=known, partners=NO_PARTNERS, **kept)


def _frames_of(frames: Frames) -> list[str]:
    return [one.name for one in fields(frames) if isinstance(getattr(frames, one.name), pd.DataFrame)]


Rule = Callable[[Belonging], pd.DataFrame]


def _by_columns(name: str) -> Rule:
    """Rows of the vendor, and of its tickets where they name one; index and order stay, since others refer to them."""

    def rows(own: Belonging) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(own.frames, name)
        if "vendor" not in frame:
            return frame.head(0)
        mine = frame["vendor"] == own.vendor
        return frame[mine & frame["ticket"].isin(own.tickets)] if "ticket" in frame else frame[mine]

    return rows


def _of_vendor(name: str) -> Rule:
    """Rows of the vendor, of any ticket: those of the weeks before too."""

    def rows(own: Belonging) -> pd.DataFrame:
        frame: pd.DataFrame = getattr(own.frames, name)
        return frame[frame["vendor"] == own.vendor]

    return rows


def _tickets(own: Belonging) -> pd.DataFrame:
    """The vendor's tickets; one that it has no more is as it was when it was handed over, and without a title."""
    tickets = own.frames.tickets[own.frames.tickets["ticket"].isin(own.tickets)]
    ends = _looked_up(tickets["ticket"], own.ends)
    gone = ends.notna()
    shown = tickets.assign(**{name: _as_it_was(own, tickets, name).where(gone, tickets[name]) for name in ROLLED_BACK})
    past = {name: tickets[name].mask(gone & (tickets[name] >= ends)) for name in ("resolved_at", "closed_at")}
    return shown.assign(
        vendor=pd.Series(own.vendor, index=tickets.index, dtype=TEXT),
        state=tickets["state"].mask(gone, HANDED_OVER),
        open=tickets["open"].mask(gone, other=False),
        summary=tickets["summary"].mask(gone, ""),
        reopened=_counted(tickets, _reopenings(own)),
        reassigned=_counted(tickets, _hand_overs(own.history)),
        booked_seconds=tickets["booked_seconds"].where(tickets["ticket"].isin(own.whole)),
        **past,
        **{PERSON: only(shown[PERSON], own.people), TEAM: only(shown[TEAM], own.teams)},
    )


def _reopenings(own: Belonging) -> pd.DataFrame:
    spans = own.frames.spans
    return spans[(spans["vendor"] == own.vendor) & (spans["began"] == "reopened")]


def _as_it_was(own: Belonging, tickets: pd.DataFrame, field: str) -> pd.Series:
    """A field when the ticket was handed over last: what the next change of it replaced, else what it still is."""
    entries = own.entries[own.entries["field"] == field]
    after = entries[entries["at"] >= _looked_up(entries["ticket"], own.ends)]
    then = _looked_up(tickets["ticket"], after.drop_duplicates("ticket").set_index("ticket")["from"])
    if field == "priority":
        then = pd.to_numeric(then, errors="coerce")
    typed: pd.Series = then.astype(tickets[field].dtype)
    return typed.fillna(tickets[field])


def _counted(tickets: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    count: pd.Series = (
        _looked_up(tickets["ticket"], rows.groupby("ticket").size()).fillna(0).astype(DTYPES[Kind.INTEGER])
    )
    return count


def _looked_up(tickets: pd.Series, by_ticket: pd.Series) -> pd.Series:
    """What ``by_ticket`` says of each, missing where it says nothing."""
    return by_ticket.reindex(tickets).set_axis(tickets.index)


def _hand_overs(history: pd.DataFrame) -> pd.DataFrame:
    """From one vendor or team to another one, as far as the vendor saw it; both in one instant are one."""
    moved = history["field"].isin(["vendor", TEAM]) & (history["from"] != "") & (history["to"] != "")
    return history[moved].drop_duplicates(["ticket", "at"])


def _hands(own: Belonging) -> pd.DataFrame:
    hands = own.frames.hands
    mine = hands[(hands["vendor"] == own.vendor) & hands["ticket"].isin(own.tickets)]
    return mine.assign(group=only(mine["group"], own.teams))


def _clocks(name: str) -> Rule:
    """Clocks that are counted for the vendor; those of a ticket that it has no more, if they had ended by then."""

    def rows(own: Belonging) -> pd.DataFrame:
        mine = _by_columns(name)(own)
        ends = _looked_up(mine["ticket"], own.ends)
        return mine[ends.isna() | (mine["stopped_at"] <= ends).fillna(value=False)]

    return rows


def _judged(own: Belonging) -> pd.DataFrame:
    """Clocks that are counted for the vendor, also those of the weeks before, at an instant at which it had the ticket.

    One that was running at a week's end is the vendor's only if the ticket had come to it by then.
    """
    mine = _of_vendor("judged")(own)
    ends, begun = _looked_up(mine["ticket"], own.ends), _looked_up(mine["ticket"], own.begins)
    return mine[(begun < mine["at"]) & (ends.isna() | (mine["at"] <= ends)).fillna(value=False)]


def _natives(own: Belonging) -> pd.DataFrame:
    """Clocks of the sources, of the tickets that the vendor still has."""
    mine = _by_columns("natives")(own)
    return mine[_looked_up(mine["ticket"], own.ends).isna()]


def _used(own: Belonging) -> pd.DataFrame:
    """The vendor's own part of the time of its clocks; ``cycle`` is the row of ``cycles``, which keeps its number."""
    used = own.frames.used
    mine = used["cycle"].isin(list(_clocks("cycles")(own).index)) & (used["holder"] == own.vendor)
    return used[mine & used["kind"].isin([HolderKind.VENDOR.value, HolderKind.INTERNAL.value])]


def _decisions(own: Belonging) -> pd.DataFrame:
    """Those made in the vendor's hands about its tickets. Why a vendor was chosen tells of others, and is left out."""
    decisions = own.frames.decisions[own.frames.decisions["ticket"].isin(own.tickets)]
    ends = _looked_up(decisions["ticket"], own.ends)
    of_vendor = decisions["field"].isin(["vendor", "note"])
    about = ~(decisions["field"] == "vendor") | decisions["value"].isin([own.vendor, ""])
    mine = decisions[about & (ends.isna() | (decisions["decided_at"] < ends))]
    return mine.assign(because=mine["because"].mask(of_vendor, ""), rule=mine["rule"].mask(of_vendor, ""))


def _findings(own: Belonging) -> pd.DataFrame:
    """Those of the vendor's tickets, without their details, which may quote anybody."""
    findings = own.frames.findings[own.frames.findings["subject"].isin(own.tickets)]
    return findings.assign(detail=pd.Series("", index=findings.index, dtype=TEXT))


RULES: Mapping[str, Rule] = {
    "tickets": _tickets,
    "history": lambda own: own.history,
    "intervals": _of_vendor("intervals"),
    "spans": _of_vendor("spans"),
    "hands": _hands,
    "used": _used,
    "cycles": _clocks("cycles"),
    "judged": _judged,
    "natives": _natives,
    "verdicts": _clocks("verdicts"),
    "decisions": _decisions,
    "findings": _findings,
    "capacity": _of_vendor("capacity"),
}

__all__ = ["ANOTHER_PARTY", "HANDED_OVER", "ScopedFrames", "blank", "scoped"]
