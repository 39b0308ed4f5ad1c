"""Rows that are alike in several columns, as groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from itsm_bridge.conditions.columns.bits import Places
from itsm_bridge.conditions.columns.evaluation import NONE

ROOM = 2**62
"""How many combinations of keys a number holds."""


def alike(keys: Sequence[Places], count: int) -> tuple[Places, Places]:
    """Who agrees with whom in all ``keys``: the place of one example of each group, and for each place its group."""
    code, span = np.zeros(count, dtype=np.int64), 1
    for key in keys:
        values = int(key.max(initial=NONE)) + 2
        if span * values > ROOM:
            known, code = np.unique(code, return_inverse=True)
            span = len(known)
        code, span = code * values + key + 1, span * values
    _, examples, group = np.unique(code, return_index=True, return_inverse=True)
    return examples, group
