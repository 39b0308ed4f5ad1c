"""``status`` and ``doctor``: is it healthy, since when, what is stuck, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import click

from itsm_bridge.cli.exits import FINDINGS, Finished
from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.config import Configuration, load
from itsm_bridge.connectors.base import Check
from itsm_bridge.errors import BridgeError, CredentialsRefused, NotInitialised, SourceUnavailable
from itsm_bridge.operations.bridge import connectors_of, project_of
from itsm_bridge.operations.published import ReportsDue
from itsm_bridge.operations.status import Status, passed_in, status_of, warnings_of

MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}
COLOURS = {"ok": "green", "warning": "yellow", "failure": "red"}

WARNING = ("ticket", "sla", "percent", "used", "vendor", "crossed_at")
"""What a clock that passed a warning is told with."""

MOST_TICKETS = 5
"""Tickets that a line names."""


MOST_SECONDS = 5
"""How long ``doctor`` waits for a busy or silent source before it asks again: a person is waiting for it."""


@click.command(epilog="Example: itsm-bridge status")
@click.pass_obj
def status(options: Options) -> None:
    """Last runs, freshness of each source, and what is stuck, held or quarantined."""
    with opened(options) as bridge:
        found = status_of(bridge)
    options.document(_document(found))
    for line in _lines(found):
        options.say(fitted(pasted(line)))


@click.command(epilog="Example: itsm-bridge doctor")
@click.pass_obj
def doctor(options: Options) -> None:
    """Connection, identity, fields and store: one line each, with the fix; never writes."""
    checks = list(_checks(options))
    options.document(
        {"checks": [{"name": c.name, "verdict": c.verdict, "detail": c.detail, "fix": c.fix} for c in checks]}
    )
    for check in checks:
        mark = MARKS[check.verdict]
        shown = fitted(f"{mark}  {check.name}: {printable(check.detail)}", hang=9)
        coloured = mark if options.no_color else click.style(mark, fg=COLOURS[check.verdict])
        options.say(coloured + shown[len(mark) :])
        if check.fix:
            options.say(fitted(f"         fix: {printable(check.fix)}"))
    options.say(_counted(checks))
    failures = [check for check in checks if check.verdict == "failure"]
    if failures:
        first = failures[0]
        raise Finished(
            FINDINGS, f"{plural(len(failures), 'check')} failed, first: {first.name}: {first.detail}", first.fix
        )


def _counted(checks: Iterable[Check]) -> str:
    """The last line: how many of each verdict."""
    counts = Counter(check.verdict for check in checks)
    return f"{counts['ok']:,} ok, {plural(counts['warning'], 'warning')}, {plural(counts['failure'], 'failure')}"


def _checks(options: Options) -> Iterator[Check]:
    """The configuration, the store, then each source by itself."""
    configuration = load(options.folder)
    yield Check("configuration", "ok", f"{options.folder} holds no mistakes")
    yield _store_check(configuration)
    for source, check in source_checks(configuration):
        yield check if check.name == source else replace(check, name=f"{source} {check.name}")


def source_checks(configuration: Configuration) -> Iterator[tuple[str, Check]]:
    """What each source says about itself, with its name; a source that is down hides no other."""
    limits = configuration.limits
    hasty = replace(configuration, limits=replace(limits, max_wait=min(limits.max_wait, MOST_SECONDS)))
    for name in configuration.sources:
        try:
            checks = connectors_of(hasty, (name,))[name].doctor()
        except BridgeError as problem:
            checks = (Check(name, "failure", problem.message, problem.hint),)
        for check in checks:
            yield name, replace(check, fix=_fix(name, check.fix))


def _fix(source: str, given: str) -> str:
    """A remedy that is not this command again."""
    instead = {
        CredentialsRefused.hint: f"set or renew ITSM_BRIDGE_{source.upper()}__… in the environment or in .env",
        SourceUnavailable.hint: f"check url: of {source} in bridge.yaml and the network; the source itself may be down",
    }
    return instead.get(given, given)


def _store_check(configuration: Configuration) -> Check:
    """Whether the store opens; one that is not there yet is made by the first sync."""
    from itsm_bridge.store import Store

    try:
        with Store.open(configuration.store, project_of(configuration)) as store:
            return Check("store", "ok", f"{plural(store.ticket_count(), 'ticket')} in it")
    except NotInitialised as problem:
        return Check("store", "warning", problem.message, problem.hint)
    except BridgeError as problem:
        return Check("store", "failure", problem.message, problem.hint)


def _lines(found: Status) -> Iterator[str]:
    """One screen."""
    since = f" since {_instant(found.since)}" if found.since else ""
    yield f"{'healthy' if found.healthy else 'needs a look'}{since}, as of {_instant(found.now)}"
    yield from (f"  {reason}" for reason in found.reasons)
    yield ""
    for name, last in found.freshness.items():
        age = f"read whole {_ago(found.now - last)} ago" if last else "never read whole"
        gone = sum(found.gone[name].values())
        known = plural(found.tickets[name], "ticket") + (f" ({gone:,} gone)" if gone else "")
        yield f"  {name:<12} {found.open_tickets[name]:>7,} open of {known}; {age}"
        yield f"  {'':<12}         {_proof(found, name)}"
    yield ""
    yield from _runs(found)
    yield from _waiting(found)
    if found.reports is not None:
        yield ""
        yield from _reports(found.reports)
    if found.audit.rows:
        yield f"  audit {plural(found.audit.rows, 'row')}, head {found.audit.short}; check it: itsm-bridge audit verify"


def _proof(found: Status, source: str) -> str:
    """When ids were last walked, and whether the counts agree."""
    sweep = found.sweeps.get(source)
    swept = f"ids swept {_ago(found.now - sweep.swept_at)} ago" if sweep else "ids never swept"
    gaps = [gap.stream for gap in found.gaps if gap.source == source]
    uncounted = [count.stream for count in found.counts if count.source == source and not count.counted]
    if gaps:
        return f"{swept}; INCOMPLETE: {', '.join(gaps)}"
    if uncounted:
        return f"{swept}; not counted by the source: {', '.join(uncounted)}"
    compared = any(count.source == source for count in found.counts)
    return f"{swept}; {'complete by its own count' if compared else 'not compared yet'}"


def _runs(found: Status) -> Iterator[str]:
    for run in found.runs[:5]:
        outcome = "still at work, or killed" if run.outcome is None else f"exit {run.outcome}"
        written = f", {run.summary.get('written', 0)} written" if run.command in {"run", "apply"} else ""
        yield f"  {_instant(run.started_at)}  {run.command:<6} {outcome}{written}"
        yield from (f"      {printable(str(problem))}" for problem in _problems(run.summary))
        yield from _told(run.summary)
        yield from _warned(run.summary)
    if not found.runs:
        yield "  no run yet. Next: itsm-bridge run"


def _waiting(found: Status) -> Iterator[str]:
    waiting = {
        "unfinished writes, resolved by the next run": found.unresolved,
        "decisions held": found.held,
        "records in quarantine": len(found.quarantined),
        "findings of the last run": len(found.findings),
    }
    if any(waiting.values()):
        yield ""
    yield from (f"  {count:>5,} {what}" for what, count in waiting.items() if count)
    for kind, subject, detail in found.findings[:10]:
        yield f"        {kind}  {printable(subject)}: {printable(detail, 160)}"


def _reports(reports: ReportsDue) -> Iterator[str]:
    """What lies there of the last whole periods, and what comes next."""
    if reports.published:
        yield f"  reports published: {', '.join(reports.published)}"
    if reports.due:
        yield f"  reports due, built by the next run that ends well: {', '.join(reports.due)}"
    yield f"  next report: {reports.next_name}, due {reports.next_at:%Y-%m-%d %H:%M} {reports.next_at:%Z}"


def _told(summary: Mapping[str, object]) -> Iterator[str]:
    """Whom a run told about which tickets, each once."""
    told = summary.get("told", ())
    tickets: dict[str, dict[str, None]] = {}
    for line in told if isinstance(told, list | tuple) else ():
        ticket, who, *_ = line
        tickets.setdefault(str(who), {})[str(ticket)] = None
    for who, names in tickets.items():
        some = list(names)
        more = f" and {len(some) - MOST_TICKETS} more" if len(some) > MOST_TICKETS else ""
        yield f"      told {printable(who)} about {', '.join(map(printable, some[:MOST_TICKETS]))}{more}"


def _warned(summary: Mapping[str, object]) -> Iterator[str]:
    """Which clocks passed a warning in a run."""
    clocks = warnings_of(summary)
    named = [f"{ticket} {sla} {used:.0f} %" for ticket, sla, _, used, *_ in clocks[:MOST_TICKETS]]
    if named:
        left = passed_in(summary) - len(named)
        more = f" and {left:,} more" if left else ""
        yield f"      passed a warning: {', '.join(map(printable, named))}{more}"


def _problems(summary: object) -> Iterable[object]:
    problems = summary.get("problems", ()) if isinstance(summary, Mapping) else ()
    return problems if isinstance(problems, list | tuple) else ()


def _document(found: Status) -> dict[str, object]:
    return {
        "healthy": found.healthy,
        "since": found.since.isoformat() if found.since else None,
        "reasons": list(found.reasons),
        "reports": None if found.reports is None else _reports_document(found.reports),
        "now": found.now.isoformat(),
        "sources": {
            name: {
                "last_read": last.isoformat() if last else None,
                "tickets": found.tickets[name],
                "open_tickets": found.open_tickets[name],
                "gone": dict(found.gone[name]),
                "last_sweep": _sweep_document(found, name),
                "completeness": _completeness_document(found, name),
            }
            for name, last in found.freshness.items()
        },
        "runs": [
            {
                "command": run.command,
                "started_at": run.started_at.isoformat(),
                "finished_at": run.finished_at.isoformat() if run.finished_at else None,
                "exit_code": int(run.outcome) if run.outcome is not None else None,
                "summary": _plain(run.summary),
            }
            for run in found.runs
        ],
        "unfinished_writes": found.unresolved,
        "held": found.held,
        "quarantined": [
            {"source": row.source, "external_id": row.external_id, "reason": row.reason, "attempts": row.attempts}
            for row in found.quarantined
        ],
        "findings": [{"kind": k, "subject": s, "detail": d} for k, s, d in found.findings],
        "audit": {"rows": found.audit.rows, "head": found.audit.hash},
        "warnings": [dict(zip(WARNING, one, strict=True)) for one in found.warnings],
    }


def _reports_document(reports: ReportsDue) -> dict[str, object]:
    coming = {"period": reports.next_name, "at": reports.next_at.isoformat()}
    return {"published": list(reports.published), "due": list(reports.due), "next": coming}


def _sweep_document(found: Status, source: str) -> dict[str, object] | None:
    sweep = found.sweeps.get(source)
    if sweep is None:
        return None
    return {"at": sweep.swept_at.isoformat(), "seen": sweep.seen, "fetched": sweep.fetched, "missed": sweep.missed}


def _completeness_document(found: Status, source: str) -> list[dict[str, object]]:
    """One entry for each stream: ``complete`` is null where the source cannot count."""
    differing = {gap.stream: gap.days for gap in found.gaps if gap.source == source}
    return [
        {
            "stream": count.stream,
            "since": count.since.isoformat(),
            "checked_at": count.checked_at.isoformat(),
            "complete": count.stream not in differing if count.counted else None,
            "days": [
                {"day": day.day.isoformat(), "source": day.source_count, "store": day.store_count}
                for day in differing.get(count.stream, ())
            ],
        }
        for count in found.counts
        if count.source == source
    ]


def _plain(value: object) -> object:
    """Frozen mappings and tuples as JSON knows them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _ago(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 60:
        return plural(max(minutes, 0), "minute")
    if minutes < 48 * 60:
        return plural(minutes // 60, "hour")
    return plural(minutes // (24 * 60), "day")
