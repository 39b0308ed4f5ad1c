"""``rules.yaml``: how a ticket is read, ranked, approved and handed out, and the tests of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from itsm_bridge.conditions import CUSTOM, FIELDS, Kind
from itsm_bridge.config.atoms import TEXT, BusinessTime, OrNothing, Percent
from itsm_bridge.config.condition_decoding import (
    RANGES,
    Values,
    When,
    Word,
    find_field,
    known_fields,
    value_of,
)
from itsm_bridge.config.decoding import (
    Checked,
    Context,
    Converted,
    Decoder,
    Flag,
    Integer,
    OneOf,
    Reference,
    SequenceOf,
    Surveyed,
    note_doubles,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.model import (
    Action,
    Assign,
    Classify,
    Escalate,
    Intake,
    Knowledge,
    Policy,
    RequireApproval,
    Rule,
    RuleBook,
    RuleTest,
    SetPriority,
)
from itsm_bridge.config.names import Named
from itsm_bridge.config.records import Key, Keyed, Record

A = TypeVar("A", bound=Action)
T = TypeVar("T")
Matrix = tuple[tuple[int, ...], ...]
ITIL_MATRIX: Final[Matrix] = ((1, 2, 3), (2, 3, 4), (3, 4, 5))
"""Impact by urgency, 1 being high: ITIL's own, where ``priority:`` is left out."""


# --- actions -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnlyTrue(Decoder[bool]):
    """``true``: a choice that is made by naming it."""

    def _decode(self, node: Node, context: Context) -> bool:
        if not Flag().read(node, context):
            raise context.refuse(node.position, Code.NOT_ALLOWED, "only true says something here; leave the key out")
        return True


def _note_choice(node: MappingNode, names: tuple[str, ...], context: Context) -> None:
    """Exactly one of several keys is given."""
    given = [key for key, _ in node.entries if key.text in names]
    if not given:
        context.refuse(node.position, Code.NOTHING_GIVEN, f"one of {', '.join(names)} is wanted here")
    for key in given[1:]:
        context.refuse(
            key.position, Code.CONTRADICTION, f"{quote(key.text)} beside {quote(given[0].text)}: one of them"
        )


def _fillable(key: ScalarNode, context: Context) -> Decoder[str]:
    field = find_field(key, context)
    if not field.fillable:
        allowed = [name for name in known_fields(context.names) if FIELDS.get(name, CUSTOM).fillable]
        message = f"{quote(key.text)} cannot be filled by a rule"
        raise context.refuse_word(key, Code.UNKNOWN_FIELD, message, allowed)
    return Converted(value_of(key.text, field), str)


CLASSIFY: Final = Converted(Keyed("fields to fill", _fillable, least=1), Classify)

_VERDICTS: Final = ("accept", "decline", "redirect")


def _intake(*, accept: bool, decline: bool, redirect: str | None, note: str | None, public: bool) -> Intake:
    verdict = "accept" if accept else "decline" if decline else "redirect"
    return Intake(verdict, redirect, note, public)


def _check_intake(_: Intake, node: MappingNode, context: Context) -> None:
    _note_choice(node, _VERDICTS, context)
    public = node.key("public")
    if public and node.key("note") is None:
        context.refuse(public.position, Code.CONTRADICTION, "public says who sees the note, and here is no note")


INTAKE: Final = Record(
    "an intake",
    _intake,
    (
        Key("accept", OnlyTrue(), default=False),
        Key("decline", OnlyTrue(), default=False),
        Key("redirect", TEXT, None),
        Key("note", TEXT, None),
        Key("public", Flag(), default=False),
    ),
    check=_check_intake,
)


def _check_priority(action: SetPriority, node: MappingNode, context: Context) -> None:
    priority = node.key("priority")
    if not node.entries:
        context.refuse(node.position, Code.NOTHING_GIVEN, "one of impact, urgency, priority is wanted here")
    elif priority is not None and (action.impact is not None or action.urgency is not None):
        message = "a priority beside impact or urgency: it would pass over the matrix that they go through"
        context.refuse(priority.position, Code.CONTRADICTION, message)


PRIORITY: Final = Record(
    "a priority",
    SetPriority,
    tuple(Key(name, Integer(*RANGES[name]), None) for name in ("impact", "urgency", "priority")),
    check=_check_priority,
)


