"""The steps of a run, each usable on its own: read, decide, write, report; and the record that a run leaves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from itsm_bridge.connectors.base import Connector
from itsm_bridge.errors import BridgeError, ConfigurationInvalid, GuardTripped, SourceUnavailable, StorageFailed
from itsm_bridge.events import emit
from itsm_bridge.model import Decision, Outcome
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.clock_warnings import NO_WARNINGS, Warnings, look
from itsm_bridge.operations.deciding import decide, halts
from itsm_bridge.operations.findings import RunFinding, findings
from itsm_bridge.operations.freezing import freeze
from itsm_bridge.operations.issued import NOTHING_ISSUED, Issued
from itsm_bridge.operations.mailing import failed_checks, send_due
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.operations.restored import refuse_before_reread
from itsm_bridge.operations.resuming import resume
from itsm_bridge.operations.saved import left_out
from itsm_bridge.operations.watching import SILENT, Watchers
from itsm_bridge.store import Head
from itsm_bridge.sync import Pulled
from itsm_bridge.writeback import (
    Applied,
    Plan,
    SavedPlan,
    apply,
    check_configuration,
    check_limits,
    restrict,
)

NOTHING_APPLIED = Applied((), {}, 0)

MOST_WARNINGS = 500
"""Clocks that a run's row in the store names; all of them are counted."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run did. ``problems`` are the errors that ended a source's part; ``reports`` the periods published.

    ``frozen`` counts the verdicts of clocks that were added; ``warnings`` are the clocks that passed one; ``audit`` is
    the end of the audit log after what was written.
    """

    command: str
    pulled: tuple[Pulled, ...] = ()
    plan: Plan | None = None
    applied: Applied = NOTHING_APPLIED
    resumed: int = 0
    reports: tuple[str, ...] = ()
    findings: tuple[RunFinding, ...] = ()
    problems: tuple[BridgeError, ...] = ()
    frozen: int = 0
    warnings: Warnings = NO_WARNINGS
    audit: Head | None = None

    def summary(self) -> dict[str, object]:
        """Counts only: what the run's row in the store, ``status`` and ``--json`` show."""
        return {
            "sources": {
                pulled.source: {
                    "read": pulled.read,
                    "new": pulled.new,
                    "changed": pulled.changed,
                    "history_entries": pulled.history_entries,
                    "quarantined": pulled.quarantined,
                    "gone": pulled.gone,
                    "swept": pulled.swept,
                    "problem": pulled.problem.message if pulled.problem else None,
                }
                for pulled in self.pulled
            },
            "by_source": self._by_source(),
            "open_tickets": sum(self.plan.open_tickets.values()) if self.plan else None,
            "planned": len(self.plan.tickets) if self.plan else 0,
            "written": self.applied.written,
            "not_tried": self.applied.left,
            "held": len(self.plan.held) if self.plan else 0,
            "unrouted": len(self.plan.unrouted) if self.plan else 0,
            "resumed": self.resumed,
            "reports": list(self.reports),
            "told": [list(one) for one in self.told()],
            "verdicts_frozen": self.frozen,
            "warnings": self._warnings(),
            "audit": None if self.audit is None else {"rows": self.audit.rows, "head": self.audit.hash},
            "findings": [[finding.kind, finding.subject, finding.detail] for finding in self.findings],
            "problems": [problem.message for problem in self.problems],
        }

    def _by_source(self) -> dict[str, dict[str, int]]:
        """What was written, what is held and on what people and rules did not agree, by source."""
        held = () if self.plan is None else self.plan.held
        apart = (finding.subject for finding in self.findings if finding.kind in {"conflict", "collision"})
        written = (one.plan.ticket.id for one in self.applied.outcomes if Outcome.VERIFIED in one.fields.values())
        of_tickets = {"written": written, "held": (one.ticket for one in held), "conflicts": apart}
        counts = {what: Counter(one.partition(":")[0] for one in tickets) for what, tickets in of_tickets.items()}
        sources = {pulled.source for pulled in self.pulled}.union(*counts.values())
        return {source: {what: counts[what][source] for what in counts} for source in sorted(sources)}

    def _warnings(self) -> dict[str, object]:
        """The clocks that passed a warning, the fullest first, and how many had passed one before anybody looked."""
        return {
            "passed": len(self.warnings.clocks),
            "passed_before": self.warnings.before,
            "clocks": [
                [one.ticket, one.sla, one.percent, one.used, one.vendor, one.crossed_at.isoformat()]
                for one in self.warnings.clocks[:MOST_WARNINGS]
            ],
        }

    def told(self) -> tuple[tuple[str, str, str], ...]:
        """Whom this run told by a note: the ticket, the addresses, and the note."""
        return tuple(
            (outcome.plan.ticket.id, ", ".join(note.told), note.text)
            for outcome in self.applied.outcomes
            for note in outcome.plan.notes
            if note.told and outcome.fields.get(note.key) is Outcome.VERIFIED
        )


