"""How a note of ours looks in a source, and how it is known again: by a last line that no product takes for markup."""

from __future__ import annotations

import re

from itsm_bridge.connectors.texts import clean, cut
from itsm_bridge.model import Note

TAG = "itsm-bridge note "
"""Brackets would be a link to Jira and a colon may become a face, so the marker stands behind plain words."""

LONGEST_NOTE = 30_000
"""Bytes of a note's own text: below what Jira takes of a comment (32,767 characters)."""

_MARKER = re.compile(re.escape(TAG) + "([0-9a-f]{16})(?![0-9a-f])")


def body_of(note: Note) -> str:
    """The whole text, without control characters, with the marker at its end."""
    return f"{cut(clean(note.text), LONGEST_NOTE)}\n\n{TAG}{note.marker}"


def markers_in(text: str) -> frozenset[str]:
    """The markers of all notes of ours in a text, which may hold several or quote one."""
    return frozenset(_MARKER.findall(text))
