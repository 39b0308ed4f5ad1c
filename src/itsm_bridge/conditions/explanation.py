"""Why a condition holds or does not, as a tree of judgements, and the words to say it in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType

from itsm_bridge.conditions.language import (
    AllOf,
    AnyOf,
    Condition,
    Facts,
    FieldTest,
    Kind,
    Matcher,
    Not,
    Operator,
    Value,
    field_of,
)
from itsm_bridge.conditions.matching import holds

SHOWN = 60
"""Characters of one foreign value that an explanation repeats."""

LISTED = 6
"""Values or operands that an explanation repeats; the others are counted."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one part of a condition came out.

    ``kind`` is ``test``, ``all``, ``any`` or ``not``; ``path`` leads to the part, such as ``all[1].any[0].text``. A
    test carries the ``seen`` values of its field. ``failed`` is the least number of tests that would have to come out
    the other way for the part to hold, ``spare`` for it not to hold; one of the two is 0.
    """

    kind: str
    path: str
    held: bool
    failed: int
    spare: int
    test: FieldTest | None = None
    seen: tuple[Value, ...] = ()
    parts: tuple[Judgement, ...] = ()


def explain(condition: Condition, facts: Facts, path: str = "") -> Judgement:
    """Judge every test of ``condition``, also those that cannot change the outcome any more."""
    match condition:
        case FieldTest(field):
            held = holds(condition, facts)
            where = f"{path}.{field}" if path else field
            return Judgement("test", where, held, int(not held), int(held), condition, facts.get(field, ()))
        case AllOf(parts):
            return _all(path, _parts("all", parts, facts, path))
        case AnyOf(parts):
            return _any(path, _parts("any", parts, facts, path))
        case Not(part):
            inner = explain(part, facts, f"{path}.not" if path else "not")
            return Judgement("not", path, not inner.held, inner.spare, inner.failed, parts=(inner,))


def leaves(judgement: Judgement) -> Iterator[Judgement]:
    """The judgements of the single tests, in the order of the condition."""
    if judgement.kind == "test":
        yield judgement
    for part in judgement.parts:
        yield from leaves(part)


def grounds(judgement: Judgement) -> tuple[Judgement, ...]:
    """The tests on which an outcome rests: all that came out so that the whole came out as it did.

    Of an ``any`` that held they are those of the parts that held, of an ``all`` that did not those of the parts that
    did not. Empty where nothing is asked of a ticket.
    """
    if judgement.kind == "test":
        return (judgement,)
    if judgement.kind == "not":
        return grounds(judgement.parts[0])
    return tuple(ground for part in judgement.parts if part.held == judgement.held for ground in grounds(part))


def misses(judgement: Judgement, *, wanted: bool = True) -> tuple[Judgement, ...]:
    """The fewest tests that would have to come out the other way for ``judgement`` to come out as ``wanted``.

    A test among them that held must not hold. Of several ways equally short the first is taken; empty where it came
    out as wanted, or where no ticket can bring that about (an ``any`` without parts).
    """
    if judgement.held == wanted:
        return ()
    if judgement.kind == "test":
        return (judgement,)
    if judgement.kind == "not":
        return misses(judgement.parts[0], wanted=not wanted)
    if (judgement.kind == "all") == wanted:
        return tuple(miss for part in judgement.parts for miss in misses(part, wanted=wanted))
    if not judgement.parts:
        return ()
    nearest = min(judgement.parts, key=lambda part: part.failed if wanted else part.spare)
    return misses(nearest, wanted=wanted)


def _parts(name: str, parts: tuple[Condition, ...], facts: Facts, path: str) -> tuple[Judgement, ...]:
    prefix = f"{path}." if path else ""
    return tuple(explain(part, facts, f"{prefix}{name}[{index}]") for index, part in enumerate(parts))


def _all(path: str, parts: tuple[Judgement, ...]) -> Judgement:
    failed = sum(part.failed for part in parts)
    spare = min((part.spare for part in parts), default=1)
    return Judgement("all", path, all(part.held for part in parts), failed, spare, parts=parts)


def _any(path: str, parts: tuple[Judgement, ...]) -> Judgement:
    failed = min((part.failed for part in parts), default=1)
    spare = sum(part.spare for part in parts)
    return Judgement("any", path, any(part.held for part in parts), failed, spare, parts=parts)


# --- words -------------------------------------------------------------------------------------------------------

PHRASES: Mapping[Operator, tuple[str, str]] = MappingProxyType(
    {
        Operator.ONE_OF: ("is", "is one of"),
        Operator.NOT: ("is not", "is none of"),
        Operator.CONTAINS: ("contains", "contains one of"),
        Operator.CONTAINS_ALL: ("contains", "contains all of"),
        Operator.STARTS_WITH: ("starts with", "starts with one of"),
        Operator.ENDS_WITH: ("ends with", "ends with one of"),
        Operator.MATCHES: ("matches", "matches one of"),
        Operator.GT: ("is over", "is over all of"),
        Operator.GTE: ("is at least", "is at least all of"),
        Operator.LT: ("is under", "is under all of"),
        Operator.LTE: ("is at most", "is at most all of"),
    }
)
"""How each operator reads with one operand and with several; ``empty`` has none."""

_WORD = re.compile(r"[\w.@:/+-]+")
_VISIBLE = frozenset({"\u200c", "\u200d"})  # joiners, which the scripts of India need
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def describe(test: FieldTest) -> str:
    """A test in words, such as ``environment is one of punjab, bihar``; safe to show."""
    phrases = [_phrase(matcher, test.field) for matcher in test.matchers]
    return f"{shown(test.field)} {' and '.join(phrases) or 'is anything'}"


def seen_text(judgement: Judgement) -> str:
    """The values that a test saw, such as ``'bihar'``, or ``nothing``; safe to show."""
    if judgement.test is None or not judgement.seen:
        return "nothing"
    return _listed([_value_text(value, judgement.test.field, quoted=True) for value in judgement.seen])


def miss_text(missed: Sequence[Judgement]) -> str:
    """What would have made a condition hold, such as ``if environment is punjab (seen 'bihar')``; safe to show."""
    if not missed:
        return "which no ticket can match"
    parts = [
        f"{'not ' if miss.held else ''}{describe(miss.test)} (seen {seen_text(miss)})" for miss in missed if miss.test
    ]
    return f"if {' and '.join(parts)}"


def ground_text(found: Sequence[Judgement]) -> str:
    """On which values an outcome rests, such as ``state is on_hold and not vendor is empty``; safe to show."""
    return " and ".join(_ground(ground) for ground in found)


def _ground(ground: Judgement) -> str:
    test = ground.test
    if test is None:
        return ""
    if ground.held and [matcher.operator for matcher in test.matchers] == [Operator.ONE_OF] and len(ground.seen) == 1:
        return f"{shown(test.field)} is {_value_text(ground.seen[0], test.field, quoted=False)}"
    return f"{'' if ground.held else 'not '}{describe(test)} (seen {seen_text(ground)})"


def shown(text: str, longest: int = SHOWN) -> str:
    """Foreign text for people's eyes: what is invisible or would steer a terminal as escapes, cut at ``longest``."""
    escaped = "".join(_escaped(character) for character in text[: longest + 1])
    return escaped if len(escaped) <= longest else escaped[: longest - 1] + "…"


