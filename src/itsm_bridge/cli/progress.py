"""Progress on a terminal: a bar for each stream that is read and for what is written. Off a terminal there is none."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from itsm_bridge.cli.exits import TERMINATED, Finished
from itsm_bridge.cli.options import Options
from itsm_bridge.operations.watching import SILENT, Watchers
from itsm_bridge.sync import Watch


class StopSignal:
    """Remembers a SIGTERM: the run then stops between two tickets, with everything sound."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """What ``signal`` calls."""
        self.seen = True


@contextmanager
def watched(options: Options, max_runtime: int) -> Iterator[Watchers]:
    """What a run is to tell while it works, and when it is to stop: at SIGTERM, or after ``max_runtime`` seconds."""
    stop = StopSignal()
    before = signal.signal(signal.SIGTERM, stop)
    deadline = time.monotonic() + max_runtime

    def expired() -> bool:
        return stop.seen or time.monotonic() > deadline

    try:
        if not options.on_terminal:
            yield Watchers(SILENT.pulled, SILENT.written, expired, expired)
        else:
            with _bars(options) as (pulled, written):
                yield Watchers(pulled, written, expired, expired)
    finally:
        signal.signal(signal.SIGTERM, before)
    if stop.seen:
        raise Finished(TERMINATED, "stopped by SIGTERM; what was done so far is kept", "the next run goes on from here")


@contextmanager
def _bars(options: Options) -> Iterator[tuple[Watch, Callable[[str, int, int], None]]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, no_color=options.no_color, highlight=False)
    tasks: dict[str, TaskID] = {}
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:

        def advance(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total if total is None else max(total, done))

        def pulled(source: str, stream: str, done: int, expected: int | None) -> None:
            advance(f"reading {source} {stream}", done, expected)

        def written(_source: str, done: int, total: int) -> None:
            advance("writing", done, total)

        yield pulled, written
