"""All that one folder says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from itsm_bridge.config.model.holding import HoldRule
from itsm_bridge.config.model.levels import CalendarDefinition, SlaDefinition
from itsm_bridge.config.model.partners import Environment, Vendor
from itsm_bridge.config.model.reporting import Reports
from itsm_bridge.config.model.rulebook import RuleBook
from itsm_bridge.config.model.sources import Limits, Ownership, Source
from itsm_bridge.config.model.telling import Metrics, Notify


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration folder. ``digest`` is the SHA-256 of the files as read; mappings keep the files' order.

    ``holders`` are tried in their order for a ticket on hold; where none applies, it waits for the requester.
    """

    folder: Path
    digest: str
    store: str
    zone: ZoneInfo
    sources: Mapping[str, Source]
    limits: Limits
    ownership: Mapping[str, Ownership]
    vendors: Mapping[str, Vendor]
    environments: Mapping[str, Environment]
    calendars: Mapping[str, CalendarDefinition]
    slas: tuple[SlaDefinition, ...]
    rules: RuleBook
    holders: tuple[HoldRule, ...] = ()
    reports: Reports = field(default_factory=Reports)
    metrics: Metrics | None = None
    notify: Notify = field(default_factory=Notify)
