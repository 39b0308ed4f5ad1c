"""Texts of tickets, made fit to keep: cut where they are endless, freed of control characters."""

from __future__ import annotations

import re

LONGEST = 65_536
"""Bytes of a description that are kept; what people write in one is far shorter, pasted logs are not."""

LONGEST_LINE = 1_000
"""Characters of a summary or a name that are kept."""

_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def whole(text: str) -> int | None:
    """A number written in at most 18 plain digits, ``None`` for any other text (``int`` takes more, and may refuse)."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def clean(text: str) -> str:
    """Without control characters and halves of characters; line ends and tabs stay."""
    return text if text.isprintable() else _NOT_TEXT.sub("", text)


def cut(text: str, longest: int = LONGEST) -> str:
    """The first ``longest`` bytes in UTF-8, never half a character."""
    if len(text) * 4 <= longest:
        return text
    return text.encode()[:longest].decode(errors="ignore")
