"""Which field of the site holds what: names of ``bridge.yaml`` turned into ids, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from itsm_bridge.config.model import FieldMapping, Jira
from itsm_bridge.connectors.checks import suggestion
from itsm_bridge.connectors.jira.documents import part
from itsm_bridge.connectors.jira.site import Json
from itsm_bridge.errors import ConfigurationInvalid, NeedsPerson

DEFAULTS: Mapping[str, str] = {
    "summary": "summary",
    "description": "description",
    "labels": "labels",
    "reporter": "reporter",
    "assignee": "assignee",
    "priority": "priority",
    "due": "duedate",
}
"""Our field: the id of Jira's own."""

SYSTEM = ("created", "updated", "status", "issuetype", "project", "resolutiondate")

MODEL_FIELDS = frozenset(DEFAULTS) | {
    "environment", "service", "category", "subcategory", "ci", "group", "vendor", "impact", "urgency", "approval",
}  # fmt: skip
"""What ``fields:`` may map onto the model; any other name there is a ``custom.<name>``."""

AUDITED = frozenset({
    "priority", "impact", "urgency", "vendor", "group", "assignee", "approval", "environment", "service", "category",
})  # fmt: skip
"""Fields whose history the model keeps, beside the state and the custom ones."""

PIECEMEAL = frozenset({"components", "versions", "fixVersions"})
"""Fields whose changelog tells one value that came or went, not the whole."""


@dataclass(frozen=True, slots=True)
class Field:
    """One of our fields: the id of Jira's, and its values (casefolded) that have another name here."""

    ours: str
    id: str
    values: Mapping[str, str]

    @property
    def is_custom(self) -> bool:
        """Whether it is one of ``Ticket.custom``."""
        return self.ours.startswith("custom.")

    @property
    def is_audited(self) -> bool:
        """Whether the model keeps its history."""
        return self.is_custom or self.ours in AUDITED


def configured(source: Jira) -> Mapping[str, FieldMapping]:
    """What ``bridge.yaml`` names, by our field. A field that we write is the one that we read."""
    written = {"priority": source.write.priority, "vendor": source.write.vendor, "approval": source.write.approval}
    names = {ours: FieldMapping(name, {}) for ours, name in written.items() if name is not None}
    for name, mapping in source.fields.items():
        names[name if name in MODEL_FIELDS else f"custom.{name}"] = mapping
    if "group" not in names and "vendor" in names:
        names["group"] = names["vendor"]  # who has it, in the source's own words
    return names


def resolve(source: Jira, known: Sequence[Json]) -> tuple[Field, ...]:
    """The fields with their ids. Raises as ``field_id`` does."""
    fields = {ours: Field(ours, number, {}) for ours, number in DEFAULTS.items()}
    for ours, mapping in configured(source).items():
        fields[ours] = Field(ours, field_id(source.name, mapping.name, known), mapping.values)
    return tuple(fields.values())


def names_in_changelogs(known: Sequence[Json], fields: Sequence[Field]) -> Mapping[tuple[str, str], str]:
    """The ids of fields by how a changelog without ids tells them: kind (``""`` for any) and casefolded name.

    Where several have a name, the configured one is meant.
    """
    configured_ids = {field.id for field in fields}
    found: dict[tuple[str, str], str] = {}
    for one in sorted(known, key=lambda one: part(one, "id") in configured_ids):
        name, kind = part(one, "name").casefold(), "custom" if one.get("custom") is True else "jira"
        found |= dict.fromkeys((("", name), (kind, name)), part(one, "id"))
    return found


def field_id(source: str, name: str, known: Sequence[Json]) -> str:
    """The id of a field by id or name; people's fields go before Jira's own of the same name.

    Raises ``ConfigurationInvalid`` where several have the name, ``NeedsPerson`` where none has.
    """
    if any(part(one, "id") == name for one in known):
        return name
    named = [one for one in known if part(one, "name").casefold() == name.casefold()]
    found = [one for one in named if one.get("custom") is True] or named
    if not found:
        near = suggestion(name, [part(one, "name") for one in known])
        raise NeedsPerson(f"{source}: Jira has no field {name!r}, or hides it from the account{near}")
    if len(found) > 1:
        ids = ", ".join(sorted(part(one, "id") for one in found))
        raise ConfigurationInvalid(f"{source}: several fields of Jira are called {name!r}; name one by its id: {ids}")
    return part(found[0], "id")
