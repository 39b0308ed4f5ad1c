"""Random vendors whose names are hard to tell apart, and tickets that go from one to another, full of canaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from tests.analysis.made import NOW, WEEK_START, Change, ticket

from itsm_bridge.config.model import Configuration, Vendor
from itsm_bridge.model import TicketRecord

ALIKE = (
    "{}", "{}-2", "{} 2", "{}2", "{} Ltd", "{}A", "A {}", "{}'s", "{}_x", "\uff36{}", "\u0412{}", "{}\u200b",
    "{}\u0301",
)  # fmt: skip
"""Names around one stem: beginnings of one another, and ones that only a machine can tell apart."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A vendor, or nobody, that had a ticket from ``start`` up to ``end``."""

    vendor: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Population:
    """Some vendors, their tickets, and who had each when."""

    vendors: tuple[str, ...]
    records: tuple[TicketRecord, ...]
    holdings: Mapping[str, tuple[Holding, ...]]

    def canary(self, vendor: str) -> str:
        """What stands in every text that comes from one vendor, and nowhere else."""
        return f"qz{self.records[0].ticket.number}y{self.vendors.index(vendor)}v" if vendor else "qznobodyv"


def population(seed: int, *, stem: str = "") -> Population:
    """A random one; the same seed gives the same."""
    random = Random(seed)
    word = stem or f"Vex{seed}"
    names = [word, *(form.format(word) for form in random.sample(ALIKE[1:], random.randint(2, 4)))]
    if random.random() < 0.5:
        names.append(word.upper())
    vendors = tuple(dict.fromkeys(names))
    held = {f"INC{seed:05}{number}": tuple(_holdings(random, vendors)) for number in range(random.randint(3, 6))}
    empty = Population(vendors, (ticket(f"INC{seed:05}0", NOW),), held)
    records = tuple(_record(number, holdings, empty, random) for number, holdings in held.items())
    return replace(empty, records=records)


def _holdings(random: Random, vendors: tuple[str, ...]) -> Iterator[Holding]:
    """From one to another, often back, sometimes to nobody; most are still open when the week begins."""
    at = NOW - timedelta(hours=random.randint(2, 24 * 20))
    moves = sorted(random.randint(1, 24 * 20) for _ in range(random.randint(0, 4)))
    starts = [at, *(at + timedelta(hours=hours) for hours in moves)]
    starts = sorted({start for start in starts if start < NOW})
    before, older = "", ""
    for place, start in enumerate(starts):
        choices = [vendor for vendor in (*vendors, "", older) if vendor != before]
        vendor = random.choice(choices)
        yield Holding(vendor, start, starts[place + 1] if place + 1 < len(starts) else NOW)
        before, older = vendor, before


def _record(number: str, holdings: tuple[Holding, ...], people: Population, random: Random) -> TicketRecord:
    first, *later = holdings
    changes: list[tuple[Change, str]] = []
    for one in (first, *later):
        mark, length = people.canary(one.vendor), one.end - one.start
        if one is not first:
            changes += [((one.start, field, value), mark) for field, value in _on_arrival(one, people).items()]
        changes.append(((one.start + length / 3, "assignee", f"Asha 2 {mark}"), mark))
        if random.random() < 0.3:
            changes.append(((one.start + length * 2 / 3, "state", "in_progress"), mark))
    record = _asking(number, holdings, [change for change, _ in changes], people, random.choice(people.vendors))
    history = [replace(entry, actor=f"Actor 7 {of}") for entry, (_, of) in zip(record.history, changes, strict=True)]
    return TicketRecord(record.ticket, tuple(history))


def _on_arrival(one: Holding, people: Population) -> Mapping[str, str]:
    mark = people.canary(one.vendor)
    return {"vendor": one.vendor, "group": f"Team {mark}", "assignee": f"Asha {mark}"}


def _asking(
    number: str, holdings: tuple[Holding, ...], changes: list[Change], people: Population, other: str
) -> TicketRecord:
    """A ticket whose title names another vendor beside the one that has it."""
    first, last = holdings[0], holdings[-1]
    mark = people.canary(first.vendor)
    return ticket(
        number,
        first.start,
        *changes,
        vendor=first.vendor or None,
        group=f"Team {mark}",
        assignee=f"Asha {mark}",
        summary=f"Ask {other}: {people.canary(last.vendor)}",
    )


def with_vendors(configured: Configuration, names: tuple[str, ...]) -> Configuration:
    """The configuration with more vendors, each with another name in the source."""
    pattern: Vendor = configured.vendors["GWL"]
    more = {name: replace(pattern, name=name, names={"snow": f"{name} Desk"}) for name in names}
    return replace(configured, vendors={**configured.vendors, **more})


def had(people: Population, vendor: str) -> frozenset[str]:
    """The tickets that a vendor had at some time of the week, by a plain walk (none of these is ever resolved)."""
    return frozenset(
        f"snow:{number}"
        for number, holdings in people.holdings.items()
        if any(one.vendor == vendor and one.end >= WEEK_START for one in holdings)
    )
