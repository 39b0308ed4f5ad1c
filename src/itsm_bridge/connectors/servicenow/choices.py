"""Labels of choices from ``sys_choice``, looked up once for each table and kept for the run.

An answer of the Table API could say them itself, but then it would also give every date in the account's own zone and
format. A table that lists choices of its own for a column has none of those that ``task`` lists for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from itsm_bridge.connectors.servicenow.cells import Row, text_of
from itsm_bridge.connectors.servicenow.columns import EVERY_TASK, HIGHEST, Field
from itsm_bridge.connectors.servicenow.query import joined, term
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk
from itsm_bridge.connectors.texts import LONGEST_LINE, cut
from itsm_bridge.errors import NeedsPerson

TABLE = "sys_choice"
COLUMNS = ("sys_id", "name", "element", "value", "label", "language")
LANGUAGE = "en"

_BY_VALUE = frozenset({"state", "approval", "vendor", *HIGHEST})
"""Fields that are read by value whatever it is called: ``states:`` and the model's own levels map them."""

Labels = Mapping[str, Mapping[str, str]]
"""By column, then by casefolded value."""


def labelled(transport: SnowTransport, source: str, table: str, fields: Sequence[Field]) -> tuple[Field, ...]:
    """``fields`` of ``table`` with the labels of their choices in place of the values; ``map:`` goes before them.

    Raises ``NeedsPerson`` where the labels are there and may not be read: rules that name them would never hold.
    """
    columns = sorted({field.column for field in fields if _has_label(field)})
    labels = _labels_of(_rows(transport, source, table, columns), table)
    return tuple(_with_labels(field, labels.get(field.column, {})) if _has_label(field) else field for field in fields)


def _has_label(field: Field) -> bool:
    return field.ours not in _BY_VALUE and "." not in field.column


def _with_labels(field: Field, labels: Mapping[str, str]) -> Field:
    """A value that is mapped, by itself or by its label, stays as it is mapped."""
    shown = {value: field.values.get(label.casefold(), label) for value, label in labels.items()}
    return replace(field, values={**shown, **field.values})


def _rows(transport: SnowTransport, source: str, table: str, columns: Sequence[str]) -> Sequence[Row]:
    family = tuple(dict.fromkeys((EVERY_TASK, table)))
    conditions = joined(term("name", "IN", family), term("element", "IN", columns), term("language", "=", LANGUAGE))

    def is_asked(row: Row) -> bool:
        where = text_of(row.get("name")), text_of(row.get("element")), text_of(row.get("language"))
        return where[0] in family and where[1] in columns and where[2] == LANGUAGE

    steps = list(Walk(source, TABLE, conditions, COLUMNS, order="sys_id", test=is_asked).steps(transport))
    rows = [row for step in steps for row in step.rows]
    if not rows and any(step.expected for step in steps):
        raise NeedsPerson(
            f"{source}: {TABLE} hides its rows from the account, and choice_labels: needs the labels; nothing was read",
            hint=f"grant the account read on {TABLE}, or take choice_labels: out of bridge.yaml",
        )
    return rows


def _labels_of(rows: Iterable[Row], table: str) -> Labels:
    """The labels that hold in ``table``. A value with several, as a dependent choice may have, keeps its value."""
    found: defaultdict[tuple[str, str], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        value, label = text_of(row.get("value")).casefold(), cut(text_of(row.get("label")).strip(), LONGEST_LINE)
        if value and label:
            found[text_of(row.get("name")), text_of(row.get("element"))][value].add(label)
    columns = {column for _, column in found}
    choices = {column: found.get((table, column)) or found[EVERY_TASK, column] for column in columns}
    return {
        column: {value: next(iter(labels)) for value, labels in values.items() if len(labels) == 1}
        for column, values in choices.items()
    }
