"""A schedule draws one of several configurations, and most draw the plain one."""

from __future__ import annotations

from collections import Counter

from tests.simulation.configurations import BATCH, PLAIN, SETTINGS, configuration, drawn
from tests.simulation.schedule import play


def test_each_setting_is_drawn_with_both_sources_and_every_fifth_hundred_is_not_plain() -> None:
    numbers = range(10 * BATCH)
    assert {(drawn(seed), seed % 2) for seed in numbers} == {(name, source) for name in SETTINGS for source in (0, 1)}
    times = Counter(map(drawn, numbers))
    assert times.pop(PLAIN) == 8 * BATCH
    assert set(times.values()) == {2 * BATCH / len(times)}


def test_settings_differ_in_who_owns_what_and_in_whether_clocks_run() -> None:
    ownerships = {name: dict(configuration(name).ownership) for name in SETTINGS}
    assert {str(mode) for modes in ownerships.values() for mode in modes.values()} == {"yield", "force", "hold"}
    assert {name for name in SETTINGS if configuration(name).slas} == {"clocks"}
    assert configuration("clocks").rules.escalation


def test_the_same_number_is_another_schedule_in_another_setting() -> None:
    plain, forced, again = (play(7, race=True, under=name) for name in (PLAIN, "forced", "forced"))
    assert plain.points != forced.points
    assert (forced.points, forced.fired, forced.died, forced.done) == (
        again.points,
        again.fired,
        again.died,
        again.done,
    )
