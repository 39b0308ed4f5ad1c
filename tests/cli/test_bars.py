"""What a terminal shows while a run works."""

from __future__ import annotations

from io import StringIO

from rich.console import Console, Group

from itsm_bridge.cli.bars import Bars, Waits
from itsm_bridge.events import emit, listening

WHY = "answered 429 (Too Many Requests)"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def waits_for(source: str, seconds: float, waits: Waits) -> None:
    with listening(waits.heard):
        emit("source.waits", source=source, seconds=seconds, attempt=1, reason=WHY)
        emit("run.resumed", resolved=1)


def screen(bars: Bars, out: StringIO) -> list[str]:
    out.seek(0)
    out.truncate()
    bars.console.print(Group(*bars.get_renderables()))
    return out.getvalue().splitlines()


def made(width: int = 80) -> tuple[Bars, StringIO]:
    out = StringIO()
    return Bars(Console(file=out, force_terminal=True, no_color=True, width=width, color_system=None)), out


def test_a_source_that_is_waited_for_is_named_with_the_seconds_left_and_the_reason() -> None:
    clock = Clock()
    waits = Waits(clock)
    waits_for("snow", 30, waits)
    clock.now += 18
    assert waits.lines() == [f"waiting 12 s for snow: it {WHY}"]


def test_a_wait_that_is_over_is_not_shown_any_more() -> None:
    clock = Clock()
    waits = Waits(clock)
    waits_for("snow", 30, waits)
    waits_for("ops", 90, waits)
    clock.now += 30
    assert [line.split(":")[0] for line in waits.lines()] == ["waiting 60 s for ops"]


def test_bars_and_waits_stand_one_below_the_other_and_fit_the_terminal() -> None:
    bars, out = made(width=60)
    bars.pulled("snow", "incident", 250, 1000)
    bars.written("snow", 3, 20)
    bars.waits.heard("source.waits", {"source": "snow", "seconds": 40.0, "attempt": 1, "reason": WHY * 3})
    lines = screen(bars, out)
    assert ["reading snow incident" in lines[0], "writing" in lines[1]] == [True, True]
    assert "250/1000" in lines[0]
    assert lines[2].startswith("waiting 40 s for snow: it answered 429")
    assert len(lines) == 3
    assert max(map(len, lines)) <= 60


def test_a_stream_of_which_more_comes_than_was_expected_is_not_more_than_whole() -> None:
    bars, out = made()
    bars.pulled("snow", "incident", 12, 10)
    assert "12/12" in screen(bars, out)[0]


def test_a_stream_whose_length_nobody_knows_has_no_end() -> None:
    bars, out = made()
    bars.pulled("ops", "OPS", 7, None)
    assert "7/?" in screen(bars, out)[0]


def test_what_a_source_says_is_shown_and_not_obeyed() -> None:
    bars, out = made()
    bars.waits.heard("source.waits", {"source": "snow", "seconds": 40.0, "attempt": 1, "reason": "said \x1b[2J[red]no"})
    shown = screen(bars, out)
    assert "\x1b" not in "".join(shown)
    assert "[red]no" in shown[-1]
