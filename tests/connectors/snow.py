"""A small Table API of our own: like the real one it drops what it does not know, and hides rows after the limit."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.connectors.fakes import ACCOUNT, CREDENTIALS, NOON, Answer, Seen, World, serving

from itsm_bridge.config.model import (
    Capacity,
    Contacts,
    FieldMapping,
    Position,
    ServiceNow,
    ServiceNowWrite,
    Vendor,
    VendorStatus,
)
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.cells import stamp
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.connectors.servicenow.transport import PysnowTransport, SnowTransport, shape
from itsm_bridge.model import State

Record = dict[str, object]
HERE = Position("bridge.yaml", 1, 1)
_TERM = re.compile(r"([a-z_][a-z0-9_.]*?)(STARTSWITH|IN|>=|<=|!=|=|>|<)(.*)", re.DOTALL)
_COUNTER = itertools.count(1)


def sys_id(number: int) -> str:
    return f"{number:032x}"


OPTIT, GWL, OLD_GROUP, ANA, BEN, ME, SERVICE = (sys_id(0xABC000 + place) for place in range(7))


def vendor(name: str, names: Mapping[str, str]) -> Vendor:
    return Vendor(
        name, VendorStatus.ACTIVE, None, False, (), Capacity(1, 40, 1), "office", None, names, (), Contacts(), HERE
    )


VENDORS = {
    "OptIT": vendor("OptIT", {"snow": "eGov OptIT", "ops": "OptIT"}),
    "GWL": vendor("GWL", {"snow": "eGov GWL", "ops": "GWL"}),
    "Elsewhere": vendor("Elsewhere", {}),
}

SOURCE = ServiceNow(
    name="snow",
    url="https://snow.example",
    tables=("incident", "change_request"),
    scope="",
    fields={
        "environment": FieldMapping("u_environment", {}),
        "service": FieldMapping("business_service", {}),
        "category": FieldMapping("category", {}),
        "made_sla": FieldMapping("made_sla", {}),
    },
    states={
        "incident": {
            "1": State.NEW,
            "2": State.IN_PROGRESS,
            "3": State.ON_HOLD,
            "6": State.RESOLVED,
            "7": State.CLOSED,
        },
        "change_request": {"-5": State.NEW, "-1": State.IN_PROGRESS, "3": State.CLOSED},
    },
    write=ServiceNowWrite("impact_urgency", "assignment_group", "approver_records"),
    position=HERE,
)


def link(table: str, target: str) -> Record:
    return {"link": f"https://snow.example/api/now/table/{table}/{target}", "value": target}


def incident(place: int, updated: datetime = NOON, /, **values: object) -> Record:
    return {
        "sys_id": sys_id(place),
        "number": f"INC{place:07}",
        "sys_class_name": "incident",
        "sys_created_on": stamp(NOON - timedelta(days=1)),
        "sys_updated_on": stamp(updated),
        "sys_mod_count": "1",
        "sys_updated_by": "ana",
        "opened_at": stamp(NOON - timedelta(days=1)),
        "resolved_at": "",
        "closed_at": "",
        "due_date": "",
        "short_description": "the portal is down",
        "description": "",
        "state": "1",
        "impact": "2",
        "urgency": "2",
        "priority": "3",
        "approval": "not requested",
        "assignment_group": link("sys_user_group", OPTIT),
        "assigned_to": "",
        "caller_id": link("sys_user", BEN),
        "opened_by": link("sys_user", BEN),
        "business_service": link("cmdb_ci_service", SERVICE),
        "cmdb_ci": "",
        "category": "network",
        "subcategory": "",
        "u_environment": "punjab",
        "made_sla": "true",
        **values,
    }


def change(place: int, /, **values: object) -> Record:
    """A change request: it has no ``resolved_at``, and somebody who asked for it."""
    own = {"number": f"CHG{place:07}", "sys_class_name": "change_request", "state": "-5", "requested_by": ""}
    row = incident(place, **{**own, **values})
    return {column: cell for column, cell in row.items() if column not in {"resolved_at", "caller_id"}}


def entry(place: int, column: str, table: str = "task", **values: str) -> Record:
    """A row of ``sys_dictionary``."""
    return {"sys_id": sys_id(place), "name": table, "element": column, "active": "true", "read_only": "false", **values}


def audit(ticket: int, column: str, old: str, new: str, at: datetime = NOON, *, user: str = "ana") -> Record:
    place = next(_COUNTER)
    return {
        "sys_id": sys_id(0xF000000 + place),
        "tablename": "incident",
        "documentkey": sys_id(ticket),
        "fieldname": column,
        "oldvalue": old,
        "newvalue": new,
        "user": user,
        "sys_created_on": stamp(at),
        "record_checkpoint": str(place),
    }


def vote(number: int, ticket: int, approver: str, state: str = "requested", at: datetime = NOON) -> Record:
    return {
        "sys_id": sys_id(0xE000000 + number),
        "sys_created_on": stamp(at),
        "sys_updated_on": stamp(at),
        "sys_mod_count": "0",
        "sys_updated_by": "ana",
        "sysapproval": link("task", sys_id(ticket)),
        "sysapproval.sys_class_name": "incident",
        "approver": link("sys_user", approver),
        "state": state,
    }


def person(number: str, name: str, email: str = "", time_zone: str = "") -> Record:
    return {"sys_id": number, "user_name": name, "name": name, "email": email, "active": "true", "time_zone": time_zone}


def people_and_groups() -> dict[str, list[Record]]:
    return {
        "incident": [],
        "change_request": [],
        "sysapproval_approver": [],
        "sys_audit": [],
        "sys_user_group": [
            {"sys_id": OPTIT, "name": "eGov OptIT", "active": "true"},
            {"sys_id": GWL, "name": "eGov GWL", "active": "true"},
            {"sys_id": OLD_GROUP, "name": "eGov Old", "active": "false"},
        ],
        "sys_user": [
            {
                "sys_id": ANA,
                "user_name": "ana",
                "name": "Ana",
                "email": "ana@egov.example",
                "active": "true",
                "time_zone": "",
            },
            {"sys_id": BEN, "user_name": "ben", "name": "Ben", "email": "", "active": "true", "time_zone": ""},
            {
                "sys_id": ME,
                "user_name": ACCOUNT,
                "name": "Bridge",
                "email": "",
                "active": "true",
                "time_zone": "Asia/Kolkata",
            },
        ],
        "cmdb_ci_service": [{"sys_id": SERVICE, "name": "portal"}],
        "cmdb_ci": [],
        "sys_journal_field": [],
    }


@dataclass
class Snow:
    """Tables, and the account's view of them. ``meddle`` may change an answer before it is sent."""

    tables: dict[str, list[Record]] = field(default_factory=people_and_groups)
    hidden: set[str] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    secretive: bool = False
    meddle: Callable[[Seen, Answer], Answer] = lambda _, answer: answer
    written: list[Seen] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def __call__(self, seen: Seen) -> Answer:
        self.seen.append(seen)
        _, _, _, _, table, *rest = seen.path.split("/")
        if table not in self.tables:
            return Answer({"error": {"message": f"Invalid table {table}"}}, 400)
        if seen.method != "GET":
            self.written.append(seen)
            answer = self._write(table, rest, seen)
        else:
            answer = self._list(table, seen.query)
        return self.meddle(seen, answer)

    def _write(self, table: str, rest: Sequence[str], seen: Seen) -> Answer:
        values = seen.json
        if rest:
            row = next(row for row in self.tables[table] if row["sys_id"] == rest[0])
            row.update(values)
            return Answer({"result": row})
        row = {
            "sys_id": sys_id(0xD000000 + next(_COUNTER)),
            "sys_created_on": stamp(NOON),
            "sys_updated_on": stamp(NOON),
            **values,
        }
        self.tables[table].append(row)
        return Answer({"result": row}, 201)

    def _list(self, table: str, query: Mapping[str, str]) -> Answer:
        rows = self._found(table, query["sysparm_query"])
        limit, offset = int(query["sysparm_limit"]), int(query["sysparm_offset"])
        fields = [name for name in query["sysparm_fields"].split(",") if name]
        page = [row for row in rows[offset : offset + limit] if _plain(row["sys_id"]) not in self.hidden]
        shown = [{name: cell for name, cell in row.items() if name in fields or not fields} for row in page]
        headers = {"X-Total-Count": str(len(rows))}
        if offset + limit < len(rows):
            headers["Link"] = '<https://elsewhere.example/next>;rel="next"'
        return Answer({"result": shown}, headers={} if self.secretive else headers)

    def _found(self, table: str, text: str) -> list[Record]:
        rows = list(self.tables[table])
        known = {name for row in rows for name in row} | self.columns
        groups: list[list[Callable[[Record], bool]]] = []
        order: list[str] = []
        for piece in filter(None, text.split("^")):
            if piece.startswith("ORDERBY"):
                order.append(piece.removeprefix("ORDERBY"))
                continue
            alternative = piece.startswith("OR")
            test = _test(piece.removeprefix("OR") if alternative else piece, known)
            if alternative and groups:
                groups[-1].extend(test)
            else:
                groups.append(test)
        found = [row for row in rows if all(any(test(row) for test in group) for group in groups if group)]
        return sorted(found, key=lambda row: [_plain(row.get(name, "")) for name in order])


