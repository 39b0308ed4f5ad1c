"""JQL, built from checked parts and never from foreign text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from itsm_bridge.errors import ConfigurationInvalid

_PROJECT = re.compile(r"[A-Z][A-Z0-9_]+")
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


def changed(projects: Sequence[str], minutes: int | None) -> str:
    """Issues changed in the last ``minutes`` (``None``: all), the least recently changed first.

    The bound is relative, so that it means the same in every zone, and there is no upper one: an issue that changes
    every few minutes would never be found below it.
    """
    scope = f"project in ({', '.join(quoted(key) for key in projects)})"
    bound = f' AND updated >= "-{minutes}m"' if minutes is not None else ""
    return f"{scope}{bound} ORDER BY updated ASC, key ASC"
