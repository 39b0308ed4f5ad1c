"""From the histories of one issue to dated entries of the model.

Items carry null where the contract says text, and keys that it does not declare. Some fields tell the whole value on
both sides, others one value that came or went; those are put together backwards from what the issue says today.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.connectors.base import Oddity
from itsm_bridge.connectors.jira.documents import part, texts
from itsm_bridge.connectors.jira.fields import PIECEMEAL, Field
from itsm_bridge.connectors.jira.instants import instant
from itsm_bridge.connectors.jira.site import Json
from itsm_bridge.connectors.jira.values import People, Values
from itsm_bridge.connectors.texts import LONGEST_LINE, cut, whole
from itsm_bridge.history import SEPARATOR
from itsm_bridge.model import HistoryEntry

STATE = Field("state", "status", {})

_NAMES: Mapping[str, str] = {"component": "components", "version": "versions", "fix version": "fixVersions"}
"""What a changelog calls some of Jira's own fields where it does not give their id."""


@dataclass(frozen=True, slots=True)
class Item:
    """One change of one field: what one item of one history says."""

    history: str
    at: datetime
    actor: str
    field: str
    old: tuple[str, str]
    new: tuple[str, str]

    @property
    def order(self) -> tuple[datetime, int]:
        """Histories of one instant follow their ids."""
        return self.at, whole(self.history) or 0


def assignees_in(histories: Sequence[Json]) -> Iterator[str]:
    """The accounts that were given an issue or had it taken away, by id: an item does not tell their addresses."""
    for history in histories:
        content = history.get("items")
        for item in content if isinstance(content, list) else ():
            if "assignee" in {part(item, "fieldId"), part(item, "field")}:
                yield from (part(item, "from"), part(item, "to"))


class History:
    """The changelog of one issue, being read."""

    def __init__(self, source: str, issue: Json, values: Values, people: People) -> None:
        self._source, self._issue = source, issue
        self._values, self._people = values, people
        self._id = part(issue, "id")
        self.oddities: list[Oddity] = []

    def entries(
        self, histories: Sequence[Json], fields: Sequence[Field], names: Mapping[tuple[str, str], str]
    ) -> tuple[HistoryEntry, ...]:
        """The entries of ``fields`` and of the state, oldest first. ``names`` are those of fields."""
        items = sorted(
            (item for one in _once(histories) for item in self._items(one, names)), key=lambda item: item.order
        )
        of_field: defaultdict[str, list[Item]] = defaultdict(list)
        for item in items:
            of_field[item.field].append(item)
        found: list[tuple[Item, HistoryEntry]] = []
        for field in (STATE, *(field for field in fields if field.is_audited and field.id in of_field)):
            found += self._of_field(field, of_field[field.id])
        found.sort(key=lambda pair: pair[0].order)
        return tuple(entry for _, entry in found if entry.is_change)

    def _items(self, history: Json, names: Mapping[tuple[str, str], str]) -> Iterator[Item]:
        content = history.get("items")
        try:
            at = instant(history.get("created"))
        except ValueError:
            at = None
        if at is None or not isinstance(content, list):
            self.oddities.append(Oddity(self._id, "bad_history", f"history {part(history, 'id')} has no readable time"))
            return
        actor = self._people.name(history.get("author"))
        for one in content:
            name = part(one, "field").casefold()
            field = part(one, "fieldId") or _named(name, part(one, "fieldtype"), names)
            old, new = (part(one, "from"), part(one, "fromString")), (part(one, "to"), part(one, "toString"))
            yield Item(part(history, "id"), at, actor, field, old, new)

    def _of_field(self, field: Field, items: Sequence[Item]) -> list[tuple[Item, HistoryEntry]]:
        sides = (
            self._piecemeal(field, items)
            if field.id in PIECEMEAL
            else [(_names(field, one.old), _names(field, one.new)) for one in items]
        )
        places: Counter[str] = Counter()
        found = []
        for item, (old, new) in zip(items, sides, strict=True):
            places[item.history] += 1
            found.append((item, self._entry(field, item, old, new, places[item.history])))
        return found

    def _piecemeal(self, field: Field, items: Sequence[Item]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
        """The whole value before and after each item, going back from today's."""
        content = self._issue.get("fields")
        after = set(texts(content.get(field.id))) if isinstance(content, Mapping) else set()
        sides = []
        for item in reversed(items):
            before = (after - {item.new[1]}) | ({item.old[1]} if item.old[1] else set())
            sides.append((tuple(sorted(before)), tuple(sorted(after))))
            after = before
        return sides[::-1]

    def _entry(self, field: Field, item: Item, old: tuple[str, ...], new: tuple[str, ...], place: int) -> HistoryEntry:
        return HistoryEntry(
            source=self._source,
            external_id=self._id,
            entry_id=f"{item.history}:{field.ours}" + (f":{place}" if place > 1 else ""),
            at=item.at,
            field=field.ours,
            old=self._text(field, item.old, old),
            new=self._text(field, item.new, new),
            source_old=cut(SEPARATOR.join(old), LONGEST_LINE),
            source_new=cut(SEPARATOR.join(new), LONGEST_LINE),
            actor=item.actor,
        )

    def _text(self, field: Field, side: tuple[str, str], names: tuple[str, ...]) -> str:
        if field is STATE:
            return self._values.past_state(side[1], side[0]).value
        if field.ours == "assignee":
            return self._people.known(*side) if any(side) else ""
        return cut(self._values.text(field, names), LONGEST_LINE)


def _once(histories: Sequence[Json]) -> Iterator[Json]:
    """Each history once: an answer may hold one twice, which would count as two changes."""
    seen: set[str] = set()
    for history in histories:
        number = part(history, "id")
        if not number or number not in seen:
            yield history
        seen.add(number)


def _named(name: str, kind: str, names: Mapping[tuple[str, str], str]) -> str:
    """The id of a field that a changelog calls by its name; Jira's own are also called by their ids."""
    return names.get((kind, name)) or (names.get(("", name)) if not kind else None) or _NAMES.get(name, name)


def _names(field: Field, side: tuple[str, str]) -> tuple[str, ...]:
    """The values on one side of an item, as Jira calls them."""
    number, name = side
    if field.id == "labels":
        return tuple(name.split())
    if number.startswith("[") and field.id.startswith("customfield_"):
        return tuple(one.strip() for one in name.split(",") if one.strip())
    return (name or number,) if any(side) else ()
