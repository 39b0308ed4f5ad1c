"""What a page says beside the tables, from the configuration: who owns which environment, and where tickets open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import quote

from itsm_bridge.config.model import Configuration, Jira, Source
from itsm_bridge.rules import OwnerSlot, owner_map

SAFE = ("https://", "http://")
"""How an address begins that a page may link to."""


@dataclass(frozen=True, slots=True)
class Estate:
    """The environments in the order of ``vendors.yaml``, who owns each of their services, and the sources.

    The empty one knows nothing: a page of it names no owner and links nowhere, as a copy for a vendor must.
    """

    environments: tuple[str, ...] = ()
    owners: tuple[OwnerSlot, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    @classmethod
    def of(cls, configuration: Configuration, day: date) -> Estate:
        """What the configuration says of ``day``."""
        return cls(tuple(configuration.environments), owner_map(configuration, day), configuration.sources)

    def slots(self, environment: str) -> tuple[OwnerSlot, ...]:
        """Who owns the services of one environment."""
        return tuple(slot for slot in self.owners if slot.environment == environment)

    def address(self, source: str, external_id: str, number: str, project: str) -> str:
        """Where a ticket opens in a browser, from the configured address alone; empty where its source is not known."""
        found = self.sources.get(source)
        if found is None or not found.url.startswith(SAFE):
            return ""
        base = found.url.rstrip("/")
        if isinstance(found, Jira):
            return f"{base}/browse/{quote(number, safe='')}"
        return f"{base}/{quote(project, safe='')}.do?sys_id={quote(external_id, safe='')}"
