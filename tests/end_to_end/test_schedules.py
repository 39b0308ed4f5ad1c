"""Whatever people, servers and the machine did meanwhile: two syncs in peace, and the store holds what is true."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.end_to_end.playing import Life, content, life, nothing, told_by_the_sandbox, told_by_the_store
from tests.end_to_end.schedules import FAULTS, KINDS, VERBS, Schedule, SourceKind, schedule
from tests.end_to_end.truths import Told

import itsm_bridge.sync.completeness as completeness
from itsm_bridge.sandbox import Kind

SEEDS = int(os.environ.get("SCHEDULES", "50"))
"""Schedules of each kind of source; ``make schedules`` plays more."""
BATCH = max(50, SEEDS // 20)
"""Schedules in one test: enough that each kind of event and of fault happens in each."""


@dataclass
class Seen:
    """What came of some schedules, and what really happened in them."""

    wrong: dict[int, list[str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    hidden: int = 0
    gone: int = 0


def differences(truth: dict[str, Told], store: dict[str, Told]) -> list[str]:
    """What the store says otherwise, a line each."""
    lines = [f"{number} is missing" for number in truth.keys() - store.keys()]
    lines += [f"{number} is not there any more" for number in store.keys() - truth.keys()]
    for number in truth.keys() & store.keys():
        here, there = store[number], truth[number]
        lines += [
            f"{number} {name}: {here.fields[name]!r}, not {value!r}"
            for name, value in there.fields.items()
            if here.fields[name] != value
        ]
        lines += [f"{number} has {entry}" for entry in (Counter(here.history) - Counter(there.history)).elements()]
        lines += [f"{number} lacks {entry}" for entry in (Counter(there.history) - Counter(here.history)).elements()]
        lines += [f"{number} votes {vote}" for vote in here.votes ^ there.votes]
    return sorted(lines)


def play(one: Life) -> list[str]:
    """What is wrong after a schedule.

    The answer to another question that looks like one to ours cannot be told from it: where that happened, the syncs in
    peace are full ones.
    """
    for round_ in one.plan.rounds:
        one.trouble(round_)
    one.peace()
    mixed_up = bool(one.sandbox.fired[Kind.MIXED_UP])
    problems = [one.sync(full=full or mixed_up).problem for full in one.plan.quiet[:2]]
    wrong = [f"a sync in peace ended with {problem!r}" for problem in problems if problem is not None]
    wrong += differences(told_by_the_sandbox(one), told_by_the_store(one))
    before = content(one)
    third = one.sync(full=one.plan.quiet[2])
    after = content(one)
    wrong += [f"the third sync ended with {third.problem!r}"] * (third.problem is not None)
    wrong += [
        f"the third sync wrote {row}"
        for table in before
        for row in set(after[table]).symmetric_difference(before[table])
    ]
    return wrong


def played(plan: Schedule, empty: Path, folder: Path, seen: Seen) -> None:
    with life(plan, empty, folder) as one:
        wrong = play(one)
        seen.hidden += len(one.people.tickets()) - len(one.people.tickets(hidden=False))
        seen.gone += sum(row.gone_at is not None for row in one.store.absences())
        seen.fired += one.sandbox.fired
        seen.done += one.people.done
        seen.ends += one.ends
        seen.pages = max(seen.pages, one.pages)
    if wrong:
        seen.wrong[plan.seed] = wrong


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
@pytest.mark.parametrize("kind", KINDS)
def test_after_two_quiet_syncs_the_store_holds_what_is_true_and_a_third_writes_nothing(
    tmp_path: Path, kind: SourceKind, first: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completeness, "DAYS", 2)  # each day that is compared is a request a table
    seen, empty = Seen(), nothing(tmp_path)
    for seed in range(first, first + BATCH):
        played(schedule(kind, seed), empty, tmp_path / str(seed), seen)
    assert seen.wrong == {}, f"by seed of {kind}"
    assert [fault for fault in FAULTS[kind] if not seen.fired[fault]] == []
    assert {verb for verb in VERBS[kind] if verb != "strike" and not seen.done[verb]} == set()
    assert all((seen.hidden, seen.gone, seen.fired["hidden_rows"], seen.pages > 5)), seen
    assert {"in an answer", "after a page", "SourceUnavailable", "NeedsPerson", "NoneType"} <= seen.ends.keys()


def test_a_schedule_is_the_same_whenever_it_is_made() -> None:
    assert [schedule(kind, 3) for kind in KINDS] == [schedule(kind, 3) for kind in KINDS]
    assert schedule("jira_cloud", 3) != schedule("jira_cloud", 4)
