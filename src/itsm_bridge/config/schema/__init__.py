"""The JSON Schema (draft 2020-12) of each configuration file, for editors, made of what the loader itself accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from itsm_bridge.config.bridge_file import BRIDGE, MAPPED
from itsm_bridge.config.decoding import Decoder
from itsm_bridge.config.documents import Node, compose, decode_text, read_bytes
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.model import Position
from itsm_bridge.config.names import Names, gather
from itsm_bridge.config.rules_file import RULES
from itsm_bridge.config.schema.literals import Schema
from itsm_bridge.config.schema.sketch import NO_NAMES, Sketch
from itsm_bridge.config.schema.words import WORDS
from itsm_bridge.config.sla_file import SERVICES
from itsm_bridge.config.vendors_file import PARTNERS

__all__ = ["DECODERS", "FOLDER", "NO_NAMES", "every_schema", "names_in", "read_document", "schema_of", "unworded"]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
FOLDER: Final = ".schemas"
"""Below the configuration folder, where the modelines of its files look; the loader never does."""

DECODERS: Final[Mapping[str, Decoder[Any]]] = MappingProxyType(
    {"bridge.yaml": BRIDGE, "vendors.yaml": PARTNERS, "sla.yaml": SERVICES, "rules.yaml": RULES}
)


def schema_of(file: str, names: Names = NO_NAMES) -> Schema:
    """The schema of one file; ``names`` are the configuration's own, to be offered where one is wanted."""
    sketch = Sketch(names, WORDS[file])
    schema = sketch.of(DECODERS[file])
    definitions = {"$defs": sketch.definitions} if sketch.definitions else {}
    return {"$schema": DRAFT, "title": f"{file} of itsm-bridge"} | schema | definitions


def every_schema(names: Names = NO_NAMES) -> Schema:
    """All of them in one document, each a resource of its own below ``$defs``."""
    whole = {file: {"$id": f"urn:itsm-bridge:{file}"} | schema_of(file, names) for file in DECODERS}
    return {"$schema": DRAFT, "title": "The configuration files of itsm-bridge", "$defs": whole}


def unworded() -> Iterator[tuple[str, str]]:
    """Each key that the loader knows and ``words`` does not, or the other way round: its file and its path."""
    for file, decoder in DECODERS.items():
        sketch = Sketch(NO_NAMES, WORDS[file])
        sketch.of(decoder)
        yield from ((file, path) for path in sorted(sketch.used ^ WORDS[file].keys()))


def names_in(folder: Path) -> Names:
    """The names that a configuration declares; ``NO_NAMES`` where one of its files cannot be read."""
    documents = {file: read_document(folder, file) for file in DECODERS}
    return NO_NAMES if None in documents.values() else gather(documents, MAPPED)


def read_document(folder: Path, file: str) -> Node | None:
    """The nodes of one file, whatever they say; ``None`` where they cannot be read."""
    findings = Findings()
    content = read_bytes(folder / file, findings)
    text = None if content is None else decode_text(content, file, findings)
    return None if text is None else compose(text, Position(file, 1, 1), findings)
