"""``sla.yaml``: calendars, service levels and holders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from itsm_bridge.config.calendar_decoding import CALENDAR
from itsm_bridge.config.decoding import MappingOf, Parsed, SequenceOf, Surveyed
from itsm_bridge.config.holders import HOLDERS
from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import CalendarDefinition, HoldRule, SlaDefinition
from itsm_bridge.config.records import Key, Record
from itsm_bridge.config.service_levels import SLA, WHOSE, note_doubled_levels


@dataclass(frozen=True, slots=True)
class Services:
    """What ``sla.yaml`` says."""

    calendars: Mapping[str, CalendarDefinition]
    slas: tuple[SlaDefinition, ...]
    holders: tuple[HoldRule, ...]


def parse_calendar_name(text: str) -> str:
    """Read a name that a service level cannot mistake for another; raises ``LiteralError``."""
    if text in WHOSE:
        raise LiteralError(f"a calendar cannot be called {text}: in a service level that means the {text}'s calendar")
    return text


SERVICES: Final = Record(
    "sla.yaml",
    Services,
    (
        Key("calendars", MappingOf(Parsed(parse_calendar_name, "a calendar's name"), CALENDAR, "calendars")),
        Key("slas", Surveyed(SequenceOf(SLA, "service levels"), note_doubled_levels), ()),
        Key("holders", HOLDERS, ()),
    ),
)
