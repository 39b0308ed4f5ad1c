"""How tickets live: triage, approval, work, and what keeps them open; a life that reaches the end is open there."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import takewhile

from .arrivals import in_bad_month
from .owners import OUR_OWN, SERVICES_OF, STATES, approvers, owner
from .people import AGENTS, GWL, MACROSKIES, OPTIT, OWN_TEAM, REQUESTERS, Person
from .story import NORMAL, OUTAGE, Event, Life, Story
from .texts import BY_KIND, DETAILS, everyday, outage_text

_ENVIRONMENTS = {"punjab": 51, "ap": 28, "bihar": 8, "internal": 13}
_ENVIRONMENTS_IN_BAD_MONTH = {**_ENVIRONMENTS, "ap": 52}

LATE: Mapping[str, float] = {OPTIT: 0.11, GWL: 0.155, MACROSKIES: 0.13, OWN_TEAM: 0.115}
"""The share of each vendor's tickets that take too long."""
WELL_FILLED, RERANKED, REOPENED, REFUSED = 0.08, 0.06, 0.045, 0.12
HANDED_OVER, RETURNED, GIVEN_AWAY = 0.09, 0.05, 0.1
OUTAGES, SLOW_RESPONSES = 0.14, 0.15
RERANKINGS = (("1", "2"), ("3", "3"), ("2", "1"))
"""What a person makes of an ordinary ticket's impact and urgency: never a priority 1."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The shares of tickets that wait for somebody for some hours, for some days, and for weeks."""

    hours: float = 0.0
    days: float = 0.0
    weeks: float = 0.0


WAITS: Mapping[str, Waits] = {
    "incident": Waits(0.10, 0.32, 0.07),
    "service_request": Waits(0.12, 0.32, 0.09),
    "problem": Waits(0.05, 0.35, 0.45),
    "task": Waits(0.10, 0.35, 0.22),
    "outage": Waits(0.10),
    "change": Waits(),
    "approval of a change": Waits(0.40, 0.40, 0.12),
    "approval of an access": Waits(0.40, 0.20, 0.04),
}
"""Work waits for the customer or a supplier, a change and an access for the first of its approvers."""


class Quota:
    """Says yes to a share of what it is asked, evenly spread: small numbers hit their share without luck."""

    def __init__(self, start: float) -> None:
        self._sum = start

    def take(self, share: float) -> bool:
        """Whether this one is among the ``share``."""
        self._sum += share
        if self._sum < 1:
            return False
        self._sum -= 1
        return True


