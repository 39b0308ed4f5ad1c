"""Who owns what on which day, as the example configuration says, so that what is open already fits its rules."""

from __future__ import annotations

from datetime import date

from .people import GWL, INFRA_HEAD, OPTIT, OWN_TEAM, PUNJAB_LEAD, Person

SERVICES_OF = {
    "punjab": ("microservices", "erp", "co-ex", "portal"),
    "ap": ("microservices", "portal"),
    "bihar": ("microservices",),
    "internal": ("microservices", "erp", "portal"),
}
STATES = ("punjab", "ap", "bihar")
OUR_OWN = ("security", "access")
"""Categories that are never outsourced."""


def owner(environment: str, service: str, category: str, day: date) -> str:
    """The vendor who is to have such a ticket. Bihar's next owner has no agreement yet: our own team stands in."""
    if category in OUR_OWN:
        return OWN_TEAM
    if environment == "punjab" and service == "portal" and day >= date(2026, 7, 1):
        return GWL
    if environment == "punjab" and day >= date(2026, 4, 1):
        return OPTIT
    if environment == "ap" and day >= date(2026, 6, 1):
        return GWL
    return OWN_TEAM


def approvers(kind: str, environment: str, category: str) -> tuple[Person, ...]:
    """Who must agree before anybody works on such a ticket."""
    if kind == "change" and environment != "internal":
        return (PUNJAB_LEAD, INFRA_HEAD)
    return (INFRA_HEAD,) if category == "access" else ()
