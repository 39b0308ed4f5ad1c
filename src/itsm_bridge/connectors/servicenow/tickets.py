"""From one row of a task table to a ticket of the model, with everything odd about it that was survived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.servicenow.cells import Row, instant, is_cell, text_of
from itsm_bridge.connectors.servicenow.columns import APPROVALS, HIGHEST, OPENED, TYPES, Field, version_of
from itsm_bridge.connectors.servicenow.values import Values
from itsm_bridge.connectors.texts import LONGEST, LONGEST_LINE, cut
from itsm_bridge.model import ApprovalState, State, Ticket, TicketType

_LONG_TEXTS = frozenset({"summary", "description"})


class Reading:
    """One row being read: its texts by our field, and the oddities met on the way."""

    def __init__(self, source: str, table: str, row: Row, fields: Sequence[Field], values: Values) -> None:
        self._source, self._table, self._row = source, table, row
        self._texts = {column: text_of(cell) for column, cell in row.items()}
        self._values = values
        self._fields = {field.ours: field for field in fields}
        self.sys_id = self._cell("sys_id")
        self.oddities: list[Oddity] = []

    def ticket(self) -> Ticket:
        """The ticket. Raises ``ValueError`` where what it cannot be without is missing or unreadable."""
        broken = sorted(column for column, cell in self._row.items() if not is_cell(cell))
        if broken:
            raise ValueError(f"column {broken[0]} holds neither text nor a reference")
        created = self._instant(OPENED) or instant(self._cell("sys_created_on"))
        updated = instant(self._cell("sys_updated_on"))
        number = cut(self._cell("number").strip(), LONGEST_LINE)
        if created is None or updated is None or not number:
            raise ValueError("it has no number, or no time of creation or update")
        resolved, closed = self._instant("resolved_at"), self._instant("closed_at")
        if resolved and closed and resolved > closed:
            self._odd("resolved_after_closed", f"resolved {resolved.isoformat()}, closed {closed.isoformat()}")
        return Ticket(
            source=self._source,
            external_id=self.sys_id,
            number=number,
            type=self._type(),
            project=self._table,
            state=self._state(),
            created_at=created,
            updated_at=updated,
            version=version_of(self._row),
            summary=cut(self._raw("summary"), LONGEST_LINE),
            description=self._description(),
            environment=self._one("environment"),
            service=self._several("service"),
            category=self._several("category"),
            subcategory=self._one("subcategory"),
            ci=self._one("ci"),
            labels=self._several("labels"),
            reporter=self._one("reporter") or self._one("opener"),
            assignee=self._one("assignee"),
            group=self._one("group"),
            vendor=self._one("vendor"),
            impact=self._level("impact"),
            urgency=self._level("urgency"),
            priority=self._level("priority"),
            approval=self._approval(),
            due_at=self._instant(self._column("due")),
            resolved_at=resolved,
            closed_at=closed,
            custom=MappingProxyType(self._custom()),
            originals=MappingProxyType(self._originals()),
        )

    def _cell(self, column: str) -> str:
        return self._texts.get(column, "")

    def _column(self, ours: str) -> str:
        field = self._fields.get(ours)
        return field.column if field else ""

    def _raw(self, ours: str) -> str:
        return self._cell(self._column(ours))

    def _odd(self, check: str, detail: str) -> None:
        self.oddities.append(Oddity(self.sys_id, check, cut(detail, 200)))

    def _text(self, ours: str) -> str:
        field, raw = self._fields.get(ours), self._raw(ours).strip()
        return self._values.text(self._table, field, raw) if field and raw else ""

    def _one(self, ours: str) -> str | None:
        self._check_reference(ours)
        return cut(self._text(ours).strip(), LONGEST_LINE) or None

    def _several(self, ours: str) -> tuple[str, ...]:
        self._check_reference(ours)
        field = self._fields.get(ours)
        parts = self._values.parts(field, self._raw(ours).strip()) if field else ()
        return tuple(cut(part, LONGEST_LINE) for part in parts)

    def _check_reference(self, ours: str) -> None:
        field = self._fields.get(ours)
        if field and self._values.is_unresolved(field, self._raw(ours).strip()):
            self._odd("unresolved_reference", f"{field.column} names a record that the account cannot see")

    def _type(self) -> TicketType:
        return TYPES.get(self._table, TYPES.get(self._cell("sys_class_name"), TicketType.TASK))

    def _state(self) -> State:
        raw = self._raw("state").strip()
        state = self._values.state(self._table, raw)
        if state is State.UNKNOWN:
            self._odd("unmapped_state", f"state {raw[:40]!r} of {self._table} is not in states:")
        return state

    def _description(self) -> str:
        text = self._raw("description")
        kept = cut(text)
        if len(kept) < len(text):
            self._odd("long_text", f"the description was cut to {LONGEST // 1024} KB")
        return kept

    def _level(self, ours: str) -> int | None:
        raw, text = self._raw(ours).strip(), self._text(ours)
        if raw and not text:
            self._odd("bad_value", f"{ours} {raw[:20]!r} is not 1 to {HIGHEST[ours]}")
        return int(text) if text else None

    def _approval(self) -> ApprovalState | None:
        column = self._column("approval")
        if column not in self._row:
            return None
        raw = self._cell(column).strip()
        if raw.casefold() not in APPROVALS:
            self._odd("unmapped_approval", f"approval {raw[:40]!r} is not known")
        return APPROVALS.get(raw.casefold())

    def _instant(self, column: str) -> datetime | None:
        raw = self._cell(column)
        try:
            return instant(raw)
        except ValueError:
            self._odd("bad_date", f"{column} {raw[:30]!r} is not a date")
            return None

    def _custom(self) -> dict[str, tuple[str, ...]]:
        names = [field.ours for field in self._fields.values() if field.is_custom]
        found = {name.removeprefix("custom."): self._several(name) for name in names}
        return {name: values for name, values in found.items() if values}

    def _originals(self) -> dict[str, str]:
        found: Mapping[str, str] = {
            ours: self._cell(field.column) for ours, field in self._fields.items() if ours not in _LONG_TEXTS
        }
        kept = {ours: cut(text, LONGEST_LINE) for ours, text in found.items() if text}
        return {**kept, "updated_by": self._cell("sys_updated_by")}
