"""An event log of incidents (UCI 498: one row for each update) becomes incidents with their audit.

Each incident becomes one record as its last row leaves it. Every difference between two rows is a row of ``sys_audit``
at the later row's ``sys_updated_at``, by its ``sys_updated_by``; a row that is the first or differs in nothing leaves
one of its ``sys_mod_count``, so that each event has a trace. ``record_checkpoint`` counts an incident's events from 0.
Stamps are kept as they are, and one lies before its predecessor's: the file's order is that of ``record_checkpoint``
and of the audit's sys_ids.

Closing fields stand on every row of the log. Here they are empty until they happen: ``resolved_at``, ``resolved_by``
and ``close_code`` until the first Resolved or Closed row, ``closed_at`` until the first Closed row.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from itsm_bridge.sandbox.servicenow.dictionary import Column
from itsm_bridge.sandbox.servicenow.tables import Instance, Row, made_up_id

NEEDED = frozenset({"number", "incident_state", "sys_mod_count", "opened_at", "sys_updated_by", "sys_updated_at"})
"""The columns by which such a log is known."""

STATES: Mapping[str, str] = {
    "New": "1",
    "Active": "2",
    "Awaiting Problem": "3",
    "Awaiting User Info": "4",
    "Awaiting Evidence": "5",
    "Resolved": "6",
    "Closed": "7",
    "Awaiting Vendor": "9",
}
"""The classic incident states; what is not listed (``-100``) stays as it is."""

_RENAMED = {
    "incident_state": "state",
    "closed_code": "close_code",
    "sys_created_at": "sys_created_on",
    "sys_updated_at": "sys_updated_on",
}
_REFERENCES = {
    "caller_id": "sys_user",
    "opened_by": "sys_user",
    "assigned_to": "sys_user",
    "resolved_by": "sys_user",
    "assignment_group": "sys_user_group",
    "location": "cmn_location",
    "cmdb_ci": "cmdb_ci",
}
_TEXTS = ("problem_id", "rfc", "caused_by", "vendor")
"""References elsewhere, but the log knows no such records: plain text here."""
_LEVELS = frozenset({"impact", "urgency", "priority"})
_INSTANTS = frozenset({"opened_at", "sys_created_at", "sys_updated_at", "resolved_at", "closed_at"})
_UNTRACED = frozenset({"number", "sys_updated_at", "sys_updated_by", "sys_created_at", "sys_created_by"})
_ON_RESOLVING = ("resolved_at", "resolved_by", "closed_code")
_MISSING = "?"

Convert = Callable[[str], str]


def replay(instance: Instance, header: Sequence[str], rows: Iterable[list[str]]) -> None:
    """Fill ``incident``, ``sys_audit`` and what they refer to. Raises ``ValueError`` for a row that is too short."""
    table = instance.tables["incident"]
    table.declare(_RENAMED.get(name, name) for name in header)
    table.columns |= dict.fromkeys(_TEXTS, Column())
    log = _Log(instance, header)
    collecting = gc.isenabled()
    gc.disable()  # half a million rows that stay: looking through them again and again takes longer than reading them
    try:
        for _, events in groupby(rows, key=log.number):
            log.add(list(events))
    finally:
        if collecting:
            gc.enable()


class _Log:
    """The columns of one log, and how each of its values is written in the instance."""

    def __init__(self, instance: Instance, header: Sequence[str]) -> None:
        self._instance = instance
        self._header = list(header)
        self._place = {name: place for place, name in enumerate(header)}
        self._convert = [self._conversion(name) for name in header]
        self._names = [_RENAMED.get(name, name) for name in header]
        self._traced = [place for place, name in enumerate(header) if name not in _UNTRACED]
        self._known: dict[tuple[str, str], str] = {}

    def number(self, row: Sequence[str]) -> str:
        """The incident that a row is about."""
        if len(row) != len(self._header):
            raise ValueError(f"a row of its CSV has {len(row)} values for {len(self._header)} columns")
        return row[self._place["number"]]

    def add(self, events: list[list[str]]) -> None:
        """One incident with all its events, in the order of the file."""
        before: list[str] = []
        row = self._created(events[0])
        for checkpoint, event in enumerate(self._as_it_happened(events)):
            self._trace(row, before, event, str(checkpoint))
            before = event
        row |= {name: convert(value) for name, convert, value in zip(self._names, self._convert, before, strict=True)}
        row["sys_created_on"] = row.get("sys_created_on") or row["opened_at"]
        row["incident_state"] = row["state"]
        self._person(row["sys_updated_by"])
        self._instance.tables["incident"].add(row)

    def _created(self, event: Sequence[str]) -> Row:
        number = event[self._place["number"]]
        return {"sys_id": made_up_id("incident", number), "sys_class_name": "incident", "short_description": number}

    def _as_it_happened(self, events: list[list[str]]) -> Iterator[list[str]]:
        """The rows with their closing fields empty until they happen."""
        resolved = closed = False
        for event in events:
            state = event[self._place["incident_state"]]
            closed = closed or state == "Closed"
            resolved = resolved or closed or state == "Resolved"
            hidden = () if resolved else _ON_RESOLVING
            for name in (*hidden, *(() if closed else ("closed_at",))):
                if name in self._place:
                    event[self._place[name]] = _MISSING
            yield event

    def _trace(self, row: Row, before: Sequence[str], event: Sequence[str], checkpoint: str) -> None:
        at = _instant(event[self._place["sys_updated_at"]])
        user = event[self._place["sys_updated_by"]]
        self._person(user)
        changed = [place for place in self._traced if before and before[place] != event[place]]
        for place in changed or [self._place["sys_mod_count"]]:
            convert = self._convert[place]
            change = (self._names[place], convert(before[place]) if before else "", convert(event[place]))
            self._instance.audit(row, "incident", change, user=user, at=at, checkpoint=checkpoint)

    def _conversion(self, name: str) -> Convert:
        if name in _REFERENCES:
            target = _REFERENCES[name]
            return lambda value: self._record(target, value)
        if name in _INSTANTS:
            return _instant
        if name in _LEVELS:
            return lambda value: "" if value == _MISSING else value[:1]
        if name == "incident_state":
            return lambda value: STATES.get(value, value)
        return lambda value: "" if value == _MISSING else value

    def _person(self, user_name: str) -> None:
        if user_name != _MISSING:
            self._record("sys_user", user_name)

    def _record(self, table: str, name: str) -> str:
        """The sys_id of the record of that name, which is made when it is first seen."""
        if name == _MISSING:
            return ""
        key = (table, name)
        if key not in self._known:
            sys_id = self._known[key] = made_up_id(table, name)
            row = {"sys_id": sys_id, "name": name, "sys_class_name": table, "active": "true"}
            row |= {"user_name": name} if table == "sys_user" else {}
            self._instance.tables[table].add(row)
        return self._known[key]


@lru_cache(maxsize=1 << 16)
def _instant(text: str) -> str:
    """``d/m/yyyy HH:MM`` (taken as UTC) as the database keeps it."""
    if text == _MISSING:
        return ""
    day, clock_time = text.split(" ")
    date, month, year = day.split("/")
    return f"{year}-{int(month):02d}-{int(date):02d} {clock_time}:00"
