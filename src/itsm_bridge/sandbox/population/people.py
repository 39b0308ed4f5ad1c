"""The made-up people, teams and partners of both systems."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DESK = "eGov Service Desk"
OWN_TEAM = "eGov DevOps"
OPTIT, GWL, MACROSKIES = "OptIT", "GWL", "MacroSkies"

VENDORS: tuple[str, ...] = (OPTIT, GWL, MACROSKIES, OWN_TEAM)
"""Who works on tickets, as Jira's field ``Vendor`` calls them."""

GROUPS: Mapping[str, str] = {
    OPTIT: "eGov OptIT",
    GWL: "eGov GWL",
    MACROSKIES: "eGov MacroSkies",
    OWN_TEAM: OWN_TEAM,
    "": DESK,
}
"""The ServiceNow group of each vendor; the service desk's for nobody's tickets."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account in both systems; ``team`` is a vendor, the service desk, or empty for requesters."""

    user_name: str
    name: str
    email: str
    team: str = ""


def _staff(team: str, domain: str, *names: str) -> tuple[Person, ...]:
    people = []
    for name in names:
        first, last = name.lower().split()
        user_name = f"{first}.{last[0]}"
        people.append(Person(user_name, name, f"{user_name}@{domain}", team))
    return tuple(people)


AGENTS = _staff(DESK, "egov.example", "Asha Kumari", "Rohit Sharma", "Fatima Sheikh")
ENGINEERS: Mapping[str, tuple[Person, ...]] = {
    OPTIT: _staff(OPTIT, "optit.example", "Gurpreet Singh", "Neha Bansal", "Karan Malhotra", "Simran Kaur"),
    GWL: _staff(GWL, "gwl.example", "Venkat Rao", "Lakshmi Prasad", "Suresh Naidu"),
    MACROSKIES: _staff(MACROSKIES, "macroskies.example", "Anil Jha", "Priya Sinha"),
    OWN_TEAM: _staff(OWN_TEAM, "egov.example", "Meera Iyer", "Dev Patel", "Nikhil Joshi"),
}
REQUESTERS = (
    *_staff("", "punjab.example", "Harjit Gill", "Manpreet Sandhu", "Jaspal Dhillon"),
    *_staff("", "ap.example", "Ramana Reddy", "Sujatha Varma", "Kiran Babu"),
    *_staff("", "bihar.example", "Alok Mishra", "Rekha Devi"),
    *_staff("", "egov.example", "Tanvi Desai", "Imran Qureshi", "Olivia D'Souza"),
)
PUNJAB_LEAD = Person("punjab-spoc", "Balwinder Brar", "punjab-spoc@egov.example")
INFRA_HEAD = Person("infra-head", "Shalini Menon", "infra-head@egov.example")
APPROVERS = (PUNJAB_LEAD, INFRA_HEAD)
ROBOT = Person("system", "System", "system@egov.example")
"""Closes what stays resolved; a service account, not a person."""


def everybody(service: Person) -> tuple[Person, ...]:
    """All accounts, the bridge's own service account first."""
    engineers = tuple(one for team in ENGINEERS.values() for one in team)
    return (service, *AGENTS, *engineers, *REQUESTERS, *APPROVERS, ROBOT)
