"""Whose a moment of a ticket was, and which people and teams are a vendor's own: read off who had the ticket when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from itsm_bridge.analysis.frames import Frames

ANOTHER_PARTY = "another party"
"""In place of a vendor, team or person that a copy may not name."""

PERSON, TEAM = "assignee", "group"


@dataclass(frozen=True, eq=False)
class Belonging:
    """What belongs to ``vendor`` by the frames of everybody, of which nothing else may reach a copy."""

    frames: Frames
    vendor: str

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """All intervals, oldest first; ``arrives`` says where a ticket comes to another vendor than it was with."""
        rows = self.frames.intervals.sort_values(["ticket", "start"], kind="stable", ignore_index=True)
        same = (rows["ticket"] == rows["ticket"].shift()) & (rows["vendor"] == rows["vendor"].shift())
        return rows.assign(first=rows["ticket"] != rows["ticket"].shift(), arrives=~same)

    @cached_property
    def entries(self) -> pd.DataFrame:
        """The history, each entry with ``holder``: the vendor in whose hands the ticket was right after it."""
        return self._held(self.frames.history)

    @cached_property
    def people(self) -> frozenset[str]:
        """Those to whom tickets were assigned while the vendor had them, and never while another vendor did."""
        return self._own(PERSON)

    @cached_property
    def teams(self) -> frozenset[str]:
        """The same for teams, in the sources' own words."""
        return self._own(TEAM)

    @cached_property
    def foreign_people(self) -> frozenset[str]:
        """Everybody else whom the frames name."""
        history, tickets = self.frames.history, self.frames.tickets
        assigned = history[history["field"] == PERSON]
        named = {*history["actor"], *assigned["from"], *assigned["to"], *tickets[PERSON]}
        return frozenset(named - self.people - {""})

    @cached_property
    def others(self) -> frozenset[str]:
        """The other vendors that the frames name."""
        history, frames = self.frames.history, self.frames
        changed = history[history["field"] == "vendor"]
        named = {*frames.intervals["vendor"], *changed["from"], *changed["to"], *frames.capacity["vendor"]}
        return frozenset(named - {self.vendor, ""})

    @cached_property
    def tickets(self) -> frozenset[str]:
        """The tickets that were open in the vendor's hands at some time in the period."""
        spans = self.frames.spans
        lasted = spans["end"].isna() | (spans["end"] >= self.frames.start)
        had = spans[(spans["vendor"] == self.vendor) & lasted & (spans["start"] < self.frames.until)]
        return frozenset(had["ticket"]) & frozenset(self.frames.tickets["ticket"])

    @cached_property
    def ends(self) -> pd.Series:
        """By ticket, the end of the vendor's last holding; missing where it still has it."""
        rows = self.intervals[self.intervals["vendor"] == self.vendor]
        return rows.drop_duplicates("ticket", keep="last").set_index("ticket")["end"]

    @cached_property
    def begins(self) -> pd.Series:
        """By ticket, the beginning of the vendor's first holding."""
        rows = self.intervals[self.intervals["vendor"] == self.vendor]
        return rows.drop_duplicates("ticket").set_index("ticket")["start"]

    @cached_property
    def history(self) -> pd.DataFrame:
        """What happened in the vendor's hands, and each hand-over itself; who is not its own is another party."""
        entries = self.entries
        held = (entries["holder"] == self.vendor) | self._hands_over(entries)
        rows = entries[held & entries["ticket"].isin(self.tickets)].drop(columns="holder")
        for field, known in {"vendor": {self.vendor}, PERSON: self.people, TEAM: self.teams}.items():
            of_field = rows["field"] == field
            for side in ("from", "to"):
                rows[side] = rows[side].where(~of_field, only(rows[side], known))
        return rows.assign(actor=only(rows["actor"], self.people))

    def _hands_over(self, entries: pd.DataFrame) -> pd.Series:
        """The entries with which the vendor gave a ticket away: they lie at the very end of a holding."""
        mine = self.intervals[self.intervals["vendor"] == self.vendor]
        ends = pd.MultiIndex.from_frame(mine[["ticket", "end"]])
        at_end = pd.Series(pd.MultiIndex.from_frame(entries[["ticket", "at"]]).isin(ends), index=entries.index)
        return at_end & (entries["field"] == "vendor") & (entries["from"] == self.vendor)

    @cached_property
    def whole(self) -> frozenset[str]:
        """The tickets that nobody but the vendor ever had."""
        others = self.intervals.loc[self.intervals["vendor"] != self.vendor, "ticket"]
        return self.tickets - frozenset(others)

    def _own(self, field: str) -> frozenset[str]:
        """Values that a field was given in the vendor's hands, less those that it was given in another vendor's."""
        entries = self.entries[self.entries["field"] == field]
        given = entries[["to", "holder"]].rename(columns={"to": "value"})
        every = pd.concat([given, self._initial(field, entries)], ignore_index=True)
        every = every[(every["value"] != "") & (every["holder"] != "")].drop_duplicates()
        own = every["holder"] == self.vendor
        return frozenset(every.loc[own, "value"]) - frozenset(every.loc[~own, "value"])

    def _initial(self, field: str, entries: pd.DataFrame) -> pd.DataFrame:
        """What tickets were created with, and whose they were then."""
        before = entries.drop_duplicates("ticket").set_index("ticket")["from"]
        tickets = self.frames.tickets.set_index("ticket")
        first = self.intervals[self.intervals["first"]].set_index("ticket")["vendor"]
        value = before.reindex(tickets.index).fillna(tickets[field])
        return pd.DataFrame({"value": value, "holder": first.reindex(tickets.index).fillna("")})

    def _held(self, rows: pd.DataFrame) -> pd.DataFrame:
        """``rows`` with the interval that each lies in: its vendor, its start, and whether the ticket arrived there."""
        left = rows.reset_index(drop=True).sort_values("at", kind="stable").rename_axis("place").reset_index()
        right = self.intervals[["ticket", "start", "vendor"]].sort_values("start", kind="stable")
        found = pd.merge_asof(left, right, left_on="at", right_on="start", by="ticket")
        held = found.rename(columns={"vendor": "holder"}).assign(holder=found["vendor"].fillna(""))
        return held.sort_values("place", kind="stable", ignore_index=True).drop(columns=["place", "start"])


def only(values: pd.Series, own: Collection[str]) -> pd.Series:
    """``values`` in which whoever is not among ``own`` is another party; empty ones stay empty."""
    return values.where((values == "") | values.isin(list(own)), ANOTHER_PARTY)
