"""What must be open at the end, ticket by ticket: what the rules still have to decide, and a few that wait.

Most of what is open then are lives that are not over yet (``lives``), which have what the rules of the example
configuration decide, or what a person chose. ``FRESH`` lists the treatments that the bridge still has something to say
about: few enough that its first run stays far below its own limits, and as young as the arrivals let expect.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsm_bridge.sandbox.clock import INDIA

from .hours import earlier, worked
from .lives import reporter
from .owners import approvers, owner
from .people import INFRA_HEAD, PUNJAB_LEAD, Person
from .story import NORMAL, Life, Story
from .texts import DETAILS, everyday, outage_text


@dataclass(frozen=True, slots=True)
class Case:
    """One open ticket, created between ``youngest`` and ``oldest`` hours before the end.

    The hours are working hours, save for an outage: that cannot wait for anybody to come to work.
    """

    treatment: str
    kind: str
    environment: str
    service: str
    category: str
    youngest: float
    oldest: float
    text: str = ""

    @property
    def is_outage(self) -> bool:
        """Whether citizens cannot use a service."""
        return self.category == "availability"


FRESH = frozenset(
    {
        "untouched",
        "unseen_outage",
        "host_only",
        "unasked_change",
        "approved_without_vendor",
        "not_ours",
        "nobody_owns",
    }
)
"""Treatments that leave the rules something to decide (or to decline, or to say that nobody owns it)."""

SERVICENOW: tuple[Case, ...] = (
    Case("half_approved", "change", "punjab", "microservices", "network", 50, 100),
    Case("refused", "service_request", "punjab", "erp", "access", 45, 80),
    Case("slow", "incident", "ap", "portal", "network", 28, 36),
    Case("approved_without_vendor", "change", "bihar", "microservices", "database", 25, 50),
    Case("nobody_owns", "incident", "odisha", "microservices", "software", 10, 40),
    Case("unasked_change", "change", "punjab", "portal", "software", 3, 13),
    Case("untouched", "incident", "punjab", "erp", "software", 1, 13),
    Case("not_ours", "incident", "internal", "", "hardware", 2, 13, "Laptop of the front office does not boot"),
    Case("host_only", "incident", "", "erp", "database", 0.5, 9, "Alert: disk full on pb-db-1"),
    Case("unseen_outage", "incident", "ap", "microservices", "availability", 0.1, 0.4),
)

JIRA: tuple[Case, ...] = (
    Case("held", "problem", "punjab", "microservices", "database", 400, 440),
    Case("asked", "change", "punjab", "microservices", "database", 50, 90),
    Case("approved_without_vendor", "change", "ap", "microservices", "network", 50, 90),
    Case("nobody_owns", "service_request", "odisha", "microservices", "software", 30, 60),
    Case("unasked_change", "change", "ap", "microservices", "network", 3, 13),
    Case("untouched", "task", "bihar", "microservices", "performance", 1, 13),
    Case("not_ours", "service_request", "internal", "", "desktop", 2, 13, "Second screen for the new colleague"),
    Case("host_only", "incident", "", "microservices", "performance", 0.5, 9, "Load of pb-node-1 stays above 40"),
    Case("unseen_outage", "incident", "punjab", "erp", "availability", 0.1, 0.4),
)


def tell(cases: Iterable[Case], rng: random.Random, end: datetime) -> list[Story]:
    """A story for each open ticket; none goes beyond ``end``."""
    return [_one(case, rng, end) for case in cases]


def _one(case: Case, rng: random.Random, end: datetime) -> Story:
    story = Story(
        kind=case.kind,
        at=_created(case, rng, end),
        reporter=reporter(rng, case.environment),
        environment=case.environment,
        service=case.service,
        category=case.category,
        summary=_text(case, rng),
        description=rng.choice(DETAILS),
    )
    TREATMENTS[case.treatment](Life(story, rng, end, round_the_clock=case.is_outage))
    return story


def _created(case: Case, rng: random.Random, end: datetime) -> datetime:
    hours = rng.uniform(case.youngest, case.oldest)
    if case.treatment == "slow":
        hours = min(hours, max(worked(_monday(end), end), 0.5))
    return end - timedelta(hours=hours) if case.is_outage else earlier(end, hours)


def _monday(at: datetime) -> datetime:
    """When the week of ``at`` began in India."""
    local = at.astimezone(INDIA)
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=local.weekday())


def _text(case: Case, rng: random.Random) -> str:
    if case.is_outage:
        return outage_text(rng, case.service, case.environment)
    return case.text or everyday(rng, case.kind, case.category, case.service, case.environment)


def _begun(life: Life) -> Person:
    """The desk ranked it and gave it to the owner, whose engineer works on it."""
    story, rng = life.story, life.rng
    vendor = owner(story.environment, story.service, story.category, story.at.date())
    life.wait(rng.uniform(0.1, 0.6))
    life.triage(vendor, NORMAL)
    life.wait(rng.uniform(0.2, 2))
    return life.begin(vendor)


def _slow(life: Life) -> None:
    """Begun this week, so that it is past its target only when the week is some days old, and other work is done."""
    _begun(life)


def _held(life: Life) -> None:
    engineer = _begun(life)
    life.wait(life.rng.uniform(0.5, 5))
    life.pause(engineer)


def _ask(life: Life) -> None:
    life.wait(life.rng.uniform(0.1, 0.8))
    life.triage("", NORMAL)
    story = life.story
    life.ask(approvers(story.kind, story.environment, story.category))


def _approved(life: Life) -> None:
    """Everybody agreed, the last one today, and nobody has been given the work yet."""
    _ask(life)
    story = life.story
    wanted = approvers(story.kind, story.environment, story.category)
    first = life.left() * life.rng.uniform(0.7, 0.85)
    life.approve(wanted, [first, *(life.rng.uniform(0.3, 1) for _ in wanted[1:])])


def _half_approved(life: Life) -> None:
    _ask(life)
    life.wait(life.rng.uniform(1, 6))
    life.vote(PUNJAB_LEAD, "approved", decides=False)


def _refused(life: Life) -> None:
    """An approver said no; the requester has not been told yet."""
    _ask(life)
    life.wait(life.left() * life.rng.uniform(0.8, 0.95))
    life.vote(INFRA_HEAD, "rejected", decides=True)


def _untouched(_life: Life) -> None:
    """Just as the form made it: lowest priority, with nobody."""


def _unasked_change(life: Life) -> None:
    """Ranked by the form, and nobody asked for approval yet."""
    life.story.impact, life.story.urgency = NORMAL


TREATMENTS: Mapping[str, Callable[[Life], None]] = {
    "held": _held,
    "slow": _slow,
    "asked": _ask,
    "half_approved": _half_approved,
    "refused": _refused,
    "untouched": _untouched,
    "unseen_outage": _untouched,
    "host_only": _untouched,
    "unasked_change": _unasked_change,
    "approved_without_vendor": _approved,
    "not_ours": _untouched,
    "nobody_owns": _untouched,
}
