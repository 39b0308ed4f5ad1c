"""What ``doctor`` looks at in ServiceNow: columns, scope, order, history, groups; nothing is written."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.checks import guarded, suggestion
from itsm_bridge.connectors.servicenow import approvers, audit
from itsm_bridge.connectors.servicenow.cells import stamp, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVERS, GROUPS, fields_of
from itsm_bridge.connectors.servicenow.query import Scope, joined, ordered, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk

MOST_GROUPS = 5_000
LOOK_BACK = timedelta(days=30)


class Doctor:
    """The checks of one instance, one line each. ``now`` is the server's time."""

    def __init__(
        self, source: ServiceNow, vendors: Mapping[str, Vendor], transport: SnowTransport, scope: Scope, now: datetime
    ) -> None:
        self._source, self._vendors, self._transport, self._scope, self._now = source, vendors, transport, scope, now

    def checks(self) -> Iterator[Check]:
        """Every check after the connection."""
        for table in self._source.tables:
            yield guarded(f"{table}: fields", functools.partial(self._columns, table))
            yield guarded(f"{table}: scope and order", functools.partial(self._order, table))
            yield guarded(f"{table}: history", functools.partial(self._history, table))
        yield guarded("approvals", self._approvals)
        yield guarded("groups of vendors", self._groups)

    def _columns(self, table: str) -> Check:
        """Whether the configured columns are there: looked for in a whole row, since unknown ones are ignored."""
        name = f"{table}: fields"
        rows = self._transport.get(table, self._scope.text, (), 1).rows
        if not rows:
            return Check(
                name,
                "warning",
                "no record can be seen, so that fields cannot be checked",
                "look at scope: and at the account's roles",
            )
        wanted = {
            field.column for field in fields_of(self._source, table) if field.configured and "." not in field.column
        }
        missing = sorted(wanted - set(rows[0]))
        if not missing:
            return Check(name, "ok", f"{len(wanted)} configured fields are there")
        told = ", ".join(f"{column}{suggestion(column, rows[0])}" for column in missing)
        return Check(
            name,
            "failure",
            f"not there, or hidden from the account: {told}",
            "correct fields: in bridge.yaml, or grant the account read on it",
        )

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
            test=lambda row: self._scope.admits(
                {column: text_of(row[column]) for column in self._scope.columns if column in row}
            ),
            page=50,
        )
        step = next(walk.steps(self._transport))
        return Check(f"{table}: scope and order", "ok", f"{step.expected or len(step.rows)} records changed in 30 days")

    def _history(self, table: str) -> Check:
        query = joined(term("tablename", "=", table), ordered("sys_id"))
        rows = self._transport.get(audit.TABLE, query, ("sys_id", "tablename"), 1).rows
        if rows:
            return Check(f"{table}: history", "ok", "sys_audit can be read")
        fix = f"turn on auditing of {table} and grant the account read on sys_audit"
        return Check(
            f"{table}: history",
            "warning",
            "sys_audit shows nothing of this table: times in state would be unknown",
            fix,
        )

    def _approvals(self) -> Check:
        self._transport.get(APPROVERS, ordered("sys_updated_on"), approvers.COLUMNS, 1)
        return Check("approvals", "ok", "approvers' records can be read")

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
        faults = [f"{vendor}: {_fault(group, groups)}" for vendor, group in wanted.items() if groups.count(group) != 1]
        if faults:
            return Check(
                name, "failure", "; ".join(faults), "correct names: in vendors.yaml, or the groups in ServiceNow"
            )
        return Check(name, "ok", f"{len(wanted)} vendors have their group")


def _fault(group: str, groups: Sequence[str]) -> str:
    if group in groups:
        return f"{groups.count(group)} active groups are called {group!r}"
    return f"no active group is called {group!r}{suggestion(group, groups)}"
