"""The values of a course as the rule language sees them."""

from __future__ import annotations

from itsm_bridge.conditions import Kind, Value, field_of
from itsm_bridge.history.course import split


def as_fact(field: str, text: str) -> tuple[Value, ...]:
    """What conditions see of a field's text: its number, its several values, or none where it is blank."""
    known = field_of(field)
    if known is not None and known.kind is Kind.NUMBER and text.isdecimal():
        return (int(text),)
    if known is not None and known.many:
        return split(text)
    return (text,) if text and not text.isspace() else ()
