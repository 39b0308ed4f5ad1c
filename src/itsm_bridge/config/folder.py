"""A configuration folder as a whole: reads its files in one pass, and makes one ``Configuration`` of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from itsm_bridge.config.bridge_file import BRIDGE, MAPPED, Bridge
from itsm_bridge.config.decoding import Context, Decoder, Mistaken
from itsm_bridge.config.documents import (
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    compose,
    decode_text,
    read_bytes,
)
from itsm_bridge.config.findings import Code, Findings, nearest, quote, stops
from itsm_bridge.config.holiday_files import HolidayFiles
from itsm_bridge.config.model import Configuration, Position, RuleBook, VendorStatus
from itsm_bridge.config.names import Named, Names, gather
from itsm_bridge.config.outside_files import read_outside
from itsm_bridge.config.regular_files import is_there
from itsm_bridge.config.rule_tables import RuleTables
from itsm_bridge.config.rules_file import OUTCOMES, RULES
from itsm_bridge.config.sla_file import SERVICES, Services
from itsm_bridge.config.vendors_file import PARTNERS, Partners
from itsm_bridge.errors import ConfigurationInvalid, Finding, NotInitialised

T = TypeVar("T")
FILES: Final = ("bridge.yaml", "vendors.yaml", "sla.yaml", "rules.yaml")


def load(folder: Path) -> Configuration:
    """The configuration in ``folder``.

    Raises:
        NotInitialised: there is no such folder, or none of the files in it.
        ConfigurationInvalid: with every mistake of every file.
    """
    configuration, findings = check(folder)
    mistakes = tuple(filter(stops, findings))
    if configuration is None or mistakes:
        raise _invalid(mistakes)
    return configuration


def check(folder: Path) -> tuple[Configuration | None, tuple[Finding, ...]]:
    """The configuration in ``folder``, ``None`` where it cannot be read whole; and all findings, ordered by place.

    Raises ``NotInitialised`` where there is nothing to check.
    """
    if not any(is_there(folder / name) for name in FILES):
        message = f"there is no configuration in {folder}; nothing was done"
        raise NotInitialised(message, hint="itsm-bridge init, or name the folder with -C")
    findings = Findings()
    contents = {name: read_bytes(folder / name, findings) for name in FILES}
    documents = {name: _document(name, content, findings) for name, content in contents.items()}
    tables = RuleTables(folder, OUTCOMES, findings, {})
    documents["rules.yaml"] = tables.expand(documents["rules.yaml"])
    holiday_files = HolidayFiles(folder, findings)
    parts = _decode(documents, findings, holiday_files)
    if parts is not None:
        _note_unnamed(parts, findings)
    listed = findings.listed()
    if parts is None or any(one.severity == "error" and one.code.startswith("C") for one in listed):
        return None, listed
    configuration = _configuration(folder, _digest(contents | tables.contents | holiday_files.contents), parts)
    return configuration, listed + read_outside(configuration).findings


def _invalid(errors: tuple[Finding, ...]) -> ConfigurationInvalid:
    files = len({one.file for one in errors})
    counted = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes in {files} file{'s' if files > 1 else ''}"
    return ConfigurationInvalid(f"the configuration has {counted}; nothing was done", errors)


def _document(name: str, content: bytes | None, findings: Findings) -> Node | None:
    text = None if content is None else decode_text(content, name, findings)
    return None if text is None else compose(text, Position(name, 1, 1), findings)


@dataclass(frozen=True, slots=True)
class _Parts:
    bridge: Bridge
    partners: Partners
    services: Services
    rules: RuleBook


def _decode(documents: Mapping[str, Node | None], findings: Findings, holiday_files: HolidayFiles) -> _Parts | None:
    """Every file, also after one that has mistakes."""
    context = Context(_trusted(gather(documents, MAPPED), documents), findings, holiday_files)
    bridge = _read(BRIDGE, documents["bridge.yaml"], context)
    partners = _read(PARTNERS, documents["vendors.yaml"], context)
    services = _read(SERVICES, documents["sla.yaml"], context)
    rules = _read(RULES, documents["rules.yaml"], context)
    if bridge is None or partners is None or services is None or rules is None:
        return None
    return _Parts(bridge, partners, services, rules)


_LISTS: Final = (
    (Named.SKILL, "vendors.yaml", "vendors", ("skills",)),
    (Named.SERVICE, "vendors.yaml", "environments", ("services",)),
    (Named.PROJECT, "bridge.yaml", "sources", ("tables", "projects")),
    (Named.CUSTOM, "bridge.yaml", "sources", ("fields",)),
)
"""Names that stand inside the entries of a section: their kind, where they stand, and under which keys."""


def _trusted(names: Names, documents: Mapping[str, Node | None]) -> Names:
    """``names`` without the kinds of which a mistake may hide some: one mistake must not make others elsewhere."""
    doubtful = {kind for kind, file, section, keys in _LISTS if _hidden_in(documents[file], section, keys)}
    if _measures_hidden(documents["sla.yaml"]):
        doubtful.add(Named.MEASURE)
    return Names({kind: None if kind in doubtful else known for kind, known in names.by_kind.items()})


def _hidden_in(document: Node | None, section: str, keys: tuple[str, ...]) -> bool:
    entries = document.get(section) if isinstance(document, MappingNode) else None
    return isinstance(entries, MappingNode) and any(_hides(entry, keys) for _, entry in entries.entries)


def _hides(entry: Node, keys: tuple[str, ...]) -> bool:
    """Whether a mistake of an entry keeps the names from us that should stand at one of ``keys``."""
    if not isinstance(entry, MappingNode):
        return True
    values = [value for key in keys if (value := entry.get(key)) is not None]
    if not values:
        return any(nearest(key.text, keys) is not None for key, _ in entry.entries)
    return any(not _lists_names(value) for value in values)


def _lists_names(node: Node) -> bool:
    if isinstance(node, SequenceNode):
        return all(isinstance(item, ScalarNode) for item in node.items)
    return isinstance(node, MappingNode) or (isinstance(node, ScalarNode) and node.value is None)


def _measures_hidden(document: Node | None) -> bool:
    """Of ``sla.yaml``, which may lack service levels, but then must hold what else belongs into it."""
    if not isinstance(document, MappingNode):
        return True
    levels = document.get("slas")
    if levels is None:
        return document.get("calendars") is None or any(nearest(key.text, ("slas",)) for key, _ in document.entries)
    if not isinstance(levels, SequenceNode):
        return True
    return any(
        not isinstance(level, MappingNode) or not isinstance(level.get("measures"), ScalarNode)
        for level in levels.items
    )


def _read(decoder: Decoder[T], document: Node | None, context: Context) -> T | None:
    try:
        return None if document is None else decoder.read(document, context)
    except Mistaken:
        return None


def _note_unnamed(parts: _Parts, findings: Findings) -> None:
    """Note where a vendor that takes work has no name in a source into which vendors are written."""
    written = [source.name for source in parts.bridge.sources.values() if source.write.vendor is not None]
    for vendor in parts.partners.vendors.values():
        missing = [name for name in written if name not in vendor.names]
        if missing and vendor.status is VendorStatus.ACTIVE:
            message = f"{quote(vendor.name)} has no name in {', '.join(missing)}: it cannot be given a ticket there"
            findings.add(vendor.position, Code.INCOMPLETE, message, severity="warning")


def _digest(contents: Mapping[str, bytes | None]) -> str:
    """SHA-256 over each file's name, size and bytes: ``FILES`` in their order, then the files that they name."""
    digest = hashlib.sha256()
    for name in (*FILES, *sorted(contents.keys() - set(FILES))):
        content = contents[name] or b""
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _configuration(folder: Path, digest: str, parts: _Parts) -> Configuration:
    return Configuration(
        folder=folder,
        digest=digest,
        store=parts.bridge.store,
        zone=parts.bridge.timezone,
        sources=parts.bridge.sources,
        limits=parts.bridge.limits,
        ownership=parts.bridge.ownership,
        vendors=parts.partners.vendors,
        environments=parts.partners.environments,
        calendars=parts.services.calendars,
        slas=parts.services.slas,
        rules=parts.rules,
        holders=parts.services.holders,
        reports=parts.bridge.reports,
        metrics=parts.bridge.metrics,
        notify=parts.bridge.notify,
    )