def write(
    bridge: Bridge,
    plan: Plan,
    connectors: Mapping[str, Connector],
    run_id: int,
    *,
    allow: int = 0,
    file: str = "",
    watch: Watchers = SILENT,
) -> Applied:
    """Apply a plan within the limits, and keep what was decided. Raises ``GuardTripped`` before the first write."""
    check_limits(plan, bridge.configuration.limits, allow, file)
    for one in plan.held:
        emit("ticket.held", ticket=one.ticket, field=one.field, kind=one.kind)
    applied = apply(plan, bridge.store, connectors, run_id, bridge.clock, stopped=watch.stopped, watch=watch.written)
    remember(bridge, run_id, plan, applied)
    bridge.store.seal_audit(bridge.clock())
    return applied


def remember(bridge: Bridge, run_id: int, plan: Plan, applied: Applied) -> None:
    """Keep each decision that is not already the last one of its ticket and field, with what came of it."""
    came_of = {
        (outcome.plan.ticket.source, outcome.plan.ticket.external_id, name): str(result)
        for outcome in applied.outcomes
        for name, result in outcome.fields.items()
    }
    known = {(d.source, d.external_id, d.field): _gist(d) for d in bridge.store.decisions(latest=True)}
    fresh = []
    for decision in plan.decisions:
        key = (decision.source, decision.external_id, decision.field)
        decided = replace(decision, outcome=came_of.get(key, decision.outcome))
        if known.get(key) not in _equivalents(decided):
            fresh.append(decided)
    bridge.store.save_decisions(run_id, fresh)


def carry_out(
    bridge: Bridge,
    connectors: Mapping[str, Connector],
    run_id: int,
    *,
    saved: SavedPlan | None = None,
    allow: int = 0,
    watch: Watchers = SILENT,
) -> RunReport:
    """Decide what is in the store and write it; with a ``saved`` plan, only what that announced and is still so.

    A source that is stopped, since too many of its tickets vanished, is a problem of the report and left out.
    A limit that would be passed is a problem of the report: then nothing is written. Raises ``GuardTripped`` where the
    saved plan is of another configuration, or the store an older copy whose sources were not read since, before any
    source is asked anything.
    """
    refuse_before_reread(bridge)
    if saved is not None:
        check_configuration(saved, bridge.configuration.digest)
    resumed = resume(bridge, connectors, run_id)
    halted = halts(bridge, resumed.healthy)
    healthy = {name: connector for name, connector in resumed.healthy.items() if name not in halted}
    whole = plan = decide(bridge, tuple(healthy), bridge.clock())
    file = ""
    moved: tuple[str, ...] = ()
    if saved is not None:
        (plan, moved), file = restrict(whole, saved), saved.name
    applied, stopped = _written(bridge, plan, healthy, run_id, allow=allow, file=file, watch=watch)
    warnings, unclocked = _warn(bridge, tuple(healthy), watch)
    stale = () if saved is None else left_out(bridge, saved, whole, moved, healthy)
    return RunReport(
        "apply",
        plan=plan,
        applied=applied,
        resumed=resumed.resolved,
        findings=(
            *resumed.findings,
            *findings(bridge, applied, plan),
            *(RunFinding("conflict", name, why) for name, why in stale),
        ),
        problems=(*resumed.problems, *halted.values(), *stopped, *unclocked),
        warnings=warnings,
        audit=bridge.store.audit_head(),
    )


