"""The commands that a simulated process may carry out, as the command line puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from tests.simulation.files import PLAN

import itsm_bridge.operations.run as operations
import itsm_bridge.writeback as writeback
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.deciding import decide
from itsm_bridge.operations.issued import NOTHING_ISSUED
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.operations.run import RunReport

if TYPE_CHECKING:
    from tests.simulation.schedule import Play


def run(play: Play, bridge: Bridge) -> RunReport:
    """What cron calls."""
    run_id = bridge.store.start_run("run", bridge.clock(), bridge.configuration.digest)
    report = operations.run(bridge, play.connectors, run_id, lambda *_: NOTHING_ISSUED)
    bridge.store.finish_run(run_id, bridge.clock(), "ok", report.summary(), report.warnings.rows)
    return report


def sync(play: Play, bridge: Bridge) -> RunReport:
    """Read only."""
    run_id = bridge.store.start_run("sync", bridge.clock(), bridge.configuration.digest)
    pulled = read_sources(bridge, play.connectors)
    problems = tuple(part.problem for part in pulled if part.problem is not None)
    report = RunReport("sync", pulled, problems=problems)
    bridge.store.finish_run(run_id, bridge.clock(), "ok", report.summary())
    return report


def plan(play: Play, bridge: Bridge) -> RunReport:
    """Save what would be written."""
    made = decide(bridge, tuple(play.connectors), bridge.clock())
    writeback.write_plan_file(made, PLAN, play.disk.files)
    play.filed.is_saved = True
    play.world.say(f"  saved {[(one.ticket.id, one.ticket.version, one.values) for one in made.tickets]}")
    return RunReport("plan")


def apply(play: Play, bridge: Bridge) -> RunReport:
    """Write what a file announced."""
    run_id = bridge.store.start_run("apply", bridge.clock(), bridge.configuration.digest)
    with play.filed.applying(play.disk.files.read(PLAN), play.worlds) as now:
        saved = writeback.read_plan_file(PLAN, play.disk.files)
        now.report = operations.carry_out(bridge, play.connectors, run_id, saved=saved)
        now.held = {
            record.ticket.id: record.ticket for name in play.connectors for record in bridge.store.records(source=name)
        }
    bridge.store.finish_run(run_id, bridge.clock(), "ok", now.report.summary())
    return now.report


COMMANDS: Mapping[str, Callable[[Play, Bridge], RunReport]] = {"run": run, "sync": sync, "plan": plan, "apply": apply}
