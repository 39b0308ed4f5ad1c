"""From one issue to a ticket of the model, with everything odd about it that was survived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.jira.documents import document_text, part, texts
from itsm_bridge.connectors.jira.fields import Field
from itsm_bridge.connectors.jira.instants import day, instant
from itsm_bridge.connectors.jira.site import Json
from itsm_bridge.connectors.jira.values import People, Values
from itsm_bridge.connectors.texts import LONGEST, LONGEST_LINE, cut, whole
from itsm_bridge.model import ApprovalState, State, Ticket

_LONG_TEXTS = frozenset({"summary", "description"})
_PEOPLE = frozenset({"assignee", "reporter"})


def version_of(updated: datetime) -> str:
    """What tells the versions of an issue apart: when it was updated, in UTC."""
    return updated.isoformat(timespec="milliseconds")


class Reading:
    """One issue being read, and the oddities met on the way."""

    def __init__(self, source: str, issue: Json, fields: Sequence[Field], values: Values, people: People) -> None:
        self._source, self._issue = source, issue
        self._fields = {field.ours: field for field in fields}
        self._values, self._people = values, people
        found = issue.get("fields")
        self._content: Mapping[str, object] = found if isinstance(found, Mapping) else {}
        self.id = part(issue, "id")
        self._named: dict[str, tuple[str, ...]] = {}
        self.oddities: list[Oddity] = []

    def ticket(self) -> Ticket:
        """The ticket. Raises ``ValueError`` where what it cannot be without is missing or unreadable."""
        created, updated = instant(self._content.get("created")), instant(self._content.get("updated"))
        key, project = part(self._issue, "key"), part(self._content.get("project"), "key")
        if created is None or updated is None or whole(self.id) is None or "-" not in key:
            raise ValueError("it has no id, no key, or no time of creation or update")
        return Ticket(
            source=self._source,
            external_id=self.id,
            number=cut(key, LONGEST_LINE),
            type=self._values.type(self._name("issuetype")),
            project=cut(project or key.rpartition("-")[0], LONGEST_LINE),
            state=self._state(),
            created_at=created,
            updated_at=updated,
            version=version_of(updated),
            summary=cut("".join(texts(self._raw("summary"))), LONGEST_LINE),
            description=self._description(),
            environment=self._one("environment"),
            service=self._several("service"),
            category=self._several("category"),
            subcategory=self._one("subcategory"),
            ci=self._one("ci"),
            labels=self._several("labels"),
            reporter=self._people.name(self._raw("reporter")) or None,
            assignee=self._people.name(self._raw("assignee")) or None,
            group=self._one("group"),
            vendor=self._one("vendor"),
            impact=self._level("impact"),
            urgency=self._level("urgency"),
            priority=self._level("priority"),
            approval=self._approval(),
            due_at=self._date("due", day),
            resolved_at=self._resolved(),
            custom=MappingProxyType(self._custom()),
            originals=MappingProxyType(self._originals()),
        )

    def names(self, ours: str) -> tuple[str, ...]:
        """A field's values as Jira calls them."""
        found = self._named.get(ours)
        if found is None:
            found = self._named[ours] = texts(self._raw(ours))
        return found

    def _raw(self, ours: str) -> object:
        field = self._fields.get(ours)
        return self._content.get(field.id) if field else None

    def _name(self, system: str) -> str:
        return part(self._content.get(system), "name")

    def _odd(self, check: str, detail: str) -> None:
        self.oddities.append(Oddity(self.id, check, cut(detail, 200)))

    def _text(self, ours: str) -> str:
        field = self._fields.get(ours)
        return self._values.text(field, self.names(ours)) if field else ""

    def _one(self, ours: str) -> str | None:
        return cut(self._text(ours), LONGEST_LINE) or None

    def _several(self, ours: str) -> tuple[str, ...]:
        field = self._fields.get(ours)
        parts = self._values.parts(field, self.names(ours)) if field else ()
        return tuple(cut(one, LONGEST_LINE) for one in parts)

    def _state(self) -> State:
        status = self._content.get("status")
        category = part(status.get("statusCategory"), "key") if isinstance(status, Mapping) else ""
        state = self._values.state(self._name("status"), category)
        if state is State.UNKNOWN:
            self._odd("unmapped_state", f"status {self._name('status')[:60]!r} is not in states: and has no category")
        return state

    def _description(self) -> str:
        text = document_text(self._raw("description"))
        kept = cut(text)
        if len(kept) < len(text):
            self._odd("long_text", f"the description was cut to {LONGEST // 1024} KB")
        return kept

    def _level(self, ours: str) -> int | None:
        text = self._text(ours)
        if self.names(ours) and not text:
            where = "priorities:" if ours == "priority" else "fields:"
            check = "unmapped_priority" if ours == "priority" else "bad_value"
            self._odd(check, f"{ours} {self.names(ours)[0][:60]!r} is not mapped in {where}")
        return int(text) if text else None

    def _approval(self) -> ApprovalState | None:
        field, names = self._fields.get("approval"), self.names("approval")
        if field is None or not names:
            return None
        state = self._values.approval(field, names[0])
        if state is None:
            self._odd("unmapped_approval", f"approval {names[0][:60]!r} is not known")
        return state

    def _date(self, ours: str, reader: Callable[[object], datetime | None]) -> datetime | None:
        try:
            return reader(self._raw(ours))
        except ValueError:
            self._odd("bad_date", f"{ours} is not a date")
            return None

    def _resolved(self) -> datetime | None:
        try:
            return instant(self._content.get("resolutiondate"))
        except ValueError:
            self._odd("bad_date", "resolutiondate is not a date")
            return None

    def _custom(self) -> dict[str, tuple[str, ...]]:
        names = [field.ours for field in self._fields.values() if field.is_custom]
        found = {name.removeprefix("custom."): self._several(name) for name in names}
        return {name: values for name, values in found.items() if values}

    def _originals(self) -> dict[str, str]:
        found = {ours: ", ".join(self.names(ours)) for ours in self._fields if ours not in _LONG_TEXTS | _PEOPLE}
        found |= {"state": self._name("status"), "type": self._name("issuetype")}
        return {ours: cut(text, LONGEST_LINE) for ours, text in found.items() if text}
