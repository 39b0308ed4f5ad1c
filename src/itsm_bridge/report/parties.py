"""What parties are called, and which of that a vendor's copy may say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from itsm_bridge.analysis.belonging import Belonging
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.scoping import ScopedFrames
from itsm_bridge.config.model import Configuration
from itsm_bridge.report.naming import Names

SHORTEST_NUMBER = 4
"""Letters and digits of a ticket's number that is looked for without its source: ``17`` may be any figure."""


@dataclass(frozen=True, slots=True)
class Parties:
    """The names of all parties. ``common`` are those that are words of the program's own text too."""

    configuration: Configuration
    common: Collection[str] = ()

    def names(self, scope: ScopedFrames, instead: Mapping[str, str]) -> Names:
        """What is one vendor's own and what is foreign; ``instead`` are its own people's other names."""
        own = self._called(scope.vendor)
        others = [vendor for vendor in self.configuration.vendors if vendor != scope.vendor]
        foreign = {name for vendor in others for name in self._called(vendor)} | scope.others
        people = {name for name in (*scope.strangers, *instead) if _is_telling(name)}
        kept = scope.people - instead.keys()  # "asha@gwl.example" is not to lose the "Asha" of somebody else
        return Names(
            own | kept,
            self._searched(foreign | people) - own - kept,
            _ids(scope.foreign),
            own_ids=_ids(scope.tickets),
            instead=instead,
            common=self.common,
        )

    def everybody(self, seen: Frames) -> Names:
        """All parties, as nobody's own."""
        whole = Belonging(seen, "")
        vendors = {name for vendor in self.configuration.vendors for name in self._called(vendor)} | whole.others
        return Names((), self._searched(vendors | {name for name in whole.foreign_people if _is_telling(name)}))

    def _called(self, vendor: str) -> set[str]:
        known = self.configuration.vendors.get(vendor)
        return {vendor} if known is None else {vendor, *known.names.values()}

    def _searched(self, names: Iterable[str]) -> set[str]:
        """``names`` without the words that the configuration has for what every vendor works with."""
        places = self.configuration.environments.values()
        services = [service for place in places for service in place.services]
        shared = {
            word.casefold() for word in (*self.configuration.environments, *services, *self.configuration.sources)
        }
        return {name for name in names if name.casefold() not in shared}


def _is_telling(person: str) -> bool:
    """Whether a name is no single plain word, which may be a word of any text: ``agent``."""
    return not person.isalpha()


def _ids(tickets: Iterable[str]) -> Iterator[str]:
    """Ids of tickets, and their numbers as far as these can be nothing else."""
    for ticket in tickets:
        number = ticket.partition(":")[2]
        yield ticket
        if len(number) >= SHORTEST_NUMBER and not number.isdigit() and not number.isalpha():
            yield number
