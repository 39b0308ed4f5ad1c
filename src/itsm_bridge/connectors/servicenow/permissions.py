"""What the account may do and need not, and what it needs and may not, as far as its own roles show it.

An account with few rights does not see its roles, and then nothing is known: each thing that must be read is looked at
by itself, and what may be written shows at the first write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.servicenow.cells import text_of
from itsm_bridge.connectors.servicenow.query import joined, ordered, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import widened

NAME = "permissions"
ROLES = "sys_user_has_role"
READ_ONLY = "snc_read_only"

NEVER_NEEDED: Mapping[str, str] = {
    "admin": "it may do everything",
    "security_admin": "it may change the rules of access",
    "maint": "it may do everything",
    "impersonator": "it may act as anybody",
    "user_admin": "it may change users and groups",
    "approval_admin": "it may answer approvals in place of their approvers",
    "web_service_admin": "it may change the interfaces of the instance",
}
"""Roles that the bridge has no use for, and what they allow."""

WRITERS: Mapping[str, str] = {
    "sn_incident_write": "incident",
    "sn_problem_write": "problem",
    "sn_change_write": "change_request",
    "sn_request_write": "sc_req_item",
}
"""Roles with write on one table, which ``itil`` contains among others."""

_MOST = 1_000


def permissions(source: ServiceNow, transport: SnowTransport, account: str) -> Check:
    """Hold the roles of ``account`` against what the configuration has the bridge do."""
    roles = _roles(source, transport, account)
    if not roles:
        told = "the instance does not show the account its roles, or it has none; what it must read is looked at here"
        return Check(NAME, "ok", told)
    if READ_ONLY in roles and source.writable:
        fix = f"take the role {READ_ONLY} from the account, or write: out of bridge.yaml"
        return Check(NAME, "failure", f"the role {READ_ONLY} forbids every write, and write: wants some", fix)
    excess = [f"{role} ({why})" for role, why in _excess(source, roles)]
    if not excess:
        return Check(NAME, "ok", f"none of its roles is known to be more than it needs: {', '.join(roles[:20])}")
    fix = "take these roles, or the one that contains them, from the account; give it one of its own with read, and "
    needed = ", ".join(source.tables) if source.writable else "no table"
    return Check(NAME, "warning", f"it does not need {', '.join(excess)}", f"{fix}with write on {needed}")


def _excess(source: ServiceNow, roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    for role in roles:
        if role in NEVER_NEEDED:
            yield role, NEVER_NEEDED[role]
        elif role in WRITERS and READ_ONLY not in roles and not _writes(source, WRITERS[role]):
            yield role, f"it may write {WRITERS[role]}, where nothing is written"


def _writes(source: ServiceNow, table: str) -> bool:
    return bool(source.writable) and table in source.tables


def _roles(source: ServiceNow, transport: SnowTransport, account: str) -> list[str]:
    """The names of the account's active roles, those that others contain among them; none where it sees none."""
    query = joined(term("user.user_name", "=", account), term("state", "=", "active"), ordered("sys_id"))
    columns = ("sys_id", "user.user_name", "state", "role.name")
    try:
        rows = transport.get(ROLES, query, columns, _MOST).rows
    except ReadRefused:
        return []
    if any(text_of(row.get("user.user_name")).casefold() not in {"", account.casefold()} for row in rows):
        raise widened(source.name, ROLES)
    return sorted({name for row in rows if "user.user_name" in row and (name := text_of(row.get("role.name")))})
