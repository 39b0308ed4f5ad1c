"""Asks one question of very many items without keeping a small list or tuple for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")

BLOCK = 512
"""Answers that exist at one time: fewer than wake Python's garbage collector, which looks at everything there is."""


def flattened(ask: Callable[[A], Sequence[T]], items: Sequence[A]) -> tuple[list[T], list[int]]:
    """All that ``ask`` answers, one item after the other, and how much of it each item gave."""
    flat: list[T] = []
    counts: list[int] = []
    for start in range(0, len(items), BLOCK):
        answers = list(map(ask, items[start : start + BLOCK]))
        flat.extend(chain.from_iterable(answers))
        counts.extend(map(len, answers))
    return flat, counts
