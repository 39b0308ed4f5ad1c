"""Foreign text made fit for a cell: no control characters, nothing that a spreadsheet would run, nothing too long."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 32_767
"""What a spreadsheet's cell can hold, in UTF-16 code units."""

CUT = " … [cut: the text is longer than a cell]"

TRIGGERS = frozenset("=+-@\t\r\n")
"""What OWASP's page on CSV injection names; their full-width and small forms are recognised too."""

INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""Unicode categories of what programs skip before a formula: NUL, marks of byte order, zero widths, all spaces."""

_LINE_END = re.compile("\r\n?")
_NOT_A_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """``text`` without control characters but line feeds; a tab is a space, a lone surrogate U+FFFD."""
    if text.isprintable():
        return text
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    return _HALF_A_CHARACTER.sub("\ufffd", _NOT_A_CHARACTER.sub("", text))


def runs(text: str) -> bool:
    """Whether a program that opens a CSV may take ``text`` for a formula: by its first visible character."""
    if text[:1].isalnum():  # visible, and no trigger in any form
        return False
    for character in text:
        if character in TRIGGERS:
            return True
        if unicodedata.category(character) not in INVISIBLE:
            return unicodedata.normalize("NFKC", character)[:1] in TRIGGERS
    return False


def neutralised(text: str) -> str:
    """``text`` for a CSV: cleaned, and behind an apostrophe where it could run."""
    return "'" + clean(text) if runs(text) else clean(text)


def fitted(text: str) -> str:
    """``text`` for a workbook's text cell, which never runs: cleaned, and cut with a mark where it is too long."""
    text = clean(text)
    if text[:3] == "<r>" and text.endswith("</r>"):  # which XlsxWriter takes for marks of its own
        text += " "
    if len(text) <= LONGEST // 2 or len(units := text.encode("utf-16-le")) <= 2 * LONGEST:
        return text
    return units[: 2 * (LONGEST - len(CUT))].decode("utf-16-le", "ignore") + CUT
