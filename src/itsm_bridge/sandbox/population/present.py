"""What is open at the end, ticket by ticket: most as the example rules would have it, some still waiting for them.

A run of the bridge may change at most 20 tickets of a source (or a fifth of the open ones). So most open tickets
already carry what the rules of the example configuration decide, or a value that a person chose after creation and
that stands; ``FRESH`` lists the treatments that the bridge still has something to say about.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .owners import approvers, owner
from .past import reporter
from .people import AGENTS, INFRA_HEAD, MACROSKIES, OPTIT, PUNJAB_LEAD
from .story import NORMAL, OUTAGE, Life, Story
from .texts import DETAILS, everyday, outage_text


@dataclass(frozen=True, slots=True)
class Case:
    """So many open tickets of one sort, created between ``youngest`` and ``oldest`` hours before the end."""

    treatment: str
    count: int
    kind: str
    environment: str
    service: str
    category: str
    youngest: float
    oldest: float
    text: str = ""


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
    Case("triaged", 3, "incident", "punjab", "erp", "software", 3, 26),
    Case("triaged", 1, "incident", "punjab", "erp", "software", 80, 300),
    Case("triaged", 2, "incident", "ap", "microservices", "database", 3, 26),
    Case("triaged", 1, "incident", "internal", "microservices", "performance", 3, 26),
    Case("held", 1, "incident", "internal", "microservices", "performance", 60, 160),
    Case("held", 3, "incident", "punjab", "portal", "software", 30, 420),
    Case("held", 1, "incident", "ap", "microservices", "software", 24, 300),
    Case("as_created", 3, "incident", "ap", "portal", "network", 3, 24),
    Case("outage", 2, "incident", "punjab", "microservices", "availability", 0.4, 3.2),
    Case("outage", 1, "incident", "bihar", "microservices", "availability", 5, 9),
    Case("person_ranked", 2, "incident", "punjab", "co-ex", "software", 4, 26),
    Case("person_ranked", 1, "incident", "punjab", "co-ex", "software", 90, 200),
    Case("person_moved", 1, "incident", "bihar", "microservices", "performance", 6, 26),
    Case("person_moved", 1, "incident", "bihar", "microservices", "performance", 120, 400),
    Case("reopened", 1, "incident", "ap", "microservices", "software", 100, 200),
    Case("triaged", 1, "service_request", "internal", "erp", "software", 5, 26),
    Case("refused", 1, "service_request", "punjab", "erp", "access", 20, 40),
    Case("approved_work", 1, "service_request", "punjab", "microservices", "access", 24, 48),
    Case("asked", 1, "service_request", "ap", "portal", "access", 1, 3),
    Case("approved_work", 1, "change", "punjab", "erp", "software", 30, 60),
    Case("asked", 1, "change", "ap", "microservices", "database", 20, 60),
    Case("half_approved", 1, "change", "punjab", "microservices", "network", 40, 120),
    Case("triaged", 1, "change", "internal", "portal", "software", 5, 26),
    Case("untouched", 2, "incident", "punjab", "erp", "software", 0.3, 8),
    Case("untouched", 1, "incident", "ap", "portal", "performance", 0.3, 8),
    Case("untouched", 1, "service_request", "bihar", "microservices", "database", 0.5, 20),
    Case("unseen_outage", 1, "incident", "ap", "microservices", "availability", 0.1, 0.4),
    Case("host_only", 1, "incident", "", "microservices", "software", 0.3, 5, "Service does not start on pb-node-2"),
    Case("host_only", 1, "incident", "", "erp", "database", 0.3, 5, "Alert: disk full on pb-db-1"),
    Case("unasked_change", 1, "change", "punjab", "portal", "software", 2, 20),
    Case("unasked_change", 1, "change", "ap", "microservices", "network", 2, 20),
    Case("approved_without_vendor", 1, "change", "punjab", "portal", "software", 24, 50),
    Case("approved_without_vendor", 1, "change", "bihar", "microservices", "database", 24, 50),
    Case("not_ours", 1, "incident", "internal", "", "hardware", 1, 6, "Laptop of the front office does not boot"),
    Case("nobody_owns", 1, "incident", "odisha", "microservices", "software", 3, 20),
)

JIRA: tuple[Case, ...] = (
    Case("triaged", 3, "incident", "punjab", "microservices", "software", 3, 26),
    Case("triaged", 1, "incident", "punjab", "microservices", "software", 80, 300),
    Case("triaged", 2, "incident", "ap", "portal", "performance", 3, 26),
    Case("held", 1, "incident", "ap", "portal", "performance", 60, 200),
    Case("held", 3, "service_request", "punjab", "erp", "database", 30, 420),
    Case("held", 1, "incident", "ap", "microservices", "network", 24, 300),
    Case("as_created", 2, "task", "internal", "microservices", "software", 3, 26),
    Case("as_created", 1, "task", "internal", "microservices", "software", 100, 500),
    Case("as_created", 1, "problem", "punjab", "microservices", "database", 100, 600),
    Case("held", 1, "problem", "punjab", "microservices", "database", 60, 400),
    Case("outage", 2, "incident", "ap", "portal", "availability", 0.4, 3.2),
    Case("person_ranked", 2, "task", "punjab", "erp", "performance", 4, 26),
    Case("person_moved", 1, "task", "bihar", "microservices", "software", 6, 26),
    Case("person_moved", 1, "task", "bihar", "microservices", "software", 120, 400),
    Case("reopened", 1, "incident", "punjab", "portal", "software", 100, 200),
    Case("triaged", 3, "service_request", "internal", "portal", "software", 5, 26),
    Case("approved_work", 1, "service_request", "ap", "microservices", "access", 24, 48),
    Case("asked", 1, "service_request", "punjab", "erp", "access", 1, 3),
    Case("approved_work", 2, "change", "ap", "portal", "software", 30, 60),
    Case("asked", 1, "change", "punjab", "microservices", "database", 20, 60),
    Case("half_approved", 1, "change", "bihar", "microservices", "network", 40, 120),
    Case("triaged", 1, "change", "internal", "erp", "database", 5, 26),
    Case("untouched", 2, "incident", "ap", "microservices", "database", 0.3, 8),
    Case("untouched", 1, "incident", "punjab", "portal", "software", 0.3, 8),
    Case("untouched", 1, "task", "bihar", "microservices", "performance", 0.5, 20),
    Case("unseen_outage", 1, "incident", "punjab", "erp", "availability", 0.1, 0.4),
    Case("host_only", 2, "incident", "", "microservices", "performance", 0.3, 5, "Load of pb-node-1 stays above 40"),
    Case("unasked_change", 1, "change", "punjab", "erp", "database", 2, 20),
    Case("unasked_change", 1, "change", "ap", "portal", "software", 2, 20),
    Case("approved_without_vendor", 1, "change", "ap", "microservices", "network", 24, 50),
    Case("not_ours", 1, "service_request", "internal", "", "desktop", 1, 6, "Second screen for the new colleague"),
    Case("nobody_owns", 1, "service_request", "odisha", "microservices", "software", 3, 20),
)


def tell(cases: Iterable[Case], rng: random.Random, now: datetime) -> list[tuple[Case, Story]]:
    """A story for each open ticket, by the moment it begins; none goes beyond ``now``."""
    told = [(case, _one(case, rng, now)) for case in cases for _ in range(case.count)]
    return sorted(told, key=lambda pair: pair[1].at)


def _one(case: Case, rng: random.Random, now: datetime) -> Story:
    span = case.oldest / case.youngest
    age = timedelta(hours=case.youngest * span ** rng.random())
    story = Story(
        kind=case.kind,
        at=now - age,
        reporter=reporter(rng, case.environment),
        environment=case.environment,
        service=case.service,
        category=case.category,
        summary=_text(case, rng),
        description=rng.choice(DETAILS),
    )
    life = Life(story, rng, now, round_the_clock=case.category == "availability")
    TREATMENTS[case.treatment](life)
    return story


def _text(case: Case, rng: random.Random) -> str:
    if case.category == "availability":
        return outage_text(rng, case.service, case.environment)
    return case.text or everyday(rng, case.kind, case.category, case.service, case.environment)


def _owner(life: Life) -> str:
    story = life.story
    return owner(story.environment, story.service, story.category, story.at.date())


def _triaged(life: Life) -> None:
    """The desk ranked it and gave it to the owner, whose engineer works on it."""
    life.wait(life.rng.uniform(0.1, 0.6))
    vendor = _owner(life)
    life.triage(vendor, NORMAL)
    life.wait(life.rng.uniform(0.2, 2))
    life.begin(vendor)


def _held(life: Life) -> None:
    _triaged(life)
    life.wait(life.rng.uniform(0.5, 5))
    life.pause(life.rng.choice(AGENTS))


def _as_created(life: Life) -> None:
    """The form already had everything right; work began."""
    story = life.story
    story.vendor = _owner(life)
    story.impact, story.urgency = NORMAL
    life.wait(life.rng.uniform(0.3, 3))
    life.begin(story.vendor)


def _outage(life: Life) -> None:
    life.wait(life.rng.uniform(0.05, 0.12))
    vendor = _owner(life)
    life.triage(vendor, OUTAGE)
    life.wait(life.rng.uniform(0.02, 0.08))
    life.begin(vendor)


def _person_ranked(life: Life) -> None:
    """A person thought otherwise about its priority; that stands."""
    _triaged(life)
    life.wait(life.rng.uniform(0.5, 4))
    impact, urgency = life.rng.choice((("1", "2"), ("3", "3"), ("2", "1")))
    life.happen(life.rng.choice(AGENTS), impact=impact, urgency=urgency)


def _person_moved(life: Life) -> None:
    """A person gave it to somebody who does not own it; that stands."""
    _triaged(life)
    life.wait(life.rng.uniform(1, 6))
    life.hand_over(MACROSKIES if life.story.environment == "bihar" else OPTIT)


def _reopened(life: Life) -> None:
    _triaged(life)
    engineer = life.rng.choice(AGENTS)
    life.wait(life.rng.uniform(3, 9))
    life.resolve(engineer)
    life.wait(life.rng.uniform(3, 12))
    life.reopen()


def _ask(life: Life) -> None:
    life.wait(life.rng.uniform(0.1, 0.8))
    life.triage("", NORMAL)
    story = life.story
    life.ask(approvers(story.kind, story.environment, story.category))


def _approved(life: Life) -> None:
    _ask(life)
    story = life.story
    life.approve(approvers(story.kind, story.environment, story.category))


def _half_approved(life: Life) -> None:
    _ask(life)
    life.wait(life.rng.uniform(1, 6))
    life.vote(PUNJAB_LEAD, "approved", decides=False)


def _refused(life: Life) -> None:
    """An approver said no; the requester has not been told yet."""
    _ask(life)
    life.wait(life.rng.uniform(0.5, 3))
    life.vote(INFRA_HEAD, "rejected", decides=True)


def _approved_work(life: Life) -> None:
    _approved(life)
    vendor = _owner(life)
    life.wait(life.rng.uniform(0.3, 3))
    life.triage(vendor, NORMAL)
    life.wait(life.rng.uniform(0.5, 6))
    life.begin(vendor)


def _untouched(_life: Life) -> None:
    """Just as the form made it: lowest priority, with nobody."""


def _unasked_change(life: Life) -> None:
    """Ranked by the form, and nobody asked for approval yet."""
    life.story.impact, life.story.urgency = NORMAL


TREATMENTS: Mapping[str, Callable[[Life], None]] = {
    "triaged": _triaged,
    "held": _held,
    "as_created": _as_created,
    "outage": _outage,
    "person_ranked": _person_ranked,
    "person_moved": _person_moved,
    "reopened": _reopened,
    "approved_work": _approved_work,
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
