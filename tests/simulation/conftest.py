"""For the tests of this folder: memory is tidied up seldom, and in the end it is said how much was played."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator

import pytest
from tests.simulation.batches import PLAYED


@pytest.fixture(scope="module", autouse=True)
def _collect_seldom() -> Iterator[None]:
    """Many objects live for a moment: those that were there before are not looked through each time."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The record of a longer simulation: how many schedules were played to their end, by what the tests say."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ())]
    played = Counter[str]()
    for report in reports:
        for name, value in getattr(report, "user_properties", ()) if report.when == "call" else ():
            played += Counter(value if name == PLAYED else {})
    if played:
        by_setting = ", ".join(f"{number:,} {name}" for name, number in played.most_common())
        terminalreporter.write_line(f"{played.total():,} schedules were played: {by_setting}")
