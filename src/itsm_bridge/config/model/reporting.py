"""How reports are made: what counts as few, weights, figures from outside, what vendors see, and who gets mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
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

SCORED: tuple[str, ...] = (
    *("sla_attainment", "uc_attainment", "ola_attainment", "first_contact_share", "reopen_share", "utilization"),
    *("uptime", "patch_compliance", "satisfaction"),
)
"""The figures that a scorecard can weigh, in its order; ``analysis/scorecard.py`` says how each is scored."""

UNSCORED: tuple[str, ...] = ("mttr_hours", "cost_per_ticket")
"""The figures that a scorecard shows without a score: what is good depends on the work."""

OUTSIDE: tuple[str, ...] = ("uptime", "patch_compliance", "cost", "satisfaction")
"""The kinds of figures that tickets do not hold."""


CLASSIFICATION = "Internal: names people and tickets"
"""What stands on every page of a report, where the configuration says nothing else."""


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
class OutsideFigure:
    """One line of a CSV of figures from outside: ``value`` of ``vendor`` in the month that begins on ``month``.

    ``environment`` is empty for the vendor as a whole. ``value`` is a share, an amount in ``unit`` (a currency), or a
    mark from 1 to 5. ``of`` is what the value is about: so many devices, minutes or answers; ``None`` where the file
    does not say.
    """

    figure: str
    vendor: str
    environment: str
    month: date
    value: float
    unit: str
    of: float | None
    note: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Reports:
    """The key ``reports`` of ``bridge.yaml``; every part of it may be left out.

    A share over fewer than ``small`` is marked. ``scorecard`` weighs figures by name. ``inputs`` maps a kind of outside
    figure (``OUTSIDE``) to its CSV file, below the configuration folder. ``classification`` says for whom a report is,
    on each of its pages; ``contact`` who answers questions about it, empty for nobody in particular.
    """

    small: int = 10
    scorecard: Mapping[str, int] = field(default_factory=lambda: dict(WEIGHTS))
    inputs: Mapping[str, Path] = field(default_factory=dict)
    people: People = People.NAMES
    mail: Mail | None = None
    classification: str = CLASSIFICATION
    contact: str = ""
