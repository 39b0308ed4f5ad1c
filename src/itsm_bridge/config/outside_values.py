"""What the cells of a figure from outside may hold, by its kind: a share, an amount of money, a mark."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from itsm_bridge.config.findings import quote
from itsm_bridge.config.literals import YEARS, LiteralError

SHARES: Final = frozenset({"uptime", "patch_compliance"})
MONEY: Final = "cost"

SHARE: Final = "share"
PERCENT: Final = "%"
MARK: Final = "1 to 5"
"""The scale of satisfaction, from the worst to the best."""

_WORST, _BEST = 1.0, 5.0
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_COMMA: Final = re.compile(r"\d{1,15},\d{1,9}", re.ASCII)
_CURRENCY: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_MONTH: Final = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
_DAY: Final = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))-\d\d", re.ASCII)


def parse_unit(figure: str, text: str) -> str:
    """The unit that a cell gives: ``share``, ``%``, a currency, or ``1 to 5``; raises ``LiteralError``."""
    if figure in SHARES:
        if text.casefold() not in {"", SHARE, PERCENT}:
            raise LiteralError(f"{quote(text)} is no unit of a share: write % or nothing")
        return PERCENT if text == PERCENT else SHARE
    if figure == MONEY:
        if not _CURRENCY.fullmatch(text):
            said = f"{quote(text)} is not a currency" if text else "the line gives no currency"
            raise LiteralError(f"{said}: write three capitals, such as INR, in the column unit or currency")
        return text
    if text:
        raise LiteralError(f"{quote(text)} is no unit of a mark, which is from {MARK}: leave the cell empty")
    return MARK


def parse_value(unit: str, text: str) -> float:
    """The value of a cell, a percentage as a share of 1; raises ``LiteralError``."""
    if unit in {SHARE, PERCENT}:
        return _share(text, is_percent=unit == PERCENT or text.endswith(PERCENT))
    number = parse_number(text)
    if unit == MARK and not _WORST <= number <= _BEST:
        raise LiteralError(f"{quote(text)} is outside {MARK}")
    return number


def _share(text: str, *, is_percent: bool) -> float:
    number = parse_number(text.removesuffix(PERCENT).rstrip())
    share = round(number / 100, 9) if is_percent else number
    if share > 1:
        meant = None if is_percent or number > 100 else f"{text}%"
        raise LiteralError(f"{quote(text)} is more than all: a share is 0 to 1, or 0% to 100%", meant)
    return share


def parse_number(text: str) -> float:
    """A number that is not negative, with a point; raises ``LiteralError``."""
    if _NUMBER.fullmatch(text):
        return float(text)
    meant = text.replace(",", ".") if _COMMA.fullmatch(text) else None
    raise LiteralError(f"{quote(text)} is not a number such as 1200.5, without signs and spaces", meant)


def parse_of(text: str) -> float:
    """What a value is about: a number above 0; raises ``LiteralError``."""
    number = parse_number(text)
    if not number:
        raise LiteralError("a value is about more than 0: leave the cell empty")
    return number


def parse_month(text: str) -> date:
    """The first day of a month such as ``2026-11``; raises ``LiteralError``."""
    found = _MONTH.fullmatch(text)
    if found is None:
        day = _DAY.fullmatch(text)
        raise LiteralError(f"{quote(text)} is not a month: write it such as 2026-11", day[1] if day else None)
    year, (first, last) = int(found[1]), YEARS
    if not first < year <= last:
        raise LiteralError(f"the year {year} is outside {first + 1} to {last}")
    return date(year, int(found[2]), 1)
