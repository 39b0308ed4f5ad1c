"""Who was asked to approve what: approvers' own records, else the ticket's field as it went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from itsm_bridge.analysis.business_time import business_seconds
from itsm_bridge.analysis.frames import SCHEMAS, Row, by_ticket, changes
from itsm_bridge.calendars import Calendars
from itsm_bridge.model import Approval, ApprovalState

RECORD, FIELD = "record", "field"
"""Where a row comes from: an approver's own record, or the approval field of a ticket that has none."""

DECIDED = (ApprovalState.APPROVED.value, ApprovalState.REJECTED.value)

OF_TICKET = ["open", "vendor", "environment", "service"]
ASKED = ["ticket", "approver", "state", "requested_at", "decided_at", "by"]


def vote_rows(ticket: str, approvals: Iterable[Approval]) -> Iterator[Row]:
    """One ticket's approver records as rows of the frame ``votes``; ``votes`` puts in the rest, for all at once."""
    for vote in approvals:
        decided = vote.decided_at if vote.state in DECIDED else None
        yield (ticket, vote.approver, vote.state, vote.requested_at, decided, RECORD, *[None] * 5)


def votes(
    records: pd.DataFrame,
    tickets: pd.DataFrame,
    *,
    intervals: pd.DataFrame,
    history: pd.DataFrame,
    hands: pd.DataFrame,
    calendars: Calendars,
) -> pd.DataFrame:
    """The frame ``votes``: ``records``, and what the history of their field says of ``tickets`` without any.

    What is still asked of a ticket waits as long as that is open, and no longer.
    """
    asked = pd.concat([records[ASKED], _of_field(records, tickets, intervals, history)], ignore_index=True)
    last_open = hands.groupby("ticket")["end"].max().rename("last_open")
    rows = asked.join(tickets.set_index("ticket")[OF_TICKET], on="ticket").join(last_open, on="ticket")
    is_asked = rows["state"] == ApprovalState.REQUESTED
    ended = rows["decided_at"].fillna(rows["last_open"].where(is_asked))
    ended = ended.mask(ended < rows["requested_at"], rows["requested_at"])
    rows = rows.assign(ended_at=ended, waiting=is_asked & rows["open"])
    rows["business_seconds"] = business_seconds(rows, "requested_at", "ended_at", calendars)
    return rows[list(SCHEMAS["votes"])].astype(dict(SCHEMAS["votes"]))


def _of_field(
    records: pd.DataFrame, tickets: pd.DataFrame, intervals: pd.DataFrame, history: pd.DataFrame
) -> pd.DataFrame:
    """Each time that a ticket's approval became requested, or was decided without that."""
    touched = intervals.loc[intervals["approval"] != ApprovalState.NOT_REQUIRED, "ticket"].unique()
    wanted = tickets.loc[tickets["ticket"].isin(touched) & ~tickets["ticket"].isin(records["ticket"]), "ticket"]
    runs = _runs(intervals[intervals["ticket"].isin(wanted)])
    of_ticket = runs.groupby("ticket")
    then, at = of_ticket["approval"].shift(-1), of_ticket["start"].shift(-1)
    before = of_ticket["approval"].shift()
    asked = runs["approval"] == ApprovalState.REQUESTED
    unasked = runs["approval"].isin(DECIDED) & before.notna() & (before != ApprovalState.REQUESTED)
    state = runs["approval"].mask(asked, then.fillna(ApprovalState.REQUESTED.value))
    decided = at.where(state.isin(DECIDED)).mask(unasked, runs["start"])
    found = runs.assign(state=state, requested_at=runs["start"].where(asked), decided_at=decided, by=FIELD)
    found = found[asked | unasked]
    return found.merge(_deciders(history), how="left", on=["ticket", "decided_at"])[ASKED]


def _runs(intervals: pd.DataFrame) -> pd.DataFrame:
    """Intervals joined where the approval stays the same."""
    ordered, ticket = by_ticket(intervals, "start")
    begins = changes(ticket, pd.factorize(ordered["approval"])[0])
    return ordered.loc[begins, ["ticket", "start", "approval"]].reset_index(drop=True)


def _deciders(history: pd.DataFrame) -> pd.DataFrame:
    """Who changed the approval of a ticket at an instant."""
    changes = history.loc[history["field"] == "approval", ["ticket", "at", "actor"]]
    return changes.drop_duplicates(["ticket", "at"], keep="last").rename(
        columns={"at": "decided_at", "actor": "approver"}
    )
