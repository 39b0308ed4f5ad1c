"""Who may be given a ticket today: owners of environments, and what keeps a vendor from taking work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date

from itsm_bridge.config.model import Configuration, Environment, Owner, Vendor, VendorStatus
from itsm_bridge.rules.facts import read_fact
from itsm_bridge.rules.verdict import Case


def refusal(case: Case, name: str, skills: Iterable[str] = ()) -> str | None:
    """Why a vendor cannot be given this ticket today, in words; ``None`` if it can."""
    vendor = case.configuration.vendors.get(name)
    if vendor is None:
        return f"{name} is not in vendors.yaml"
    return next(_objections(case, vendor, skills), None)


def environment_of(case: Case) -> Environment | None:
    """The ticket's environment as ``vendors.yaml`` knows it, compared without regard to case."""
    return _environment(case.configuration, read_fact(case.facts, "environment"))


def owner_on(environment: Environment, services: Iterable[str], day: date) -> Owner | None:
    """Who is accountable for a ticket about ``services`` on ``day``: ``start`` is inclusive, ``end`` exclusive.

    Of two owners the one that names a service wins, then the one listed first.
    """
    named = {service.casefold() for service in services}
    owners = [owner for owner in environment.owners if _covers(owner, day) and _concerns(owner, named)]
    return min(owners, key=lambda owner: not owner.services, default=None)


def next_owner(environment: Environment, services: Iterable[str], day: date) -> Owner | None:
    """Whose ownership begins next after ``day``."""
    named = {service.casefold() for service in services}
    coming = [owner for owner in environment.owners if not _begun(owner, day) and _concerns(owner, named)]
    return min(coming, key=lambda owner: owner.start or day, default=None)


def objections(vendor: Vendor, day: date, skills: Iterable[str] = ()) -> Iterator[str]:
    """What keeps a vendor from any work that needs ``skills`` on a day."""
    if vendor.status is not VendorStatus.ACTIVE:
        yield f"{vendor.name} is {vendor.status.value}, not active"
    if not vendor.internal and vendor.nda_signed is None:
        yield f"{vendor.name} has no NDA on file"
    if not vendor.internal and vendor.nda_signed is not None and vendor.nda_signed > day:
        yield f"{vendor.name}'s NDA is signed only on {vendor.nda_signed.isoformat()}"
    missing = [skill for skill in skills if skill.casefold() not in {known.casefold() for known in vendor.skills}]
    if missing:
        yield f"{vendor.name} lacks {', '.join(missing)}"


def objections_there(vendor: Vendor, day: date, environment: Environment, services: Iterable[str]) -> Iterator[str]:
    """What keeps a vendor from the work of one environment: that it is yet to own it."""
    start = _begins_later(environment, {service.casefold() for service in services}, vendor.name, day)
    if start is not None:
        yield f"{vendor.name}'s ownership begins only on {start.isoformat()}"


def _objections(case: Case, vendor: Vendor, skills: Iterable[str]) -> Iterator[str]:
    yield from objections(vendor, case.today, skills)
    environment = environment_of(case)
    if environment is not None:
        yield from objections_there(vendor, case.today, environment, read_fact(case.facts, "service"))


def _begins_later(environment: Environment, services: Collection[str], vendor: str, day: date) -> date | None:
    """When a vendor that is yet to own an environment begins to; ``None`` for all others."""
    owned = [owner for owner in environment.owners if owner.vendor == vendor and _concerns(owner, services)]
    if any(_begun(owner, day) for owner in owned):
        return None
    return min((owner.start for owner in owned if owner.start is not None), default=None)


def _environment(configuration: Configuration, names: Iterable[str]) -> Environment | None:
    wanted = {name.casefold() for name in names}
    return next((found for name, found in configuration.environments.items() if name.casefold() in wanted), None)


def _begun(owner: Owner, day: date) -> bool:
    return owner.start is None or owner.start <= day


def _covers(owner: Owner, day: date) -> bool:
    return _begun(owner, day) and (owner.end is None or day < owner.end)


def _concerns(owner: Owner, services: Collection[str]) -> bool:
    return not owner.services or any(service.casefold() in services for service in owner.services)
