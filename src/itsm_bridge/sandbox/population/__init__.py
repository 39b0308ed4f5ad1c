"""The made-up tickets: a year of work of a state e-governance programme, the same for the same seed and instant."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.servicenow.tables import Instance

from .arrivals import arrivals, without_nearest
from .into_jira import IntoJira
from .into_servicenow import IntoServiceNow
from .lives import Lives, spread_hostile
from .people import Person
from .present import JIRA, SERVICENOW, Case, tell
from .story import Event, Story
from .texts import HOSTILE

COUNT_SERVICENOW, COUNT_JIRA = 540, 440
YOUNG = timedelta(days=3)
_KINDS_SERVICENOW = {"incident": 64, "service_request": 20, "change": 13, "problem": 3}
_KINDS_JIRA = {"incident": 34, "service_request": 26, "change": 13, "problem": 7, "task": 20}


class Into(Protocol):
    """Where stories happen."""

    def begin(self, story: Story) -> None:
        """Create the ticket."""

    def go_on(self, story: Story, event: Event) -> None:
        """Let one event happen to it."""


def populate(  # noqa: PLR0917 - each is another thing
    instance: Instance, site: Site, service: Person, now: datetime, seed: int, since: datetime | None = None
) -> None:
    """Fill both systems with the year before ``now``; ``service`` is the bridge's account, which did nothing yet.

    With ``since`` what was done and created before it is left out.
    """
    end = now - timedelta(seconds=1)
    _happen(IntoServiceNow(instance), _since(servicenow_stories(end, seed), since))
    _happen(IntoJira(site, service), _since(jira_stories(end, seed), since))


def _since(stories: list[Story], since: datetime | None) -> list[Story]:
    return [story for story in stories if since is None or story.at >= since or story.is_open()]


def servicenow_stories(end: datetime, seed: int) -> list[Story]:
    """Every ticket of ServiceNow by its creation; some say things that try to do harm."""
    rng = random.Random(f"programme servicenow {seed}")  # noqa: S311 - made-up tickets, the same each time
    living, demanded = _stories(rng, end, COUNT_SERVICENOW, _KINDS_SERVICENOW, SERVICENOW)
    quiet = [story for story in living if story.category != "availability"]
    ended = [story for story in quiet if story.kind == "incident" and not story.is_open()]
    spread_hostile(rng, ended, HOSTILE)
    spread_hostile(rng, [story for story in quiet if story.is_open()], HOSTILE[:2])
    return sorted([*living, *demanded], key=lambda story: story.at)


def jira_stories(end: datetime, seed: int) -> list[Story]:
    """Every issue of Jira by its creation."""
    rng = random.Random(f"programme jira {seed}")  # noqa: S311 - made-up tickets, the same each time
    living, demanded = _stories(rng, end, COUNT_JIRA, _KINDS_JIRA, JIRA)
    spread_hostile(rng, [story for story in living if not story.is_open()], HOSTILE[:2])
    return sorted([*living, *demanded], key=lambda story: story.at)


def _stories(
    rng: random.Random, end: datetime, wanted: int, kinds: Mapping[str, int], cases: Sequence[Case]
) -> tuple[list[Story], list[Story]]:
    """``wanted`` lives as they come, and those of ``cases``.

    The youngest of these have the place of the arrivals nearest to them, so that the last days are hardly busier than
    others.
    """
    demanded = tell(cases, rng, end)
    young = (story.at for story in demanded if end - story.at < YOUNG)
    moments = without_nearest(arrivals(rng, end, wanted), young)
    lives = Lives(rng, end, kinds)
    return [lives.tell(at) for at in moments], demanded


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
