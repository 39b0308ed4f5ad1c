"""The year behind: arrivals with a rhythm, a trend and a bad month, and lives that ended."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count

from itsm_bridge.sandbox.clock import INDIA

from .owners import SERVICES_OF, STATES, approvers, owner
from .people import AGENTS, GWL, MACROSKIES, OPTIT, OWN_TEAM, REQUESTERS, Person
from .story import NORMAL, OUTAGE, Life, Story
from .texts import BY_KIND, DETAILS, everyday, outage_text

DAYS = 365
_WEEK = (1.25, 1.1, 1.0, 1.0, 0.9, 0.3, 0.15)
_HOURS = (*[0.1] * 7, 0.5, 1, 3, 5, 6, 5, 3, 4, 5, 5, 4, 2, 1, 0.7, 0.5, 0.3, 0.2)
_ENVIRONMENTS = {"punjab": 42, "ap": 28, "bihar": 12, "internal": 18}
_BAD_MONTH_BEGINS, _BAD_MONTH_ENDS = 110, 80
"""Days before the end; the month in which Andhra Pradesh moved its data centre."""

LATE: Mapping[str, float] = {OPTIT: 0.10, GWL: 0.16, MACROSKIES: 0.13, OWN_TEAM: 0.09}
"""The share of each vendor's tickets that take too long."""
REOPENED, HELD, HANDED_OVER, RETURNED = 0.045, 0.25, 0.09, 0.05


class Quota:
    """Says yes to a share of what it is asked, evenly spread: small numbers hit their share without luck."""

    def __init__(self, share: float, start: float) -> None:
        self._share = share
        self._sum = start

    def take(self, weight: float = 1.0) -> bool:
        """Whether this one is among the share; ``weight`` makes it likelier."""
        self._sum += self._share * weight
        if self._sum < 1:
            return False
        self._sum -= 1
        return True


