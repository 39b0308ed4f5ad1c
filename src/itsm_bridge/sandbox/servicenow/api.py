"""The Table API over HTTP: routes, paging, and how records are shown."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from itsm_bridge.sandbox.clock import INDIA
from itsm_bridge.sandbox.faults import DEAF_FIELDS, HIDDEN_FIELDS, HIDDEN_ROWS, INVALID_QUERY, Trouble
from itsm_bridge.sandbox.web import Request, Response

from .derived import Derived
from .dictionary import TASK, TASKS, choices_of
from .family import Family
from .oauth import TOKEN_PATH, TokenDesk
from .query import Query, answer, parse
from .tables import Instance, Row, Table
from .writes import Actor, WriteForbiddenError, create, delete, update

_ROUTE = re.compile(r"/api/now/(?:v2/)?table/(?P<table>[a-z0-9_]+)(?:/(?P<sys_id>[^/]+))?/?")
DEFAULT_LIMIT = 10_000
PARENT_OF = {
    "sys_audit": "documentkey",
    "sysapproval_approver": "sysapproval",
    "task_sla": "task",
    "sys_journal_field": "element_id",
}
"""The column that names the task which a row belongs to: who may not see the task may not see the row."""
_NAMELESS = frozenset({"sysparm_limit", "sysparm_offset"})


def _error(status: int, message: str, detail: str | None = None, headers: Mapping[str, str] | None = None) -> Response:
    body = {"error": {"message": message, "detail": detail}, "status": "failure"}
    return Response(status, body, headers or {})


NOT_FOUND = _error(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
UNAUTHENTICATED = _error(
    401,
    "User Not Authenticated",
    "Required to provide Auth information",
    {"WWW-Authenticate": 'BASIC realm="Service-now"'},
)


class TableApi:
    """The application: every request holds the lock, so that reads and writes see whole records."""

    def __init__(
        self,
        instance: Instance,
        secrets: Callable[[str, str], bool],
        now: Callable[[], datetime],
        *,
        tokens: TokenDesk | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        self._instance = instance
        self._secrets = secrets
        self._now = now
        self._tokens = tokens
        self._trouble = trouble or Trouble()
        self._derived = Derived(instance)
        self._tasks = Family("task", TASK, {name: instance.tables[name] for name in TASKS})
        self.lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        with self.lock:
            if self._tokens is not None and request.path == TOKEN_PATH:
                return self._tokens.answer(request)
            actor = self._actor(request)
            if actor is None:
                return UNAUTHENTICATED
            route = _ROUTE.fullmatch(request.path)
            if route is None:
                return _error(400, "Requested URI does not represent any resource", request.path)
            table = self._tasks if route["table"] == "task" else self._instance.tables.get(route["table"])
            if table is None:
                return _error(400, f"Invalid table {route['table']}")
            if table.name in self._trouble.faults.hidden:
                self._trouble.note(HIDDEN_ROWS)
                return _error(403, "User Not Authorized", "Failed API level ACL Validation")
            self._derived.refresh(table.name, actor.at)
            return self._dispatch(request, table, route["sys_id"], actor)

    def _actor(self, request: Request) -> Actor | None:
        name = self._signed_in(request)
        found = self._instance.tables["sys_user"].with_value("user_name", [name]) if name else None
        return Actor(found[0]["user_name"], found[0]["sys_id"], self._now()) if found else None

    def _signed_in(self, request: Request) -> str:
        """The user name of whoever asks, or nothing."""
        if request.bearer is not None:
            return self._tokens.user_of(request.bearer) if self._tokens is not None else ""
        if request.sign_in is None or not self._secrets(*request.sign_in):
            return ""
        return request.sign_in[0]

    def _hides(self, table: Table, row: Row) -> bool:
        """Whether the caller may not see a row."""
        if not self._trouble.faults.hides_rows:
            return False
        if table is self._tasks and row["sys_class_name"] in self._trouble.faults.hidden:
            return True
        is_task = table is self._tasks or table.name in TASKS
        if self._trouble.hides(row["sys_id"], row.get("number", ""), by_share=is_task):
            return True
        task = self._instance.find("task", row.get(PARENT_OF.get(table.name, ""), ""))
        return task is not None and self._trouble.hides(task["sys_id"], task.get("number", ""))

    def _dispatch(self, request: Request, table: Table, sys_id: str | None, actor: Actor) -> Response:
        if sys_id is None:
            if request.method == "GET":
                return self._list(request, table)
            creates = request.method == "POST" and table is not self._tasks  # a task that is no more than one
            return self._create(request, table, actor) if creates else _NOT_SUPPORTED
        row = table.get(sys_id)
        if row is None or self._hides(table, row):
            return NOT_FOUND
        if request.method == "GET":
            return Response(200, {"result": self._shown(request, table, row)})
        table = self._tasks.home(row) if table is self._tasks else table
        if request.method == "DELETE":
            delete(self._instance, table.name, row, actor)
            return Response(204)
        return self._update(request, table, row, actor) if request.method in ("PATCH", "PUT") else _NOT_SUPPORTED

    def _list(self, request: Request, table: Table) -> Response:
        query = parse(request.query.get("sysparm_query", ""), lambda path: self._is_column(table, path))
        rows = self._found(table, query)
        limit = _count(request.query.get("sysparm_limit", ""), DEFAULT_LIMIT)
        offset = _count(request.query.get("sysparm_offset", ""), 0)
        some = [row for row in rows[offset : offset + limit] if not self._hides(table, row)]
        page = [self._shown(request, table, row) for row in some]
        headers = {}
        if request.query.get("sysparm_no_count") != "true":
            headers["X-Total-Count"] = str(len(rows))
        if request.query.get("sysparm_suppress_pagination_header") != "true":
            headers["Link"] = _links(request, limit, offset, len(rows))
        return Response(200, {"result": page}, headers)

    def _is_column(self, table: Table, path: str) -> bool:
        return path.partition(".")[0] in table.columns and self._instance.has(table.name, path)

    def _found(self, table: Table, query: Query) -> list[Row]:
        if query.dropped and self._trouble.faults.invalid_query_returns_no_rows:
            self._trouble.note(INVALID_QUERY)
            return []
        return answer(self._instance, table, query)

    def _create(self, request: Request, table: Table, actor: Actor) -> Response:
        values = self._body(request, table)
        if isinstance(values, Response):
            return values
        try:
            row = create(self._instance, table.name, values, actor)
        except WriteForbiddenError as refusal:
            return _error(403, "Operation Failed", str(refusal))
        location = f"{request.base_url}/api/now/table/{table.name}/{row['sys_id']}"
        return Response(201, {"result": self._shown(request, table, row)}, {"Location": location})

    def _update(self, request: Request, table: Table, row: Row, actor: Actor) -> Response:
        values = self._body(request, table)
        if isinstance(values, Response):
            return values
        try:
            update(self._instance, table.name, row, values, actor)
        except WriteForbiddenError as refusal:
            return _error(403, "Operation Failed", str(refusal))
        return Response(200, {"result": self._shown(request, table, row)})

    def _body(self, request: Request, table: Table) -> dict[str, object] | Response:
        try:
            values = request.json()
        except ValueError as fault:
            return _error(400, "Exception while reading request", str(fault))
        if not isinstance(values, dict):
            return _error(400, "Exception while reading request", "The payload is not a JSON object")
        deaf = self._trouble.faults.deaf_fields & values.keys()
        if deaf:
            self._trouble.note(DEAF_FIELDS)
            values = {name: value for name, value in values.items() if name not in deaf}
        if request.query.get("sysparm_input_display_value") == "true":
            return {name: self._meant(table, name, value) for name, value in values.items()}
        return values

    def _meant(self, table: Table, name: str, shown: object) -> object:
        """The value that a label stands for: a record's sys_id by its name, a choice by its label."""
        column = table.columns.get(name)
        if column is None or not isinstance(shown, str):
            return shown
        if column.reference:
            row = self._instance.by_name(column.reference, shown)
            return row["sys_id"] if row else shown
        return next((value for value, label in choices_of(table.name, name).items() if label == shown), shown)

    def _shown(self, request: Request, table: Table, row: Row) -> dict[str, object]:
        wanted = [name for name in request.query.get("sysparm_fields", "").split(",") if name]
        display = request.query.get("sysparm_display_value", "false")
        link = "" if request.query.get("sysparm_exclude_reference_link") == "true" else request.base_url
        shown: dict[str, object] = {}
        hidden = self._trouble.faults.hidden_fields
        if not hidden.isdisjoint(wanted or table.columns):
            self._trouble.note(HIDDEN_FIELDS)
        for path in wanted or table.columns:
            if path in hidden:
                continue
            cell = self._cell(table, row, path.strip())
            if cell is not None:
                shown[path.strip()] = cell.shown(display, link)
        return shown

    def _cell(self, table: Table, row: Row, path: str) -> _Cell | None:
        value = self._instance.value(table, row, path)
        found = self._instance.column(table.name, path)
        if value is None or found is None:
            return None
        return _Cell(self._instance, found[0], path.rpartition(".")[2], found[1].reference, value)