@dataclass(frozen=True, slots=True)
class PolicyOf(Decoder[Policy]):
    """``all``, ``any``, a count, or a percentage."""

    def _decode(self, node: Node, context: Context) -> Policy:
        if isinstance(node, ScalarNode) and isinstance(node.value, int):
            return Policy("count", Integer(1, 1000).read(node, context))
        if isinstance(node, ScalarNode) and node.text.endswith("%"):
            return Policy("percent", Percent(1, 100).read(node, context))
        words = OneOf("a policy; it is all, any, a count, or a percentage such as 50%", _POLICIES)
        return words.read(node, context)


_POLICIES: Final = MappingProxyType({kind: Policy(kind) for kind in ("all", "any")})


def _check_approval(action: RequireApproval, node: MappingNode, context: Context) -> None:
    policy = node.get("policy")
    if action.policy.kind == "count" and policy and (action.policy.amount or 0) > len(action.approvers):
        message = f"{action.policy.amount:g} approvals are wanted, of {len(action.approvers)} approvers"
        context.refuse(policy.position, Code.OUT_OF_RANGE, message)
    timeout, on_timeout = node.key("timeout"), node.key("on_timeout")
    if timeout and action.on_timeout is None:
        context.refuse(timeout.position, Code.CONTRADICTION, "a timeout needs on_timeout: escalate or reject")
    if on_timeout and action.timeout is None:
        context.refuse(on_timeout.position, Code.CONTRADICTION, "on_timeout needs a timeout")


APPROVAL: Final = Record(
    "an approval",
    RequireApproval,
    (
        Key("approvers", SequenceOf(TEXT, "approvers", least=1, distinct=True)),
        Key("policy", PolicyOf(), Policy("all")),
        Key("timeout", BusinessTime(), None),
        Key("on_timeout", OneOf("what a timeout does", {"escalate": "escalate", "reject": "reject"}), None),
    ),
    check=_check_approval,
)

_VENDOR: Final = Reference(Named.VENDOR)


def _check_assign(action: Assign, node: MappingNode, context: Context) -> None:
    _note_choice(node, ("vendor", "owner", "among"), context)
    by, among = node.key("by"), node.key("among")
    if by and not action.among:
        context.refuse(by.position, Code.CONTRADICTION, "by chooses among several vendors, and here is no among")
    if among and action.by is None:
        context.refuse(among.position, Code.MISSING_KEY, 'among needs the key "by": load or rotation')


ASSIGN: Final = Record(
    "an assignment",
    Assign,
    (
        Key("vendor", _VENDOR, None),
        Key("owner", OnlyTrue(), default=False),
        Key("among", SequenceOf(_VENDOR, "vendors", least=1, distinct=True), ()),
        Key("by", OneOf("a way to choose", {"load": "load", "rotation": "rotation"}), None),
        Key("skills", SequenceOf(Reference(Named.SKILL), "skills", distinct=True), ()),
    ),
    check=_check_assign,
)


def _check_escalate(action: Escalate, node: MappingNode, context: Context) -> None:
    if action.tell is None and not action.note:
        context.refuse(node.position, Code.NOTHING_GIVEN, "an escalation tells somebody or leaves a note; name one")


ESCALATE: Final = Record(
    "an escalation",
    Escalate,
    (
        Key("at", Percent(1, 1000)),
        Key("of", Reference(Named.MEASURE)),
        Key("tell", OneOf("whom to tell", {"lead": "lead", "escalation": "escalation"}), None),
        Key("note", Flag(), default=False),
    ),
    check=_check_escalate,
)
KNOWLEDGE: Final = Record("an article", Knowledge, (Key("article", TEXT), Key("note", TEXT, None)))


def _keys(then: Record[A]) -> tuple[str, ...]:
    return tuple(key.name for key in then.keys)


OUTCOMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "classify": (),  # fields of a ticket, which are conditions too
        "intake": _keys(INTAKE),
        "priority": _keys(PRIORITY),
        "approval": _keys(APPROVAL),
        "assignment": _keys(ASSIGN),
        "escalation": _keys(ESCALATE),
        "knowledge": _keys(KNOWLEDGE),
    }
)
"""By section, what its rules may set: in a table, the columns that are no conditions."""

# --- sections ----------------------------------------------------------------------------------------------------


def _rules(then: Decoder[A]) -> SequenceOf[Rule[A]]:
    keys = (Key("name", TEXT), Key("because", TEXT, ""), Key("when", When()), Key("then", then))
    rule: Record[Rule[A]] = Record("a rule", Rule, keys, placed=True)
    return SequenceOf(rule, "rules")


