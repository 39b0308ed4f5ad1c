"""The configurations of a simulation, and what people do under each: a schedule draws one by its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from itsm_bridge.config import Configuration, load
from itsm_bridge.config.model import Ownership
from itsm_bridge.rules import Decider

ROOT = Path(__file__).resolve().parents[2]
MINUTES: tuple[float, ...] = (5, 200, 1200)
HOURS: tuple[float, ...] = (1200, 3 * 3600, 5 * 3600, 7 * 3600, 16 * 3600)
"""Seconds between two runs."""

CRASHES = 0.012
"""How likely the process dies at each point, in most schedules."""

YIELDING = dict.fromkeys(("priority", "approval", "vendor"), Ownership.YIELD)
FORCED = {"priority": Ownership.FORCE, "approval": Ownership.YIELD, "vendor": Ownership.HOLD}
HELD = {"priority": Ownership.HOLD, "approval": Ownership.HOLD, "vendor": Ownership.FORCE}
WARNED_OF = ("standard resolution", "vendor resolution")


@dataclass(frozen=True)
class Setting:
    """One configuration, and what people do under it; ``pauses`` are the seconds between two runs.

    How likely it is between two runs that somebody does what is told in ``meanwhile``: ``insist`` on another value than
    ours, ``resolve`` a conflict, ``finish`` a ticket.
    """

    made: Callable[[Configuration], Configuration]
    ownership: Mapping[str, Ownership]
    clocks: bool = False
    pauses: tuple[float, ...] = MINUTES
    insist: float = 0
    resolve: float = 0
    finish: float = 0
    deaths: float = CRASHES


def _without_clocks(whole: Configuration) -> Configuration:
    return replace(whole, slas=(), rules=replace(whole.rules, escalation=()))


def _with_warnings(whole: Configuration) -> Configuration:
    """The shipped service levels, of which two more warn."""
    slas = (replace(one, warn=(50.0, 75.0)) if one.name in WARNED_OF else one for one in whole.slas)
    return replace(whole, slas=tuple(slas))


PLAIN = "plain"
SETTINGS: Mapping[str, Setting] = {
    PLAIN: Setting(_without_clocks, YIELDING),
    "yielding": Setting(_without_clocks, YIELDING, insist=0.4, resolve=0.8),
    "forced": Setting(_without_clocks, FORCED, insist=0.7, resolve=0.3),
    "held": Setting(_without_clocks, HELD, insist=0.7, resolve=0.3),
    "clocks": Setting(_with_warnings, YIELDING, clocks=True, pauses=HOURS, finish=0.8, deaths=0.005),
}
"""By name."""


OTHERS = tuple(name for name in SETTINGS if name != PLAIN)
BATCH = 100
"""Schedules in a row that are all plain, or all of the other settings by turns: each fault happens in so many."""


def drawn(seed: int) -> str:
    """The setting of a schedule: of five hundreds the last is under the others, each of which has both sources."""
    return PLAIN if seed // BATCH % 5 < 4 else OTHERS[seed // 2 % len(OTHERS)]


@cache
def configuration(name: str = PLAIN) -> Configuration:
    """The shipped configuration without shares of load and without limits that a few tickets pass, in one setting."""
    setting, whole = SETTINGS[name], load(ROOT / "config")
    assignment = tuple(rule for rule in whole.rules.assignment if rule.then.by is None)
    limits = replace(whole.limits, max_changes=1000, max_change_percent=100, max_vanish_percent=100)
    rules = replace(whole.rules, assignment=assignment)
    return setting.made(replace(whole, rules=rules, limits=limits, ownership=setting.ownership))


_DECIDERS: dict[int, Decider] = {}


def compiled(configuration: Configuration) -> Decider:
    """The rules of a configuration, compiled once for all processes: they keep nothing of what they decide."""
    found = _DECIDERS.get(id(configuration))
    if found is None or found.configuration is not configuration:
        found = _DECIDERS[id(configuration)] = Decider(configuration)
    return found
