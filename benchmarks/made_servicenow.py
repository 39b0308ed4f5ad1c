"""A made-up ServiceNow instance: incidents with their audit rows, in the order of their updates.

Everything follows from a ticket's place, so that any page can be answered without holding a table.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from benchmarks.serving import Answer, Asked, serve

SPACING = timedelta(minutes=5)
"""Between two tickets; all that happens to one lies within."""

GROUPS = ("eGov OptIT", "eGov GWL", "eGov Helpdesk", "eGov Platform", "eGov Network")
ENVIRONMENTS = ("punjab", "ap", "odisha", "assam", "bihar")
CATEGORIES = ("network", "software", "hardware", "database", "inquiry")
CALLERS, SERVICES = 200, 20
AUDITED = 5
"""Audit rows of a ticket."""

UPDATED = 240
"""Seconds from a ticket's creation to its last update."""

VOTED = 20
"""Every so many tickets have an approver's vote."""

_AFTER = re.compile(r"sys_id>([0-9a-f]{32})")
_IDS = re.compile(r"(?:documentkey|sysapproval|sys_id)IN([0-9a-f,]+)")
_SINCE = re.compile(r"sys_updated_on>=([0-9: -]{19})")
_DAY = re.compile(r"opened_at>=([0-9: -]{19})\^opened_at<([0-9: -]{19})")
_TEXT = (
    "The portal answers slowly since this morning, and the citizens' counter cannot print receipts. "
    "Tried: clearing the cache, another browser, another workstation. Seen by three people in two offices. "
)


def sys_id(kind: int, place: int) -> str:
    """The id of a record; the first digit is its kind."""
    return f"{kind:x}{place:031x}"


TICKET, AUDIT, VOTE, GROUP, USER, SERVICE = range(1, 7)


def place_of(number: str) -> int:
    """The place that an id was made of."""
    return int(number[1:], 16)


def chance(place: int, salt: int, below: int) -> int:
    """A number that follows from a place."""
    return ((place * 2_654_435_761 + salt * 40_503 * 65_537) >> 7) % below


