"""JQL, built from checked parts and never from foreign text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from itsm_bridge.errors import ConfigurationInvalid

_PROJECT = re.compile(r"[A-Z][A-Z0-9_]+")
_ORDER = " ORDER BY "
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def quoted(text: str) -> str:
    """A text as one value of JQL. Raises ``ValueError`` for control characters, which have no place in one."""
    if _CONTROL.search(text):
        raise ValueError("a control character in a value of JQL")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def require_projects(source: str, projects: Sequence[str]) -> None:
    """Raise ``ConfigurationInvalid`` unless these are keys of projects."""
    bad = [key for key in projects if not _PROJECT.fullmatch(key)]
    if bad or not projects:
        what = f"{bad[0]!r} is not the key of a project" if bad else "no project is named"
        raise ConfigurationInvalid(f"{source}: {what}", hint="itsm-bridge check")


def within(projects: Sequence[str], order: str, minutes: int | None) -> str:
    """Issues of projects whose ``order`` lies in the last ``minutes`` (``None``: all), the earliest first.

    The bound is relative, so that it means the same in every zone.
    """
    return _ordered(projects, order, None if minutes is None else f"-{minutes}m")


def since(projects: Sequence[str], order: str, minute: str | None) -> str:
    """The same from a minute on, written in the zone of the account that asks."""
    return _ordered(projects, order, minute)


def unordered(query: str) -> str:
    """The same issues in no order, as for counting them."""
    return query.partition(_ORDER)[0]


def with_ids(ids: Sequence[str]) -> str:
    """Issues by their ids, which must be numbers."""
    return f"id in ({', '.join(str(int(one)) for one in ids)}) ORDER BY key ASC"


def _ordered(projects: Sequence[str], order: str, bound: str | None) -> str:
    scope = f"project in ({', '.join(quoted(key) for key in projects)})"
    later = f" AND {order} >= {quoted(bound)}" if bound is not None else ""
    return f"{scope}{later}{_ORDER}{order} ASC, key ASC"
