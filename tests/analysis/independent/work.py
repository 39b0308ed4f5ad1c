"""The reference of where work comes from, what it needs, and who could take what is too much."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from statistics import mean
from typing import Any

from tests.analysis.independent.events import COMING
from tests.analysis.independent.lives import Life
from tests.analysis.independent.reference import Reference, Rows, name_of


def skill_of(of: Reference, life: Life) -> str:
    """The services of a ticket that some vendor lists as a skill."""
    listed = {skill for vendor in of.hours.configuration.vendors.values() for skill in vendor.skills}
    services: list[str] = json.loads(life.row["service"])
    return ", ".join(service for service in services if service in listed)


def by_environment(of: Reference) -> Rows:
    """Bandwidth by vendor, environment and week, where something came or was open."""
    rows = {}
    for (week, vendor, environment), row in of.traction.items():
        arrived = sum(row[name] for name in COMING)
        if vendor and (arrived or row["open_end"]):
            rows[vendor, environment, week] = {
                **_load(of, vendor, week, arrived), "open_tickets": row["open_end"],
            }  # fmt: skip
    return rows


def by_skill(of: Reference) -> Rows:
    """Bandwidth by vendor, skill and week: all that a vendor lists, and all that came."""
    came: Counter[tuple[str, str, str]] = Counter()
    vendors = of.hours.configuration.vendors
    for vendor in vendors:
        for monday in of.weeks:
            for event in of.arrivals(vendor, monday):
                came[vendor, skill_of(of, event.life), name_of(monday)] += 1
            for skill in vendors[vendor].skills:
                came[vendor, skill, name_of(monday)] += 0
    return {
        (vendor, skill, week): {
            **_load(of, vendor, week, arrived),
            "has_skill": (skill in vendors[vendor].skills) if skill else None,
        }
        for (vendor, skill, week), arrived in came.items()
    }


def _load(of: Reference, vendor: str, week: str, arrived: int) -> dict[str, Any]:
    effort, capacity = of.effort_of(vendor), of.bandwidth[vendor, week]["capacity_hours"]
    load = None if effort is None else arrived * effort
    return {
        "arrivals": arrived,
        "load_hours": load,
        "capacity_hours": capacity,
        "share_of_capacity": load / capacity if load is not None and capacity else None,
    }


def relief(of: Reference, day: date) -> Rows:
    """Who could take what from whom, by the last whole week and the mean of the last four."""
    rows = of.bandwidth
    weeks = [name_of(monday) for monday in of.weeks if rows["GWL", name_of(monday)]["complete"]][-4:]
    over = {
        vendor: [rows[vendor, week]["load_hours"] - rows[vendor, week]["capacity_hours"] for week in weeks]
        for vendor in of.hours.configuration.vendors
    }
    found: Rows = {}
    for vendor, hours in over.items():
        if hours[-1] > 0 and mean(hours) > 0:
            found |= _offers(of, vendor, weeks[-1], over, day)
    return found


def _offers(of: Reference, vendor: str, week: str, over: dict[str, list[float]], day: date) -> Rows:
    monday = next(one for one in of.weeks if name_of(one) == week)
    came = Counter(
        (event.environment, ", ".join(json.loads(event.life.row["service"])), skill_of(of, event.life))
        for event in of.arrivals(vendor, monday)
    )
    found: Rows = {}
    for (environment, service, skill), number in came.items():
        hours = number * (of.effort_of(vendor) or 0.0)
        here: Rows = {}
        for name in sorted(of.hours.configuration.vendors):
            spare = max(0.0, min(-over[name][-1], -mean(over[name])))
            if name != vendor and spare > 0 and _may(of, name, environment, skill, day):
                here[vendor, environment, service, name] = {
                    "hours_over": over[vendor][-1],
                    "mean_hours_over": mean(over[vendor]),
                    "hours": hours,
                    "skill": skill,
                    "spare_hours": spare,
                    "could_take_hours": min(over[vendor][-1], hours, spare),
                }
        found |= here or {(vendor, environment, service, ""): {"hours": hours, "skill": skill, "spare_hours": None}}
    return found


def _may(of: Reference, name: str, environment: str, skill: str, day: date) -> bool:
    """Active, signed or our own, with every skill, and not to own the environment only later."""
    vendor = of.hours.configuration.vendors[name]
    signed = vendor.internal or (vendor.nda_signed is not None and vendor.nda_signed <= day)
    skills = all(one in vendor.skills for one in skill.split(", ") if one)
    place = of.hours.configuration.environments.get(environment)
    owned = [] if place is None else [owner for owner in place.owners if owner.vendor == name]
    later = bool(owned) and all(owner.start is not None and owner.start > day for owner in owned)
    return vendor.status == "active" and signed and skills and not later