def _escaped(character: str) -> str:
    if character in _VISIBLE or unicodedata.category(character) not in _INVISIBLE:
        return character
    return character.encode("unicode_escape").decode("ascii")


def _phrase(matcher: Matcher, field: str) -> str:
    if matcher.operator is Operator.EMPTY:
        return "is empty" if all(matcher.operands) else "is not empty"
    operands = [_value_text(operand, field, quoted=False) for operand in matcher.operands]
    one, many = PHRASES[matcher.operator]
    return f"{one if len(operands) == 1 else many} {_listed(operands)}"


def _listed(texts: list[str]) -> str:
    more = f" and {len(texts) - LISTED} more" if len(texts) > LISTED else ""
    return ", ".join(texts[:LISTED]) + more


def _value_text(value: Value, field: str, *, quoted: bool) -> str:
    """One value; text stands in quotes where it was seen, or where it is more than a word."""
    if isinstance(value, str):
        text = shown(value)
        return f"'{text}'" if quoted or not _WORD.fullmatch(text) else text
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    known = field_of(field)
    if known is not None and known.kind is Kind.DURATION and not isinstance(value, bool):
        return duration_text(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def duration_text(seconds: float) -> str:
    """Seconds as people write them: ``52h 10m``; never days, which are not 24 hours to everybody."""
    sign, whole = ("-" if seconds < 0 else ""), abs(int(seconds))
    parts = ((whole // 3600, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    return sign + (" ".join(f"{count}{unit}" for count, unit in parts if count) or "0s")
