"""Reads the rule language: what stands after ``when`` and in the conditions of service levels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from itsm_bridge.conditions import (
    FIELDS,
    WEEKDAYS,
    AllOf,
    AnyOf,
    Condition,
    Field,
    FieldTest,
    Kind,
    Matcher,
    Not,
    Operator,
    Value,
    check_pattern,
    field_of,
)
from itsm_bridge.config.atoms import INSTANT, TIME, Seconds
from itsm_bridge.config.decoding import (
    Context,
    Converted,
    Decoder,
    Flag,
    Integer,
    Mistaken,
    OneOf,
    OneOrMore,
    SequenceOf,
    Text,
    given,
    read_all,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, nearest, quote
from itsm_bridge.config.literals import LiteralError, parse_date, parse_instant, parse_time
from itsm_bridge.config.names import Named, Names
from itsm_bridge.model import ApprovalState, State, TicketType

CUSTOM_PREFIX: Final = "custom."
LONGEST_PATTERN: Final = 1_000

# --- fields ------------------------------------------------------------------------------------------------------


def known_fields(names: Names) -> tuple[str, ...]:
    """Every field that a condition may name, the mapped custom ones included."""
    return (*FIELDS, *(CUSTOM_PREFIX + name for name in names.known(Named.CUSTOM) or ()))


def find_field(key: ScalarNode, context: Context, also: tuple[str, ...] = ()) -> Field:
    """What the field at ``key`` is; raises ``Mistaken`` for one that there is not. ``also`` might have been meant."""
    field = field_of(key.text)
    if field is not None and (key.text in FIELDS or _is_mapped(key.text, context.names)):
        return field
    message = f"{quote(key.text)} is no field of a ticket"
    if field is not None:
        message = f"{quote(key.text)} is mapped by no source: name it under fields: in bridge.yaml"
    raise context.refuse_word(key, Code.UNKNOWN_FIELD, message, (*known_fields(context.names), *also))


def _is_mapped(field: str, names: Names) -> bool:
    custom = names.known(Named.CUSTOM)
    return custom is None or field.removeprefix(CUSTOM_PREFIX) in custom


# --- values ------------------------------------------------------------------------------------------------------

ENUMERATIONS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {Kind.TYPE: tuple(TicketType), Kind.STATE: tuple(State), Kind.APPROVAL: tuple(ApprovalState)}
)
DECLARED: Final[Mapping[Kind, Named]] = MappingProxyType(
    {
        Kind.SOURCE: Named.SOURCE,
        Kind.ENVIRONMENT: Named.ENVIRONMENT,
        Kind.SERVICE: Named.SERVICE,
        Kind.VENDOR: Named.VENDOR,
    }
)
RANGES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {"impact": (1, 3), "urgency": (1, 3), "priority": (1, 5)}
)
"""The numbers that a field of a fixed scale can have, 1 being highest; other numbers count something."""


@dataclass(frozen=True, slots=True)
class Word(Decoder[str]):
    """A value of a field whose values the configuration declares, in the spelling of the declaration.

    A service that no environment lists is only a warning: a source may know more of them than we run.
    """

    kind: Kind

    def _decode(self, node: Node, context: Context) -> str:
        text = Text(str(self.kind), flags=True).read(node, context)
        allowed = ENUMERATIONS[self.kind] if self.kind in ENUMERATIONS else context.names.known(DECLARED[self.kind])
        if allowed is None or not isinstance(node, ScalarNode):
            return text
        spelled = {name.casefold(): str(name) for name in allowed}
        if text.casefold() in spelled:
            return spelled[text.casefold()]
        return self._unknown(node, tuple(spelled.values()), context)

    def _unknown(self, node: ScalarNode, allowed: tuple[str, ...], context: Context) -> str:
        message = f"{quote(node.text)} is no known {self.kind}"
        if self.kind is not Kind.SERVICE:
            code = Code.NOT_ALLOWED if self.kind in ENUMERATIONS else Code.UNKNOWN_NAME
            raise context.refuse_word(node, code, message, allowed)
        context.warn(node.position, Code.UNKNOWN_NAME, message, suggestion=nearest(node.text, allowed))
        return node.text


_WORDS: Final = frozenset({*ENUMERATIONS, *DECLARED})
_VALUES: Final[Mapping[Kind, Decoder[Value]]] = MappingProxyType(
    {
        Kind.TEXT: Text(flags=True),
        Kind.DURATION: Seconds(),
        Kind.INSTANT: INSTANT,
        Kind.WEEKDAY: OneOf("a weekday", WEEKDAYS),
        Kind.TIME: TIME,
        **{kind: Word(kind) for kind in sorted(_WORDS)},
    }
)


def value_of(name: str, field: Field) -> Decoder[Value]:
    """The decoder of one value of a field."""
    if field.kind is Kind.NUMBER:
        return Integer(*RANGES.get(name, (0, 1_000_000)))
    return _VALUES[field.kind]


@dataclass(frozen=True, slots=True)
class Measured(Decoder[Value]):
    """What a custom field, which may hold anything, is compared with: a number, an instant, a day or a time."""

    def _decode(self, node: Node, context: Context) -> Value:
        if isinstance(node, ScalarNode) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            return node.value
        text = Text("a number, an instant, a day or a time").read(node, context)
        parsers: tuple[Callable[[str], Value], ...] = (parse_instant, parse_date, parse_time)
        for parse in parsers:
            try:
                return parse(text)
            except LiteralError:
                continue
        raise context.refuse_kind(node, "a number, an instant, a day or a time")


# --- matchers ----------------------------------------------------------------------------------------------------

_ON_TEXT: Final = frozenset({Operator.CONTAINS, Operator.CONTAINS_ALL, Operator.STARTS_WITH, Operator.ENDS_WITH})
_ON_ORDER: Final = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})
OPERATORS: Final = {str(operator): operator for operator in Operator if operator is not Operator.ONE_OF}
_ORDERED: Final = frozenset({Kind.NUMBER, Kind.DURATION, Kind.INSTANT, Kind.TIME})
_TEXTUAL: Final = _WORDS | {Kind.TEXT}
_PLAIN: Final = frozenset({"in", "is", "equals", "eq", "one_of", "any_of"})


@dataclass(frozen=True, slots=True)
class Matchers(Decoder[tuple[Matcher, ...]]):
    """What stands after a field: a value, a list of values, or operators."""

    name: str
    field: Field

    def _decode(self, node: Node, context: Context) -> tuple[Matcher, ...]:
        if not isinstance(node, MappingNode):
            return (Matcher(Operator.ONE_OF, self._plain(node, context)),)
        if not node.entries:
            raise context.refuse(node.position, Code.NOTHING_GIVEN, f"no operator stands after {quote(self.name)}")
        return self._operators(node, context)

    def _plain(self, node: Node, context: Context) -> tuple[Value, ...]:
        if isinstance(node, ScalarNode) and node.value is None:
            message = f"nothing stands after {quote(self.name)}; for a ticket without a value write {{empty: true}}"
            raise context.refuse(node.position, Code.NOTHING_GIVEN, message)
        return self.values().read(node, context)

    def _operators(self, node: MappingNode, context: Context) -> tuple[Matcher, ...]:
        matchers = []
        for key, value in node.entries:
            try:
                operator = self._operator(key, context)
                matchers.append(Matcher(operator, self.operands(operator).read(value, context)))
            except Mistaken:
                continue
        if len(matchers) < len(node.entries):
            raise Mistaken
        return tuple(matchers)

    def _operator(self, key: ScalarNode, context: Context) -> Operator:
        operator = OPERATORS.get(key.text)
        if operator is None:
            hint = "; write the value itself, or a list of them" if key.text in _PLAIN else ""
            raise context.refuse_word(key, Code.OPERATOR, f"{quote(key.text)} is no operator{hint}", OPERATORS)
        if not self.takes(operator):
            message = f"{operator} does not fit {quote(self.name)}, which is {_described(self.field.kind)}"
            raise context.refuse(key.position, Code.OPERATOR, message)
        return operator

    def takes(self, operator: Operator) -> bool:
        """Whether the operator fits the field."""
        if operator in _ON_ORDER:
            return self.field.kind in _ORDERED or self.name.startswith(CUSTOM_PREFIX)
        return self.field.kind in _TEXTUAL or operator not in _ON_TEXT | {Operator.MATCHES}

    def operands(self, operator: Operator) -> Decoder[tuple[Value, ...]]:
        """What stands after the operator."""
        if operator is Operator.EMPTY:
            return Converted(Flag(), _alone)
        if operator is Operator.MATCHES:
            return Converted(Pattern(), _alone)
        if operator in _ON_TEXT:
            return OneOrMore(Converted(Text(flags=True), str.casefold), "texts")
        if operator in _ON_ORDER:
            custom = self.name.startswith(CUSTOM_PREFIX)
            return Converted(Measured() if custom else value_of(self.name, self.field), _alone)
        return self.values()

    def values(self) -> Decoder[tuple[Value, ...]]:
        """One value of the field, or several."""
        return OneOrMore(Converted(value_of(self.name, self.field), _folded), "values")


def _alone(value: Value) -> tuple[Value, ...]:
    return (value,)


def _folded(value: Value) -> Value:
    return value.casefold() if isinstance(value, str) else value


def _described(kind: Kind) -> str:
    return {Kind.NUMBER: "a number", Kind.INSTANT: "an instant", Kind.TIME: "a time of day"}.get(kind, f"a {kind}")


@dataclass(frozen=True, slots=True)
class Pattern(Decoder[str]):
    """A regular expression of the dialect without backtracking (RE2)."""

    def _decode(self, node: Node, context: Context) -> str:
        pattern = Text("a regular expression").read(node, context)
        wrong = "longer than 1,000 characters" if len(pattern) > LONGEST_PATTERN else check_pattern(pattern)
        if wrong:
            message = f"{quote(pattern)} is not a regular expression of RE2: {wrong}"
            raise context.refuse(node.position, Code.BAD_FORM, message)
        return pattern


# --- the tree ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class When(Decoder[Condition]):
    """A map of fields to matchers, all of which must hold; ``{}`` holds for every ticket.

    ``clock`` says that the condition is looked at when a ticket changes, and not in between.
    """

    clock: bool = False

    def _decode(self, node: Node, context: Context) -> Condition:
        if not isinstance(node, MappingNode):
            nothing = isinstance(node, ScalarNode) and node.value is None
            raise context.refuse_kind(node, "a map of fields to values", suggestion="{}" if nothing else None)
        entries = ((value, context.under(key)) for key, value in node.entries)
        parts = given(read_all(_Part(clock=self.clock), entries))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


@dataclass(frozen=True, slots=True)
class _Part(Decoder[Condition]):
    """One entry of such a map: a field with its matcher, or ``any``, ``all`` or ``not``."""

    clock: bool

    def _decode(self, node: Node, context: Context) -> Condition:
        key = context.key
        assert key is not None  # noqa: S101 - a map has keys
        inner = When(clock=self.clock)
        match key.text:
            case "any":
                return AnyOf(self._list(inner, node, context))
            case "all":
                return AllOf(self._list(inner, node, context))
            case "not":
                return Not(inner.read(node, context))
        return self._field(key, node, context)

    def _list(self, inner: When, node: Node, context: Context) -> tuple[Condition, ...]:
        if isinstance(node, MappingNode):
            raise context.refuse_kind(node, "a list of maps, each behind a dash,")
        return SequenceOf(inner, "conditions", least=1).read(node, context)

    def _field(self, key: ScalarNode, node: Node, context: Context) -> FieldTest:
        field = find_field(key, context, ("any", "all", "not"))
        if self.clock and field.kind is Kind.DURATION:
            message = f"{quote(key.text)} moves by itself, and a clock looks only when a ticket changes"
            context.warn(key.position, Code.OPERATOR, message)
        return FieldTest(key.text, Matchers(key.text, field).read(node, context))


# --- facts -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Values(Decoder[tuple[Value, ...]]):
    """The values of one field of a ticket, as it would have them: one, several where it may, or ``null``."""

    name: str
    field: Field

    def _decode(self, node: Node, context: Context) -> tuple[Value, ...]:
        if isinstance(node, ScalarNode) and node.value is None:
            return ()
        if isinstance(node, SequenceNode) and not self.field.many:
            raise context.refuse_kind(node, f"one value of {quote(self.name)}")
        if isinstance(node, SequenceNode):
            return SequenceOf(value_of(self.name, self.field), "values").read(node, context)
        return (value_of(self.name, self.field).read(node, context),)
