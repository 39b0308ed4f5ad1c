"""What a decoder accepts, as JSON Schema (draft 2020-12): one function for each kind of decoder.

A kind that is not listed raises, so that a new decoder cannot be forgotten here. The schema is never stricter than the
loader but in the spelling of words, where the loader passes over capitals; what takes more than one place to see
(contradictions, gaps, doubled names) the loader alone finds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import available_timezones

from itsm_bridge.conditions import FIELDS, field_of
from itsm_bridge.config import atoms, bridge_file, calendar_decoding, condition_decoding, decoding, records, rules_file
from itsm_bridge.config.documents import ScalarNode, plain_value
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.holiday_files import HolidayFiles
from itsm_bridge.config.literals import parse_weekdays
from itsm_bridge.config.model import OUTSIDE, SCORED, Policy, Position
from itsm_bridge.config.names import Named, Names
from itsm_bridge.config.opening_hours import ROUND_THE_CLOCK, SPANS, OpeningHours
from itsm_bridge.config.rule_tables import TABLE
from itsm_bridge.config.schema.literals import DURATION, LITERALS, PERCENT, WALL_CLOCK, ZONES, Schema
from itsm_bridge.config.schema.words import FIELD_WORDS, OPERATOR_WORDS
from itsm_bridge.config.service_levels import Placed
from itsm_bridge.config.targets import Promise, parse_target

NO_NAMES: Final = Names(dict.fromkeys(Named))
"""Where there is no configuration to take names from."""

CONDITION: Final = "condition"
_NOWHERE: Final = Position("", 1, 1)
_OPEN: Final = MappingProxyType({"custom.any_thing": r"^custom\..+$", "any_thing": r"^[a-z][a-z0-9_-]{0,59}$"})
"""Keys that nothing declares, each for all that match its pattern."""

_CANDIDATES: Final = tuple(
    dict.fromkeys((*FIELDS, *bridge_file.MAPPED, *SCORED, *OUTSIDE, *("note", "mttr_hours", "cost_per_ticket")))
)
"""Keys to ask a decoder about that decides by the key."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """Where we are: the words of this file by path, the names to offer, and the definitions made so far."""

    names: Names
    words: Mapping[str, str]
    path: str = ""
    definitions: dict[str, Schema] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def of(self, decoder: decoding.Decoder[Any]) -> Schema:
        """The schema of what ``decoder`` accepts; raises ``KeyError`` for a kind that is not listed."""
        return KINDS[type(decoder)](decoder, self)

    def at(self, step: str) -> Sketch:
        """The same one step further down."""
        joint = "." if self.path and step[0] not in "[(" else ""
        return replace(self, path=self.path + joint + step)

    def described(self, schema: Schema) -> Schema:
        """``schema`` with the words of this place."""
        self.used.add(self.path)
        return {"description": self.words.get(self.path, ""), **schema}


# --- single values -----------------------------------------------------------------------------------------------


def _text(decoder: decoding.Text, _: Sketch) -> Schema:
    if decoder.form:
        return {"type": "string", "pattern": f"^({decoder.form})$"}
    return {"type": ["string", "number", *(["boolean"] if decoder.flags else [])], "pattern": r"\S"}


def _parsed(decoder: decoding.Parsed[Any], sketch: Sketch) -> Schema:
    schema = LITERALS[decoder.parse]
    if schema == {"$ref": f"#/$defs/{ZONES}"}:
        sketch.definitions[ZONES] = {"type": "string", "enum": sorted(available_timezones())}
    return dict(schema)


def _number(decoder: decoding.Number | decoding.Integer, _: Sketch) -> Schema:
    kind = "integer" if isinstance(decoder, decoding.Integer) else "number"
    return {"type": kind, "minimum": decoder.low, "maximum": decoder.high}


def _percent(decoder: atoms.Percent, _: Sketch) -> Schema:
    if not decoder.bare:
        return dict(PERCENT)
    return {**PERCENT, "type": ["string", "number"], "minimum": decoder.low, "maximum": decoder.high}


def _named(names: tuple[str, ...]) -> Schema:
    """One of these names; one that looks like a number may stand without quotes."""
    return {"enum": list(dict.fromkeys(value for name in names for value in (name, plain_value(name))))}


def _reference(decoder: decoding.Reference, sketch: Sketch) -> Schema:
    known = (*(sketch.names.known(decoder.kind) or ()), *decoder.also)
    if sketch.names.known(decoder.kind):
        return _named(known)
    return {"type": ["string", "number"], "pattern": r"\S"} | ({"examples": list(decoder.also)} if decoder.also else {})


def _word(decoder: condition_decoding.Word, sketch: Sketch) -> Schema:
    """An own word of the rule language, or a declared name; a source may know services that we do not list."""
    fixed = condition_decoding.ENUMERATIONS.get(decoder.kind)
    declared = condition_decoding.DECLARED.get(decoder.kind)
    allowed = fixed or (sketch.names.known(declared) if declared else None)
    anything: Schema = {"type": ["string", "number", "boolean"]}
    if not allowed:
        return anything
    listed = _named(tuple(map(str, allowed)))
    return {"anyOf": [listed, anything]} if declared is Named.SERVICE else listed


# --- values made of others ---------------------------------------------------------------------------------------


def _list(decoder: decoding.SequenceOf[Any], sketch: Sketch) -> Schema:
    schema: Schema = {"type": "array", "items": sketch.at("[]").of(decoder.item)}
    if decoder.what == "rules":  # a table of rules may stand for any number of them
        table = {"type": "object", "required": [TABLE], "additionalProperties": False}
        named = {"type": "string", "pattern": r"^[^/\\]+\.[cC][sS][vV]$"}
        schema["items"] = {"anyOf": [schema["items"], table | {"properties": {TABLE: named}}]}
    return schema | ({"minItems": decoder.least} if decoder.least else {})


def _one_or_more(decoder: decoding.OneOrMore[Any], sketch: Sketch) -> Schema:
    one = sketch.of(decoder.item)
    return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}


def _mapping(decoder: decoding.MappingOf[Any, Any], sketch: Sketch) -> Schema:
    value = sketch.at("*").of(decoder.value)
    least = {"minProperties": decoder.least} if decoder.least else {}
    name = sketch.of(decoder.name)
    if "enum" in name:
        given = {str(one): value for one in name["enum"]}
        return {"type": "object", "properties": given, "additionalProperties": False} | least
    keys = {key: one for key, one in name.items() if key in {"pattern", "not"}}
    return {"type": "object", "propertyNames": keys, "additionalProperties": value} | least


def _record(decoder: records.Record[Any], sketch: Sketch) -> Schema:
    properties = {key.name: _key(key, sketch.at(key.name)) for key in decoder.keys}
    needed = [key.name for key in decoder.keys if key.default is records.REQUIRED]
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": needed} if needed else {})


def _key(key: records.Key[Any], sketch: Sketch) -> Schema:
    schema = sketch.of(key.decoder)
    if key.default is not records.REQUIRED:
        schema = _or_nothing(schema)
        default = plain_default(key)
        schema |= {} if default is None else {"default": default}
    return sketch.described(schema)


def _or_nothing(schema: Schema) -> Schema:
    """The same, or nothing after the key, which is as if it were left out."""
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    if "anyOf" in schema:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return schema | {"type": [*kinds, "null"]}


def plain_default(key: records.Key[Any]) -> Any:  # noqa: ANN401 - any JSON
    """The default of a key as a file would say it; ``None`` where it has parts of its own, or is nothing."""
    if isinstance(key.decoder, atoms.Seconds) and isinstance(key.default, int):
        minutes, seconds = divmod(key.default, 60)
        return f"{key.default}s" if seconds else f"{minutes}m"
    return _plain(key.default)


def _plain(value: object) -> Any:  # noqa: ANN401 - any JSON
    match value:
        case Enum():
            return value.value
        case bool() | int() | float() | str():
            return value
        case Policy():
            return value.kind
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case tuple() | frozenset():
            return [_plain(one) for one in value]
        case _:
            return None


def _choice(decoder: records.Choice[Any], sketch: Sketch) -> Schema:
    cases = []
    for word, case in decoder.cases.items():
        schema = sketch.at(f"({word})").of(case)
        tag = sketch.at(f"({word})").at(decoder.by).described({"const": word})
        properties = {decoder.by: tag, **schema["properties"]}
        cases.append(schema | {"properties": properties, "required": [decoder.by, *schema.get("required", ())]})
    return {"oneOf": cases}


def _keyed(decoder: records.Keyed[Any], sketch: Sketch) -> Schema:
    """Asks the decoder itself which keys it takes, and how it reads what stands there."""
    custom = tuple(f"custom.{name}" for name in sketch.names.known(Named.CUSTOM) or ())
    taken = {key: _asked(decoder, key, sketch) for key in (*_CANDIDATES, *custom)}
    patterns = {pattern: found for key, pattern in _OPEN.items() if (found := _asked(decoder, key, sketch)) is not None}
    schema: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
    for key, found in taken.items():
        if found is not None and (key in FIELDS or found not in patterns.values()):
            schema["properties"][key] = found
        elif found is None and _OPEN["any_thing"] in patterns and "." not in key:
            schema["properties"][key] = False  # which the pattern would let pass
    schema |= {"patternProperties": patterns} if patterns else {}
    return schema | ({"minProperties": decoder.least} if decoder.least else {})


def _asked(decoder: records.Keyed[Any], key: str, sketch: Sketch) -> Schema | None:
    findings = Findings()
    context = decoding.Context(sketch.names, findings, HolidayFiles(Path(), findings))
    try:
        return sketch.of(decoder.value_of(ScalarNode(_NOWHERE, key, key), context))
    except decoding.Mistaken:
        return None


def _inner(decoder: Any, sketch: Sketch) -> Schema:  # noqa: ANN401 - four classes have this attribute in common
    return sketch.of(decoder.inner)


# --- values with a shape of their own ----------------------------------------------------------------------------


def _field(decoder: bridge_file.SourceField, sketch: Sketch) -> Schema:
    values = {"type": "object", "additionalProperties": sketch.of(decoder.value), "minProperties": 1}
    said = {"from": {"description": "The source's own name or id of the field.", **sketch.of(atoms.TEXT)}}
    mapped = {"map": {"description": "Their value: ours.", **_or_nothing(values)}}
    whole = {"type": "object", "properties": said | mapped, "required": ["from"], "additionalProperties": False}
    return {"anyOf": [sketch.of(atoms.TEXT), whole]}


def _table_states(_: bridge_file.TableStates, sketch: Sketch) -> Schema:
    state = sketch.of(bridge_file.STATE)
    flat = {"type": "object", "additionalProperties": state, "minProperties": 1}
    return {"anyOf": [flat, {"type": "object", "additionalProperties": flat}]}


def _opening_hours(_: OpeningHours, sketch: Sketch) -> Schema:
    days = {"pattern": LITERALS[parse_weekdays]["pattern"]}
    week = {"type": "object", "propertyNames": days, "additionalProperties": sketch.of(SPANS), "minProperties": 1}
    return {"anyOf": [{"const": ROUND_THE_CLOCK}, week]}


def _policy(_: rules_file.PolicyOf, __: Sketch) -> Schema:
    return {"anyOf": [{"enum": ["all", "any"]}, {"type": "integer", "minimum": 1, "maximum": 1000}, dict(PERCENT)]}


def _values(decoder: condition_decoding.Values, sketch: Sketch) -> Schema:
    one = sketch.of(condition_decoding.value_of(decoder.name, decoder.field))
    many = [{"type": "array", "items": one}] if decoder.field.many else []
    return {"anyOf": [one, *many, {"type": "null"}]}


def _matchers(decoder: condition_decoding.Matchers, sketch: Sketch) -> Schema:
    operators = {
        name: {"description": OPERATOR_WORDS[name], **sketch.of(decoder.operands(operator))}
        for name, operator in condition_decoding.OPERATORS.items()
        if decoder.takes(operator)
    }
    tests = {"type": "object", "properties": operators, "additionalProperties": False, "minProperties": 1}
    return {"anyOf": [*sketch.of(decoder.values())["anyOf"], tests]}


def _when(_: condition_decoding.When, sketch: Sketch) -> Schema:
    reference = {"$ref": f"#/$defs/{CONDITION}"}
    if CONDITION not in sketch.definitions:
        sketch.definitions[CONDITION] = {}  # it holds itself
        some = {"type": "array", "items": reference, "minItems": 1}
        own: dict[str, Schema] = {"any": some, "all": some, "not": reference}
        custom = condition_decoding.known_fields(sketch.names)[len(FIELDS) :]
        fields = {name: _test_of(name, sketch) for name in (*FIELDS, *custom)}
        properties = {
            name: {"description": FIELD_WORDS.get(name, FIELD_WORDS["custom"]), **schema}
            for name, schema in (own | fields).items()
        }
        schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if sketch.names.known(Named.CUSTOM) is None:
            schema["patternProperties"] = {_OPEN["custom.any_thing"]: _test_of("custom.any_thing", sketch)}
        sketch.definitions[CONDITION] = schema
    return reference


def _test_of(name: str, sketch: Sketch) -> Schema:
    found = field_of(name)
    assert found is not None  # noqa: S101 - every name here is one of the language
    return sketch.of(condition_decoding.Matchers(name, found))


KINDS: Final[Mapping[type[decoding.Decoder[Any]], Callable[[Any, Sketch], Schema]]] = MappingProxyType(
    {
        decoding.Text: _text,
        decoding.Parsed: _parsed,
        decoding.Number: _number,
        decoding.Integer: _number,
        decoding.Flag: lambda _, __: {"type": "boolean"},
        decoding.OneOf: lambda decoder, _: {"enum": list(decoder.words)},
        decoding.Reference: _reference,
        decoding.Converted: _inner,
        decoding.Checked: _inner,
        decoding.Surveyed: _inner,
        decoding.SequenceOf: _list,
        decoding.OneOrMore: _one_or_more,
        decoding.MappingOf: _mapping,
        records.Record: _record,
        records.Choice: _choice,
        records.Keyed: _keyed,
        atoms.BusinessTime: lambda _, __: dict(DURATION),
        atoms.Seconds: lambda _, __: dict(WALL_CLOCK),
        atoms.Percent: _percent,
        atoms.OrNothing: lambda decoder, sketch: _or_nothing(sketch.of(decoder.inner)),
        bridge_file.SourceField: _field,
        bridge_file.TableStates: _table_states,
        calendar_decoding.CalendarFile: lambda _, __: {"type": "string", "pattern": r"^[^/\\]+\.[iI][cC][sS]$"},
        condition_decoding.Word: _word,
        condition_decoding.Measured: lambda _, __: {"type": ["string", "number"]},
        condition_decoding.Matchers: _matchers,
        condition_decoding.Pattern: lambda _, __: {
            "type": ["string", "number"],
            "maxLength": condition_decoding.LONGEST_PATTERN,
        },
        condition_decoding.When: _when,
        condition_decoding.Values: _values,
        rules_file.OnlyTrue: lambda _, __: {"const": True},
        rules_file.PolicyOf: _policy,
        OpeningHours: _opening_hours,
        Placed: _inner,
        Promise: lambda _, __: dict(LITERALS[parse_target]),
    }
)
"""How each kind of decoder is put into JSON Schema."""
