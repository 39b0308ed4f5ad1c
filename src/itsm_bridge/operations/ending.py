"""The end of a run in the audit log: who called it with which options, what it wrote, and what stopped it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.conflicts import account
from itsm_bridge.operations.run import RunReport

GUARD = 6
"""The exit code of a run that a guard stopped."""

COUNTS = ("planned", "written", "not_tried", "held", "resumed")


def audited(  # noqa: PLR0917 (what the row says)
    bridge: Bridge, run_id: int, report: RunReport, code: int, given: Mapping[str, object], problem: str = ""
) -> RunReport:
    """Add the row of a run that ended with ``code``, also of one that wrote nothing; the report with the log's end.

    A ``sync`` writes to no source, and has a row only where a guard stopped it or somebody allowed it more than usual.
    ``given`` are the options that somebody set; ``problem`` is what ended the run, where the report does not know it.
    Raises ``AuditBroken``.
    """
    if report.command == "sync" and code != GUARD and not any(name.startswith("allow") for name in given):
        return report
    summary = report.summary()
    did: dict[str, object] = {"given": {name: str(value) for name, value in given.items()}}
    did |= {name: summary[name] for name in COUNTS}
    why = "; ".join(filter(None, (*(one.message for one in report.problems), problem)))
    return replace(report, audit=bridge.store.audit_end(run_id, account(), f"exit {code}", did, why, bridge.clock()))
