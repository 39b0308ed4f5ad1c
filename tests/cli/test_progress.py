"""When a run ends: by its time, by a signal, or by a second Ctrl-C."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from itsm_bridge.cli import progress
from itsm_bridge.cli.exits import TERMINATED, Finished
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.progress import SIGNALS, watched
from itsm_bridge.connectors import deadline, http

QUIET = Options(Path("config"), as_json=True, verbose=0, quiet=True, log_format="text", no_color=True)


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """What is cut off in these tests is not to end the tests."""
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


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


def test_the_first_signal_leaves_a_run_no_time_and_a_second_one_ends_it_at_once() -> None:
    assert signalled(signal.SIGTERM) == [True]
    assert signalled(signal.SIGINT) == [True]
    assert signalled(signal.SIGTERM, signal.SIGTERM) == [True]
    assert signalled(signal.SIGINT, signal.SIGTERM) == [True]
    assert signalled(signal.SIGINT, signal.SIGINT) == [True]
    assert signalled(signal.SIGTERM, signal.SIGINT) == [True]


def test_a_second_ctrl_c_that_comes_while_the_first_is_being_told_ends_a_run_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[bytes] = []

    def once_more(_descriptor: int, said: bytes) -> int:
        told.append(said)
        signal.raise_signal(signal.SIGINT)
        return len(said)

    monkeypatch.setattr(os, "write", once_more)
    assert signalled(signal.SIGINT) == []
    assert len(told) == 1


def never_looking(ended: list[int]) -> None:
    """A run that asks nobody whether it should end."""
    with watched(QUIET, 1000):
        signal.raise_signal(signal.SIGTERM)
        try:
            while True:
                signal.pause()
        finally:
            ended.append(1)


def test_what_does_not_end_by_itself_after_sigterm_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "CUT_SECONDS", 0.05)
    monkeypatch.setattr(progress, "CUT_AGAIN_SECONDS", 1000)
    ended: list[int] = []
    with pytest.raises(Finished, match="what was done so far is kept") as cut:
        never_looking(ended)
    assert (cut.value.code, ended) == (TERMINATED, [1])


def test_all_cuts_together_are_within_the_five_seconds_that_are_promised() -> None:
    assert progress.CUT_SECONDS + progress._CUTS * progress.CUT_AGAIN_SECONDS < 5
    assert http.GRACE_SECONDS + deadline.LOOK < progress.CUT_SECONDS


def test_what_does_not_leave_when_it_is_cut_off_is_ended_with_the_same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    ending = progress.Ending(1000)
    for _ in range(3):
        with suppress(Finished):
            ending.cut(signal.SIGALRM, None)
    assert codes == [TERMINATED]


def test_what_stopped_a_run_is_told_at_its_end() -> None:
    with pytest.raises(Finished) as ended, watched(QUIET, 1000):
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == TERMINATED
    with pytest.raises(KeyboardInterrupt), watched(QUIET, 1000):
        signal.raise_signal(signal.SIGINT)


def test_signals_mean_afterwards_what_they_meant_before() -> None:
    touched = (*SIGNALS, signal.SIGALRM)
    before = [signal.getsignal(number) for number in touched]
    with watched(QUIET, 1000):
        assert [signal.getsignal(number) for number in touched] != before
    assert [signal.getsignal(number) for number in touched] == before
