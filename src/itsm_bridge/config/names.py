"""Which names the files declare, gathered before anything is decoded, so that every reference can be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode


class Named(StrEnum):
    """Kinds of things that have a name; the value is what a message calls them."""

    SOURCE = "source"
    PROJECT = "project or table"
    CUSTOM = "custom field"
    VENDOR = "vendor"
    SKILL = "skill"
    ENVIRONMENT = "environment"
    SERVICE = "service"
    CALENDAR = "calendar"
    MEASURE = "measure"


@dataclass(frozen=True, slots=True)
class Names:
    """The declared names by kind, in the order of the files; ``None`` where they cannot be known.

    A thing whose own entry has mistakes still has its name: one mistake must not make others.
    """

    by_kind: Mapping[Named, tuple[str, ...] | None]

    def known(self, kind: Named) -> tuple[str, ...] | None:
        """All names of this kind, or ``None`` where the file that declares them cannot be read."""
        return self.by_kind[kind]


def gather(documents: Mapping[str, Node | None], mapped: Iterable[str]) -> Names:
    """Gather names from the documents by file name; ``mapped`` are the fields that are not custom ones."""
    sources = _section(documents, "bridge.yaml", "sources")
    vendors = _section(documents, "vendors.yaml", "vendors")
    environments = _section(documents, "vendors.yaml", "environments")
    slas = _section(documents, "sla.yaml", "slas")
    ours = frozenset(mapped)
    return Names(
        {
            Named.SOURCE: _keys(sources),
            Named.PROJECT: _texts_in_each(sources, "tables", "projects"),
            Named.CUSTOM: _custom(sources, ours),
            Named.VENDOR: _keys(vendors),
            Named.SKILL: _texts_in_each(vendors, "skills"),
            Named.ENVIRONMENT: _keys(environments),
            Named.SERVICE: _texts_in_each(environments, "services"),
            Named.CALENDAR: _keys(_section(documents, "sla.yaml", "calendars")),
            Named.MEASURE: _measures(slas) if documents["sla.yaml"] is not None else None,
        }
    )


def _section(documents: Mapping[str, Node | None], file: str, key: str) -> Node | None:
    document = documents[file]
    return document.get(key) if isinstance(document, MappingNode) else None


def _keys(node: Node | None) -> tuple[str, ...] | None:
    return tuple(key.text for key, _ in node.entries) if isinstance(node, MappingNode) else None


def _texts_in_each(node: Node | None, *keys: str) -> tuple[str, ...] | None:
    """The texts of the lists that stand at ``keys`` in each entry of a mapping, each once."""
    if not isinstance(node, MappingNode):
        return None
    lists = [entry.get(key) for _, entry in node.entries if isinstance(entry, MappingNode) for key in keys]
    return tuple(dict.fromkeys(text for found in lists for text in _texts(found)))


def _texts(node: Node | None) -> list[str]:
    items = node.items if isinstance(node, SequenceNode) else ()
    return [item.text for item in items if isinstance(item, ScalarNode)]


def _custom(sources: Node | None, ours: frozenset[str]) -> tuple[str, ...] | None:
    if not isinstance(sources, MappingNode):
        return None
    fields = [entry.get("fields") for _, entry in sources.entries if isinstance(entry, MappingNode)]
    return tuple(dict.fromkeys(name for found in fields for name in _keys(found) or () if name not in ours))


def _measures(slas: Node | None) -> tuple[str, ...]:
    items = slas.items if isinstance(slas, SequenceNode) else ()
    found = [item.get("measures") for item in items if isinstance(item, MappingNode)]
    return tuple(dict.fromkeys(one.text for one in found if isinstance(one, ScalarNode)))
