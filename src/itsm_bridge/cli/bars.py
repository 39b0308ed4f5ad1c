"""Progress on a terminal: a bar for each stream that is read and for what is written, and who is waited for and why."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from itsm_bridge.cli.options import Options
from itsm_bridge.cli.text import printable
from itsm_bridge.events import Value, listening
from itsm_bridge.sync import Watch


@contextmanager
def bars(options: Options) -> Iterator[tuple[Watch, Callable[[str, int, int], None]]]:
    """What is told of reading and of writing, shown on standard error and taken away in the end."""
    console = Console(stderr=True, no_color=options.no_color, highlight=False)
    with Bars(console) as shown, listening(shown.waits.heard):
        yield shown.pulled, shown.written


class Waits:
    """The sources that are waited for at this moment; ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, tuple[float, str]] = {}

    def heard(self, event: str, said: Mapping[str, Value]) -> None:
        """An event, in whichever thread it came about."""
        if event == "source.waits":
            until = self._clock() + float(said["seconds"])
            self._until[str(said["source"])] = (until, str(said["reason"]))

    def lines(self) -> list[str]:
        """One for each source: how much longer, and why. None once that time is over."""
        now = self._clock()
        waits = [(source, until - now, why) for source, (until, why) in list(self._until.items()) if until > now]
        return [f"waiting {left:.0f} s for {source}: it {why}" for source, left, why in waits]


class Bars(Progress):
    """One bar for each thing that is told, with how much longer it is likely to take; below them who is waited for."""

    def __init__(self, console: Console) -> None:
        self.waits = Waits()  # first: while it is made it is drawn once
        self._named: dict[str, TaskID] = {}
        description = TextColumn("{task.description}", markup=False)
        super().__init__(
            description, BarColumn(30), MofNCompleteColumn(), TimeRemainingColumn(), console=console, transient=True
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """The bars, and a line for each wait."""
        yield self.make_tasks_table(self.tasks)
        for line in self.waits.lines():
            yield Text(printable(line), no_wrap=True, overflow="ellipsis")

    def pulled(self, source: str, stream: str, done: int, expected: int | None) -> None:
        """So many records of a stream are read, of ``expected``, if the source says how many there are."""
        self._to(f"reading {source} {stream}", done, expected)

    def written(self, _source: str, done: int, total: int) -> None:
        """So many tickets are written."""
        self._to("writing", done, total)

    def _to(self, name: str, done: int, total: int | None) -> None:
        if name not in self._named:
            self._named[name] = self.add_task(name, total=total)
        self.update(self._named[name], completed=done, total=total if total is None else max(total, done))
