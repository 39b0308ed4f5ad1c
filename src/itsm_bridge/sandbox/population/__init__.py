"""The made-up tickets: a year of work of a state e-governance programme, the same for the same seed and instant."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.servicenow.tables import Instance

from .into_jira import IntoJira
from .into_servicenow import IntoServiceNow
from .past import Past, spread_hostile
from .people import Person
from .present import JIRA, SERVICENOW, tell
from .story import Event, Story
from .texts import HOSTILE

ENDED_SERVICENOW, ENDED_JIRA = 260, 190
_KINDS_SERVICENOW = {"incident": 64, "service_request": 20, "change": 13, "problem": 3}
_KINDS_JIRA = {"incident": 34, "service_request": 26, "change": 13, "problem": 7, "task": 20}


class Into(Protocol):
    """Where stories happen."""

    def begin(self, story: Story) -> None:
        """Create the ticket."""

    def go_on(self, story: Story, event: Event) -> None:
        """Let one event happen to it."""


def populate(instance: Instance, site: Site, service: Person, now: datetime, seed: int) -> None:
    """Fill both systems with the year before ``now``; ``service`` is the bridge's account, which did nothing yet."""
    end = now - timedelta(seconds=1)
    _happen(IntoServiceNow(instance), servicenow_stories(end, seed))
    _happen(IntoJira(site, service), jira_stories(end, seed))


def servicenow_stories(end: datetime, seed: int) -> list[Story]:
    """Every ticket of ServiceNow; some that ended say things that try to do harm."""
    rng = random.Random(f"servicenow {seed}")  # noqa: S311 - made-up tickets, the same each time
    ended = Past(rng, end, _KINDS_SERVICENOW).tell(ENDED_SERVICENOW)
    spread_hostile(rng, [story for story in ended if story.kind == "incident"], HOSTILE)
    still_open = [story for _, story in tell(SERVICENOW, rng, end)]
    spread_hostile(rng, [story for story in still_open if story.impact == 2], HOSTILE[:2])
    return [*ended, *still_open]


def jira_stories(end: datetime, seed: int) -> list[Story]:
    """Every issue of Jira."""
    rng = random.Random(f"jira {seed}")  # noqa: S311 - made-up tickets, the same each time
    ended = Past(rng, end, _KINDS_JIRA).tell(ENDED_JIRA)
    spread_hostile(rng, ended, HOSTILE[:2])
    return [*ended, *(story for _, story in tell(JIRA, rng, end))]


def _happen(into: Into, stories: Iterable[Story]) -> None:
    """Let everything happen in the order of time, so that numbers and history ids ascend with it."""
    steps: list[tuple[datetime, int, Story, Event | None]] = []
    for story in stories:
        steps.append((story.at, len(steps), story, None))
        steps += ((event.at, len(steps) + place, story, event) for place, event in enumerate(story.events))
    for _, _, story, event in sorted(steps, key=lambda step: step[:2]):
        if event is None:
            into.begin(story)
        else:
            into.go_on(story, event)
