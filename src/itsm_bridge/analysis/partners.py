"""What ``vendors.yaml`` says of the coming months and of who may take what, as frames: what a plan rests on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from itsm_bridge.analysis.frames import Partners, Row, framed
from itsm_bridge.analysis.period import Period, Unit
from itsm_bridge.calendars import Calendars, hours_between, one_engineer
from itsm_bridge.config.model import Configuration, Environment, Vendor
from itsm_bridge.history import SEPARATOR
from itsm_bridge.rules import objections, objections_there, owner_on

AHEAD = 12
"""Months of a plan."""

Place = tuple[str, str]
"""Environment and services, as a ticket says them."""

Month = tuple[tuple[str, float], ...]
Shares = tuple[Month, ...]
"""For each month of the plan who owns a place on which share of its days; the empty name for nobody."""


NOTHING = Partners(**{name: framed(name, []) for name in ("months", "ownership", "takers", "skills")})


def partners(
    configuration: Configuration, calendars: Calendars, until: datetime, demand: pd.DataFrame, spans: pd.DataFrame
) -> Partners:
    """The frames of ``Partners`` as of an instant, about the places of ``demand`` and of ``spans``."""
    day = (until - timedelta(microseconds=1)).astimezone(configuration.zone).date()
    months = months_ahead(until, configuration.zone)
    return Partners(
        months=framed("months", list(_months(configuration.vendors.values(), calendars, months))),
        ownership=framed("ownership", list(_ownership(configuration, _places(demand), months))),
        takers=framed("takers", list(_takers(configuration, _places(spans), day))),
        skills=framed("skills", [(one.name, skill) for one in configuration.vendors.values() for skill in one.skills]),
    )


def months_ahead(until: datetime, zone: ZoneInfo) -> Sequence[Period]:
    """The months of a plan: those after the one that holds what was just before ``until``."""
    months = [Period.holding(until - timedelta(microseconds=1), Unit.MONTH, zone)]
    while len(months) <= AHEAD:
        months.append(months[-1].next())
    return months[1:]


def _places(frame: pd.DataFrame) -> list[Place]:
    pairs = frame[["environment", "service"]].drop_duplicates().sort_values(["environment", "service"])
    return [(str(environment), str(service)) for environment, service in pairs.itertuples(index=False)]


def services_of(text: str) -> tuple[str, ...]:
    """The services that a frame holds as one text."""
    return tuple(service for service in text.split(SEPARATOR) if service)


# --- capacity ----------------------------------------------------------------------------------------------------


def _months(vendors: Iterable[Vendor], calendars: Calendars, months: Sequence[Period]) -> Iterator[Row]:
    for vendor in vendors:
        calendar, engineer = calendars[vendor.calendar], one_engineer(vendor)
        for month in months:
            days = month.first, month.next().first
            hours = hours_between(vendor, calendar, *days), hours_between(engineer, calendar, *days)
            yield (vendor.name, month.name, str(vendor.status), *hours)


# --- ownership ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Part:
    """What is forecast as one: an environment, or those of its services that always have the same owner."""

    environment: str
    services: str
    shares: Shares


def _ownership(configuration: Configuration, demanded: Sequence[Place], months: Sequence[Period]) -> Iterator[Row]:
    """Which part each demanded place belongs to, and who owns that when; parts without demand are told too."""
    known = {name.casefold(): one for name, one in configuration.environments.items()}
    places: defaultdict[str, list[Place]] = defaultdict(list)
    for place in demanded:
        places[place[0].casefold() if place[0].casefold() in known else ""].append(place)
    for place in places.pop("", []):
        yield from _rows(place, _Part("", "", ((("", 1.0),),) * len(months)), months)
    for name, environment in known.items():
        asked = {place: _shares(environment, services_of(place[1]), months) for place in places[name]}
        parts = _parts(environment, asked, months)
        for place, shares in asked.items():
            yield from _rows(place, parts[shares], months)
        for part in parts.values():
            if part.shares not in asked.values():
                yield from _rows((environment.name, part.services), part, months)


def _rows(place: Place, part: _Part, months: Sequence[Period]) -> Iterator[Row]:
    for month, shares in zip(months, part.shares, strict=True):
        for vendor, share in shares:
            yield (*place, part.environment, part.services, month.name, vendor, share)


def _parts(environment: Environment, asked: Mapping[Place, Shares], months: Sequence[Period]) -> dict[Shares, _Part]:
    """The parts of an environment by who owns them, named by services where there are several.

    Services that only tickets name go with the first part that has their owners, or make up one of their own.
    """
    alike: defaultdict[Shares, list[str]] = defaultdict(list)
    for service in environment.services or ("",):
        alike[_shares(environment, services_of(service), months)].append(service)
    listed = set(alike)
    for (_, service), shares in asked.items():
        if shares not in listed:
            alike[shares].append(service)
    return {
        shares: _Part(environment.name, SEPARATOR.join(services) if len(alike) > 1 else "", shares)
        for shares, services in alike.items()
    }


def _shares(environment: Environment, services: Sequence[str], months: Sequence[Period]) -> Shares:
    return tuple(_of_month(environment, services, month.first, month.next().first) for month in months)


def _of_month(environment: Environment, services: Sequence[str], first: date, end: date) -> Month:
    days = (end - first).days
    owners = (owner_on(environment, services, first + timedelta(days=day)) for day in range(days))
    owned = Counter("" if owner is None else owner.vendor for owner in owners)
    return tuple((vendor, owned[vendor] / days) for vendor in sorted(owned))


# --- who may take what -------------------------------------------------------------------------------------------


def _takers(configuration: Configuration, places: Sequence[Place], day: date) -> Iterator[Row]:
    """What keeps each vendor from the work of each place, as the rules have it; empty where nothing does."""
    listed = {skill.casefold() for vendor in configuration.vendors.values() for skill in vendor.skills}
    known: Mapping[str, Environment] = {name.casefold(): one for name, one in configuration.environments.items()}
    for name, text in places:
        services, environment = services_of(text), known.get(name.casefold())
        skills = [service for service in services if service.casefold() in listed]
        for vendor in configuration.vendors.values():
            there = () if environment is None else objections_there(vendor, day, environment, services)
            because = next(iter((*objections(vendor, day, skills), *there)), "")
            yield (vendor.name, name, text, SEPARATOR.join(skills), because)
