"""Writing to ServiceNow: one PATCH with all fields and notes of a ticket, and approvers' records, never doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.servicenow.approvers import votes_of
from itsm_bridge.connectors.servicenow.cells import Row, is_sys_id, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVAL_WORDS, APPROVERS, GROUPS, USERS, Field, fields_of
from itsm_bridge.connectors.servicenow.notes import entries_of
from itsm_bridge.connectors.servicenow.query import UnsafeValue, joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.errors import OutcomeUnknown, WriteRefused
from itsm_bridge.model import ApprovalState, Ticket

STANDING = frozenset({"requested", "approved", "rejected"})
"""States of an approver's record that count: such a record is not asked for again."""


class Writer:
    """All writing to one instance. Everything is looked up before anything is sent."""

    def __init__(self, source: ServiceNow, vendors: Mapping[str, Vendor], transport: SnowTransport) -> None:
        self._source, self._vendors, self._transport = source, vendors, transport
        self._found: dict[tuple[str, str], str] = {}

    def push(self, write: Write) -> None:
        """See ``Connector.push``."""
        ticket = write.ticket
        if not is_sys_id(ticket.external_id):
            raise WriteRefused(f"{ticket.id} has no sys_id to write to; nothing was written")
        changes = self._changes(write) | entries_of(write.notes)
        votes = self._votes(write)
        if changes:
            self._transport.patch(ticket.project, ticket.external_id, changes)
        for place, (sys_id, values) in enumerate(votes):
            try:
                self._ask(sys_id, values)
            except WriteRefused as refusal:
                if not changes and place == 0:
                    raise
                raise OutcomeUnknown(
                    f"{ticket.id}: a part was written, then an approver's record was refused: {refusal}"
                ) from None

    def _ask(self, sys_id: str, values: Mapping[str, str]) -> None:
        """Create an approver's record, or set the one of ``sys_id``."""
        if sys_id:
            self._transport.patch(APPROVERS, sys_id, values)
        else:
            self._transport.post(APPROVERS, values)

    # --- the ticket's own fields ---

    def _changes(self, write: Write) -> dict[str, str]:
        """The columns to be set. Raises ``WriteRefused`` for what cannot be written as configured."""
        fields = {field.ours: field for field in fields_of(self._source, write.ticket.project)}
        changes: dict[str, str] = {}
        for ours, value in write.values.items():
            if ours not in self._source.writable:
                raise WriteRefused(
                    f"{write.ticket.id}: {ours} is not written to {self._source.name}; see write: in bridge.yaml"
                )
            if ours == "vendor":
                changes[self._source.write.vendor or ""] = self._group(write.ticket, str(value))
            elif ours != "approval":
                changes[fields[ours].column] = _level(fields[ours], str(value))
            elif self._source.write.approval == "field":
                changes[fields[ours].column] = APPROVAL_WORDS[ApprovalState(str(value))]
        return changes

    def _group(self, ticket: Ticket, vendor: str) -> str:
        """The sys_id of a vendor's group; nothing for no vendor."""
        if not vendor:
            return ""
        name = self._vendors[vendor].names.get(self._source.name) if vendor in self._vendors else None
        if name is None:
            raise WriteRefused(
                f"{ticket.id}: vendor {vendor} has no name in {self._source.name}; see names: in vendors.yaml"
            )
        return self._active(ticket, GROUPS, "name", name, "group")

    def _active(self, ticket: Ticket, table: str, column: str, name: str, what: str) -> str:
        """The sys_id of the one active record of that name. Raises ``WriteRefused`` for none and for several."""
        if (table, name) not in self._found:
            ids = self._look_up(ticket, table, column, name, what)
            if len(ids) != 1:
                count = "no active" if not ids else "more than one active"
                raise WriteRefused(f"{ticket.id}: {self._source.name} has {count} {what} {name!r}; nothing was written")
            self._found[table, name] = ids[0]
        return self._found[table, name]

    def _look_up(self, ticket: Ticket, table: str, column: str, name: str, what: str) -> Sequence[str]:
        try:
            query = joined(term(column, "=", name), term("active", "=", "true"))
        except UnsafeValue as error:
            raise WriteRefused(
                f"{ticket.id}: the name of a {what} cannot be asked for: {error}; nothing was written"
            ) from None
        rows = self._transport.get(table, query, ("sys_id", column, "active"), 10).rows
        return [text_of(row.get("sys_id")) for row in rows if _is_active_and_named(row, column, name)]

    # --- approvers ---

    def _votes(self, write: Write) -> list[tuple[str, Mapping[str, str]]]:
        """The approvers' records to be made (without an id) or set (with one)."""
        wanted = write.values.get("approval")
        if wanted is None or self._source.write.approval != "approver_records":
            return []
        ticket = write.ticket
        if wanted != ApprovalState.REQUESTED:
            raise WriteRefused(
                f"{ticket.id}: approval {wanted} is for its approvers to say; only a request can be written"
            )
        if not write.approvers:
            raise WriteRefused(f"{ticket.id}: an approval is requested of nobody; nothing was written")
        standing = self._standing(ticket)
        people = dict.fromkeys(self._person(ticket, approver) for approver in write.approvers)
        votes = (_vote(ticket, person, standing.get(person)) for person in people)
        return [vote for vote in votes if vote is not None]

    def _standing(self, ticket: Ticket) -> Mapping[str, Row]:
        """The approver records that the ticket has, by approver; one that counts goes before one that does not."""
        rows = votes_of(self._transport, self._source.name, [ticket.external_id]).get(ticket.external_id, ())
        ordered = sorted(rows, key=lambda row: text_of(row.get("state")) in STANDING)
        return {text_of(row.get("approver")): row for row in ordered}

    def _person(self, ticket: Ticket, approver: str) -> str:
        return self._active(ticket, USERS, "email" if "@" in approver else "user_name", approver, "user")


def _vote(ticket: Ticket, person: str, there: Row | None) -> tuple[str, Mapping[str, str]] | None:
    """What makes a person an approver who is asked; nothing where that is so already."""
    if there is None:
        return "", {"sysapproval": ticket.external_id, "approver": person, "state": "requested"}
    if text_of(there.get("state")) in STANDING:
        return None
    return text_of(there.get("sys_id")), {"state": "requested"}


def _level(field: Field, value: str) -> str:
    """Impact, urgency or priority in the source's own words."""
    return next((theirs for theirs, ours in field.values.items() if ours == value), value)


def _is_active_and_named(row: Row, column: str, name: str) -> bool:
    """Whether a row is what was asked for: the server compares without regard to case, and may drop a condition."""
    return text_of(row.get(column)).casefold() == name.casefold() and text_of(row.get("active")) in {"true", ""}
