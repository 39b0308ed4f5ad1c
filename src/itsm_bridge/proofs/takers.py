"""Who may be given any ticket: what ``rules.eligibility`` says of one, for every environment, service and day."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from types import MappingProxyType

import z3

from itsm_bridge.config.model import Assign, Configuration, Environment, Owner
from itsm_bridge.model import State, Ticket, TicketRecord, TicketType
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.terms import FALSE, TRUE, Terms, all_of, any_of, no, none_of
from itsm_bridge.proofs.views import OneValue, SomeValues, View
from itsm_bridge.rules.eligibility import refusal
from itsm_bridge.rules.verdict import NOBODY, Case


@dataclass(frozen=True, eq=False)
class Taking:
    """Who may get a ticket from one action: each vendor with the tickets that it may get, and that anybody may."""

    vendors: Mapping[str, z3.BoolRef]
    somebody: z3.BoolRef
    by: str | None = None

    def may(self, vendor: str) -> z3.BoolRef:
        """When this vendor may get the ticket."""
        return self.vendors.get(vendor, FALSE)

    def differs(self, other: Taking) -> z3.BoolRef:
        """When both find somebody, and not the same."""
        names = dict.fromkeys((*self.vendors, *other.vendors))
        unlike = any_of(self.may(name) != other.may(name) for name in names)
        if self.by != other.by and self.by and other.by:
            unlike = any_of((unlike, z3.AtLeast(*self.vendors.values(), 2)))
        return all_of((self.somebody, other.somebody, unlike))


class Takers:
    """Who may take work under one configuration, as the assignment sees the ticket's environment and services."""

    def __init__(
        self, configuration: Configuration, ticket: AnyTicket, terms: Terms, views: Mapping[str, View]
    ) -> None:
        self.configuration = configuration
        self.terms = terms
        self.days = ticket.days
        environment, service = views["environment"], views["service"]
        assert isinstance(environment, OneValue)  # noqa: S101 - both have the domains of the configuration
        assert isinstance(service, SomeValues)  # noqa: S101
        self.environment, self.service = environment, service
        self._known: dict[Assign, Taking] = {}
        self._spells: dict[tuple[date, ...], z3.BoolRef] = {}
        self._able: dict[tuple[str, tuple[str, ...]], z3.BoolRef] = {}

    def of(self, then: Assign) -> Taking:
        """Who may get a ticket from this action."""
        if then not in self._known:
            found = self._owners(then.skills) if then.owner else self._named(then)
            vendors = {name: self.terms.named(when, f"may:{name}") for name, when in found.items()}
            somebody = self.terms.named(any_of(vendors.values()), "somebody")
            self._known[then] = Taking(MappingProxyType(vendors), somebody, then.by)
        return self._known[then]

    def _named(self, then: Assign) -> dict[str, z3.BoolRef]:
        names = (then.vendor,) if then.vendor is not None else then.among
        return {name: self.able(name, then.skills) for name in names}

    def able(self, vendor: str, skills: Sequence[str]) -> z3.BoolRef:
        """When nothing keeps a vendor from taking the work."""
        key = (vendor, tuple(skills))
        if key not in self._able:
            owned = [owner for one in self.configuration.environments.values() for owner in one.owners]
            own = [owner for owner in owned if owner.vendor == vendor]
            alike = self._alike(lambda day: (self._objects(vendor, skills, day), *(_begun(one, day) for one in own)))
            able = any_of(
                all_of((days, no(self._begins_later(vendor, day)))) for (no_good, *_), day, days in alike if not no_good
            )
            self._able[key] = self.terms.named(able, f"able:{vendor}")
        return self._able[key]

    def _owners(self, skills: Sequence[str]) -> dict[str, z3.BoolRef]:
        """The owner of each environment, or its fallback where the owner cannot take the work."""
        found: dict[str, list[z3.BoolRef]] = {}
        for environment in self.configuration.environments.values():
            here = self._in(environment)
            taken: list[z3.BoolRef] = []
            for _, day, days in self._alike(partial(_covering, environment.owners)):
                for owner, owns in self._owning(environment, day):
                    when = all_of((here, days, owns, self.able(owner.vendor, skills)))
                    taken.append(self.terms.named(when, f"owner:{owner.vendor}"))
                    found.setdefault(owner.vendor, []).append(taken[-1])
            if environment.fallback is not None:
                when = all_of((here, none_of(taken), self.able(environment.fallback, skills)))
                found.setdefault(environment.fallback, []).append(when)
        return {name: any_of(when) for name, when in found.items()}

    def _owning(self, environment: Environment, day: date) -> Iterator[tuple[Owner, z3.BoolRef]]:
        """Each owner of the day, and for which services: who names a service comes first, then the first listed."""
        left = TRUE
        for owner in sorted((one for one in environment.owners if _covers(one, day)), key=lambda one: not one.services):
            concerned = self._concerns(owner)
            yield owner, all_of((left, concerned))
            left = all_of((left, no(concerned)))

    def _begins_later(self, vendor: str, day: date) -> z3.BoolRef:
        """When a vendor is yet to own the ticket's environment."""
        ways = []
        for environment in self.configuration.environments.values():
            owned = [owner for owner in environment.owners if owner.vendor == vendor]
            if not owned:
                continue
            coming = any_of(self._concerns(owner) for owner in owned if not _begun(owner, day))
            begun = any_of(self._concerns(owner) for owner in owned if _begun(owner, day))
            ways.append(all_of((self._in(environment), coming, no(begun))))
        return any_of(ways)

    def _in(self, environment: Environment) -> z3.BoolRef:
        return self.environment.when(environment.name)

    def _concerns(self, owner: Owner) -> z3.BoolRef:
        return any_of(map(self.service.when, owner.services)) if owner.services else TRUE

    def _alike(
        self, sort: Callable[[date], Sequence[Hashable]]
    ) -> Iterator[tuple[tuple[Hashable, ...], date, z3.BoolRef]]:
        """Days that are of one sort: the sort, the first of them, and that it is one of them."""
        sorts: dict[tuple[Hashable, ...], list[tuple[date, z3.BoolRef]]] = {}
        for day, chosen in self.days.alternatives:
            assert isinstance(day, date)  # noqa: S101 - days are its values
            sorts.setdefault(tuple(sort(day)), []).append((day, chosen))
        for found, days in sorts.items():
            those = tuple(day for day, _ in days)
            if those not in self._spells:
                self._spells[those] = self.terms.named(any_of(chosen for _, chosen in days), "days")
            yield found, those[0], self._spells[those]

    def _objects(self, vendor: str, skills: Iterable[str], day: date) -> bool:
        """Whether the engine objects, on a ticket without an environment: status, NDA and skills."""
        noon = datetime.combine(day, time(12), self.configuration.zone)
        ticket = Ticket("", "", "", TicketType.TASK, "", State.NEW, noon, noon, "")
        case = Case(self.configuration, TicketRecord(ticket), {}, noon, NOBODY, NOBODY)
        return refusal(case, vendor, skills) is not None


def _covering(owners: Sequence[Owner], day: date) -> Sequence[bool]:
    return [_covers(owner, day) for owner in owners]


def _begun(owner: Owner, day: date) -> bool:
    return owner.start is None or owner.start <= day


def _covers(owner: Owner, day: date) -> bool:
    return _begun(owner, day) and (owner.end is None or day < owner.end)
