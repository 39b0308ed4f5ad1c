"""Whom to tell about a ticket: the contacts of its vendor, and those who stand in for them."""

from __future__ import annotations

from itsm_bridge.config.model import Contacts
from itsm_bridge.rules.eligibility import environment_of, owner_on
from itsm_bridge.rules.facts import read_fact
from itsm_bridge.rules.verdict import Case

UNTOLD = "untold"
"""The finding of what somebody should be told, where nobody is named for it."""


def of_vendor(case: Case, tell: str) -> tuple[str, ...]:
    """The ``lead`` or the ``escalation`` contacts of whoever has the ticket; these stand in for a lead not named.

    Where they are missing, as where nobody has the ticket, those of its environment are told.
    """
    name = next(iter(read_fact(case.facts, "vendor")), "")
    return _named(case, name, tell) or of_environment(case)


def of_environment(case: Case) -> tuple[str, ...]:
    """The contact of the ticket's environment; where it has none, the lead of who owns it today, or of its fallback."""
    environment = environment_of(case)
    if environment is None:
        return ()
    if environment.contact:
        return (environment.contact,)
    owner = owner_on(environment, read_fact(case.facts, "service"), case.today)
    accountable = owner.vendor if owner is not None else environment.fallback or ""
    return _named(case, accountable, "lead")


def _named(case: Case, vendor: str, tell: str) -> tuple[str, ...]:
    known = case.configuration.vendors.get(vendor)
    contacts = Contacts() if known is None else known.contacts
    return (contacts.lead,) if tell == "lead" and contacts.lead else contacts.escalation
