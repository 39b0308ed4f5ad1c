"""``sync``, ``plan``, ``apply`` and ``run``: the commands that read sources and write to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from itsm_bridge.cli.durations import WallTime
from itsm_bridge.cli.exits import FINDINGS, Finished, code_of, ending, worst
from itsm_bridge.cli.options import Options, clock, opened
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.plans import next_step, plan_text
from itsm_bridge.cli.progress import watched
from itsm_bridge.cli.telling import telling
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.config import load
from itsm_bridge.errors import BridgeError, GuardTripped, UsageError
from itsm_bridge.events import emit
from itsm_bridge.operations import run as steps
from itsm_bridge.operations.bridge import Bridge, lock_path, open_bridge
from itsm_bridge.operations.clock_warnings import ClockWarning
from itsm_bridge.operations.deciding import decide, halts
from itsm_bridge.operations.ending import audited
from itsm_bridge.operations.findings import RunFinding
from itsm_bridge.operations.findings import findings as findings_of
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.lock import held
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.operations.restored import look_for_an_older_copy, refuse_before_reread
from itsm_bridge.writeback import (
    Plan,
    plan_document,
    read_plan_file,
    write_plan_file,
)

MOST_FINDINGS = 20
"""Findings that a run prints above its last line; all of them are in ``status --json``."""

OLDER_COPY = RunFinding(
    "restored",
    "store",
    "an older copy of the store was put back: every source is read from its start, ids and all, before anything is "
    "written to it",
)

MOST_CLOCKS = 5
"""Clocks past a warning that a run's line names."""

max_runtime_option = click.option(
    "--max-runtime",
    metavar="DURATION",
    type=WallTime(),
    help="End after so long, such as 10m, with progress kept; default: limits: max_runtime of bridge.yaml.",
)


@click.command(epilog="Example: itsm-bridge sync --source snow --max-runtime 10m")
@click.option("--source", multiple=True, help="Only this source; may be given more than once.")
@click.option("--full", is_flag=True, help="Read everything again, not only what changed.")
@max_runtime_option
@click.pass_obj
def sync(options: Options, source: tuple[str, ...], full: bool, max_runtime: timedelta | None) -> None:
    """Read what changed into the store."""
    with (
        _working(options, "sync", create=True) as job,
        watched(options, _seconds(job.bridge, max_runtime)) as watch,
    ):
        connectors = job.bridge.connectors(source, watch)
        pulled = read_sources(job.bridge, connectors, full=full, watch=watch)
        problems = tuple(part.problem for part in pulled if part.problem is not None)
        whole = tuple(part.source for part in pulled if part.problem is None)
        frozen, unfrozen = steps.freeze_ended(job.bridge, whole, watch)
        findings = findings_of(job.bridge, steps.NOTHING_APPLIED)
        problems += unfrozen
        job.report = steps.RunReport("sync", pulled, findings=findings, problems=problems, frozen=frozen)
    _finish(options, job.report)


@click.command(epilog="Example: itsm-bridge plan --out monday.json && itsm-bridge apply monday.json")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@click.option("--ticket", help="Only this ticket, such as snow:INC0010023.")
@click.pass_obj
def plan(options: Options, out: Path | None, ticket: str | None) -> None:
    """Decide, and show what would be written; writes nothing."""
    with opened(options) as bridge:
        limits = bridge.configuration.limits
        halted = halts(bridge, bridge.configuration.sources)
        older = _older(bridge)
        whole = tuple(name for name in bridge.configuration.sources if name not in halted)
        made = decide(bridge, whole, bridge.clock())
        known = ticket is None or bridge.store.find_ticket(ticket) is not None
    if not known:
        raise UsageError(f"there is no ticket {ticket!r} in the store; nothing was decided", hint="itsm-bridge sync")
    if ticket is not None:
        made = _only(made, ticket)
    if out is not None:
        if not out.parent.is_dir():
            raise UsageError(f"there is no folder {out.parent}; the plan was not saved")
        write_plan_file(made, out)
    options.document(plan_document(made))
    options.say(plan_text(made))
    for stop in halted.values():
        options.say(fitted(printable(f"left out: {stop.message}")))
    if older is not None:
        options.say(fitted(printable(f"A guard will stop this: {older.message}.")))
    options.say(pasted(next_step(made, limits, out, ticket) if older is None else f"Next: {older.hint}"))


