from __future__ import annotations

from contextlib import suppress

from tests.connectors.fakes import World

from itsm_bridge.connectors.deadline import LOOK, Deadline


def deadline(world: World, *, unwanted: bool = False) -> Deadline:
    made = Deadline(world.monotonic, seconds=180, silence=60, grace=5, unwanted=lambda: unwanted)
    made.start()
    return made


def looks(end: Deadline, world: World, pause: float = 0.0) -> list[float]:
    """What each look may wait until the time is up; ``pause`` goes by before new bytes come (0: none come)."""
    waited: list[float] = []
    with suppress(TimeoutError):
        if pause:
            while True:
                waited.append(next(end.looks()))
                world.at += pause
        for seconds in end.looks():
            waited.append(seconds)
            world.at += seconds
    return waited


def test_looks_are_short_and_go_on_until_a_server_was_silent_too_long() -> None:
    world = World()
    waited = looks(deadline(world), world)
    assert sum(waited) == 60
    assert max(waited) == LOOK


def test_a_server_that_says_a_little_all_the_time_is_heard_no_longer_than_the_whole_request_may_last() -> None:
    world = World()
    assert len(looks(deadline(world), world, pause=30)) == 6


def test_an_answer_that_nobody_wants_any_more_has_its_grace_even_while_bytes_come() -> None:
    world = World()
    assert len(looks(deadline(world, unwanted=True), world, pause=1)) == 5
    assert sum(looks(deadline(world, unwanted=True), world)) == 5


def test_a_new_request_begins_anew() -> None:
    world = World()
    end = deadline(world, unwanted=True)
    world.at += 170
    end.start()
    assert next(end.looks()) == LOOK