def _test(piece: str, known: set[str]) -> list[Callable[[Record], bool]]:
    match = _TERM.fullmatch(piece)
    if match is None or match[1] not in known:
        return []
    path, operator, wanted = match.groups()
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda value: value == wanted,
        ">": lambda value: value > wanted,
        "<": lambda value: value < wanted,
        ">=": lambda value: value >= wanted,
        "IN": lambda value: value in wanted.split(","),
        "STARTSWITH": lambda value: value.startswith(wanted),
    }
    return [lambda row: tests[operator](_plain(row.get(path, "")))]


def _plain(cell: object) -> str:
    return str(cell["value"]) if isinstance(cell, dict) else str(cell)


Make = Callable[[GuardedSession], SnowTransport]
DEFAULT: Make = PysnowTransport
"""What ``connected`` uses; the fixture ``over_both_transports`` changes it."""


@contextmanager
def connected(
    snow: Snow,
    source: ServiceNow = SOURCE,
    *,
    make: Make | None = None,
    page: int = 100,
    largest: int = 4_000_000,
) -> Iterator[ServiceNowConnector]:
    """A connector to ``snow`` over HTTP, through ``make`` or the transport that the tests are about."""
    make = make or DEFAULT
    around = World(at=7200).surroundings
    with serving(snow) as web:
        auth = BasicAuth(CREDENTIALS)
        session = GuardedSession("snow", web.url, auth, shape, max_wait=120, surroundings=around, largest=largest)
        yield ServiceNowConnector(
            source, ACCOUNT, VENDORS, session=session, transport=make(session), surroundings=around, page=page
        )
