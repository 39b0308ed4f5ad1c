"""Engines that are broken where people and rules disagree, or clocks run: each in a setting that shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from tests.simulation.mutants import Anything, Mutant, Patch, _with, applying, planning

import itsm_bridge.rules.escalation as escalation
import itsm_bridge.sla.verdicts as agreeing
import itsm_bridge.store.warned as warned
import itsm_bridge.writeback.comparing as comparing
import itsm_bridge.writeback.conflicts as conflicts
import itsm_bridge.writeback.standing as standing
from itsm_bridge.config.model import Ownership
from itsm_bridge.model import Choice
from itsm_bridge.store import Store

verdicts: Any = import_module("itsm_bridge.store.verdicts")  # by name, since a mutant changes what it has imported

TRUE_ANNOUNCE = applying._Writing._announce
TRUE_STANDING = standing.standing_of
TRUE_COUNTS = standing._counts
TRUE_NOTE = escalation._note
TRUE_REASON = conflicts._reason


def written_over_without_a_record(patch: Patch) -> None:
    """What was there before is not kept."""

    def announce(writing: Anything, plan: Anything, marker: str) -> int:
        blind = (replace(change, before=None) for change in plan.changes)
        return int(TRUE_ANNOUNCE(writing, replace(plan, changes=tuple(blind)), marker))

    patch.setattr(applying._Writing, "_announce", announce)


def hold_that_writes(patch: Patch) -> None:
    """``ownership: hold`` is taken for ``force``."""

    def standing_of(*given: Anything) -> dict[str, Any]:
        found = TRUE_STANDING(*given)
        return {name: one for name, one in found.items() if one.mode is not Ownership.HOLD or one.resolved}

    patch.setattr(planning, "standing_of", standing_of)


def hold_that_is_not_listed(patch: Patch) -> None:
    """What is held is left alone, and nobody hears of it."""

    def reason(*given: Anything) -> Anything:
        found = TRUE_REASON(*given)
        return None if found is not None and found[0] == conflicts.HELD else found

    patch.setattr(conflicts, "_reason", reason)


def _of_choice(choice: Choice, *, counts: bool) -> Mutant:
    """A resolution of one kind always counts, or never."""

    def answer(*given: Anything) -> bool:
        resolution = given[3]
        return counts if resolution.choice is choice else TRUE_COUNTS(*given)

    return _with(standing, "_counts", answer)


def escalation_twice(patch: Patch) -> None:
    """A note of an escalation is another one when more is used up."""

    def note(rule: Anything, clock: Anything, told: Anything) -> Anything:
        true = TRUE_NOTE(rule, clock, told)
        return replace(true, key=f"{true.key} {clock.used:.0f}")

    patch.setattr(escalation, "_note", note)


def verdict_overwritten(patch: Patch) -> None:
    """A clock that has ended is agreed anew each time its ticket is stored."""
    patch.setattr(agreeing, "is_news", lambda *_: True)
    true = verdicts.put_new
    patch.setattr(
        verdicts,
        "put_new",
        lambda connection, table, rows: (
            verdicts.put(connection, table, rows)
            if table is verdicts.sla_verdicts and rows
            else true(connection, table, rows)
        ),
    )


MUTANTS_IN: Mapping[str, tuple[str, Mutant]] = {
    "written over without a record": ("forced", written_over_without_a_record),
    "hold that writes": ("held", hold_that_writes),
    "hold that is not listed": ("held", hold_that_is_not_listed),
    "force that yields": (
        "forced",
        lambda patch: patch.setattr(
            planning, "standing_of", lambda whole, *given: TRUE_STANDING(replace(whole, ownership={}), *given)
        ),
    ),
    "breaker that never trips": ("forced", _with(comparing, "_contested", lambda *_: False)),
    "breaker that misses quick overrides": ("forced", _with(comparing, "_left_twice", lambda *_: False)),
    "resolution not kept": ("yielding", _with(Store, "save_resolution", lambda *_: None)),
    "ours for ever": ("yielding", _of_choice(Choice.OURS, counts=True)),
    "ours that is never sent": ("yielding", _of_choice(Choice.OURS, counts=False)),
    "ours over what nobody has seen": ("yielding", _with(standing, "_changed_since", lambda *_: False)),
    "theirs that means nothing": ("forced", _of_choice(Choice.THEIRS, counts=False)),
    "a hold that lets go": ("forced", _of_choice(Choice.HOLD, counts=False)),
    "escalation twice": ("clocks", escalation_twice),
    "no escalation": ("clocks", _with(escalation, "_due", lambda *_: iter(()))),
    "verdict overwritten": ("clocks", verdict_overwritten),
    "never frozen": ("clocks", _with(verdicts, "queue", lambda *_: None)),
    "warning each run": ("clocks", _with(warned, "tell", lambda *_: None)),
}
"""By name: the setting whose schedules are played, and the patch."""

CAUGHT_IN: Mapping[str, tuple[int, bool]] = {
    "theirs that means nothing": (13, False),
    "ours for ever": (13, True),
    "ours over what nobody has seen": (21, True),
    "a hold that lets go": (23, True),
    "breaker that misses quick overrides": (3, False),
    "escalation twice": (1, True),
}
"""A schedule (seed, race) that caught one, where the first ones do not: tried first, to save time."""
