"""The schema of each file accepts what the loader accepts, and refuses what is plainly wrong in both."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.config.editing import EXAMPLE, copy_example

from itsm_bridge.conditions import FIELDS, Operator
from itsm_bridge.config import check
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.schema import DECODERS, NO_NAMES, every_schema, names_in, read_document, schema_of, unworded
from itsm_bridge.config.schema.reference import page
from itsm_bridge.config.schema.words import FIELD_WORDS, OPERATOR_WORDS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [EXAMPLE, *filter(Path.is_dir, [ROOT.parent / "shared" / "example-config"])]
Steps = tuple[str | int, ...]


def plain(node: Node | None) -> Any:  # noqa: ANN401 - any YAML
    """The values as YAML 1.2 reads them."""
    match node:
        case MappingNode():
            return {key.text: plain(value) for key, value in node.entries}
        case SequenceNode():
            return [plain(item) for item in node.items]
        case ScalarNode():
            return node.value
    raise AssertionError(node)


def refused(file: str, document: Any) -> bool:  # noqa: ANN401 - any YAML
    return not Draft202012Validator(schema_of(file, names_in(EXAMPLE))).is_valid(document)


def refused_by_loader(config: Path, file: str, document: Any) -> bool:  # noqa: ANN401 - any YAML
    (config / file).write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return any(one.code.startswith("C") and one.severity == "error" for one in check(config)[1])


def places(document: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:  # noqa: ANN401 - any YAML
    entries = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for step, value in entries:
        yield (*steps, step), value
        yield from places(value, (*steps, step))


def put(document: Any, steps: Steps, value: object) -> Any:  # noqa: ANN401 - any YAML
    changed = copy.deepcopy(document)
    holder = changed
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    return changed


@pytest.mark.parametrize("file", DECODERS)
def test_a_schema_is_one_and_accepts_the_configurations_that_load(file: str) -> None:
    assert FOLDERS
    for folder in FOLDERS:
        for names in (NO_NAMES, names_in(folder)):
            schema = schema_of(file, names)
            Draft202012Validator.check_schema(schema)
            Draft202012Validator(schema).validate(plain(read_document(folder, file)))


def test_all_schemas_in_one_document_can_be_used_from_there() -> None:
    whole = every_schema(names_in(EXAMPLE))
    for file in DECODERS:
        one = {"$ref": f"urn:itsm-bridge:{file}", "$defs": whole["$defs"]}
        assert Draft202012Validator(one).is_valid(plain(read_document(EXAMPLE, file)))
        assert not Draft202012Validator(one).is_valid({"no such key": 1})


def test_every_key_that_the_loader_knows_has_words_and_the_other_way_round() -> None:
    assert list(unworded()) == []
    assert FIELD_WORDS.keys() - {"any", "all", "not", "custom"} == FIELDS.keys()
    assert OPERATOR_WORDS.keys() == {str(one) for one in Operator} - {"one_of"}


FREE = re.compile(
    r"vendors|environments|sources|calendars|fields|types|states|priorities|incident|sc_req_item|map|add|"
    r"change_request|names|hours|overrides"
)
"""Mappings with names of one's own, where any key may stand."""


@pytest.mark.parametrize("file", DECODERS)
def test_an_unknown_key_is_refused_by_both_wherever_it_stands(file: str, tmp_path: Path) -> None:
    config, document = copy_example(tmp_path), plain(read_document(EXAMPLE, file))
    mappings = [
        steps for steps, value in places(document) if isinstance(value, dict) and not FREE.fullmatch(str(steps[-1]))
    ]
    assert len(mappings) > 5
    for steps in mappings[::3]:
        changed = put(document, (*steps, "no such key"), "x")
        assert refused(file, changed), steps
        assert refused_by_loader(config, file, changed), steps


@pytest.mark.parametrize("file", DECODERS)
def test_what_the_schema_refuses_the_loader_refuses_too_and_no_wrong_kind_passes(file: str, tmp_path: Path) -> None:
    config, document = copy_example(tmp_path), plain(read_document(EXAMPLE, file))
    wrong = 0
    for number, (steps, value) in enumerate(places(document)):
        if number % 4:
            continue
        other: object = [["x"]] if isinstance(value, dict) else {"a": {"b": {"c": 1}}}
        changed = put(document, steps, other)
        assert refused(file, changed), (steps, other)
        assert refused_by_loader(config, file, changed), (steps, other)
        wrong += 1
    assert wrong > 10


def test_the_names_of_the_configuration_are_offered() -> None:
    schema = schema_of("vendors.yaml", names_in(EXAMPLE))
    owner = schema["properties"]["environments"]["additionalProperties"]["properties"]["owners"]["items"]
    assert "OptIT" in owner["properties"]["vendor"]["enum"]
    condition = schema_of("rules.yaml", names_in(EXAMPLE))["$defs"]["condition"]["properties"]
    assert "punjab" in json.dumps(condition["environment"])
    assert "ops" in json.dumps(condition["source"])
    assert "punjab-office" in schema["properties"]["vendors"]["additionalProperties"]["properties"]["calendar"]["enum"]


def test_the_page_of_every_key_is_made_of_the_same_data() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == page()
