"""``status``: is it healthy, since when, what is stuck, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import click

from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.operations.published import ReportsDue
from itsm_bridge.operations.status import Status, passed_in, status_of, warnings_of

WARNING = ("ticket", "sla", "percent", "used", "vendor", "crossed_at")
"""What a clock that passed a warning is told with."""

MOST_TICKETS = 5
"""Tickets that a line names."""


@click.command(epilog="Example: itsm-bridge status")
@click.pass_obj
def status(options: Options) -> None:
    """Last runs, freshness of each source, and what is stuck, held or quarantined."""
    with opened(options) as bridge:
        found = status_of(bridge)
    options.document(_document(found))
    for line in _lines(found):
        options.say(fitted(pasted(line)))


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
    yield from (f"  copy of before an upgrade: {printable(copy.name)}" for copy in found.copies)


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
        "decisions held; between rules and people: itsm-bridge conflicts list": found.held,
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
        "copies": [str(copy) for copy in found.copies],
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
