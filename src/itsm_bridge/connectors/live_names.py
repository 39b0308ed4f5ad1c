"""The names that a source uses: projects, states, priorities, fields, groups; for a first configuration. Only reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from itsm_bridge.config.model import Credentials, Jira, Limits, ServiceNow
from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.http import BasicAuth, BearerAuth, GuardedSession
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.site import CloudSite, DataCenterSite, Json, shape
from itsm_bridge.connectors.servicenow.cells import text_of
from itsm_bridge.connectors.servicenow.choices import COLUMNS, LANGUAGE, TABLE
from itsm_bridge.connectors.servicenow.columns import GROUPS
from itsm_bridge.connectors.servicenow.connector import session_of
from itsm_bridge.connectors.servicenow.doctor import MOST_GROUPS
from itsm_bridge.connectors.servicenow.query import joined, term
from itsm_bridge.connectors.servicenow.transport import TRANSPORTS
from itsm_bridge.connectors.surroundings import Surroundings

TABLES = ("incident", "sc_req_item", "change_request", "problem", "sc_task")
"""The task tables that are looked for."""


@dataclass(frozen=True, slots=True)
class JiraNames:
    """Keys of projects, names of types, statuses with their category, priorities from the highest on."""

    projects: Sequence[str]
    types: Sequence[str]
    statuses: Mapping[str, str]
    priorities: Sequence[str]
    custom: Sequence[str]


@dataclass(frozen=True, slots=True)
class ServiceNowNames:
    """The labels of each table's states by value (none where they are hidden), and the active groups."""

    states: Mapping[str, Mapping[str, str]]
    groups: Sequence[str]
    custom: Sequence[str] = field(default=())


def jira_names(source: Jira, credentials: Credentials) -> JiraNames:
    """Ask a site; raises the errors of ``Connector``."""
    auth = BearerAuth(credentials) if credentials.kind == "bearer" else BasicAuth(credentials)
    session = GuardedSession(
        source.name, source.url, auth, shape, max_wait=Limits().max_wait, surroundings=Surroundings()
    )
    site = CloudSite(session) if source.deployment == "cloud" else DataCenterSite(session)
    site.myself()  # refused credentials are told as such, where other questions are answered to anybody

    def names(rows: Sequence[Json], name: str = "name") -> list[str]:
        found = [part(one, name) for one in rows]
        return list({one.casefold(): one for one in reversed(found) if one.strip()}.values())[::-1]

    statuses = site.statuses()  # team-managed projects have their own, often under the same name
    categories = {part(one, "name"): part(one.get("statusCategory") or {}, "key") for one in statuses}
    return JiraNames(
        names(site.get("/project"), "key"),
        names(site.get("/issuetype")),
        {name: categories[name] for name in names(statuses)},
        names(site.priorities()),
        [part(one, "name") for one in site.fields() if one.get("custom")],
    )


def servicenow_names(source: ServiceNow, credentials: Credentials) -> ServiceNowNames:
    """Ask an instance; raises the errors of ``Connector``. Tables that the account may not read are left out."""
    transport = TRANSPORTS[source.transport](session_of(source, credentials, Limits().max_wait, Surroundings()))

    def is_open(table: str) -> bool:
        try:
            return bool(transport.get(table, "", ("sys_id",), 1).rows)
        except ReadRefused:
            return False

    groups = transport.get(GROUPS, joined(term("active", "=", "true"), "ORDERBYname"), ("name",), MOST_GROUPS).rows
    tables = [table for table in TABLES if is_open(table)]
    query = joined(
        term("element", "=", "state"), term("language", "=", LANGUAGE), term("name", "IN", ("task", *tables))
    )
    states: dict[str, dict[str, str]] = {}
    for row in transport.get(TABLE, query, COLUMNS, 1_000).rows:
        states.setdefault(text_of(row.get("name")), {})[text_of(row.get("value"))] = text_of(row.get("label"))
    found = {table: MappingProxyType(states.get(table) or states.get("task", {})) for table in tables}
    return ServiceNowNames(found, [text_of(row.get("name")) for row in groups])
