"""``vendors.yaml``: partners, the environments that each owns, and how much work each can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from types import MappingProxyType
from typing import Final

from itsm_bridge.config.atoms import DAY, TEXT
from itsm_bridge.config.decoding import (
    Context,
    Flag,
    MappingOf,
    Number,
    Reference,
    SequenceOf,
    Surveyed,
    Text,
    note_doubles,
    one_of,
)
from itsm_bridge.config.documents import MappingNode, Node, ScalarNode, SequenceNode
from itsm_bridge.config.findings import Code, quote
from itsm_bridge.config.model import (
    Capacity,
    Contacts,
    Environment,
    Leave,
    Owner,
    Rate,
    Vendor,
    VendorStatus,
)
from itsm_bridge.config.names import Named
from itsm_bridge.config.records import Key, Record

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Partners:
    """What ``vendors.yaml`` says."""

    vendors: Mapping[str, Vendor]
    environments: Mapping[str, Environment]


# --- vendors -----------------------------------------------------------------------------------------------------


def _check_leave(leave: Leave, node: MappingNode, context: Context) -> None:
    _check_order(leave.first, leave.last, node, context, "a leave ends before it begins")


def _check_order(start: date, end: date, node: MappingNode, context: Context, message: str) -> None:
    key = node.key("to")
    if end < start and key is not None:
        context.refuse(key.position, Code.CONTRADICTION, f"{message}: from {start} to {end}")


LEAVE: Final = Record(
    "a leave",
    Leave,
    (Key("from", DAY, into="first"), Key("to", DAY, into="last"), Key("people", Number(0.01, 100_000))),
    check=_check_leave,
)
CAPACITY: Final = Record(
    "a capacity",
    Capacity,
    (Key("people", Number(0, 100_000)), Key("hours_per_week", Number(0, 168)), Key("focus", Number(0, 1))),
)
RATE: Final = Record(
    "a rate",
    Rate,
    (
        Key("currency", Text("a currency", "[A-Z]{3}", "three capitals, such as INR")),
        Key("per_hour", Number(0, 1_000_000_000)),
    ),
)
CONTACTS: Final = Record(
    "contacts", Contacts, (Key("lead", TEXT, None), Key("escalation", SequenceOf(TEXT, "contacts"), ()))
)


def _check_vendor(vendor: Vendor, node: MappingNode, context: Context) -> None:
    leaves = node.get("leave")
    places = leaves.items if isinstance(leaves, SequenceNode) else ()
    for leave, place in zip(vendor.leave, places, strict=False):
        if leave.people > vendor.capacity.people:
            message = f"{leave.people:g} people are away, of {vendor.capacity.people:g} that there are"
            context.refuse(place.position, Code.CONTRADICTION, message)


VENDOR: Final = Record(
    "a vendor",
    Vendor,
    (
        Key("status", one_of("a status", VendorStatus)),
        Key("nda_signed", DAY, None),
        Key("internal", Flag(), default=False),
        Key("skills", SequenceOf(TEXT, "skills", distinct=True), ()),
        Key("capacity", CAPACITY),
        Key("calendar", Reference(Named.CALENDAR)),
        Key("rate", RATE, None),
        Key("names", MappingOf(Reference(Named.SOURCE), TEXT, "names"), _NOTHING),
        Key("leave", SequenceOf(LEAVE, "leaves"), ()),
        Key("contacts", CONTACTS, Contacts()),
    ),
    named=True,
    placed=True,
    check=_check_vendor,
)


def _survey_names(node: Node, context: Context) -> None:
    """In one source no two vendors have the same name: a ticket there must say whose it is."""
    entries = node.entries if isinstance(node, MappingNode) else ()
    names = [value.get("names") for _, value in entries if isinstance(value, MappingNode)]
    given = [found for found in names if isinstance(found, MappingNode)]
    for source in context.names.known(Named.SOURCE) or ():
        note_doubles((found.get(source) for found in given), f"vendors of {source}", context)


# --- environments ------------------------------------------------------------------------------------------------


def _check_owner(owner: Owner, node: MappingNode, context: Context) -> None:
    if owner.start is not None and owner.end is not None and owner.start >= owner.end:
        key = node.key("to")
        message = f"an ownership from {owner.start} to {owner.end} has no day: its end is the first day after it"
        context.refuse(key.position if key else node.position, Code.CONTRADICTION, message)


OWNER: Final = Record(
    "an owner",
    Owner,
    (
        Key("vendor", Reference(Named.VENDOR)),
        Key("services", SequenceOf(TEXT, "services", least=1, distinct=True), ()),
        Key("from", DAY, None, into="start"),
        Key("to", DAY, None, into="end"),
    ),
    placed=True,
    check=_check_owner,
)


def _check_owners(environment: Environment, context: Context) -> None:
    """Exactly one owner for each service on each day. Of two, one that names the service wins; a fallback is none."""
    for first, second in combinations(environment.owners, 2):
        _check_pair(first, second, context)
    known = {service.casefold() for service in environment.services}
    named = {service.casefold() for owner in environment.owners for service in owner.services}
    dayless = any(owner.start and owner.end and owner.start >= owner.end for owner in environment.owners)
    if named <= known and not dayless:  # otherwise a mistake noted already may be all there is to it
        _note_gaps(environment, context)


def _check_pair(first: Owner, second: Owner, context: Context) -> None:
    folded = {service.casefold() for service in first.services}
    shared = [service for service in second.services if service.casefold() in folded]
    alike = bool(shared) or not (first.services or second.services)
    start, end = max(_start(first), _start(second)), min(_end(first), _end(second))
    if alike and first.vendor != second.vendor and start < end:
        what = ", ".join(shared) or "the environment"
        day = start if start != date.min else date.min if end == date.max else end - timedelta(days=1)
        when = "every day" if day == date.min else str(day)
        message = f"{quote(first.vendor)} and {quote(second.vendor)} both own {what} on {when}"
        context.refuse(second.position, Code.TWO_OWNERS, message)


def _note_gaps(environment: Environment, context: Context) -> None:
    """Note each run of days without an owner, once for all services that it concerns."""
    gaps: dict[tuple[date, date], list[str]] = {}
    for service in environment.services or ("",):
        for gap in gaps_of(environment.owners, service):
            gaps.setdefault(gap, []).append(service)
    for (start, end), services in sorted(gaps.items()):
        whole = len(services) == len(environment.services or ("",))
        what = environment.name if whole else f"{', '.join(services)} of {environment.name}"
        since = "on any day" if start == date.min else f"on {start}"
        until = "" if start == date.min else ", or ever after" if end == date.max else f", nor until {end}"
        context.refuse(environment.position, Code.NO_OWNER, f"nobody owns {what} {since}{until}")


def gaps_of(owners: Sequence[Owner], service: str) -> Iterator[tuple[date, date]]:
    """The days without an owner of a service, from the first ``from`` of the environment onward; ends are exclusive."""
    ours = [one for one in owners if not one.services or service.casefold() in map(str.casefold, one.services)]
    starts = [one.start for one in owners if one.start is not None]
    covered = min([*starts, *map(_start, ours)], default=date.min)
    for owner in sorted(ours, key=_start):
        if covered < _start(owner):
            yield covered, _start(owner)
        covered = max(covered, _end(owner))
    if covered < date.max:
        yield covered, date.max


def _start(owner: Owner) -> date:
    return owner.start or date.min


def _end(owner: Owner) -> date:
    return owner.end or date.max


def _survey_services(node: Node, context: Context) -> None:
    """An owner's services are among those of the environment."""
    for _, environment in node.entries if isinstance(node, MappingNode) else ():
        if isinstance(environment, MappingNode):
            services, owners = environment.get("services"), environment.get("owners")
            if isinstance(services, SequenceNode) and isinstance(owners, SequenceNode):
                _survey_owners(_scalars(services), owners, context)


