"""Tells the world around a run that it started and how it ended: the log, the file of metrics, and pings.

Whatever fails here is a warning: the run is what it was, and so is its exit code.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from itsm_bridge.cli.exits import INTERRUPTED, ending
from itsm_bridge.cli.options import clock
from itsm_bridge.config import Configuration, ping_url
from itsm_bridge.connectors import Surroundings
from itsm_bridge.errors import BridgeError, LockHeld
from itsm_bridge.events import emit, listening, set_run
from itsm_bridge.operations.bridge import Bridge, project_of
from itsm_bridge.operations.run import RunReport
from itsm_bridge.operations.tally import Tally

HASTE_SECONDS = 0.5
"""How long a ping may take of a run that was told to stop; there is one try."""


@dataclass(slots=True)
class Telling:
    """What is told of one run. ``rid`` ties its pings together."""

    configuration: Configuration
    command: str
    tally: Tally = field(default_factory=Tally)
    rid: str = field(default_factory=lambda: str(uuid4()))
    began: float = field(default_factory=time.monotonic)
    run: int | None = None
    is_over: bool = False

    def started(self, run: int) -> None:
        """The run has its number, and nobody else is at work."""
        self.run = run
        set_run(run)
        emit("run.started", command=self.command)
        self._ping("start", f"run {run} {self.command}\n")

    def ended(self, code: int, report: RunReport, bridge: Bridge | None) -> None:
        """It ended; ``bridge`` is ``None`` where the store did not open."""
        self.is_over = True
        counts = _counts(report)
        seconds = time.monotonic() - self.began
        emit("run.ended", command=self.command, exit_code=code, seconds=seconds, **counts)
        self._write_metrics(code, bridge)
        self._ping(str(code), _body(self, code, seconds, counts, report))

    def _write_metrics(self, code: int, bridge: Bridge | None) -> None:
        wanted = self.configuration.metrics
        if wanted is None:
            return
        from itsm_bridge.operations import metrics

        path = project_of(self.configuration) / wanted.file
        try:
            samples = metrics.of_end(self.command, code, clock()) if bridge is None else metrics.of_store(bridge)
            metrics.write(path, samples, whole=bridge is not None)
        except (BridgeError, OSError) as problem:
            reason = (problem.strerror or "") if isinstance(problem, OSError) else type(problem).__name__
            emit("metrics.failed", reason=reason or type(problem).__name__, file=path.name)
        else:
            emit("metrics.written", samples=len(samples), file=path.name)

    def _ping(self, kind: str, body: str) -> None:
        if self.command not in self.configuration.notify.ping:
            return
        from itsm_bridge.connectors.ping import SECONDS, TRIES, ping

        try:
            url = ping_url(project_of(self.configuration))
        except BridgeError as problem:
            emit("ping.failed", kind=kind, attempt=0, reason=problem.message)
            return
        if url is None:
            emit("ping.failed", kind=kind, attempt=0, reason="ITSM_BRIDGE_PING_URL is not set")
            return
        stopped = kind.isdigit() and int(kind) >= INTERRUPTED
        patience = (HASTE_SECONDS, 1) if stopped else (SECONDS, TRIES)
        ping(url.get_secret_value(), kind, self.rid, body, Surroundings(), seconds=patience[0], tries=patience[1])


@contextmanager
def telling(configuration: Configuration, command: str) -> Iterator[Telling]:
    """Listen while a run works, and tell also of one that ended before it had its number.

    A run that finds another at work did nothing, and tells nothing: the other one will.
    """
    told = Telling(configuration, command)
    with listening(told.tally):
        try:
            yield told
        except LockHeld:
            raise
        except BaseException as problem:
            if not told.is_over:
                told.ended(ending(problem)[0], RunReport(command), None)
            raise
        finally:
            set_run(None)


def _counts(report: RunReport) -> dict[str, int]:
    return {
        "read": sum(one.read for one in report.pulled),
        "changed": sum(one.new + one.changed for one in report.pulled),
        "written": report.applied.written,
        "held": len(report.plan.held) if report.plan is not None else 0,
        "findings": len(report.findings),
        "problems": len(report.problems),
    }


def _body(told: Telling, code: int, seconds: float, counts: dict[str, int], report: RunReport) -> str:
    """Counts only, and the end of the audit log: kept elsewhere it shows whether the log was made anew."""
    lines = [f"run {told.run} {told.command}", f"exit {code}", f"seconds {seconds:.1f}"]
    lines += [f"{name} {number}" for name, number in counts.items()]
    lines += [f"waits {sum(told.tally.waits.values())}", f"guards {told.tally.guards}"]
    if report.audit is not None:
        lines.append(f"audit {report.audit.rows} {report.audit.hash}")
    return "\n".join([*lines, ""])
