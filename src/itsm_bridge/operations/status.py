"""How things stand, from the store alone: last runs, freshness of each source, what is stuck, held or quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.completeness import Gap, incomplete_streams
from itsm_bridge.operations.published import ReportsDue, reports_due
from itsm_bridge.store import EMPTY_AUDIT, Head, QuarantineRow, Reader, Run, StreamCount, SweepRow
from itsm_bridge.writeback import open_writes


@dataclass(frozen=True, slots=True)
class Status:
    """What ``status`` shows. ``freshness`` is when each source was last read whole, ``None`` for never.

    ``warnings`` are the clocks that passed one in the last run that looked: ticket, level, percent passed, percent
    used, vendor and instant. ``gone`` counts, by source and reason, tickets that are gone; ``gaps`` are the streams
    that are not complete, and ``counts`` says when each was last compared, or that its source cannot count. ``copies``
    are those of the store from before an upgrade.
    """

    now: datetime
    runs: tuple[Run, ...]
    freshness: Mapping[str, datetime | None]
    tickets: Mapping[str, int]
    open_tickets: Mapping[str, int]
    unresolved: int
    quarantined: tuple[QuarantineRow, ...]
    held: int
    sweeps: Mapping[str, SweepRow]
    gone: Mapping[str, Mapping[str, int]]
    gaps: tuple[Gap, ...]
    counts: tuple[StreamCount, ...]
    findings: tuple[tuple[str, str, str], ...]
    warnings: tuple[tuple[object, ...], ...] = ()
    audit: Head = EMPTY_AUDIT
    reports: ReportsDue | None = None
    copies: tuple[Path, ...] = ()

    @property
    def since(self) -> datetime | None:
        """From which of the last runs on each ended as well, or as badly, as the newest; ``None`` without a run."""
        ended = [run for run in self.runs if run.outcome is not None]
        alike = takewhile(lambda run: (run.outcome == "0") == (ended[0].outcome == "0"), ended)
        return min((run.started_at for run in alike), default=None)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not healthy, in words; none where it is."""
        never = [name for name, at in self.freshness.items() if at is None]
        last = self.runs[0].outcome if self.runs else ""
        said = {
            "no run yet": not self.runs,
            "the last run has not ended: at work, or killed": last is None,
            "the last run was stopped by a guard": last == "6",
            f"the last run ended with exit {last}": last not in {"0", "6", "", None},
            f"never read whole: {', '.join(never)}": bool(never),
            "writes are unfinished": bool(self.unresolved),
            "records are in quarantine": bool(self.quarantined),
            "counts differ from the source's": bool(self.gaps),
        }
        return tuple(words for words, holds in said.items() if holds)

    @property
    def healthy(self) -> bool:
        """The last run ended well, every source has been read, and nothing waits for a person."""
        return not self.reasons


def status_of(bridge: Bridge) -> Status:
    """Gather it."""
    store, sources = bridge.store, bridge.configuration.sources
    runs = tuple(store.runs(10))
    fresh = store.freshness()
    telling = next((run for run in runs if run.command in {"run", "apply", "sync"} and run.outcome is not None), None)
    looking = next((run for run in runs if run.command in {"run", "apply"} and run.outcome is not None), None)
    last_findings = telling.summary.get("findings") if telling is not None else None
    now = bridge.clock()
    return Status(
        now=now,
        runs=runs,
        freshness={name: fresh.get(name) for name in sources},
        tickets={name: store.ticket_count(name) for name in sources},
        open_tickets={name: store.ticket_count(name, open_only=True) for name in sources},
        unresolved=sum(len(open_writes(store, name)) for name in sources),
        quarantined=tuple(store.quarantine()),
        held=sum(decision.outcome == "held" for decision in store.decisions(latest=True)),
        sweeps=store.sweeps(),
        gone={name: _gone(store, name) for name in sources},
        gaps=tuple(incomplete_streams(store)),
        counts=tuple(store.stream_counts()),
        findings=tuple(_finding(row) for row in last_findings) if isinstance(last_findings, list | tuple) else (),
        warnings=() if looking is None else warnings_of(looking.summary),
        audit=store.audit_head(),
        reports=reports_due(bridge.reports, now, bridge.configuration.zone),
        copies=store.copies(),
    )


def passed_in(summary: Mapping[str, object]) -> int:
    """How many clocks passed a warning in a run; its summary names the first of them."""
    warnings = summary.get("warnings")
    passed = warnings.get("passed") if isinstance(warnings, Mapping) else None
    return passed if isinstance(passed, int) else 0


def warnings_of(summary: Mapping[str, object]) -> tuple[tuple[object, ...], ...]:
    """The clocks that passed a warning in a run, from its summary; none from that of an older version."""
    warnings = summary.get("warnings")
    clocks = warnings.get("clocks") if isinstance(warnings, Mapping) else None
    return tuple(tuple(one) for one in clocks) if isinstance(clocks, list | tuple) else ()


def _gone(store: Reader, source: str) -> Mapping[str, int]:
    return dict(sorted(Counter(row.reason for row in store.absences(source) if row.gone_at is not None).items()))


def _finding(row: Sequence[object]) -> tuple[str, str, str]:
    kind, subject, detail = row
    return str(kind), str(subject), str(detail)