class Past:
    """Tells the stories of one source's ended tickets."""

    def __init__(self, rng: random.Random, now: datetime, kinds: Mapping[str, int]) -> None:
        self._rng = rng
        self._now = now
        self._kinds = kinds
        self._late = {vendor: Quota(share, rng.random()) for vendor, share in LATE.items()}
        self._slow_response = Quota(0.15, rng.random())
        self._reopened = Quota(REOPENED, rng.random())
        self._outages = Quota(0.24, rng.random())

    def tell(self, wanted: int) -> list[Story]:
        """That many stories, by the moment they begin; each is resolved or canceled before the end."""
        return sorted((self._one(at) for at in self._arrivals(wanted)), key=lambda story: story.at)

    def _arrivals(self, wanted: int) -> list[datetime]:
        days = [self._now - timedelta(days=back) for back in range(DAYS, 0, -1)]
        chosen = self._rng.choices(days, [self._weight(day) for day in days], k=wanted)
        return sorted(self._moment(day) for day in chosen)

    def _weight(self, day: datetime) -> float:
        back = (self._now - day).days
        bad = 1.9 if self._is_bad(day) else 1.0
        return _WEEK[day.astimezone(INDIA).weekday()] * (1.6 - 0.9 * back / DAYS + math.exp(-back / 12)) * bad

    def _is_bad(self, day: datetime) -> bool:
        return _BAD_MONTH_ENDS <= (self._now - day).days <= _BAD_MONTH_BEGINS

    def _moment(self, day: datetime) -> datetime:
        hour = self._rng.choices(range(24), _HOURS)[0]
        midnight = day.astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(hours=hour, seconds=self._rng.randrange(3600))

    def _one(self, at: datetime) -> Story:
        """A story that ends in time. Where it does not it is told anew, and at last began a week earlier."""
        for attempt in count():
            story = self._life(at)
            kept = [event for event in story.events if event.at < self._now]
            ended = [event for event in kept if event.changes.get("state") in ("resolved", "canceled")]
            if ended and kept[-1].changes.get("state") in ("resolved", "closed", "canceled"):
                story.events = kept
                break
            if attempt % 3 == 2:
                at -= timedelta(days=7)
        return story

    def _life(self, at: datetime) -> Story:
        story = self._begin(at)
        outage = story.kind == "incident" and story.environment in STATES and self._outages.take()
        if outage:
            story.category = "availability"
            story.summary = outage_text(self._rng, story.service, story.environment)
        life = Life(story, self._rng, round_the_clock=outage)
        if self._ask(life):
            self._work(life, outage=outage)
        return story

    def _begin(self, at: datetime) -> Story:
        rng = self._rng
        kind = rng.choices(list(self._kinds), list(self._kinds.values()))[0]
        environment = rng.choices(list(_ENVIRONMENTS), list(_ENVIRONMENTS.values()))[0]
        service = rng.choice(SERVICES_OF[environment])
        category = rng.choice(list(BY_KIND[kind]))
        return Story(
            kind=kind,
            at=at,
            reporter=reporter(rng, environment),
            environment=environment,
            service=service,
            category=category,
            summary=everyday(rng, kind, category, service, environment),
            description=rng.choice(DETAILS),
        )

    def _ask(self, life: Life) -> bool:
        """Whether work may begin: no approval is needed, or it was given."""
        story = life.story
        wanted = approvers(story.kind, story.environment, story.category)
        if not wanted:
            return True
        life.wait(self._rng.uniform(0.2, 2))
        life.triage("", NORMAL)
        life.ask(wanted)
        if self._rng.random() > 0.12:
            life.approve(wanted)
            return True
        life.wait(self._rng.uniform(2, 9))
        life.vote(wanted[-1], "rejected", decides=True)
        life.wait(self._rng.uniform(0.2, 3))
        life.happen(self._rng.choice(AGENTS), state="canceled")
        return False

    def _work(self, life: Life, *, outage: bool) -> None:
        story, rng = life.story, self._rng
        vendor = owner(story.environment, story.service, story.category, story.at.date())
        hours = self._hours(vendor, bad=self._is_bad(story.at), outage=outage)
        response = self._response(hours, outage=outage)
        first = self._first_vendor(vendor)
        life.wait(response * rng.uniform(0.3, 0.7))
        life.triage(first, OUTAGE if outage else NORMAL)
        life.wait(response * 0.3)
        engineer = life.begin(first)
        engineer = self._middle(life, engineer, first, vendor, max(hours - response, 0.05))
        life.resolve(engineer)
        if self._reopened.take():
            life.wait(rng.uniform(1, 6))
            life.reopen()
            life.wait(0.2 if outage else rng.uniform(1, 5))
            life.resolve(engineer)
        life.close()

    def _hours(self, vendor: str, *, bad: bool, outage: bool) -> float:
        """How long the work takes: well inside the service level or well outside it (4 h for an outage, else 16 h)."""
        late = self._late[vendor].take(1.8 if bad else 0.9)
        if outage:
            return self._rng.uniform(4.6, 11) if late else min(3.3, 0.3 + self._rng.expovariate(1 / 1.1))
        return self._rng.uniform(22, 55) if late else min(11.0, 0.7 + self._rng.expovariate(1 / 3.8))

    def _response(self, hours: float, *, outage: bool) -> float:
        if outage:
            return self._rng.uniform(0.4, 0.8) if self._slow_response.take() else self._rng.uniform(0.07, 0.2)
        return hours * self._rng.uniform(0.1, 0.35)

    def _first_vendor(self, vendor: str) -> str:
        """Sometimes the desk guesses wrong."""
        others = [one for one in (OPTIT, GWL, OWN_TEAM) if one != vendor]
        return self._rng.choice(others) if self._rng.random() < HANDED_OVER else vendor

    def _middle(self, life: Life, engineer: Person, first: str, vendor: str, hours: float) -> Person:
        """The work itself, with what interrupts it."""
        rng = self._rng
        life.wait(hours * 0.4)
        if first != vendor:
            engineer = life.hand_over(vendor)
        elif rng.random() < RETURNED:
            guests = (MACROSKIES,) if life.story.environment == "bihar" else ()
            other = rng.choice([one for one in (OPTIT, GWL, OWN_TEAM, *guests) if one != vendor])
            life.hand_over(other)
            life.wait(hours * 0.1)
            engineer = life.hand_over(vendor)
        if rng.random() < HELD:
            life.hold(engineer, rng.uniform(1.5, 20))
        life.wait(hours * 0.5)
        return engineer


def reporter(rng: random.Random, environment: str) -> Person:
    """Somebody of that state, or of the programme."""
    local = [one for one in REQUESTERS if one.email.endswith(f"@{environment}.example")]
    return rng.choice(local or [one for one in REQUESTERS if one.email.endswith("@egov.example")])


def spread_hostile(rng: random.Random, stories: Sequence[Story], wanted: Sequence[str]) -> None:
    """Let some ended tickets say things that try to do harm."""
    for story, text in zip(rng.sample(list(stories), len(wanted)), wanted, strict=True):
        story.summary = text