class Instance:
    """``count`` incidents, the last of them updated an hour before the instance started."""

    def __init__(self, count: int, now: datetime) -> None:
        self.count = count
        self.first = now.replace(microsecond=0) - timedelta(hours=1) - SPACING * count
        self._ticket = lru_cache(20_000)(self._ticket_row)
        self._audits = lru_cache(20_000)(self._audit_rows)

    def __call__(self, asked: Asked) -> Answer:
        """Answer one request of the Table API."""
        query, table = asked.given.get("sysparm_query", ""), asked.path.rpartition("/")[2]
        limit = int(asked.given.get("sysparm_limit", 10_000))
        start = int(asked.given.get("sysparm_offset", 0))
        if table == "incident":
            short = "short_description" not in asked.given.get("sysparm_fields", "short_description")
            return self._tickets(query, start, limit, short=short)
        listed = _IDS.search(query)
        ids = listed[1].split(",") if listed else []
        if table == "sys_audit":
            return _rows([self._audits(place_of(one)) for one in ids], len(ids) * AUDITED)
        if table == "sysapproval_approver":
            return self._votes(query, ids, limit)
        if table == "sys_user" and not ids:
            name = query.partition("user_name=")[2]
            me = {"sys_id": sys_id(USER, 0), "user_name": name, "time_zone": "Asia/Kolkata"}
            return _rows([json.dumps(me).encode()], 1)
        return _rows([json.dumps(_named(table, one)).encode() for one in ids], len(ids))

    def _tickets(self, query: str, offset: int, limit: int, *, short: bool) -> Answer:
        if day := _DAY.search(query):
            before, until = (self._opened_before(datetime.fromisoformat(text)) for text in day.groups())
            return _rows((self._ticket(place) for place in range(before, min(before + limit, until))), until - before)
        found = self._found(query)
        places = found[offset : offset + limit]
        made = (_row(self._version(place)) for place in places) if short else map(self._ticket, places)
        return _rows(made, len(found))

    def _found(self, query: str) -> Sequence[int]:
        """The places of tickets: in a list, behind a mark, or updated since."""
        if listed := _IDS.search(query):
            return [place_of(one) for one in listed[1].split(",")]
        return range(self._start(query, UPDATED), self.count)

    def _start(self, query: str, seconds: int) -> int:
        """The first place that a walk asks for, where rows are updated so many seconds after a ticket's creation."""
        if after := _AFTER.search(query):
            return place_of(after[1]) + 1
        since = _SINCE.search(query)
        return self._opened_before(datetime.fromisoformat(since[1]) - timedelta(seconds=seconds)) if since else 0

    def _opened_before(self, at: datetime) -> int:
        """How many tickets were opened before an instant."""
        return min(self.count, max(0, -((self.first - at.replace(tzinfo=UTC)) // SPACING)))

    def _votes(self, query: str, ids: Iterable[str], limit: int) -> Answer:
        if ids:
            voted = [place for one in ids if (place := place_of(one)) % VOTED == 0]
            return _rows([_row(self._vote(place)) for place in voted], len(voted))
        start = -(-self._start(query, 30) // VOTED) * VOTED
        places = range(start, self.count, VOTED)
        return _rows([_row(self._vote(place)) for place in places[:limit]], len(places))

    def _stamp(self, place: int, seconds: int = 0) -> str:
        return f"{self.first + SPACING * place + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S}"

    def _version(self, place: int) -> dict[str, object]:
        return {
            "sys_id": sys_id(TICKET, place),
            "sys_updated_on": self._stamp(place, UPDATED),
            "sys_mod_count": str(AUDITED),
            "sys_class_name": "incident",
            "assignment_group.name": GROUPS[chance(place, 2, len(GROUPS))],
        }

    def _ticket_row(self, place: int) -> bytes:
        group = chance(place, 2, len(GROUPS))
        impact, urgency = 1 + chance(place, 5, 3), 1 + chance(place, 6, 3)
        row = {
            **self._version(place),
            "sys_updated_by": f"agent{chance(place, 1, 30)}",
            "sys_created_on": self._stamp(place),
            "number": f"INC{place:07}",
            "opened_at": self._stamp(place),
            "resolved_at": self._stamp(place, 200),
            "closed_at": self._stamp(place, UPDATED),
            "short_description": f"Portal slow in ward {chance(place, 3, 90)}, counter {place}",
            "description": _TEXT * (1 + chance(place, 4, 6)),
            "state": "7",
            "impact": str(impact),
            "urgency": str(urgency),
            "priority": str(max(1, impact + urgency - 1)),
            "approval": "approved" if place % VOTED == 0 else "not requested",
            "assignment_group": _reference("sys_user_group", sys_id(GROUP, group)),
            "assigned_to": _reference("sys_user", sys_id(USER, chance(place, 7, 30))),
            "caller_id": _reference("sys_user", sys_id(USER, chance(place, 8, CALLERS))),
            "opened_by": _reference("sys_user", sys_id(USER, chance(place, 9, 30))),
            "category": CATEGORIES[chance(place, 10, len(CATEGORIES))],
            "subcategory": "",
            "cmdb_ci": "",
            "due_date": "",
            "u_environment": ENVIRONMENTS[chance(place, 11, len(ENVIRONMENTS))],
            "business_service": _reference("cmdb_ci_service", sys_id(SERVICE, chance(place, 12, SERVICES))),
        }
        return _row(row)

    def _audit_rows(self, place: int) -> bytes:
        before, after = sys_id(GROUP, chance(place, 13, len(GROUPS))), sys_id(GROUP, chance(place, 2, len(GROUPS)))
        changes = (
            ("assignment_group", before, after),
            ("state", "1", "2"),
            ("assigned_to", "", sys_id(USER, chance(place, 7, 30))),
            ("state", "2", "6"),
            ("state", "6", "7"),
        )
        rows = [
            {
                "sys_id": sys_id(AUDIT, place * AUDITED + number),
                "sys_created_on": self._stamp(place, 40 * (number + 1)),
                "documentkey": sys_id(TICKET, place),
                "tablename": "incident",
                "fieldname": field,
                "oldvalue": old,
                "newvalue": new,
                "user": f"agent{chance(place, 1, 30)}",
                "record_checkpoint": str(number),
            }
            for number, (field, old, new) in enumerate(changes)
        ]
        return b",".join(_row(row) for row in rows)

    def _vote(self, place: int) -> dict[str, object]:
        return {
            "sys_id": sys_id(VOTE, place),
            "sys_updated_on": self._stamp(place, 30),
            "sys_created_on": self._stamp(place, 10),
            "sys_mod_count": "1",
            "sys_updated_by": "approver",
            "approver": sys_id(USER, chance(place, 14, 30)),
            "state": "approved",
            "sysapproval": sys_id(TICKET, place),
            "sysapproval.sys_class_name": "incident",
        }


def _reference(table: str, number: str) -> dict[str, str]:
    return {"link": f"https://instance.example/api/now/table/{table}/{number}", "value": number}


def _named(table: str, number: str) -> dict[str, str]:
    place = place_of(number)
    name = GROUPS[place] if table == "sys_user_group" else f"{table} {place}"
    return {"sys_id": number, "name": name, "email": f"user{place}@egov.example", "user_name": f"user{place}"}


def _row(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, separators=(",", ":")).encode()


def _rows(rows: Iterable[bytes], total: int) -> Answer:
    return Answer(b'{"result":[' + b",".join(rows) + b"]}", {"X-Total-Count": str(total)})


if __name__ == "__main__":
    serve(Instance(int(sys.argv[1]), datetime.now(UTC)), float(sys.argv[2]))
