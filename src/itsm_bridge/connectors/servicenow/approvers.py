"""Approvers' votes from ``sysapproval_approver``: with a ticket, and as a stream of their own.

A vote does not move the ticket's ``sys_updated_on``, so that nothing of one can be told from the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from itsm_bridge.connectors.base import Oddity, Rejected
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import Row, instant, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVALS, APPROVERS, USERS
from itsm_bridge.connectors.servicenow.names import Names
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids
from itsm_bridge.model import Approval, ApprovalState

ATTACHED = Attached(
    APPROVERS,
    "sysapproval",
    ("sys_id", "sys_updated_on", "sys_created_on", "sys_mod_count", "sys_updated_by", "approver", "state"),
    ticket_class="sysapproval.sys_class_name",
)

DECIDED = frozenset({ApprovalState.APPROVED, ApprovalState.REJECTED})


def votes_of(transport: SnowTransport, source: str, ids: Collection[str]) -> Mapping[str, Sequence[Row]]:
    """The approver rows of tickets, by ticket."""
    found: defaultdict[str, list[Row]] = defaultdict(list)
    walk = Walk(source, APPROVERS, "", ATTACHED.asked, order="sys_id")
    for row in by_ids(transport, walk, ATTACHED.ticket, ids):
        found[ATTACHED.ticket_of(row)].append(row)
    return found


def want_names(rows: Sequence[Row], names: Names) -> None:
    """Note the approvers."""
    for row in rows:
        names.want(USERS, text_of(row.get("approver")))


def approvals_of(
    source: str, rows: Sequence[Row], names: Names
) -> tuple[tuple[Approval, ...], tuple[Rejected, ...], tuple[Oddity, ...]]:
    """The votes in ``rows``, those that cannot be read, and what is odd about the others."""
    approvals, rejected, oddities = [], [], []
    for row in rows:
        word = text_of(row.get("state")).strip().casefold()
        if word not in APPROVALS:
            oddities.append(
                Oddity(ATTACHED.ticket_of(row), "unmapped_approval", f"an approver's state {word[:40]!r} is not known")
            )
            continue
        try:
            approvals.append(_approval(source, row, APPROVALS[word], names))
        except ValueError as error:
            rejected.append(Rejected(text_of(row.get("sys_id")), f"approval: {error}"))
    return tuple(approvals), tuple(rejected), tuple(oddities)


def _approval(source: str, row: Row, state: ApprovalState, names: Names) -> Approval:
    requested, updated = instant(text_of(row.get("sys_created_on"))), instant(text_of(row.get("sys_updated_on")))
    approver = ", ".join(names.names(USERS, text_of(row.get("approver"))))
    if requested is None or not approver:
        raise ValueError("it has no approver or no time")
    return Approval(
        source=source,
        external_id=ATTACHED.ticket_of(row),
        approval_id=text_of(row.get("sys_id")),
        approver=approver,
        state=state,
        requested_at=requested,
        decided_at=updated if state in DECIDED else None,
    )
