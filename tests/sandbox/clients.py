"""Small clients that speak to the stand-ins over HTTP, as anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from itsm_bridge.sandbox import Sandbox
from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.population import populate
from itsm_bridge.sandbox.population.foundation import found_instance, found_site
from itsm_bridge.sandbox.population.people import Person, everybody
from itsm_bridge.sandbox.servicenow.tables import Instance

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SERVICE = Person("bridge", "ITSM bridge", "bridge@egov.example")


@dataclass
class Client:
    """A signed-in client of one stand-in."""

    base: str
    session: requests.Session

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        url = f"{self.base}{path}"
        return self.session.request(method, url, params=params, json=json, data=data, headers=headers, timeout=30)

    def get(self, path: str, **params: str) -> requests.Response:
        return self.call("GET", path, params=params)


class Snow(Client):
    """The Table API."""

    def rows(self, table: str, query: str = "", **params: str) -> list[dict[str, Any]]:
        answer = self.get(
            f"/api/now/table/{table}", sysparm_query=query, sysparm_exclude_reference_link="true", **params
        )
        assert answer.status_code == 200, answer.text
        return list(answer.json()["result"])

    def one(self, table: str, query: str, **params: str) -> dict[str, Any]:
        (row,) = self.rows(table, query, **params)
        return row

    def patch(self, table: str, sys_id: str, **values: object) -> requests.Response:
        return self.call(
            "PATCH",
            f"/api/now/table/{table}/{sys_id}",
            params={"sysparm_exclude_reference_link": "true"},
            json=values,
        )

    def audit(self, sys_id: str) -> list[dict[str, Any]]:
        return self.rows("sys_audit", f"documentkey={sys_id}^ORDERBYsys_created_on^ORDERBYsys_id")


class Jira(Client):
    """REST v3."""

    def search(self, jql: str, **more: object) -> requests.Response:
        return self.call("POST", "/rest/api/3/search/jql", json={"jql": jql, **more})

    def ids(self, jql: str, size: int = 5000) -> list[str]:
        """Every id that a query finds, following the tokens."""
        found: list[str] = []
        more: dict[str, Any] = {}
        while True:
            answer = self.search(jql, maxResults=size, **more)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [issue["id"] for issue in page["issues"]]
            if page["isLast"]:
                assert "nextPageToken" not in page
                return found
            more = {"nextPageToken": page["nextPageToken"]}

    def issue(self, name: str, **params: str) -> dict[str, Any]:
        answer = self.get(f"/rest/api/3/issue/{name}", **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def edit(self, name: str, body: dict[str, Any], **params: str) -> requests.Response:
        return self.call("PUT", f"/rest/api/3/issue/{name}", json=body, params=params)

    def history(self, name: str) -> list[dict[str, Any]]:
        return list(self.get(f"/rest/api/3/issue/{name}/changelog").json()["values"])


class Server(Client):
    """REST v2 of Jira Data Center."""

    def search(self, jql: str, **more: object) -> requests.Response:
        return self.call("POST", "/rest/api/2/search", json={"jql": jql, **more})

    def issue(self, name: str, **params: str) -> dict[str, Any]:
        answer = self.get(f"/rest/api/2/issue/{name}", **params)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def edit(self, name: str, **fields: object) -> requests.Response:
        return self.call("PUT", f"/rest/api/2/issue/{name}", json={"fields": fields})


@dataclass
class Stage:
    """A running sandbox and how to speak to it as anybody."""

    sandbox: Sandbox
    sessions: list[requests.Session]

    def snow(self, user: str | None = None) -> Snow:
        account = self.sandbox.account
        return Snow(self.sandbox.servicenow_url, self._signed_in(user or account.user, account.password))

    def jira(self, email: str | None = None) -> Jira:
        account = self.sandbox.account
        return Jira(self.sandbox.jira_url, self._signed_in(email or account.email, account.token))

    def server(self, token: str | None = None) -> Server:
        """A client of a Data Center deployment with a personal access token."""
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {token or self.sandbox.account.token}"
        self.sessions.append(session)
        return Server(self.sandbox.jira_url, session)

    def _signed_in(self, name: str, secret: str) -> requests.Session:
        session = requests.Session()
        session.auth = (name, secret)
        self.sessions.append(session)
        return session


def filled(seed: int, now: datetime = NOW) -> tuple[Instance, Site]:
    instance, site = Instance(), Site()
    found_instance(instance, everybody(SERVICE), now)
    found_site(site, everybody(SERVICE))
    populate(instance, site, SERVICE, now, seed)
    return instance, site
