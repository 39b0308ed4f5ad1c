"""Which variables a source signs in with, by what it is and by what is set; no value is looked at."""

from __future__ import annotations

import os
import re
from pathlib import Path

from itsm_bridge.config.model import ServiceNow, Source


def names(source: Source, project: Path) -> tuple[str, ...]:
    """The full names, in the order in which they are documented; the usual way where nothing is set yet."""
    prefix = f"ITSM_BRIDGE_{source.name.upper()}__"
    there = _set(prefix, project)
    return tuple(prefix + name for name in _wanted(source, there))


def _wanted(source: Source, there: frozenset[str]) -> tuple[str, ...]:
    if isinstance(source, ServiceNow):
        if there & {"CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"}:
            refresh = ("REFRESH_TOKEN",) if "REFRESH_TOKEN" in there else ()
            return ("USERNAME", "CLIENT_ID", "CLIENT_SECRET", *refresh)
        return ("USERNAME", "PASSWORD")
    if source.deployment == "data_center":
        return ("USERNAME", "PASSWORD") if "PASSWORD" in there else ("TOKEN",)
    return ("EMAIL", "TOKEN")


def _set(prefix: str, project: Path) -> frozenset[str]:
    """What follows the prefix in the names that are set, in the environment or in ``.env``, without ``_FILE``."""
    try:
        text = (project / ".env").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    written = re.findall(rf"^\s*(?:export\s+)?{re.escape(prefix)}(\w+)\s*=", text, re.MULTILINE | re.IGNORECASE)
    inherited = [name[len(prefix) :] for name in os.environ if name.upper().startswith(prefix)]
    return frozenset(name.upper().removesuffix("_FILE") for name in (*written, *inherited))
