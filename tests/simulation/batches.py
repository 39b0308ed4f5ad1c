"""A batch of schedules: played, held against the oracle, and looked at for what it left out."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.simulation.configurations import BATCH, PLAIN
from tests.simulation.faults import RACE, RATES
from tests.simulation.schedule import Played, play

SCHEDULES = int(os.environ.get("SCHEDULES", "500"))
"""Schedules in each mode; ``make simulate`` plays more. What is begun of a batch is played to its end."""

BATCHES = range(0, SCHEDULES, BATCH)
"""The first schedule of each batch, which is one test; each fifth batch is of other settings than the plain one."""

PLAYED = "schedules"
"""The property of a test that says how many schedules it has played, by setting."""

ALWAYS = {"unreadable", "unwritable", "rewritten", "rewriting", *RATES}
PEOPLE = {"create", "edit", "vote", "hide", "delete"}
LOOKED_AT: Mapping[tuple[str, ...], set[str]] = {
    (PLAIN,): {
        "verified",
        "as decided",
        "writes",
        "notes",
        "decided by somebody",
        "held",
        "votes",
        "files applied",
        "writes by a file",
        "one source failed and another did not",
        "turns",
    },
    ("yielding", "forced", "held"): {
        "resolved as ours",
        "resolved as theirs",
        "resolved as hold",
        "ours was written",
        "theirs stands",
        "held by somebody",
        "died resolving",
        "given up",
        "the breaker holds",
    },
    ("forced",): {"insist", "forced", "held by ownership"},
    ("held",): {"insist", "forced", "held by ownership"},
    ("clocks",): {"finish", "reopen", "verdicts", "shares used up", "warnings", "told in time", "escalations"},
}
"""What must have been done, and looked at, in each of these settings of a batch, lest it pass for want of it."""

SELDOM: Mapping[tuple[str, ...], set[str]] = {(PLAIN,): {"given to a vendor when approved"}}
"""The same of the first batch alone: of a hundred batches one does not meet it."""

MANY = 10
"""What is to be expected so often must have happened: deaths at a point (``test_deaths`` dies at each), and faults.

A fault that is to be expected less than once must have happened too: something leaves it out.
"""


@dataclass
class Seen:
    """What came of a batch, or of a part of it."""

    count: int = 0
    wrong: list[str] = field(default_factory=list)
    fired: Counter[str] = field(default_factory=Counter)
    likely: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    done: Counter[str] = field(default_factory=Counter)
    risk: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    died: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played) -> None:
        """One more schedule."""
        self.count += 1
        self.wrong += [str(played)] if played.wrong else []
        self.fired += played.fired
        self.done += played.done
        for fault, likely in (pair for one in played.likely for pair in one.items()):
            self.likely[fault] += likely
        for site, risk in played.risk.items():
            self.risk[site] += risk
        self.died += played.died
        self.seen += played.seen


def hold(first: int, *, race: bool, record: Callable[[str, object], None]) -> None:
    """Play a batch; nothing may be wrong, and everything must have happened. ``record`` keeps how many were played."""
    batch, by_setting = Seen(), defaultdict[str, Seen](Seen)
    for seed in range(first, first + BATCH):
        played = play(seed, race=race)
        batch.add(played)
        by_setting[played.under].add(played)
    record(PLAYED, {name: some.count for name, some in by_setting.items()})
    assert batch.wrong == []
    faults = ALWAYS if race else ALWAYS - {RACE}
    rare = {fault for fault, likely in batch.likely.items() if 1 <= likely < MANY}
    assert faults - rare <= set(batch.fired) <= faults
    assert all(batch.done[deed] for deed in PEOPLE), batch.done
    for looked_at in (LOOKED_AT, SELDOM) if first == BATCHES.start else (LOOKED_AT,):
        missing = lacking(by_setting, looked_at)
        assert not any(missing.values()), missing
    assert batch.seen["collisions"] > 0 or not race
    deadly = {site for site, risk in batch.risk.items() if risk >= MANY}
    assert deadly
    assert deadly <= batch.died.keys()


def lacking(
    by_setting: Mapping[str, Seen], looked_at: Mapping[tuple[str, ...], set[str]]
) -> Mapping[tuple[str, ...], set[str]]:
    """What of ``looked_at`` was not met with in the settings of a batch."""
    return {
        names: wanted - {one for name in names for one in (+by_setting[name].seen + by_setting[name].done)}
        for names, wanted in looked_at.items()
        if set(names) <= by_setting.keys()
    }
