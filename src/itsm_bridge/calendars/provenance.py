"""What a calendar's answers depend on besides the question, so that an old answer can be told from a wrong one."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import json
import zoneinfo
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from itsm_bridge.calendars.opening import week_of
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Holidays

PROBE = "UTC"
"""A zone that every zone database holds: where it is found, the others are."""


def digest_of(definition: CalendarDefinition) -> str:
    """SHA-256, in hex, of the definition without names and places, and of the data that it draws on."""
    content = {
        "zone": definition.zone.key,
        "zone data": zone_data_version(),
        "terms": [_terms(one) for one in definition.terms],
        "overrides": {day.isoformat(): spans for day, spans in definition.overrides.items()},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _terms(terms: CalendarTerms) -> Mapping[str, object]:
    return {"start": terms.start.isoformat(), "week": week_of(terms), "holidays": _holidays(terms.holidays)}


def _holidays(holidays: Holidays) -> Mapping[str, object]:
    """Without the names of days, which close them no more and no less."""
    public = (holidays.country, holidays.subdivision, holidays_version()) if holidays.country else None
    days = {"add": holidays.add, "listed": holidays.listed, "remove": holidays.remove}
    return {"public": public, **{name: sorted(day.isoformat() for day in given) for name, given in days.items()}}


@lru_cache(maxsize=1)
def holidays_version() -> str:
    """The version of the ``holidays`` package, which is not loaded for it."""
    return importlib.metadata.version("holidays")


@lru_cache(maxsize=1)
def zone_data_version() -> str:
    """The version of the zone data that ``zoneinfo`` uses, such as ``2026a``.

    The system's data come first, the ``tzdata`` package after them. A system that does not say which version it has is
    known by a hash of the data themselves.
    """
    root = next((Path(path) for path in zoneinfo.TZPATH if (Path(path) / PROBE).is_file()), None)
    if root is None:
        return str(importlib.import_module("tzdata").IANA_VERSION)
    return _stated(root) or _hashed(root)


def _stated(root: Path) -> str | None:
    """The version in ``tzdata.zi`` (Linux) or ``+VERSION`` (macOS, BSD)."""
    try:
        with (root / "tzdata.zi").open(encoding="utf-8") as file:
            return file.readline().removeprefix("# version").strip() or None
    except OSError:
        pass
    try:
        return (root / "+VERSION").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _hashed(root: Path) -> str:
    digest = hashlib.sha256()
    for name in sorted(zoneinfo.available_timezones()):
        place = root / name
        if place.is_file():
            content = place.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return f"sha256:{digest.hexdigest()}"
