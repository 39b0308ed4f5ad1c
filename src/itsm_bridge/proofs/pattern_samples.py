"""A short text for a regular expression, read off the expression itself: each repetition as seldom as it may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from itsm_bridge.conditions import Operator
from itsm_bridge.conditions.matching import VALUE_OPERATORS
from itsm_bridge.proofs.patterns import LIKED, Untranslated, codes_of, parsed_pattern


@lru_cache(maxsize=512)
def sample(pattern: str) -> str | None:
    """A text in which the engine finds ``pattern``; ``None`` where none was made up."""
    try:
        text = "".join(map(_text, list(parsed_pattern(pattern)))).casefold()
    except (Untranslated, re.error, OverflowError, RecursionError):
        return None
    found = VALUE_OPERATORS[Operator.MATCHES]((pattern,))
    return next((made for made in (text, f"{text}x") if made.strip() and found(made)), None)


def _text(item: Sequence[Any]) -> str:
    kind, argument = str(item[0]), item[1]
    match kind:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return next(chr(liked) for liked in LIKED if chr(liked) != chr(argument).lower())
        case "ANY":
            return "x"
        case "IN":
            codes = codes_of(list(argument))
            return next(chr(liked) for liked in LIKED if liked in codes)
        case _:
            return _group(kind, argument)


def _group(kind: str, argument: Any) -> str:  # noqa: ANN401 - the parser's own shapes
    match kind:
        case "BRANCH":
            return "".join(map(_text, list(argument[1][0])))
        case "SUBPATTERN":
            return "".join(map(_text, list(argument[3])))
        case "MAX_REPEAT" | "MIN_REPEAT":
            return "".join(map(_text, list(argument[2]))) * int(argument[0])
        case "AT":
            return ""
        case _:
            raise Untranslated