def _written(
    bridge: Bridge,
    plan: Plan,
    connectors: Mapping[str, Connector],
    run_id: int,
    *,
    allow: int = 0,
    file: str = "",
    watch: Watchers = SILENT,
) -> tuple[Applied, Sequence[BridgeError]]:
    """What was written, and what ended that early; a limit ends it before the first write and is told as the others."""
    try:
        applied = write(bridge, plan, connectors, run_id, allow=allow, file=file, watch=watch)
    except GuardTripped as stop:
        return Applied((), {}, len(plan.tickets)), [stop]
    return applied, _problems(applied)


def run(
    bridge: Bridge,
    connectors: Mapping[str, Connector],
    run_id: int,
    publish: Callable[[Bridge, datetime], Issued],
    *,
    watch: Watchers = SILENT,
) -> RunReport:
    """What cron calls: resume, read, decide, write, look at the clocks, and publish the reports that are due.

    A source that could not be read whole is neither decided nor written, and no report is published without it.
    ``publish`` builds what is due and says what; a copy that was stopped is a problem beside what is in its place. A
    limit that would be passed is a problem of the report: then nothing is written anywhere.
    """
    resumed = resume(bridge, connectors, run_id)
    healthy, problems = resumed.healthy, list(resumed.problems)
    pulled = read_sources(bridge, healthy, watch=watch)
    problems += [part.problem for part in pulled if part.problem is not None]
    whole = {part.source: healthy[part.source] for part in pulled if part.problem is None}
    plan = decide(bridge, tuple(whole), bridge.clock())
    applied, stopped = _written(bridge, plan, whole, run_id, watch=watch)
    problems += stopped
    warnings, unclocked = _warn(bridge, tuple(whole), watch)
    frozen, unfrozen = freeze_ended(bridge, tuple(whole), watch)
    problems += unclocked or unfrozen  # the same clocks, hence the same reason
    issued = NOTHING_ISSUED
    if not problems:
        try:
            issued = publish(bridge, bridge.clock())
            problems += issued.stopped
            for period in issued.periods:
                emit("report.published", period=period)
        except (BridgeError, OSError) as problem:  # what was read and written must be told all the same
            problems.append(problem if isinstance(problem, BridgeError) else StorageFailed(f"the report: {problem}"))
        problems += send_due(bridge, bridge.clock())
    wrong = [
        RunFinding("check_failed", f"report {period}", why) for period, why in failed_checks(bridge, issued.periods)
    ]
    found = (*resumed.findings, *findings(bridge, applied, plan), *wrong)
    return RunReport(
        "run",
        pulled,
        plan,
        applied,
        resumed.resolved,
        issued.periods,
        found,
        tuple(problems),
        frozen=frozen,
        warnings=warnings,
        audit=bridge.store.audit_head(),
    )


def freeze_ended(
    bridge: Bridge, sources: Collection[str], watch: Watchers = SILENT
) -> tuple[int, tuple[BridgeError, ...]]:
    """Freeze the verdicts of clocks that have ended; how many were added, and what is wrong with the definitions.

    ``sources`` were read to their end: what is known by halves is not judged.
    """
    try:
        return freeze(bridge, sources, bridge.clock(), watch.expired), ()
    except ConfigurationInvalid as problem:
        return 0, (problem,)


def _warn(bridge: Bridge, sources: Collection[str], watch: Watchers) -> tuple[Warnings, tuple[BridgeError, ...]]:
    """Which clocks have passed a warning, and what is wrong with the definitions."""
    try:
        return look(bridge, sources, bridge.clock(), watch.expired), ()
    except ConfigurationInvalid as problem:
        return NO_WARNINGS, (problem,)


def _problems(applied: Applied) -> list[BridgeError]:
    """What ended a write-back early; tickets left over without a cause mean that the time was up."""
    if applied.left and not applied.problems:
        left = f"stopped early: {applied.left} of the planned tickets are not written yet"
        return [SourceUnavailable(left)]
    return list(applied.problems.values())


def _equivalents(decision: Decision) -> tuple[tuple[object, ...], ...]:
    """The decision itself; and where nothing is left to do, the one whose write brought that about."""
    outcomes = (decision.outcome, "verified", "noop") if decision.outcome == "kept" else (decision.outcome,)
    return tuple(_gist(replace(decision, outcome=outcome)) for outcome in outcomes)


def _gist(decision: Decision) -> tuple[object, ...]:
    """What makes two decisions the same one: not when they were made, nor facts that pass."""
    return (decision.value, decision.rule, decision.digest, decision.outcome)
