"""Schedules of what people, servers and the machine do while the bridge reads: pure data, made from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from itsm_bridge.sandbox import Kind, RetryAfter

SourceKind = Literal["servicenow", "jira_cloud", "jira_data_center"]
KINDS: tuple[SourceKind, ...] = ("servicenow", "jira_cloud", "jira_data_center")

PLACES: Mapping[SourceKind, tuple[str, ...]] = {
    "servicenow": ("incident", "sc_req_item", "change_request"),
    "jira_cloud": ("OPS", "ENV"),
    "jira_data_center": ("OPS", "ENV"),
}
"""The tables and projects that are read."""
ELSEWHERE: Mapping[SourceKind, str] = {"servicenow": "problem", "jira_cloud": "HR", "jira_data_center": "HR"}
"""A table or project that is not."""

EVERYWHERE = (
    "edit", "edit", "edit", "same_second", "twice", "create", "create_several", "delete", "move", "move_away", "hide",
    "hide", "unhide", "unhide", "strike", "wait",
)  # fmt: skip
VERBS: Mapping[SourceKind, tuple[str, ...]] = {
    "servicenow": (*EVERYWHERE, "back_date", "back_date_creation", "leave_scope", "ask", "ask", "vote", "vote"),
    "jira_cloud": EVERYWHERE,
    "jira_data_center": EVERYWHERE,
}
"""What may happen; what stands there twice happens twice as often."""

_OF_SERVICENOW = frozenset({Kind.CANCELLED, Kind.CANCELLED_WITH_ROWS, Kind.HIBERNATING})
_OF_TOKENS = frozenset({Kind.EXPIRED_TOKEN, Kind.REPEATED_TOKEN})
FAULTS: Mapping[SourceKind, tuple[Kind, ...]] = {
    "servicenow": tuple(kind for kind in Kind if kind not in _OF_TOKENS),
    "jira_cloud": tuple(kind for kind in Kind if kind not in _OF_SERVICENOW),
    "jira_data_center": tuple(kind for kind in Kind if kind not in _OF_SERVICENOW | _OF_TOKENS),
}
"""Every fault that can happen to a request of that kind of source."""

ZONES = ("Asia/Kolkata", "America/New_York", "Europe/London", "Pacific/Chatham", "Australia/Lord_Howe", "UTC")
STARTS = (
    datetime(2026, 11, 20, 12, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 5, 20, tzinfo=UTC),  # New York, 40 minutes before the hour that comes twice
    datetime(2026, 3, 8, 6, 40, tzinfo=UTC),  # New York, 20 minutes before the hour that is left out
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # London
    datetime(2026, 4, 4, 13, 45, tzinfo=UTC),  # Chatham and Lord Howe, 15 minutes before the hour that comes twice
    datetime(2026, 12, 31, 23, 50, tzinfo=UTC),
)

Death = Literal["", "in an answer", "after a page", "out of time"]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens before the request ``at`` of a sync is answered, ``pause`` seconds after the last.

    ``which`` in [0, 1) picks the ticket, ``draw`` seeds whatever else has to be chosen, ``fault`` is that of a strike.
    """

    at: int
    verb: str
    which: float
    draw: int
    pause: float
    fault: Kind = Kind.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Round:
    """One sync: what goes wrong and what people do meanwhile; ``death`` at ``dies_at`` ends it early."""

    acts: tuple[Act, ...]
    pause: float
    full: bool
    index_lag: float
    chance: Mapping[Kind, float]
    burst: int
    retry_after: RetryAfter
    death: Death
    dies_at: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """A life of one source: ``begin`` before the first sync, ``rounds`` of trouble, then syncs in peace.

    ``page`` is the most that a page holds; ``quiet`` says of each of the last three syncs whether it is a full one,
    an hour later, or the first of the next day.
    """

    seed: int
    kind: SourceKind
    zone: str
    start: datetime
    page: int
    transport: Literal["pysnow", "requests"]
    begin: tuple[Act, ...]
    rounds: tuple[Round, ...]
    quiet: tuple[bool, bool, bool]


def schedule(kind: SourceKind, seed: int) -> Schedule:
    """The schedule of that seed. Each sync in trouble is struck by one fault; they take turns, seed after seed."""
    chance = random.Random(f"{kind} {seed}")
    faults = FAULTS[kind]
    begin = [_act(chance, "create", 0, faults[0]) for _ in range(chance.randint(5, 7))]
    rounds = [_round(chance, kind, faults[(seed + place) % len(faults)]) for place in range(chance.randint(1, 2))]
    return Schedule(
        seed,
        kind,
        chance.choice(ZONES),
        chance.choice(STARTS),
        chance.choice((3, 4, 6) if kind == "servicenow" else (2, 2, 4)),
        chance.choice(("pysnow", "requests")),
        tuple(begin),
        tuple(rounds),
        (chance.random() < 0.5, chance.random() < 0.5, chance.random() < 0.5),
    )


def _round(chance: random.Random, kind: SourceKind, fault: Kind) -> Round:
    strike = _act(chance, "strike", chance.randint(2, 12), fault)
    others = [
        _act(chance, chance.choice(VERBS[kind]), chance.randint(1, 40), fault) for _ in range(chance.randint(6, 11))
    ]
    acts = sorted([strike, *others], key=lambda act: act.at)
    alone = fault in _OF_TOKENS  # which only a walk of several pages meets: nothing else may end it before
    death: Death = "" if alone else chance.choice(("", "", "", "in an answer", "after a page", "out of time"))
    return Round(
        tuple(acts),
        pause=chance.choice((0, 1, 59, 60, 600, 3_600, 86_400)),
        full=chance.random() < 0.2,
        index_lag=chance.choice((0.0, 30.0, 200.0, 600.0)) if kind != "servicenow" else 0.0,
        chance={} if alone else dict.fromkeys(chance.sample(FAULTS[kind], 3), 0.02),
        burst=chance.choice((1, 2, 6)),
        retry_after=chance.choice(tuple(RetryAfter)),
        death=death,
        dies_at=chance.randint(1, 6) if death == "after a page" else chance.randint(2, 40),
    )


def _act(chance: random.Random, verb: str, at: int, fault: Kind) -> Act:
    pause = chance.choice((0, 0, 0, 0.4, 1, 20, 61))
    return Act(at, verb, chance.random(), chance.randrange(1 << 30), pause, fault)
