"""Threads that take turns by chance, never two at a time: the same number of a schedule gives the same interleaving."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Semaphore, Thread, get_ident
from types import TracebackType
from typing import Any, Self


@dataclass
class Job:
    """One thread, and what came of it."""

    turns: Turns
    work: Callable[[], Any]
    go: Semaphore = field(default_factory=lambda: Semaphore(0))
    done: bool = False
    value: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        """The thread."""
        self.go.acquire()
        self.turns.mine[get_ident()] = self
        try:
            self.value = self.work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            self.error = error
        self.done = True
        self.turns.back.release()

    def result(self) -> Any:  # noqa: ANN401 - whatever the work gives
        """What the work gave; all threads are played to their end before."""
        self.turns.play()
        if self.error is not None:
            raise self.error
        return self.value


class Turns:
    """Stands for ``ThreadPoolExecutor``: at each call of a source another thread may go on."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.jobs: list[Job] = []
        self.mine: dict[int, Job] = {}
        self.back = Semaphore(0)
        self.switches = 0

    def __call__(self, *_: object, **__: object) -> Self:
        """The pool of one reading."""
        return self

    def __enter__(self) -> Self:
        self.jobs, self.mine = [], {}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.play()

    def submit(self, work: Callable[..., Any], *given: object) -> Job:
        """A thread that has not begun."""
        job = Job(self, lambda: work(*given))
        self.jobs.append(job)
        return job

    def play(self) -> None:
        """Let one after the other go on, until all have ended."""
        waiting = [job for job in self.jobs if not job.done]
        threads = [Thread(target=job.run, daemon=True) for job in waiting]
        for thread in threads:
            thread.start()
        while alive := [job for job in waiting if not job.done]:
            self.chance.choice(alive).go.release()
            self.back.acquire()
        for thread in threads:
            thread.join()

    def switch(self) -> None:
        """Whoever is at work gives the others a chance."""
        job = self.mine.get(get_ident())
        if job is not None:
            self.switches += 1
            self.back.release()
            job.go.acquire()
