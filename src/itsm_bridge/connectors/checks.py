"""What the checks of every source have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import get_close_matches

from itsm_bridge.connectors.base import Check, Identity
from itsm_bridge.errors import BridgeError

LARGEST_SKEW = 120
"""Seconds by which our clock and a source's may differ; bookmarks hold the source's time, so this only warns."""


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """The check's own line, or a failure that says what the source said."""
    try:
        return check()
    except BridgeError as error:
        return Check(name, "failure", error.message, error.hint)


def connection(identity: Identity) -> Check:
    """The line for a source that knows us."""
    return Check("connection", "ok", f"signed in as {identity.account}, zone {identity.zone}")


def clock(server: datetime, now: datetime) -> Check:
    """Compare the source's clock with ours."""
    behind = round((server - now).total_seconds())
    if abs(behind) <= LARGEST_SKEW:
        return Check("clock", "ok", f"within {LARGEST_SKEW} s of the source's")
    side = "behind" if behind > 0 else "ahead of"
    return Check(
        "clock", "warning", f"the clock here is {abs(behind)} s {side} the source's", "set the clock here by NTP"
    )


def suggestion(name: str, known: Iterable[str]) -> str:
    """The nearest known name, as a half-sentence; nothing where none is near."""
    by_folded = {one.casefold(): one for one in known}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"; the nearest is {by_folded[near[0]]!r}" if near else ""
