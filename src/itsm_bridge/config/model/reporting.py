"""How reports are made: what counts as few, weights, figures from outside, what vendors see, and who gets mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

WEIGHTS: Mapping[str, int] = {
    "sla_attainment": 40,
    "uc_attainment": 20,
    "first_contact_share": 15,
    "reopen_share": 10,
    "utilization": 15,
}
"""Of the scorecard, where the configuration gives none."""


class People(StrEnum):
    """How vendor copies name people."""

    NAMES = "names"
    PSEUDONYMS = "pseudonyms"


@dataclass(frozen=True, slots=True)
class Mail:
    """Where finished reports go. ``vendors`` maps a vendor to those who get its copy; credentials are not in here."""

    host: str
    port: int
    sender: str
    to: tuple[str, ...] = ()
    vendors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reports:
    """The key ``reports`` of ``bridge.yaml``; every part of it may be left out.

    A share over fewer than ``small`` is marked. ``scorecard`` weighs figures by name. ``inputs`` maps a kind of outside
    figure (``uptime``, ``patch_compliance``, ``cost``, ``satisfaction``) to its CSV file.
    """

    small: int = 10
    scorecard: Mapping[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    inputs: Mapping[str, Path] = field(default_factory=dict)
    people: People = People.NAMES
    mail: Mail | None = None