_NOT_SUPPORTED = _error(405, "Method not supported")


@dataclass(frozen=True, slots=True)
class _Cell:
    """One value with what is needed to show it: its column, and where a reference leads."""

    instance: Instance
    table: str
    name: str
    reference: str
    value: str

    def shown(self, display: str, base_url: str) -> object:
        """As ``sysparm_display_value`` asks; a reference has a link unless ``base_url`` is empty."""
        link = {}
        if self.reference and base_url and self.value:
            link = {"link": f"{base_url}/api/now/table/{self.reference}/{self.value}"}
        if display == "all":
            return {"display_value": self._label(), "value": self.value, **link}
        if display == "true":
            return {"display_value": self._label(), **link} if link else self._label()
        return {"value": self.value, **link} if link else self.value

    def _label(self) -> str:
        if self.reference:
            return self.instance.shown(self.reference, self.value)
        if self.name.endswith(("_on", "_at", "_date")) and self.value:
            return _local(self.value)
        return choices_of(self.table, self.name).get(self.value, self.value)


def _local(value: str) -> str:
    """A stamp as a person in India sees it: another zone and another format than the database's."""
    try:
        at = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return value
    return at.astimezone(INDIA).strftime("%d-%m-%Y %H:%M:%S")


def _count(text: str, default: int) -> int:
    return int(text) if text.isdecimal() else default


def _links(request: Request, limit: int, offset: int, total: int) -> str:
    last = (total - 1) // limit * limit if total and limit else 0
    places = {"first": 0, "last": last}
    if offset > 0:
        places["prev"] = max(0, offset - limit)
    if offset + limit < total:
        places["next"] = offset + limit
    kept = {name: value for name, value in request.query.items() if name not in _NAMELESS}
    urls = {
        rel: f"{request.base_url}{request.path}?{urlencode({**kept, 'sysparm_limit': limit, 'sysparm_offset': start})}"
        for rel, start in places.items()
    }
    return ",".join(f'<{url}>;rel="{rel}"' for rel, url in urls.items())
