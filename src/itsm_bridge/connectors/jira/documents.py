"""Plain text from Jira's values: documents (ADF), options, people, components, lists."""

from __future__ import annotations

from collections.abc import Mapping

from itsm_bridge.connectors.texts import clean

Json = Mapping[str, object]

_BLOCKS = frozenset({
    "paragraph", "heading", "listItem", "codeBlock", "blockquote", "tableRow", "taskItem", "decisionItem", "panel",
    "rule", "mediaSingle", "expand",
})  # fmt: skip
"""Nodes of a document after which a new line begins."""

_LABELS = ("value", "name", "displayName", "key", "id")
"""What a value of Jira is called by, the best first."""

_SHOWN = ("text", "url", "shortName", "timestamp", "title")
"""What a node without a text of its own shows, under its attributes."""


def document_text(document: object) -> str:
    """The text of an Atlassian document, a line for each block; a plain text is itself. Never recursive."""
    if isinstance(document, str):
        return clean(document)
    pieces: list[str] = []
    waiting: list[object] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, dict):
            pieces.append(_own_text(node))
            if part(node, "type") in _BLOCKS:
                waiting.append("\n")
            content = node.get("content")
            waiting.extend(reversed(content) if isinstance(content, list) else ())
    return clean("".join(pieces)).strip("\n")


def _own_text(node: Json) -> str:
    if part(node, "type") == "hardBreak":
        return "\n"
    text = node.get("text")
    if isinstance(text, str):
        return text
    attributes = node.get("attrs")
    if not isinstance(attributes, dict):
        return ""
    return next((str(attributes[name]) for name in _SHOWN if isinstance(attributes.get(name), str)), "")


def texts(value: object) -> tuple[str, ...]:
    """The values of a field, by name: several in a list, none for null."""
    if isinstance(value, list):
        return tuple(text for one in value for text in texts_of_one(one))
    return texts_of_one(value)


def texts_of_one(value: object) -> tuple[str, ...]:
    """The name of one value, none for null and for blank texts."""
    if isinstance(value, dict):
        text = document_text(value) if value.get("type") == "doc" else _label_of(value)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str | int | float):
        text = str(value)
    else:
        text = ""
    text = clean(text).strip()
    return (text,) if text else ()


def _label_of(value: Json) -> str:
    for label in _LABELS:
        found = value.get(label)
        if isinstance(found, str | int):
            return str(found)
    return ""


def part(value: object, name: str) -> str:
    """One text of a mapping, empty where it is none."""
    found = value.get(name) if isinstance(value, dict) else None
    if type(found) is str:  # most are, and there are a hundred in each issue
        return found if found.isprintable() else clean(found)
    return clean(str(found)) if isinstance(found, str | int) and not isinstance(found, bool) else ""
