"""What ``doctor`` looks at in ServiceNow: columns, scope, order, history, states, groups; nothing is written."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

import itsm_bridge.connectors.servicenow.audit as audit
from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Check, Identity
from itsm_bridge.connectors.checks import guarded, suggestion
from itsm_bridge.connectors.servicenow.attached import Attached
from itsm_bridge.connectors.servicenow.cells import is_sys_id, stamp, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVERS, GROUPS, JOURNALS, SLAS, USERS, fields_of
from itsm_bridge.connectors.servicenow.dictionary import Dictionary
from itsm_bridge.connectors.servicenow.missing import FEW, Missing
from itsm_bridge.connectors.servicenow.notes import PUBLIC, WORK
from itsm_bridge.connectors.servicenow.permissions import NAME, permissions
from itsm_bridge.connectors.servicenow.query import Scope, UnsafeValue, joined, ordered, term
from itsm_bridge.connectors.servicenow.reader import attached_of
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, require_scope
from itsm_bridge.errors import BridgeError

MOST_GROUPS = 5_000
NO_SUCH_COLUMN = "u_itsm_bridge_no_such_column"
LOOK_BACK = timedelta(days=30)
_ATTACHED: Mapping[str, str] = {APPROVERS: "approvals", SLAS: "native service levels", JOURNALS: "journals"}


class Doctor:
    """The checks of one instance, one line each, for the account and at the time of its ``identity``."""

    def __init__(
        self,
        source: ServiceNow,
        vendors: Mapping[str, Vendor],
        transport: SnowTransport,
        scope: Scope,
        identity: Identity,
    ) -> None:
        self._source, self._vendors, self._transport, self._scope = source, vendors, transport, scope
        self._account, self._now = identity.account, identity.server_time

    def checks(self) -> Iterator[Check]:
        """Every check after the connection."""
        yield guarded(NAME, lambda: permissions(self._source, self._transport, self._account))
        for table in self._source.tables:
            yield guarded(f"{table}: fields", functools.partial(self._columns, table))
            yield guarded(f"{table}: scope and order", functools.partial(self._order, table))
            yield guarded(f"{table}: history", functools.partial(self._history, table))
            dictionary = Dictionary(self._source, self._transport, table)
            yield _told(f"{table}: states", dictionary.states)
            yield _told(f"{table}: mapped values", dictionary.mapped_values)
            if self._source.choice_labels:
                yield guarded(f"{table}: choice labels", dictionary.labels)
            yield _told(f"{table}: fields to write", dictionary.written)
        for attached in attached_of(self._source):
            name = _ATTACHED[attached.table]
            yield guarded(name, functools.partial(self._attached, name, attached))
        if self._source.writable:
            yield guarded("notes", self._journals)
        yield guarded("groups of vendors", self._groups)
        yield guarded("invalid queries", self._invalid_queries)

    def _columns(self, table: str) -> Check:
        """Whether the configured columns are there; what another table alone has is a warning, see ``Missing``."""
        name = f"{table}: fields"
        wanted = {field.column for field in fields_of(self._source, table) if field.configured}
        walked = [column for column in wanted if "." in column]
        seen = self._seen(table, ()) | (self._seen(table, ("sys_id", *walked)) if walked else set())
        if not seen:
            return Check(
                name,
                "warning",
                "no record can be seen, so that fields cannot be checked",
                "look at scope: and at the account's roles",
            )
        missing = sorted(wanted - seen)
        if not missing:
            return Check(name, "ok", f"{len(wanted)} configured fields are there")
        told = ", ".join(f"{column}{suggestion(column, seen)}" for column in missing)
        lookup = Missing(self._source, self._transport, self._scope)
        grave = lookup.nowhere(table, missing) or lookup.hidden(table, missing)
        return Check(
            name,
            "failure" if grave else "warning",
            f"not there, or hidden from the account: {told}",
            "correct fields: in bridge.yaml, or grant the account read on it",
        )

    def _seen(self, table: str, columns: Sequence[str]) -> set[str]:
        """The columns that some rows have: those of a whole row where none is named, and no dot-walked ones then."""
        rows = self._transport.get(table, self._scope.text, columns, FEW).rows
        return {column for row in rows for column in row}

    def _order(self, table: str) -> Check:
        """Whether the query that every sync depends on is understood: one step of the walk, with its own checks."""
        since = stamp(self._now - LOOK_BACK)
        columns = ("sys_id", "sys_updated_on", *self._scope.columns)
        walk = Walk(
            self._source.name,
            table,
            self._scope.text,
            columns,
            since=since,
            test=self._scope.takes,
            page=50,
            scope=self._scope.columns,
        )
        try:
            step = next(walk.steps(self._transport))
        except ReadRefused as refusal:
            fix = f"grant the account read on {table}, and query_range on {table}.sys_updated_on"
            return Check(f"{table}: scope and order", "failure", refusal.message, fix)
        if self._scope.columns and not step.rows:  # older records show what the scope's columns are
            older = self._transport.get(table, self._scope.text, columns, FEW).rows
            require_scope(self._source.name, table, self._scope.columns, older)
        return Check(f"{table}: scope and order", "ok", f"{step.expected or len(step.rows)} records changed in 30 days")

    def _history(self, table: str) -> Check:
        """Asked for by the ids of the records that changed last: any other question reads all of ``sys_audit``."""
        name = f"{table}: history"
        latest = joined(self._scope.text, "ORDERBYDESCsys_updated_on")
        rows = self._transport.get(table, latest, ("sys_id",), FEW).rows
        ids = [number for row in rows if is_sys_id(number := text_of(row.get("sys_id")))]
        if not ids:
            fix = "look at scope: and at the account's roles"
            return Check(name, "warning", "no record can be seen, so that its history cannot be looked for", fix)
        query = joined(term("documentkey", "IN", ids), term("tablename", "=", table))
        found = self._transport.get(audit.TABLE, query, ("sys_id", "documentkey"), FEW)
        if found.rows:
            return Check(name, "ok", "sys_audit can be read")
        if found.total:
            hidden = f"sys_audit holds {found.total} rows of these records, and the account sees none of them"
            return Check(name, "failure", hidden, "grant the account read on sys_audit")
        fix = f"turn on auditing of {table} and grant the account read on sys_audit"
        return Check(name, "warning", "sys_audit shows nothing of this table: times in state would be unknown", fix)

    def _attached(self, name: str, attached: Attached) -> Check:
        """Whether the rows that hang on tickets can be read."""
        found = self._transport.get(attached.table, ordered(attached.order), attached.asked, FEW)
        if found.total and not found.rows:
            hidden = f"{attached.table} holds {found.total} rows, and the account sees none of the first {FEW}"
            return Check(name, "warning", hidden, f"grant the account read on {attached.table}")
        return Check(name, "ok", f"{attached.table} can be read")

    def _journals(self) -> Check:
        """Whether notes of ours could be found again; without that none is sent."""
        name = "notes"
        try:
            found = self._transport.get(JOURNALS, term("element", "IN", (PUBLIC, WORK)), ("sys_id", "value"), FEW)
        except ReadRefused:
            refused = f"{JOURNALS} may not be read: no notes are sent, as they could not be found again"
            return Check(name, "warning", refused, f"grant the account read on {JOURNALS}")
        if found.total and not found.rows:
            hidden = f"{JOURNALS} holds {found.total} entries, and the account sees none of the first {FEW}: no notes"
            return Check(name, "warning", hidden, f"grant the account read on {JOURNALS}")
        return Check(name, "ok", f"{JOURNALS} can be read")

    def _invalid_queries(self) -> Check:
        """Whether a condition that cannot hold finds nothing: asked of the users, of whom there is one at least."""
        name = "invalid queries"
        found = self._transport.get(USERS, term(NO_SUCH_COLUMN, "=", "1"), ("sys_id",), 1)
        if not found.rows and not found.total:
            return Check(name, "ok", "a condition that is not understood finds nothing")
        return Check(
            name,
            "warning",
            "the instance drops a condition that it does not understand, and answers with more; each row is checked "
            "here, so that a sync stops instead of reading too much",
            "set the system property glide.invalid_query.returns_no_rows to true",
        )

    def _groups(self) -> Check:
        """Whether each vendor's group is there, once, and active."""
        name = "groups of vendors"
        rows = self._transport.get(
            GROUPS, joined(term("active", "=", "true"), "ORDERBYname"), ("sys_id", "name"), MOST_GROUPS
        ).rows
        groups = [text_of(row.get("name")) for row in rows]
        wanted = {
            vendor.name: vendor.names[self._source.name]
            for vendor in self._vendors.values()
            if self._source.name in vendor.names
        }
        faults = [
            f"{vendor}: {self._fault(group, groups)}" for vendor, group in wanted.items() if groups.count(group) != 1
        ]
        if faults:
            return Check(
                name, "failure", "; ".join(faults), "correct names: in vendors.yaml, or the groups in ServiceNow"
            )
        return Check(name, "ok", f"{len(wanted)} vendors have their group")

    def _fault(self, group: str, groups: Sequence[str]) -> str:
        if group in groups:
            return f"{groups.count(group)} active groups are called {group!r}"
        if self._is_there(group):
            return f"the group {group!r} is not active"
        return f"no active group is called {group!r}{suggestion(group, groups)}"

    def _is_there(self, group: str) -> bool:
        try:
            rows = self._transport.get(GROUPS, term("name", "=", group), ("sys_id", "name"), 2).rows
        except UnsafeValue:
            return False
        return any(text_of(row.get("name")) == group for row in rows)


def _told(name: str, check: Callable[[], Check]) -> Check:
    """A check that looks where an ordinary account may not: that is worth a warning only."""
    try:
        return check()
    except ReadRefused as refusal:
        return Check(name, "warning", f"not known: {refusal.message}", "grant the account read on it")
    except BridgeError as error:
        return Check(name, "failure", error.message, error.hint)
