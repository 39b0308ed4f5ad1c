"""A made-up ticket's life before it is written into either system: what it was at first, and what happened to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .hours import later, worked
from .people import AGENTS, ENGINEERS, ROBOT, Person

OUTAGE = (1, 1)
NORMAL = (2, 2)


@dataclass(frozen=True, slots=True)
class Event:
    """What one person did at one moment.

    ``changes`` maps state, vendor, impact, urgency, assignee, approval, environment or hold to the new value.
    ``asked`` names the approvers who were asked, ``vote`` is one approver's answer.
    """

    at: datetime
    actor: Person
    changes: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Person, ...] = ()
    vote: tuple[Person, str] | None = None


@dataclass(slots=True)
class Story:
    """One ticket. ``vendor`` and ``environment`` may be empty; impact and urgency are 1 to 3, as it was created."""

    kind: str
    at: datetime
    reporter: Person
    environment: str
    service: str
    category: str
    summary: str
    description: str
    impact: int = 3
    urgency: int = 3
    vendor: str = ""
    events: list[Event] = field(default_factory=list)

    def is_open(self) -> bool:
        """Whether nothing has ended it, as far as its events go."""
        states = [event.changes["state"] for event in self.events if "state" in event.changes]
        return not states or states[-1] not in ("resolved", "closed", "canceled")


class Life:
    """Lets things happen to a story, one after another, never beyond ``limit``.

    Steps are working hours, or plain hours where ``round_the_clock`` (what cannot wait is worked on at night).
    """

    def __init__(
        self, story: Story, rng: random.Random, limit: datetime | None = None, *, round_the_clock: bool = False
    ) -> None:
        self.story = story
        self.rng = rng
        self.at = story.at
        self._limit = limit
        self._advance: Callable[[datetime, float], datetime] = _plain if round_the_clock else later

    def wait(self, hours: float) -> None:
        """Let time pass. Where that would go beyond the limit only a part of what is left passes."""
        wanted = self._advance(self.at, hours)
        if self._limit is not None and wanted >= self._limit:
            wanted = self.at + (self._limit - self.at) * self.rng.uniform(0.2, 0.5)
        self.at = wanted

    def left(self) -> float:
        """The working hours until the limit; none where there is no limit."""
        return 0.0 if self._limit is None else worked(self.at, self._limit)

    def happen(self, actor: Person, **changes: str) -> None:
        """Somebody changes something now."""
        self.story.events.append(Event(self.at, actor, changes))

    def triage(self, vendor: str, levels: tuple[int, int], environment: str = "") -> None:
        """The service desk ranks the ticket and hands it to a vendor."""
        changes = {}
        if (self.story.impact, self.story.urgency) != levels:
            changes = {"impact": str(levels[0]), "urgency": str(levels[1])}
        if environment != self.story.environment and environment:
            changes["environment"] = environment
        if vendor != self.story.vendor:
            changes["vendor"] = vendor
        if changes:
            self.happen(self.rng.choice(AGENTS), **changes)

    def begin(self, vendor: str) -> Person:
        """An engineer of the vendor takes the ticket and starts."""
        engineer = self.rng.choice(ENGINEERS[vendor])
        self.happen(engineer, state="in_progress", assignee=engineer.user_name)
        return engineer

    def hold(self, engineer: Person, hours: float) -> None:
        """Wait for the requester, then go on."""
        self.pause(engineer)
        self.wait(hours)
        self.happen(engineer, state="in_progress", hold="")

    def pause(self, engineer: Person) -> None:
        """Put the ticket on hold."""
        self.happen(engineer, state="on_hold", hold=self.rng.choice(("1", "1", "1", "4", "5")))

    def hand_over(self, vendor: str) -> Person:
        """Give the ticket to another vendor, whose engineer goes on at once."""
        self.happen(self.rng.choice(AGENTS), vendor=vendor, assignee="")
        engineer = self.rng.choice(ENGINEERS[vendor])
        self.wait(self.rng.uniform(0.1, 0.5))
        self.happen(engineer, assignee=engineer.user_name)
        return engineer

    def ask(self, approvers: tuple[Person, ...]) -> None:
        """The service desk asks for approval."""
        self.story.events.append(Event(self.at, self.rng.choice(AGENTS), {"approval": "requested"}, asked=approvers))

    def vote(self, approver: Person, answer: str, *, decides: bool) -> None:
        """An approver answers; ``decides`` where that settles the approval."""
        changes = {"approval": answer} if decides else {}
        self.story.events.append(Event(self.at, approver, changes, vote=(approver, answer)))

    def approve(self, approvers: Sequence[Person], waits: Sequence[float]) -> None:
        """Everybody asked says yes, one after another, each after so many hours of ``waits``."""
        for place, (approver, hours) in enumerate(zip(approvers, waits, strict=True), 1):
            self.wait(hours)
            self.vote(approver, "approved", decides=place == len(approvers))

    def resolve(self, engineer: Person) -> None:
        """The work is done."""
        self.happen(engineer, state="resolved")

    def reopen(self) -> None:
        """The requester says that it is not done."""
        self.happen(self.story.reporter, state="in_progress")

    def close(self) -> None:
        """After some days the system closes what nobody came back to."""
        self.at += timedelta(days=self.rng.uniform(2, 5))
        self.happen(ROBOT, state="closed")


def _plain(at: datetime, hours: float) -> datetime:
    return at + timedelta(hours=hours)
