"""Sets of tickets, one bit for each: packed, so that a hundred thousand fit into a processor's nearest memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
"""A set of rows; bits beyond the last row are 0."""

Places = npt.NDArray[np.int64]

_WORD = 64


def no_rows(count: int) -> Bits:
    """The empty set of ``count`` rows."""
    return np.zeros(_words(count), dtype=np.uint64)


def all_rows(count: int) -> Bits:
    """The set of all ``count`` rows."""
    return packed(np.ones(count, dtype=np.bool_))


def packed(flags: npt.NDArray[np.bool_]) -> Bits:
    """The rows whose flag is set."""
    room = np.zeros(_words(len(flags)) * 8, dtype=np.uint8)
    room[: (len(flags) + 7) // 8] = np.packbits(flags, bitorder="little")
    return room.view(np.uint64)


def rows_in(rows: Places, count: int) -> Bits:
    """The set of some of ``count`` rows."""
    flags = np.zeros(count, dtype=np.bool_)
    flags[rows] = True
    return packed(flags)


def scattered(sets: int, count: int, which: Places, rows: Places) -> npt.NDArray[np.uint64]:
    """``sets`` sets of ``count`` rows: each of ``rows`` goes into the set that stands beside it in ``which``."""
    width = _words(count) * 8
    room = np.zeros(sets * width, dtype=np.uint8)
    np.bitwise_or.at(room, which * width + (rows >> 3), (1 << (rows & 7)).astype(np.uint8))
    return room.view(np.uint64).reshape(sets, width // 8)


def flags_of(bits: Bits) -> npt.NDArray[np.bool_]:
    """A flag for each row, and some more at the end."""
    return np.unpackbits(bits.view(np.uint8), bitorder="little").view(np.bool_)


def rows_of(bits: Bits) -> Places:
    """The rows of a set, in order; quick where there are few."""
    words = np.flatnonzero(bits)
    flags = np.unpackbits(bits[words].view(np.uint8), bitorder="little").view(np.bool_)
    found = np.flatnonzero(flags)
    return words[found // _WORD] * _WORD + found % _WORD


def _words(count: int) -> int:
    return (count + _WORD - 1) // _WORD