def _check_matrix(matrix: Matrix, node: Node, context: Context) -> None:
    sizes = [len(row) for row in matrix]
    if sizes != [3, 3, 3]:
        message = f"the matrix has 3 rows (impact) of 3 (urgency), not {len(sizes)} of {', '.join(map(str, sizes))}"
        context.refuse(node.position, Code.OUT_OF_RANGE, message)


_MATRIX: Final = Checked(SequenceOf(SequenceOf(Integer(1, 5), "priorities"), "rows"), _check_matrix)


@dataclass(frozen=True, slots=True)
class _Ranking:
    """What ``priority:`` says."""

    matrix: Matrix
    rules: tuple[Rule[SetPriority], ...]


# --- tests -------------------------------------------------------------------------------------------------------

_FOLLOWING: Final = MappingProxyType({"text": "summary and description", "weekday": "created", "time": "created"})


def _fact(key: ScalarNode, context: Context) -> Decoder[tuple[object, ...]]:
    field = find_field(key, context)
    if key.text in _FOLLOWING:
        message = f"{quote(key.text)} follows from {_FOLLOWING[key.text]}: give that"
        raise context.refuse(key.position, Code.NOT_ALLOWED, message)
    return Values(key.text, field)


_DECIDED: Final[Mapping[str, Decoder[str | int]]] = MappingProxyType(
    {
        **{name: Integer(*bounds) for name, bounds in RANGES.items()},
        "approval": Word(Kind.APPROVAL),
        "vendor": Word(Kind.VENDOR),
        **{name: Converted(value_of(name, field), str) for name, field in FIELDS.items() if field.fillable},
        "note": TEXT,
    }
)
"""What a test may expect: what the rules decide, what ``classify`` fills, and words of a note that is left."""


def _expected(key: ScalarNode, context: Context) -> Decoder[str | int | None]:
    if key.text not in _DECIDED:
        message = f"{quote(key.text)} is nothing that rules decide"
        raise context.refuse_word(key, Code.UNKNOWN_FIELD, message, _DECIDED)
    nothing: str | int | None = None
    return OrNothing(_DECIDED[key.text], nothing)


TEST: Final = Record(
    "a test",
    RuleTest,
    (
        Key("name", TEXT),
        Key("ticket", Keyed("a ticket", _fact)),
        Key("expect", Keyed("what is expected", _expected, 1)),
    ),
    placed=True,
)

# --- the file ----------------------------------------------------------------------------------------------------

_SECTIONS: Final = tuple(OUTCOMES)


def _survey(node: Node, context: Context) -> None:
    if isinstance(node, MappingNode):
        rules = [rule for section in _SECTIONS for rule in _maps_of(node, section)]
        note_doubles((rule.get("name") for rule in rules), "rules", context)
        note_doubles((test.get("name") for test in _maps(node.get("tests"))), "tests", context)


def _maps_of(node: MappingNode, section: str) -> list[MappingNode]:
    value = node.get(section)
    return _maps(value.get("rules") if section == "priority" and isinstance(value, MappingNode) else value)


def _maps(node: Node | None) -> list[MappingNode]:
    return [item for item in node.items if isinstance(item, MappingNode)] if isinstance(node, SequenceNode) else []


def _rule_book(
    *,
    classify: tuple[Rule[Classify], ...],
    intake: tuple[Rule[Intake], ...],
    priority: _Ranking,
    approval: tuple[Rule[RequireApproval], ...],
    assignment: tuple[Rule[Assign], ...],
    escalation: tuple[Rule[Escalate], ...],
    knowledge: tuple[Rule[Knowledge], ...],
    tests: tuple[RuleTest, ...],
) -> RuleBook:
    matrix, ranking = priority.matrix, priority.rules
    return RuleBook(classify, intake, matrix, ranking, approval, assignment, escalation, knowledge, tests)


RULES: Final = Surveyed(
    Record(
        "rules.yaml",
        _rule_book,
        (
            Key("classify", _rules(CLASSIFY), ()),
            Key("intake", _rules(INTAKE), ()),
            Key(
                "priority",
                Record("priority", _Ranking, (Key("matrix", _MATRIX), Key("rules", _rules(PRIORITY), ()))),
                _Ranking(ITIL_MATRIX, ()),
            ),
            Key("approval", _rules(APPROVAL), ()),
            Key("assignment", _rules(ASSIGN), ()),
            Key("escalation", _rules(ESCALATE), ()),
            Key("knowledge", _rules(KNOWLEDGE), ()),
            Key("tests", SequenceOf(TEST, "tests"), ()),
        ),
    ),
    _survey,
)
