"""Other names for people in copies for vendors: the same person has the same one in every copy for the same vendor."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from itsm_bridge.analysis.belonging import PERSON
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.errors import StorageFailed
from itsm_bridge.store import only_once

KEY = "people.key"
"""Beside the store. Whoever has it can tell of a known name which pseudonym it has; without it nobody can."""

DIGITS = 10
"""Hexadecimal digits of a pseudonym: enough that two of ten thousand people share one in a copy once in 20,000."""


def people_key(folder: Path) -> bytes:
    """The key, made once. Raises ``StorageFailed`` where it cannot be read or made, or is no key."""
    path = folder / KEY
    text = only_once(path, f"{secrets.token_hex(32)}\n".encode("ascii"))
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) < 32:
        raise StorageFailed(
            f"{path} does not hold a key; no copy was built", hint="put back a backup, or remove the file"
        )
    return key


def pseudonyms(key: bytes, vendor: str, people: Iterable[str]) -> Mapping[str, str]:
    """What each is called in the copies for ``vendor``; other vendors' copies have other names for the same person."""
    return {person: f"person-{_digest(key, vendor, person)}" for person in people}


def renamed(frames: Frames, names: Mapping[str, str]) -> Frames:
    """``frames`` with people by ``names``, wherever a column or an entry names one."""
    history = frames.history
    assigned = history["field"] == PERSON
    sides = {side: history[side].mask(assigned, _called(history[side], names)) for side in ("from", "to")}
    return replace(
        frames,
        tickets=frames.tickets.assign(**{PERSON: _called(frames.tickets[PERSON], names)}),
        history=history.assign(actor=_called(history["actor"], names), **sides),
    )


def _called(people: pd.Series, names: Mapping[str, str]) -> pd.Series:
    called: pd.Series = people.map(lambda person: names.get(person, person)).astype(people.dtype)
    return called


def _digest(key: bytes, vendor: str, person: str) -> str:
    text = f"{len(vendor)}:{vendor}:{person}"
    return hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256").hex()[:DIGITS]
