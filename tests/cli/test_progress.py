"""When a run ends: by its time, by a signal, or by a second Ctrl-C."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import pytest

from itsm_bridge.cli.exits import TERMINATED, Finished
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.progress import SIGNALS, watched

QUIET = Options(Path("config"), as_json=True, verbose=0, quiet=True, log_format="text", no_color=True)


def test_a_run_is_over_when_its_time_is_used_up() -> None:
    with watched(QUIET, 0) as watch:
        assert watch.left() <= 0
        assert watch.expired()
        assert watch.stopped()


def test_a_run_that_has_time_is_not_over() -> None:
    with watched(QUIET, 1000) as watch:
        assert 900 < watch.left() <= 1000
        assert not watch.expired()


def signalled(*numbers: signal.Signals) -> list[bool]:
    """Whether a run was over after each of these signals, as long as it went on."""
    over: list[bool] = []
    with suppress(KeyboardInterrupt, Finished), watched(QUIET, 1000) as watch:
        for number in numbers:
            signal.raise_signal(number)
            over.append(watch.expired() and watch.left() <= 0)
    return over


def test_the_first_signal_leaves_a_run_no_time_and_a_second_interrupt_ends_it_at_once() -> None:
    assert signalled(signal.SIGTERM) == [True]
    assert signalled(signal.SIGINT) == [True]
    assert signalled(signal.SIGTERM, signal.SIGTERM) == [True, True]
    assert signalled(signal.SIGINT, signal.SIGINT) == [True]
    assert signalled(signal.SIGTERM, signal.SIGINT) == [True]


def test_what_stopped_a_run_is_told_at_its_end() -> None:
    with pytest.raises(Finished) as ended, watched(QUIET, 1000):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == TERMINATED
    with pytest.raises(KeyboardInterrupt), watched(QUIET, 1000):
        signal.raise_signal(signal.SIGINT)


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with watched(QUIET, 1000):
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
