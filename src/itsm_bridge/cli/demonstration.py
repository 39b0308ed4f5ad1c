"""The demo, step by step: what an operator would do on the first day."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from itsm_bridge.analysis.period import Period
from itsm_bridge.cli.options import Options, clock
from itsm_bridge.cli.plans import WIDTH, plan_text
from itsm_bridge.cli.runs import code_of_report, publish_due, summary_line
from itsm_bridge.cli.text import fitted, plural
from itsm_bridge.config import load
from itsm_bridge.operations import run as steps
from itsm_bridge.operations.bridge import Bridge, open_bridge
from itsm_bridge.operations.deciding import decide
from itsm_bridge.operations.ending import audited
from itsm_bridge.operations.findings import findings as findings_of
from itsm_bridge.operations.reading import read_sources
from itsm_bridge.report import Published, build


def demonstrate(options: Options, out: Path) -> None:
    """Sync, plan, apply, report, and a second run that has nothing left to write."""
    with open_bridge(load(out / "config"), clock, create=True) as bridge:
        first = _first_run(options, bridge)
        published = _report(options, bridge)
        second = _second_run(options, bridge)
        _results(options, out, published)
    options.document(
        {
            "first": first.summary(),
            "second": second.summary(),
            "folder": str(published.folder),
            "files": [str(file.path) for file in published.files],
        }
    )


def _first_run(options: Options, bridge: Bridge) -> steps.RunReport:
    """Read, decide, show, write."""
    connectors = bridge.connectors()
    run_id = bridge.store.start_run("demo", bridge.clock(), bridge.configuration.digest)
    options.say("1. sync: reading two sources into the store")
    pulled = read_sources(bridge, connectors)
    for part in pulled:
        history = plural(part.history_entries, "change")
        options.say(f"   {part.source}: {plural(part.read, 'ticket')}, {history} of their history")
    options.say("\n2. plan: what the rules decide about the open tickets\n")
    plan = decide(bridge, tuple(connectors), bridge.clock())
    options.say("\n".join(f"   {line}" if line else "" for line in plan_text(plan, WIDTH - 3).splitlines()))
    options.say("\n3. apply: writing it back, and reading back what was stored")
    applied = steps.write(bridge, plan, connectors, run_id)
    problems = tuple(part.problem for part in pulled if part.problem) + tuple(applied.problems.values())
    report = steps.RunReport("demo", pulled, plan, applied, findings=findings_of(bridge, applied), problems=problems)
    _end(options, bridge, run_id, report)
    return report


def _second_run(options: Options, bridge: Bridge) -> steps.RunReport:
    """What cron would do next: nothing is written twice."""
    options.say("\n5. run: the same again, as cron would")
    run_id = bridge.store.start_run("run", bridge.clock(), bridge.configuration.digest)
    report = steps.run(bridge, bridge.connectors(), run_id, publish_due)
    _end(options, bridge, run_id, report)
    return report


def _end(options: Options, bridge: Bridge, run_id: int, report: steps.RunReport) -> None:
    report = audited(bridge, run_id, report, code_of_report(report), {})
    bridge.store.finish_run(run_id, bridge.clock(), str(code_of_report(report)), report.summary())
    options.say(fitted(f"   {summary_line(report)}"))
    for finding in report.findings:
        options.say(fitted(f"   {finding.kind}  {finding.subject}: {finding.detail}"))
    for problem in report.problems:
        raise problem


def _report(options: Options, bridge: Bridge) -> Published:
    options.say("\n4. report: the analyses, from the store alone")
    now = bridge.clock()
    period = Period.holding(now, "week", bridge.configuration.zone)
    published = build(bridge.store, bridge.configuration, period=period, as_of=now, out=bridge.reports)
    options.say(f"   {plural(len(published.files), 'file')} for {period.name}")
    return published


def _results(options: Options, out: Path, published: Published) -> None:
    workbook = next(file.path for file in published.files if file.path.suffix == ".xlsx")
    decisions = next(file.path for file in published.files if file.path.name == "decisions.csv")
    dashboard = next(file.path for file in published.files if file.path.suffix == ".html")
    options.say(f"\nThe workbook:       {workbook}")
    options.say(f"The dashboard:      {dashboard}")
    options.say(f"The CSVs:           {decisions.parent}")
    options.say(f"The decisions made: {decisions}")
    command = f"{_as_called()} -C {out / 'config'}"
    options.say(f"\nAsk why:            {command} explain ID")
    options.say(f"How things stand:   {command} status")


def _as_called() -> str:
    """The program as it can be called again from here."""
    return "itsm-bridge" if shutil.which("itsm-bridge") else os.path.relpath(sys.argv[0])
