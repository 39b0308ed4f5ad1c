"""Asking for the next page while the last one is still being worked on: a source's answer is waited for anyway."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

TURN_SECONDS = 0.001
"""How long one thread may compute while another one waits to take an answer in.

Python's 5 ms are too long where an answer comes in a dozen pieces: each would wait for its turn, and the time won by
asking ahead would be lost again (``benchmarks/bench_reading.py``).
"""


def take_short_turns() -> None:
    """Let threads that read answers have their turn soon, in the whole process."""
    sys.setswitchinterval(TURN_SECONDS)


def one_ahead(steps: Iterator[T]) -> Iterator[T]:
    """Each of ``steps`` in order, while one thread is already at the next.

    Only that thread runs ``steps``, so that requests made in them follow each other; at most one step waits. What a
    step raises comes in its turn, after all before it. Whoever stops early waits for the step under way.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        upcoming = thread.submit(next, steps, None)
        while (step := upcoming.result()) is not None:
            upcoming = thread.submit(next, steps, None)
            yield step
