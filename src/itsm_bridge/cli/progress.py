"""What is told while a run works, on a terminal alone, and when it is to stop: its time is up, or somebody says so."""

from __future__ import annotations

import atexit
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from itsm_bridge.cli.exits import TERMINATED, Finished
from itsm_bridge.cli.options import Options
from itsm_bridge.operations.watching import SILENT, Watchers

SIGNALS = (signal.SIGTERM, signal.SIGINT)
_STOPPING = b"itsm-bridge: stopping after what is under way; Ctrl-C again stops at once\n"


CUT_SECONDS = 3.5
"""Seconds after SIGTERM at which what has not ended by itself is cut off: 5 are promised, and leaving takes some."""

CUT_AGAIN_SECONDS = 0.5
_CUTS = 2
"""Cuts that let the program leave by itself, with its line and its row in the store; the next one ends the process."""


class Ending:
    """When a run must end: after ``seconds``, or at the first SIGTERM or Ctrl-C. A second signal ends it at once.

    The run then stops between two requests, or between two tickets that are written, with everything sound. After a
    SIGTERM it has ``CUT_SECONDS`` for that; then it is cut off where it is, which is no worse than a kill.
    """

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds
        self.signal: int | None = None
        self.cuts = 0

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        """What ``signal`` calls."""
        is_second = self.signal is not None
        self.signal, self._at = number, min(self._at, time.monotonic())  # first: the next may come while we tell
        if number == signal.SIGINT:
            if is_second:
                raise KeyboardInterrupt
            os.write(2, _STOPPING)  # no stream: the signal may have come in the middle of one's own writing
        if number == signal.SIGTERM:
            signal.setitimer(signal.ITIMER_REAL, CUT_AGAIN_SECONDS if is_second else CUT_SECONDS, CUT_AGAIN_SECONDS)
            if is_second:
                self.cut(number, None)

    def cut(self, _number: int, _frame: FrameType | None) -> None:
        """End what does not end: at first by an exception, for as long as that helps."""
        self.cuts += 1
        atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)  # no thread is waited for by then, nor an alarm caught
        if self.cuts > _CUTS:
            os._exit(TERMINATED)  # a thread that hangs would hold us; what is stored is sound at any instruction
        raise _stopped()

    def left(self) -> float:
        """Seconds until then; less than none afterwards."""
        return self._at - time.monotonic()

    def is_over(self) -> bool:
        """Whether the run should be over."""
        return self.left() <= 0


@contextmanager
def watched(options: Options, max_runtime: float) -> Iterator[Watchers]:
    """What a run is to tell while it works, and when it is to stop: see ``Ending``."""
    end = Ending(max_runtime)
    before = {number: signal.signal(number, end) for number in SIGNALS}
    alarm = signal.signal(signal.SIGALRM, end.cut)
    try:
        if not options.on_terminal:
            yield Watchers(SILENT.pulled, SILENT.written, end.is_over, end.is_over, end.left)
        else:
            from itsm_bridge.cli.bars import bars

            with bars(options) as (pulled, written):
                yield Watchers(pulled, written, end.is_over, end.is_over, end.left)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if not end.cuts:  # who was cut off is not home yet
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, alarm)
    if end.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if end.signal is not None:
        raise _stopped()


def _stopped() -> Finished:
    return Finished(TERMINATED, "stopped by SIGTERM; what was done so far is kept", "the next run goes on from here")
