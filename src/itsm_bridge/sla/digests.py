"""What a verdict rests on, as digests: the definition, the calendars that counted, and the ticket's history.

Only what bears on a verdict is in them: not where a definition stands in its file, not what it warns of, and not from
when to when it is in force. A value that says nothing (none, false, empty) is left out, so that a key which a newer
version knows and nobody has set changes no digest.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from itsm_bridge.calendars import Calendars, Rota, epoch, holidays_version, zone_data_version
from itsm_bridge.config.model import Configuration, SlaDefinition
from itsm_bridge.history import timeline
from itsm_bridge.model import TicketRecord

Plain = str | int | float | list["Plain"] | dict[str, "Plain"]

BESIDE = frozenset({"position", "places", "warn", "start_day", "end_day"})
"""Parts of a definition on which no verdict rests."""

FOLLOWED = (
    "state", "priority", "impact", "urgency", "approval", "vendor", "environment", "service", "group", "category",
    "type",
)  # fmt: skip
"""The fields of a ticket whose course is kept: those that clocks go by, always the same ones."""

Seen = tuple[str | None, str | None, Sequence[str], datetime, datetime]
"""Of a cycle: vendor, environment and services at its end, start and end."""


def digest_of(*values: object) -> str:
    """16 hexadecimal digits of the SHA-256 of some values: dataclasses, mappings, texts, numbers."""
    text = json.dumps([_plain(value) for value in values], sort_keys=True, ensure_ascii=False)
    return _hashed(text)


def history_digest(record: TicketRecord) -> Callable[[datetime], str]:
    """A ticket's course up to, and with, an instant, as a function of it."""
    moments = timeline(record, FOLLOWED)
    at = [moment.at for moment in moments]
    steps = ["\x1f".join((str(moment.at), *moment.values.values())) for moment in moments]

    def until(instant: datetime) -> str:
        return _hashed("\x1e".join(steps[: bisect_right(at, instant)]))

    return until


class Digests:
    """The digests of one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._calendars = Calendars(configuration)
        self._configuration = configuration
        self._definitions = [(one, digest_of(one)) for one in configuration.slas]
        self._of_calendar = {name: digest_of(one) for name, one in configuration.calendars.items()}

    @property
    def inputs(self) -> str:
        """Everything but the tickets that clocks are computed from."""
        ours = self._configuration
        vendors = {name: vendor.calendar for name, vendor in ours.vendors.items()}
        owners = {name: environment.owners for name, environment in ours.environments.items()}
        periods = [[str(day) for day in (one.start_day, one.end_day)] for one in ours.slas]
        definitions = [digest for _, digest in self._definitions]
        return digest_of(definitions, periods, self._of_calendar, vendors, owners, ours.zone, *versions())

    @property
    def configuration(self) -> str:
        """The digest of the whole folder."""
        return self._configuration.digest

    def in_force(self, sla: str, at: datetime) -> SlaDefinition | None:
        """The version of a service level that a clock which begins at an instant has; none where there is none."""
        day = at.astimezone(self._configuration.zone).date()
        named = [one for one, _ in self._definitions if one.name == sla]
        return next((one for one in named if one.holds_on(day)), named[-1] if named else None)

    def definition(self, one: SlaDefinition | None) -> str:
        """Of a definition of this configuration; empty where there is none any more."""
        return next((digest for known, digest in self._definitions if known is one), "")

    def calendars(self, definition: SlaDefinition | None, seen: Seen) -> str:
        """Of the calendars that counted for a cycle, and when: those where the ticket was at its end."""
        vendor, environment, services, start, end = seen
        if definition is None:
            return ""
        if definition.calendar == "environment":
            return self._of_rota(self._calendars.rota(environment or "", services), epoch(start), epoch(end))
        if definition.calendar == "vendor":
            of_vendor = self._calendars.for_vendor(vendor or "")
            return "" if of_vendor is None else self._of_calendar[of_vendor.name]
        return self._of_calendar[definition.calendar]

    def _of_rota(self, rota: Rota, start: int, end: int) -> str:
        pieces = [
            (begin, to, "" if calendar is None else self._of_calendar[calendar.name])
            for begin, to, calendar in rota.pieces(start, end)
        ]
        return pieces[0][2] if len(pieces) == 1 else digest_of(pieces)


def versions() -> tuple[str, str]:
    """Of the zone database and of the public holidays."""
    return zone_data_version(), holidays_version()


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _plain(value: object) -> Plain:
    """A value as JSON knows it, in one order."""
    if isinstance(value, str | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return {"": type(value).__name__, **dict(_parts(value))}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return [_plain(item) for item in sorted(value, key=str)]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.key if isinstance(value, ZoneInfo) else str(value)


def _parts(value: object) -> Iterator[tuple[str, Plain]]:
    for field in fields(value):  # type: ignore[arg-type]  # a dataclass, as was asked before
        content = getattr(value, field.name)
        if field.name not in BESIDE and content not in (None, False, (), {}, frozenset()):
            yield field.name, _plain(content)
