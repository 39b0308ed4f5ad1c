"""What the instance's own dictionary and choice lists say about ``write:`` and ``states:``; nothing is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from itsm_bridge.config.model import ServiceNow
from itsm_bridge.connectors.base import Check
from itsm_bridge.connectors.checks import suggestion
from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.choices import LANGUAGE, labelled
from itsm_bridge.connectors.servicenow.choices import TABLE as CHOICES
from itsm_bridge.connectors.servicenow.columns import EVERY_TASK, fields_of
from itsm_bridge.connectors.servicenow.query import joined, ordered, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import widened
from itsm_bridge.model import State

COLUMNS = "sys_dictionary"
_MOST = 1_000


def written_columns(source: ServiceNow, table: str) -> tuple[str, ...]:
    """The columns of ``table`` that ``write:`` has us write; approvers' records are not columns of it."""
    columns = {field.ours: field.column for field in fields_of(source, table)}
    columns["vendor"] = source.write.vendor or ""
    names = [name for name in source.writable if name != "approval" or source.write.approval == "field"]
    return tuple(dict.fromkeys(columns[name] for name in names))


class Dictionary:
    """What the instance says about one table and what it inherits from ``task``."""

    def __init__(self, source: ServiceNow, transport: SnowTransport, table: str) -> None:
        self._source, self._transport, self._table = source, transport, table
        self._family = tuple(dict.fromkeys((EVERY_TASK, table)))

    def written(self) -> Check:
        """Whether each column to be written exists, is active and is not read-only.

        Rules of access control cannot be seen by an ordinary account, so that the answer is never more than "nothing
        speaks against it".
        """
        name = f"{self._table}: fields to write"
        wanted = written_columns(self._source, self._table)
        if not wanted:
            return Check(name, "ok", "none is written")
        rows = self._rows(COLUMNS, wanted, ("active", "read_only"))
        entries = {text_of(row.get("element")): row for row in rows}
        if not entries:
            fix = f"grant the account read on {COLUMNS}, or try one write with plan and apply"
            return Check(name, "warning", f"{COLUMNS} shows nothing of {', '.join(wanted)}, so that nobody knows", fix)
        missing = [column for column in wanted if not _is_used(entries.get(column))]
        if missing:
            gone = ", ".join(f"{column}{suggestion(column, self._columns())}" for column in missing)
            fix = "correct write: and fields: in bridge.yaml"
            return Check(name, "failure", f"not there, or not active: {gone}", fix)
        fixed = [column for column in wanted if text_of(entries[column].get("read_only")) == "true"]
        if fixed:
            fix = "leave it out of write: (a computed priority is written as impact_urgency), or lift it there"
            return Check(name, "warning", f"read-only by the dictionary: {', '.join(fixed)}", fix)
        told = f"{', '.join(wanted)} exist and are not read-only; access rules show at the first write"
        return Check(name, "ok", told)

    def states(self) -> Check:
        """Whether ``states:`` and the table's choices for its state name the same values."""
        name = f"{self._table}: states"
        column = next(field.column for field in fields_of(self._source, self._table) if field.ours == "state")
        rows = self._rows(CHOICES, (column,), ("value", "label", "inactive"))
        own = [row for row in rows if text_of(row.get("name")) == self._table] or rows
        labels = {text_of(row.get("value")): text_of(row.get("label")) for row in own if _is_choice(row)}
        if not labels:
            told = f"{CHOICES} shows no choices of {column}, so that states: cannot be checked"
            return Check(name, "warning", told, f"grant the account read on {CHOICES}")
        faults = _differences(labels, self._source.states.get(self._table, {}))
        if faults:
            return Check(name, "warning", "; ".join(faults), f"complete states: of {self._table} in bridge.yaml")
        return Check(name, "ok", f"all {len(labels)} choices are mapped")

    def mapped_values(self) -> Check:
        """Whether what ``map:`` names are choices of their column; references have none, and are passed."""
        name = f"{self._table}: mapped values"
        mapped = {field.column: field for field in fields_of(self._source, self._table) if field.values}
        rows = self._rows(CHOICES, tuple(mapped), ("value", "label", "inactive")) if mapped else ()
        choices: defaultdict[str, set[str]] = defaultdict(set)
        for row in filter(_is_choice, rows):
            names = ("value", "label") if self._source.choice_labels else ("value",)
            choices[text_of(row.get("element"))] |= {text_of(row.get(name)).casefold() for name in names}
        faults = [
            f"{column} has no choice {value!r}{suggestion(value, choices[column])}"
            for column, field in mapped.items()
            for value in field.values
            if column in choices and value not in choices[column]
        ]
        if faults:
            return Check(name, "warning", "; ".join(faults), "correct map: under fields: in bridge.yaml")
        return Check(name, "ok", f"those of {len(choices)} fields are choices there" if choices else "none to look up")

    def labels(self) -> Check:
        """Whether the labels that ``choice_labels:`` wants can be read."""
        plain = fields_of(self._source, self._table)
        fields = labelled(self._transport, self._source.name, self._table, plain)
        found = [field.ours for field, before in zip(fields, plain, strict=True) if field != before]
        name = f"{self._table}: choice labels"
        if not found:
            fix = "take choice_labels: out of bridge.yaml, or look at the choices there"
            return Check(name, "warning", f"no field that is read has choices in {LANGUAGE!r}", fix)
        return Check(name, "ok", f"read by label: {', '.join(found)}")

    def _columns(self) -> list[str]:
        """The names of the table's columns, to suggest one."""
        query = joined(term("name", "IN", self._family), ordered("sys_id"))
        rows = self._transport.get(COLUMNS, query, ("sys_id", "element"), _MOST).rows
        return [element for row in rows if (element := text_of(row.get("element")))]

    def _rows(self, where: str, elements: Sequence[str], more: Sequence[str]) -> Sequence[Row]:
        """Rows about some columns; those of the table itself come last, since they overrule what it inherits."""
        query = joined(term("name", "IN", self._family), term("element", "IN", elements), ordered("sys_id"))
        rows = self._transport.get(where, query, ("sys_id", "name", "element", *more), _MOST).rows
        for row in rows:
            if text_of(row.get("name")) not in self._family or text_of(row.get("element")) not in elements:
                raise widened(self._source.name, where)
        return sorted(rows, key=lambda row: text_of(row.get("name")) == self._table)


def _is_used(entry: Row | None) -> bool:
    return entry is not None and text_of(entry.get("active")) in {"true", ""}


def _is_choice(row: Row) -> bool:
    return text_of(row.get("inactive")) != "true" and text_of(row.get("value")) != ""


def _differences(labels: Mapping[str, str], states: Mapping[str, State]) -> list[str]:
    """What one side names and the other does not."""
    unmapped = [
        f"{value!r} ({label[:40]})"
        for value, label in labels.items()
        if value not in states and value.casefold() not in states
    ]
    unknown = sorted({value.casefold() for value in states} - {value.casefold() for value in labels})
    told = ", ".join(f"{value!r}{_meant(value, labels)}" for value in unknown)
    faults = [f"not in states: {', '.join(unmapped)}"] if unmapped else []
    return faults + ([f"in states:, and no choice there: {told}"] if unknown else [])


def _meant(name: str, labels: Mapping[str, str]) -> str:
    """The choice that a state's name in ``states:`` may stand for, since those go by value."""
    near = get_close_matches(name, [label.casefold() for label in labels.values()], n=1)
    values = [value for value, label in labels.items() if label.casefold() in near]
    return f" (the value of {labels[values[0]][:40]!r} is {values[0]!r})" if values else ""
