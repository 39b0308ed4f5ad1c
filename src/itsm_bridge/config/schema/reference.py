"""``docs/configuration.md``: every key with its kind, its default and its meaning, made of the schema.

Make it anew with ``python -m itsm_bridge.config.schema.reference > docs/configuration.md``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from itsm_bridge.config.schema import DECODERS, schema_of
from itsm_bridge.config.schema.literals import ZONES, Schema
from itsm_bridge.config.schema.sketch import CONDITION
from itsm_bridge.config.schema.words import FIELD_WORDS, OPERATOR_WORDS

HEAD = """\
# Every key of the configuration

Made of what the loader accepts; after a change of keys:
`python -m itsm_bridge.config.schema.reference > docs/configuration.md`. Editors show the same by the schemas that
`itsm-bridge init` writes into `config/.schemas/`; `itsm-bridge schema --write` writes them anew, with the names that
your files declare. `*` is a name of your own, `[]` an item of a list, `(jira)` a kind of what stands there.
**Bold** keys are required."""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for file in DECODERS:
        rows = [f"| {key} | {kind} | {default} | {words} |" for key, kind, default, words in _rows(schema_of(file), "")]
        parts += [f"## {file}", "\n".join(["| key | holds | default | meaning |", "|---|---|---|---|", *rows])]
    parts += ["## Conditions", _listing("field", FIELD_WORDS), _listing("operator", OPERATOR_WORDS)]
    return "\n\n".join(parts) + "\n"


def _listing(what: str, words: Any) -> str:  # noqa: ANN401 - a mapping of text to text
    return "\n".join(
        [f"| {what} | meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in words.items())]
    )


def _rows(schema: Schema, path: str) -> Iterator[tuple[str, str, str, str]]:
    """A row for each key that has words, in the order of the schema."""
    needed = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        if not isinstance(one, dict):
            continue
        here = f"{path}.{name}" if path else name
        if "description" in one:
            mark = "**" if name in needed else ""
            default = f"`{json.dumps(one['default'], ensure_ascii=False)}`" if "default" in one else ""
            yield f"{mark}`{here}`{mark}", _kind(one), default, one["description"].replace("|", "\\|")
        if name != "fields":  # which says the same of each of ours
            yield from _rows(one, here)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _rows(schema["additionalProperties"], f"{path}.*")
    if isinstance(schema.get("items"), dict):
        yield from _rows(schema["items"], f"{path}[]")
    for case in schema.get("oneOf", ()):
        word = next((one["const"] for one in case.get("properties", {}).values() if "const" in one), "")
        yield from _rows(case, f"{path}({word})" if word else path)
    for case in schema.get("anyOf", ()):
        yield from _rows(case, path)


def _kind(schema: Schema) -> str:
    """What may stand there, in a word or two."""
    if "$ref" in schema:
        return {CONDITION: "a condition", ZONES: "a zone"}[schema["$ref"].rpartition("/")[2]]
    if "const" in schema or "enum" in schema:
        words = [schema["const"]] if "const" in schema else [one for one in schema["enum"] if one is not None]
        return ", ".join(f"`{json.dumps(one)}`" if not isinstance(one, str) else f"`{one}`" for one in words)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            parts = dict.fromkeys(_kind(one) for one in schema[several])
            return " or ".join(one for one in parts if one != "nothing")
    if "examples" in schema:
        return f"such as `{schema['examples'][0]}`"
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "integer" in kinds or kinds[0] == "number":
        return f"{schema['minimum']:g} to {schema['maximum']:g}"
    return {"string": "text", "array": "a list", "object": "a mapping", "boolean": "true or false", "null": "nothing"}[
        kinds[0]
    ]


if __name__ == "__main__":
    sys.stdout.write(page())