def _survey_owners(services: list[ScalarNode], owners: SequenceNode, context: Context) -> None:
    known = [service.text for service in services]
    for owner in owners.items:
        for service in _scalars(owner.get("services")) if isinstance(owner, MappingNode) else ():
            if service.text not in known:
                message = f"{quote(service.text)} is no service of this environment"
                context.refuse_word(service, Code.UNKNOWN_NAME, message, known)


def _scalars(node: Node | None) -> list[ScalarNode]:
    return [item for item in node.items if isinstance(item, ScalarNode)] if isinstance(node, SequenceNode) else []


ENVIRONMENT: Final = Record(
    "an environment",
    Environment,
    (
        Key("state", TEXT, None),
        Key("services", SequenceOf(TEXT, "services", distinct=True), ()),
        Key("contact", TEXT, None),
        Key("owners", SequenceOf(OWNER, "owners"), ()),
        Key("fallback", Reference(Named.VENDOR), None),
    ),
    named=True,
    placed=True,
    check=lambda environment, _, context: _check_owners(environment, context),
)

PARTNERS: Final = Record(
    "vendors.yaml",
    Partners,
    (
        Key("vendors", Surveyed(MappingOf(TEXT, VENDOR, "vendors"), _survey_names)),
        Key("environments", Surveyed(MappingOf(TEXT, ENVIRONMENT, "environments"), _survey_services)),
    ),
)
