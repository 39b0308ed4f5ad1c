"""What ``vendors.yaml`` says: who can take work, and who owns which environment when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from itsm_bridge.config.model.places import Position


class VendorStatus(StrEnum):
    """How far a partner is on board; only an ``ACTIVE`` one is given work."""

    SHORTLISTED = "shortlisted"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    OFFBOARDING = "offboarding"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Who is there: people * hours_per_week * focus (the share of time for tickets) = hours a week."""

    people: float
    hours_per_week: float
    focus: float

    @property
    def hours(self) -> float:
        """Hours of ticket work in a full week."""
        return self.people * self.hours_per_week * self.focus


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour costs."""

    currency: str
    per_hour: float


@dataclass(frozen=True, slots=True)
class Leave:
    """People away from ``first`` to ``last``, both days inclusive."""

    first: date
    last: date
    people: float


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whom to tell about a vendor's tickets."""

    lead: str | None = None
    escalation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A partner, or one of our own teams (``internal``). ``names`` maps a source to what that source calls it."""

    name: str
    status: VendorStatus
    nda_signed: date | None
    internal: bool
    skills: tuple[str, ...]
    capacity: Capacity
    calendar: str
    rate: Rate | None
    names: Mapping[str, str]
    leave: tuple[Leave, ...]
    contacts: Contacts
    position: Position


@dataclass(frozen=True, slots=True)
class Owner:
    """A vendor's ownership of an environment, ``start`` inclusive, ``end`` exclusive; no ``services`` means all."""

    vendor: str
    services: tuple[str, ...]
    start: date | None
    end: date | None
    position: Position


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment and who is accountable for it, day by day."""

    name: str
    state: str | None
    services: tuple[str, ...]
    contact: str | None
    owners: tuple[Owner, ...]
    fallback: str | None
    position: Position