class Lives:
    """Tells the stories of one source's tickets, as far as they go before ``end``."""

    def __init__(self, rng: random.Random, end: datetime, kinds: Mapping[str, int]) -> None:
        self._rng = rng
        self._end = end
        self._kinds = kinds
        self._late = {vendor: Quota(rng.random()) for vendor in LATE}
        self._slow_response, self._reopened, self._outages = (Quota(rng.random()) for _ in range(3))
        self._days, self._weeks = Quota(rng.random()), Quota(rng.random())

    def tell(self, at: datetime) -> Story:
        """The story of a ticket that arrives at a moment."""
        story = self._begin(at)
        outage = story.kind == "incident" and story.environment in STATES and self._outages.take(OUTAGES)
        if outage:
            story.category = "availability"
            story.summary = outage_text(self._rng, story.service, story.environment)
        life = Life(story, self._rng, round_the_clock=outage)
        if self._ask(life):
            self._work(life, outage=outage)
        story.events = self._until_end(story)
        return story

    def _until_end(self, story: Story) -> list[Event]:
        """What happens before the end, and what the service desk owes by then: it is never behind at the end."""
        events = [event for event in story.events if event.at < self._end]
        last = events[-1].at if events else story.at
        for event in takewhile(_by_the_desk, story.events[len(events) :]):
            last += (self._end - last) * self._rng.uniform(0.2, 0.6)
            events.append(replace(event, at=last))
        return events

    def _begin(self, at: datetime) -> Story:
        rng = self._rng
        kind = rng.choices(list(self._kinds), list(self._kinds.values()))[0]
        shares = _ENVIRONMENTS_IN_BAD_MONTH if self._is_bad(at) else _ENVIRONMENTS
        environment = rng.choices(list(shares), list(shares.values()))[0]
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

    def _is_bad(self, at: datetime) -> bool:
        return in_bad_month(at, self._end)

    def _ask(self, life: Life) -> bool:
        """Whether work may begin: no approval is needed, or it was given."""
        story = life.story
        wanted = approvers(story.kind, story.environment, story.category)
        if not wanted:
            return True
        life.wait(self._rng.uniform(0.2, 2))
        life.triage("", NORMAL)
        life.ask(wanted)
        if self._rng.random() > REFUSED:
            what = "approval of a change" if story.kind == "change" else "approval of an access"
            first = self._wait(what) + self._rng.uniform(0.3, 2)
            life.approve(wanted, [first, *(self._rng.uniform(0.3, 2) for _ in wanted[1:])])
            return True
        life.wait(self._rng.uniform(2, 9))
        life.vote(wanted[-1], "rejected", decides=True)
        life.wait(self._rng.uniform(0.2, 3))
        life.happen(self._rng.choice(AGENTS), state="canceled")
        return False

    def _work(self, life: Life, *, outage: bool) -> None:
        story, rng = life.story, self._rng
        vendor = owner(story.environment, story.service, story.category, story.at.date())
        late = self._late[vendor].take(LATE[vendor] * self._trouble(story.at))
        response, hours = self._outage_hours(late=late) if outage else self._hours(late=late)
        first = vendor if not outage and self._fill_well(story, vendor) else self._first_vendor(vendor)
        life.wait(response * rng.uniform(0.3, 0.7))
        life.triage(first, OUTAGE if outage else NORMAL)
        life.wait(response * 0.3)
        engineer = life.begin(first)
        engineer = self._middle(life, engineer, vendor, hours, "outage" if outage else story.kind)
        life.resolve(engineer)
        if self._reopened.take(REOPENED):
            life.wait(rng.uniform(1, 6))
            life.reopen()
            life.wait(0.2 if outage else rng.uniform(1, 5))
            life.resolve(engineer)
        life.close()

    def _fill_well(self, story: Story, vendor: str) -> bool:
        """Sometimes the form has everything right from the start, and the desk has nothing to do."""
        if story.events or self._rng.random() > WELL_FILLED:
            return False
        story.vendor = vendor
        story.impact, story.urgency = NORMAL
        return True

    def _trouble(self, at: datetime) -> float:
        """How much likelier than usual a ticket takes too long; the last days went well."""
        if self._is_bad(at):
            return 1.6
        return 0.4 if self._end - at < timedelta(days=10) else 1.0

    def _hours(self, *, late: bool) -> tuple[float, float]:
        """How long it lies and how long the work takes: well inside 16 hours together, or well outside."""
        rng = self._rng
        if late:
            return rng.uniform(1, 4), rng.uniform(16, 29)
        return rng.uniform(0.8, 2.4), rng.triangular(5.5, 9.4, 8.8)

    def _outage_hours(self, *, late: bool) -> tuple[float, float]:
        """The same of an outage, whose work has 4 hours and whose response has a quarter of one."""
        rng = self._rng
        response = rng.uniform(0.4, 0.8) if self._slow_response.take(SLOW_RESPONSES) else rng.uniform(0.07, 0.2)
        if late:
            return response, rng.uniform(4.6, 10)
        return response, min(2.8, 0.3 + rng.expovariate(1 / 1.1))

    def _first_vendor(self, vendor: str) -> str:
        """Sometimes the desk guesses wrong."""
        others = [one for one in (OPTIT, GWL, OWN_TEAM) if one != vendor]
        return self._rng.choice(others) if self._rng.random() < HANDED_OVER else vendor

    def _middle(self, life: Life, engineer: Person, vendor: str, hours: float, kind: str) -> Person:
        """The work itself, with what interrupts it; what will wait for long is put on hold early."""
        rng, waiting = self._rng, self._wait(kind)
        before = 0.15 if waiting > 18 else 0.45
        life.wait(hours * before)
        if engineer.team != vendor:
            engineer = life.hand_over(vendor)
        elif self._may_leave(life.story) and rng.random() < GIVEN_AWAY:
            engineer = life.hand_over(MACROSKIES)
        elif rng.random() < RETURNED:
            life.hand_over(rng.choice([one for one in (OPTIT, GWL, OWN_TEAM) if one != vendor]))
            life.wait(hours * 0.1)
            engineer = life.hand_over(vendor)
        if kind != "outage" and rng.random() < RERANKED:
            impact, urgency = rng.choice(RERANKINGS)
            life.happen(rng.choice(AGENTS), impact=impact, urgency=urgency)
        if waiting:
            life.hold(engineer, waiting * (0.1 if kind == "outage" else 1.0))
        life.wait(hours * (1 - before))
        return engineer

    def _may_leave(self, story: Story) -> bool:
        """Whether it is sometimes given to those who are to own it one day."""
        return story.environment == "bihar" and story.category not in OUR_OWN

    def _wait(self, what: str) -> float:
        """How many working hours something waits for somebody."""
        rng, waits = self._rng, WAITS[what]
        if self._weeks.take(waits.weeks):
            return rng.uniform(150, 460)
        if self._days.take(waits.days):
            return rng.uniform(18, 110)
        return rng.uniform(1.5, 16) if rng.random() < waits.hours else 0.0


def _by_the_desk(event: Event) -> bool:
    return event.actor in AGENTS and "state" not in event.changes


def reporter(rng: random.Random, environment: str) -> Person:
    """Somebody of that state, or of the programme."""
    local = [one for one in REQUESTERS if one.email.endswith(f"@{environment}.example")]
    return rng.choice(local or [one for one in REQUESTERS if one.email.endswith("@egov.example")])


def spread_hostile(rng: random.Random, stories: Sequence[Story], wanted: Sequence[str]) -> None:
    """Let some tickets say things that try to do harm."""
    chosen = rng.sample(list(stories), min(len(wanted), len(stories)))
    for story, text in zip(chosen, wanted, strict=False):
        story.summary = text
