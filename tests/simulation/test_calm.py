"""Without people who save between our read and our write: none of their values is replaced at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.simulation.batches import BATCHES, hold
from tests.simulation.configurations import PLAIN
from tests.simulation.schedule import play


@pytest.mark.parametrize("first", BATCHES)
def test_after_any_schedule_the_store_holds_what_is_true_and_no_word_of_a_person_is_lost(
    first: int, record_property: Callable[[str, object], None]
) -> None:
    hold(first, race=False, record=record_property)


@pytest.mark.parametrize("seed", [11, 39])
def test_a_ticket_that_moved_since_its_plan_was_saved_is_skipped_and_listed(seed: int) -> None:
    """Which is too rare to happen in each batch."""
    played = play(seed, race=False, under=PLAIN)
    assert played.wrong == []
    assert played.seen["tickets of a file that were skipped and listed"] > 0
