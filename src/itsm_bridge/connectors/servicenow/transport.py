"""The calls to the Table API, as one small interface: by ``pysnow``, and by plain requests under the same tests.

``pysnow`` pages nothing, shares its parameters between calls, and takes a cancelled answer for a whole one. So it is
used with four calls only, a new resource for each, over the guarded session, which has judged the answer before
``pysnow`` sees it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import pysnow
from pysnow.exceptions import PysnowException

from itsm_bridge.connectors.answers import Call
from itsm_bridge.connectors.http import GuardedSession
from itsm_bridge.connectors.servicenow.cells import Row
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import OutcomeUnknown, SourceUnavailable


@dataclass(frozen=True, slots=True)
class Rows:
    """One answer. ``total`` counts what the query finds, hidden rows too; ``None`` where the server does not count."""

    rows: Sequence[Row]
    total: int | None
    has_next: bool


class SnowTransport(Protocol):
    """What the connector needs of the Table API. Values in and out are the database's, never labels."""

    def get(self, table: str, query: str, fields: Sequence[str], limit: int, offset: int = 0) -> Rows:
        """One page of rows."""

    def patch(self, table: str, sys_id: str, values: Mapping[str, str]) -> None:
        """Change fields of one record."""

    def post(self, table: str, values: Mapping[str, str]) -> None:
        """Create a record."""


def shape(call: Call, body: object) -> str | None:
    """What is wrong with a 200 of the Table API: rows for a list, one record for a write."""
    result = body.get("result") if isinstance(body, dict) else None
    if call.reading:
        good = isinstance(result, list) and all(isinstance(row, dict) for row in result)
    else:
        good = isinstance(result, dict)
    return None if good else "it holds no result"


class PysnowTransport:
    """Through ``pysnow``."""

    def __init__(self, session: GuardedSession) -> None:
        address = urlsplit(session.base)
        self._source = session.source
        self._client = pysnow.Client(host=address.netloc, use_ssl=address.scheme == "https", session=session)
        session.identify("pysnow")

    def get(self, table: str, query: str, fields: Sequence[str], limit: int, offset: int = 0) -> Rows:
        """See ``SnowTransport``."""
        resource = self._client.resource(api_path=f"/table/{table}")
        try:
            response = resource.get(query=query, fields=list(fields), limit=limit, offset=offset)
            return _rows(response.all(), response.headers)
        except PysnowException:
            raise SourceUnavailable(f"{self._source}: the answer for {table} is not one of the Table API") from None

    def patch(self, table: str, sys_id: str, values: Mapping[str, str]) -> None:
        """See ``SnowTransport``."""
        self._write("PATCH", table, values, path_append=f"/{sys_id}")

    def post(self, table: str, values: Mapping[str, str]) -> None:
        """See ``SnowTransport``."""
        self._write("POST", table, values)

    def _write(self, method: str, table: str, values: Mapping[str, str], path_append: str | None = None) -> None:
        resource = self._client.resource(api_path=f"/table/{table}")
        try:
            resource.request(method, path_append=path_append, data=json.dumps(dict(values)))
        except PysnowException:
            raise OutcomeUnknown(f"{self._source}: {method} {table} ended without a usable answer") from None


class PlainTransport:
    """Through the guarded session alone: what takes over on the day ``pysnow`` stops working."""

    def __init__(self, session: GuardedSession) -> None:
        self._session = session
        session.identify("requests")

    def get(self, table: str, query: str, fields: Sequence[str], limit: int, offset: int = 0) -> Rows:
        """See ``SnowTransport``."""
        parameters = {
            "sysparm_query": query,
            "sysparm_fields": ",".join(fields),
            "sysparm_limit": str(limit),
            "sysparm_offset": str(offset),
            "sysparm_display_value": "false",
        }
        response = self._session.request("GET", f"{self._session.base}/api/now/table/{table}", params=parameters)
        return _rows(response.json()["result"], response.headers)

    def patch(self, table: str, sys_id: str, values: Mapping[str, str]) -> None:
        """See ``SnowTransport``."""
        self._session.ask("PATCH", f"/api/now/table/{table}/{sys_id}", body=dict(values))

    def post(self, table: str, values: Mapping[str, str]) -> None:
        """See ``SnowTransport``."""
        self._session.ask("POST", f"/api/now/table/{table}", body=dict(values))


TRANSPORTS: Mapping[str, Callable[[GuardedSession], SnowTransport]] = {
    "pysnow": PysnowTransport,
    "requests": PlainTransport,
}
"""What ``transport:`` in bridge.yaml chooses from."""


def _rows(rows: Sequence[Row], headers: Mapping[str, str]) -> Rows:
    total = headers.get("X-Total-Count", "")
    return Rows(rows, whole(total), 'rel="next"' in headers.get("Link", ""))
