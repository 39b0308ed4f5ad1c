"""An answer of ServiceNow's Table API becomes records as they are, with what they refer to.

Values may be plain, ``{link, value}`` or ``{display_value, value}``. A person, group, service, item, company or place
that is referred to becomes a record: by the name shown, or by a made-up one where the answer shows none. What else is
referred to (problems, other changes) stays a reference that leads nowhere, as for an account that may not read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from itsm_bridge.sandbox.servicenow.dictionary import TASKS, Column
from itsm_bridge.sandbox.servicenow.tables import Instance, Row, Table
from itsm_bridge.sandbox.servicenow.writes import PREFIXES

_MADE_UP = {
    "sys_user": "Person",
    "sys_user_group": "Team",
    "cmdb_ci": "Item",
    "cmdb_ci_service": "Service",
    "core_company": "Company",
    "cmn_location": "Place",
}
"""The tables whose missing records are made, and what their names begin with."""


def add(instance: Instance, records: Iterable[Mapping[str, Any]]) -> None:
    """Put the records in. Raises ``ValueError`` for one without a sys_id or of a table that is not served."""
    for place, record in enumerate(records, 1):
        plain = {name: _value(given) for name, given in record.items()}
        if not plain.get("sys_id"):
            raise ValueError(f"record {place} of its `result` has no sys_id")
        table = instance.tables.get(_table_of(plain))
        if table is None:
            raise ValueError(f"record {place} of its `result` is of no table that the sandbox serves")
        table.declare(plain)
        _references(instance, table, record)
        table.add({**plain, "sys_class_name": table.name})


def _value(given: object) -> str:
    value = given.get("value") if isinstance(given, dict) else given
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _table_of(row: Row) -> str:
    if row.get("sys_class_name"):
        return row["sys_class_name"]
    return next((table for table in TASKS if row.get("number", "").startswith(PREFIXES[table])), "")


def _references(instance: Instance, table: Table, record: Mapping[str, Any]) -> None:
    for name, given in record.items():
        if not isinstance(given, dict):
            continue
        target = str(given["link"]).split("/")[-2] if "link" in given else table.columns[name].reference
        if target in instance.tables and not table.columns[name].reference:
            table.columns[name] = Column("reference", target)
        if target in _MADE_UP and given.get("value"):
            _known(instance, target, _value(given), str(given.get("display_value") or ""))


def _known(instance: Instance, table: str, sys_id: str, shown: str) -> None:
    if instance.find(table, sys_id) is not None:
        return
    name = shown or f"{_MADE_UP[table]} {len(instance.tables[table]) + 1}"
    row = {"sys_id": sys_id, "name": name, "sys_class_name": table, "active": "true"}
    row |= {"user_name": name.lower().replace(" ", ".")} if table == "sys_user" else {}
    instance.tables[table].add(row)