@click.command(epilog="Example: itsm-bridge apply --allow-changes 60")
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--allow-changes", default=0, metavar="N", help="Lift the limits once, up to N tickets.", type=click.IntRange(0)
)
@click.pass_obj
def apply(options: Options, file: Path | None, allow_changes: int) -> None:
    """Write the plan back; a ticket that moved since is skipped and listed."""
    with _working(options, "apply") as job:
        saved = None if file is None else read_plan_file(file)
        with watched(options, _seconds(job.bridge)) as watch:
            connectors = job.bridge.connectors(watch=watch)
            job.report = steps.carry_out(
                job.bridge, connectors, job.run_id, saved=saved, allow=allow_changes, watch=watch
            )
    _finish(options, job.report)


@click.command(epilog="Example, in a crontab: 5 7 * * 1-6  itsm-bridge -C /etc/itsm-bridge/config run")
@max_runtime_option
@click.pass_obj
def run(options: Options, max_runtime: timedelta | None) -> None:
    """What cron calls: sync, plan, apply, and the reports that are due."""
    with (
        _working(options, "run", create=True) as job,
        watched(options, _seconds(job.bridge, max_runtime)) as watch,
    ):
        connectors = job.bridge.connectors(watch=watch)
        job.report = steps.run(job.bridge, connectors, job.run_id, publish_due, watch=watch)
    _finish(options, job.report)


def _older(bridge: Bridge) -> GuardTripped | None:
    """Why nothing is written yet, where the store is an older copy whose sources were not read since."""
    try:
        refuse_before_reread(bridge)
    except GuardTripped as stop:
        return stop
    return None


def _seconds(bridge: Bridge, given: timedelta | None = None) -> float:
    """How long this run may take: as given, else as configured."""
    return bridge.configuration.limits.max_runtime if given is None else given.total_seconds()


@dataclass(slots=True)
class _Job:
    """One command that works under the lock; its row in the store is written when it ends, however it ends."""

    bridge: Bridge
    run_id: int
    report: steps.RunReport


@contextmanager
def _working(options: Options, command: str, *, create: bool = False) -> Iterator[_Job]:
    """Lock, open, record the start; and record the end, with the error where there was one."""
    configuration = load(options.folder)
    with (
        held(lock_path(configuration), command, clock()),
        telling(configuration, command) as told,
        open_bridge(configuration, clock, create=create) as bridge,
        bridge.store.sole(),
    ):
        job = _Job(bridge, bridge.store.start_run(command, clock(), configuration.digest), steps.RunReport(command))
        told.started(job.run_id)
        given = _given()
        try:
            is_older = look_for_an_older_copy(bridge, job.run_id)
            yield job
            if is_older:
                job.report = replace(job.report, findings=(OLDER_COPY, *job.report.findings))
            job.report = audited(bridge, job.run_id, job.report, code_of_report(job.report), given)
        except BaseException as problem:
            code, message = ending(problem)
            with suppress(BridgeError):  # what ended the run is told, and not that the log could not be added to
                job.report = audited(bridge, job.run_id, job.report, code, given, message)
            _tell_guard(problem)
            summary = job.report.summary() | {"problems": [message]} | told.tally.summary()
            bridge.store.finish_run(job.run_id, clock(), str(code), summary)
            told.ended(code, job.report, bridge)
            raise
        code = code_of_report(job.report)
        _log(job.report)
        summary, warned = job.report.summary() | told.tally.summary(), job.report.warnings.rows
        bridge.store.finish_run(job.run_id, clock(), str(code), summary, warned)
        told.ended(code, job.report, bridge)


def _given() -> dict[str, object]:
    """The options of this command that somebody set, for the audit log; none of them is a secret."""
    context = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    return {name: value for name, value in context.params.items() if context.get_parameter_source(name) is typed}


