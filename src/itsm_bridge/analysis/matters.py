"""What the configuration and the runs hold that somebody must decide: owners, agreements, runs that were stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from itsm_bridge.config.model import Configuration, Environment, VendorStatus
from itsm_bridge.store import Run

AHEAD = timedelta(days=60)
"""How long before an owner ends a successor should be known."""

GUARD = "6"
"""The outcome of a run that a guard stopped."""

WORKING = frozenset({"run", "apply"})
NEEDING_NDA = frozenset({VendorStatus.ONBOARDING, VendorStatus.ACTIVE})


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to decide that no ticket holds; ``kind`` is one of ``decisions_needed.KINDS``."""

    kind: str
    subject: str
    why: str
    since: datetime | None = None


def matters(configuration: Configuration, runs: Iterable[Run], until: datetime) -> tuple[Matter, ...]:
    """Those of the instant, by kind. ``runs`` are the last ones, newest first."""
    day = until.astimezone(configuration.zone).date()
    return (
        *_stopped(runs, until),
        *(one for place in configuration.environments.values() for one in _ending(place, day)),
        *_without_nda(configuration),
    )


def _stopped(runs: Iterable[Run], until: datetime) -> Iterator[Matter]:
    """A guard that stopped the last run that writes."""
    last = next((run for run in runs if run.command in WORKING and run.outcome and run.started_at < until), None)
    if last is not None and last.outcome == GUARD:
        problems = last.summary.get("problems")
        why = "; ".join(map(str, problems)) if isinstance(problems, list | tuple) else ""
        yield Matter("guard", f"run {last.id}", why, last.started_at)


def _ending(place: Environment, day: date) -> Iterator[Matter]:
    """Owners of an environment that end soon with nobody who owns the same services on that day."""
    for owner in place.owners:
        end = owner.end
        if end is None or not day < end <= day + AHEAD:
            continue
        after = [
            one
            for one in place.owners
            if one is not owner and (one.start or date.min) <= end and (one.end is None or one.end > end)
        ]
        services = set(owner.services or place.services)
        left = services - {name for one in after for name in one.services or place.services}
        if left or not (services or after):
            what = f" of {', '.join(sorted(left))}" if owner.services else ""
            then = f"; then {place.fallback} as fallback" if place.fallback else ""
            yield Matter("owner", place.name, f"{owner.vendor} owns it{what} until {end:%d %b %Y}{then}")


def _without_nda(configuration: Configuration) -> Iterator[Matter]:
    for vendor in configuration.vendors.values():
        if vendor.status in NEEDING_NDA and vendor.nda_signed is None and not vendor.internal:
            yield Matter("nda", vendor.name, f"{vendor.status}, and no non-disclosure agreement is on file")
