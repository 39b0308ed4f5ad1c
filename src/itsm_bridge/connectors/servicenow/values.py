"""From ServiceNow's values to the bridge's own, the same way for what a field is and for what it was."""

from __future__ import annotations

import re
from collections.abc import Mapping

from itsm_bridge.config.model import ServiceNow, Vendor
from itsm_bridge.connectors.servicenow.cells import Row, table_of, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVALS, HIGHEST, REFERENCES, Field
from itsm_bridge.connectors.servicenow.names import Names
from itsm_bridge.history import SEPARATOR
from itsm_bridge.model import State

_LEADING_NUMBER = re.compile(r"\s*(\d{1,2})(?:\s*-.*)?\s*")


class Values:
    """How the values of one source read here. ``text`` gives what ``HistoryEntry`` would say, ``""`` for no value."""

    def __init__(self, source: ServiceNow, vendors: Mapping[str, Vendor], names: Names) -> None:
        self._states = source.states
        self._names = names
        self._vendors = {
            vendor.names[source.name].casefold(): vendor.name
            for vendor in vendors.values()
            if source.name in vendor.names
        }
        self._references: dict[str, str] = dict(REFERENCES)

    def learn(self, row: Row, field: Field) -> None:
        """Note where a column's references lead, and that the names behind them will be needed."""
        cell = row.get(field.column)
        if isinstance(cell, dict) and field.column not in self._references and (table := table_of(cell)):
            self._references[field.column] = table
        self.want(field, cell)

    def want(self, field: Field, cell: object) -> None:
        """Note that the name of a reference, here or in the history, will be needed."""
        if table := self._references.get(field.column):
            self._names.want(table, text_of(cell))

    def text(self, table: str, field: Field, raw: str) -> str:
        """A database value in the bridge's words; several values are joined as histories join them."""
        if field.ours == "state":
            return self.state(table, raw).value if raw else ""
        if field.ours in HIGHEST:
            return _number(field, raw)
        if field.ours == "approval":
            known = APPROVALS.get(raw.casefold())
            return known.value if known else ""
        if field.ours == "vendor":
            return next(
                (vendor for name in self.parts(field, raw) if (vendor := self._vendors.get(name.casefold()))), ""
            )
        return SEPARATOR.join(self.parts(field, raw))

    def parts(self, field: Field, raw: str) -> tuple[str, ...]:
        """The values in a database value, by name: several in a list of references, else one or none."""
        named = self._names.names(self._references.get(field.column, ""), raw) if raw else ()
        return tuple(field.values.get(name.casefold(), name) for name in named)

    def state(self, table: str, raw: str) -> State:
        """Our state of a value; ``UNKNOWN`` where ``states:`` does not map it."""
        states = self._states.get(table, {})
        return states.get(raw, states.get(raw.casefold(), State.UNKNOWN))

    def is_unresolved(self, field: Field, raw: str) -> bool:
        """Whether a reference leads to a record that cannot be seen."""
        return self._names.is_unknown(self._references.get(field.column, ""), raw)


def _number(field: Field, raw: str) -> str:
    """Impact, urgency or priority as a digit; ``""`` for what is none of the model's levels."""
    mapped = field.values.get(raw.casefold(), raw)
    match = _LEADING_NUMBER.fullmatch(mapped)
    return match[1].lstrip("0") if match and 1 <= int(match[1]) <= HIGHEST[field.ours] else ""
