"""Without people who save between our read and our write: none of their values is replaced at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.simulation.batches import BATCHES, hold


@pytest.mark.parametrize("first", BATCHES)
def test_after_any_schedule_the_store_holds_what_is_true_and_no_word_of_a_person_is_lost(
    first: int, record_property: Callable[[str, object], None]
) -> None:
    hold(first, race=False, record=record_property)