def _finish(options: Options, report: steps.RunReport) -> None:
    """Show what a run did, and leave with its code."""
    options.document(report.summary() | {"exit_code": code_of_report(report)})
    line = summary_line(report)
    code = code_of_report(report)
    if code == 0:
        options.summarize(f"itsm-bridge {report.command}: {line}")
        return
    for finding in report.findings[:MOST_FINDINGS]:
        options.tell(f"{finding.kind}  {printable(finding.subject)}: {printable(finding.detail)}")
    if report.problems:
        problem = worst(report.problems)
        for other in report.problems:
            if other is not problem:
                options.tell(_problem_line(other))
        others = f" ({plural(len(report.problems) - 1, 'more problem')})" if len(report.problems) > 1 else ""
        raise Finished(code, f"{report.command}: {problem.message}{others}; {line}", problem.hint)
    first = report.findings[0]
    raise Finished(
        code,
        f"{report.command}: {plural(len(report.findings), 'finding')}, first: {first.subject}: {first.detail}; {line}",
        "itsm-bridge status",
        logged=f"{report.command}: {plural(len(report.findings), 'finding')}; {line}",
    )


def _log(report: steps.RunReport) -> None:
    """What a person should look at, and what ended a part, for those who read the log by machine."""
    for finding in report.findings:
        emit("run.finding", kind=finding.kind, subject=finding.subject)
    for problem in report.problems:
        _tell_guard(problem)
        emit("run.problem", error=type(problem).__name__, exit_code=code_of(problem), message=problem.message)


def _tell_guard(problem: BaseException) -> None:
    if isinstance(problem, GuardTripped):
        emit("guard.stopped", message=problem.message)


def _problem_line(problem: BridgeError) -> str:
    """A problem that is not the worst one, with its own command to go on."""
    return printable(f"problem  {problem.message}{'. Next: ' + pasted(problem.hint) if problem.hint else ''}")


def summary_line(report: steps.RunReport) -> str:
    """What happened, in one line of counts."""
    parts = []
    if report.pulled:
        read, changed = sum(p.read for p in report.pulled), sum(p.new + p.changed for p in report.pulled)
        parts.append(f"{plural(read, 'ticket')} read, {changed:,} new or changed")
        if gone := sum(p.gone for p in report.pulled):
            parts.append(f"{plural(gone, 'ticket')} gone")
    if report.plan is not None:
        parts.append(f"{plural(report.applied.written, 'ticket')} written of {len(report.plan.tickets):,} planned")
        parts.append(f"{len(report.plan.held):,} held, {len(report.plan.unrouted):,} unrouted")
    if told := report.told():
        parts.append(f"{plural(len(told), 'note')} addressed to a contact")
    if report.warnings.clocks:
        parts.append(_warnings_text(report.warnings.clocks))
    if report.warnings.before:
        parts.append(f"{plural(report.warnings.before, 'warning')} passed before the bridge looked")
    if report.resumed:
        parts.append(f"{plural(report.resumed, 'unfinished write')} resolved")
    if report.reports:
        parts.append(f"report {', '.join(report.reports)} published")
    if report.audit is not None and report.audit.rows:
        parts.append(f"audit {plural(report.audit.rows, 'row')}, head {report.audit.short}")
    return "; ".join(parts) or "nothing to do"


def _warnings_text(clocks: Sequence[ClockWarning]) -> str:
    """How many clocks passed a warning, and the fullest of them."""
    named = [
        f"{printable(one.ticket)} {printable(one.sla)} {one.used:.0f} % ({printable(one.vendor or 'nobody')})"
        for one in clocks[:MOST_CLOCKS]
    ]
    more = [f"{len(clocks) - MOST_CLOCKS:,} more"] if len(clocks) > MOST_CLOCKS else []
    return f"{plural(len(clocks), 'clock')} passed a warning: {', '.join(named + more)}"


def code_of_report(report: steps.RunReport) -> int:
    """The exit code of a run: that of its worst problem, else whether there are findings."""
    if report.problems:
        return code_of(worst(report.problems))
    return FINDINGS if report.findings else 0


def _only(made: Plan, ticket: str) -> Plan:
    return replace(
        made,
        tickets=tuple(one for one in made.tickets if one.ticket.id == ticket),
        held=tuple(one for one in made.held if one.ticket == ticket),
        unrouted=tuple(one for one in made.unrouted if one.ticket == ticket),
    )


def publish_due(bridge: Bridge, now: datetime) -> Issued:
    """Build the reports that are due; pandas is imported only then."""
    from itsm_bridge.operations import due

    return due.publish_due(bridge, now)
