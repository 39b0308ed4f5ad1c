"""Our clocks beside the sources' own: whether they agree, and what makes the difference where they do not.

A clock of ours is looked at as of the instant of which theirs speaks: a running one of theirs is refreshed only from
time to time (``measured_at``), a finished one says what it came to. They agree when used time and due instants differ
by no more than ``TOLERANCE``, and target and verdict are the same; what a source does not say is not compared. Two due
instants are one if they are a closing and the opening after it. While a clock runs, its verdict counts for nothing
within the tolerance of its target; while one is paused, its due instant counts for nothing.

The cause of a difference is found by reckoning our clock again with one thing changed, then with two, then with three
of which the source states two itself, in the order of ``Cause``: the first that gives their figures is the cause. A
target that the source states is changed first and does not count. What no change explains is ``unexplained``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import combinations

from itsm_bridge.calendars import Calendars, epoch, instant
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import NativeSla
from itsm_bridge.sla.changes import Cause, Change, Changes
from itsm_bridge.sla.counterfactual import TOLERANCE, Clock, clock_of
from itsm_bridge.sla.model import Cycle, Reckoning
from itsm_bridge.sla.pairing import names_of, paired

_COUNTED = "with its due instant counted from its end on, without working days and changes of owner to come"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One of our cycles beside one clock of the source. Ours is as of the instant of which theirs speaks.

    ``agrees`` is ``None`` where the source says nothing that could be compared. ``causes`` are empty unless they
    differ; ``detail`` says the difference in words.
    """

    cycle: Cycle
    native: NativeSla
    elapsed_seconds: int
    due_at: datetime | None
    breached: bool
    agrees: bool | None
    causes: tuple[Cause, ...] = ()
    detail: str = ""

    @property
    def difference_seconds(self) -> int | None:
        """How much more time is used by their clock than by ours."""
        theirs = self.native.elapsed_seconds
        return None if theirs is None else theirs - self.elapsed_seconds


@dataclass(frozen=True, slots=True)
class Compared:
    """One ticket's clocks: those that belong together, and those of either side that stand alone."""

    comparisons: tuple[Comparison, ...] = ()
    natives: tuple[NativeSla, ...] = ()
    ours: tuple[Cycle, ...] = ()


class Comparer:
    """Compares the clocks of any number of tickets under one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._calendars = Calendars(configuration)
        self._changes = Changes(self._calendars, configuration.zone)
        self._names = names_of(configuration.slas)

    def compare(self, reckonings: Sequence[Reckoning], natives: Iterable[NativeSla], until: datetime) -> Compared:
        """One ticket's clocks, with those of ours reckoned up to ``until``.

        A clock of the source is known only as it was last read: one whose figures are of a later instant is left out.
        """
        known = [native for native in natives if _is_of(native, until)]
        found = paired(reckonings, known, self._names)
        return Compared(
            comparisons=tuple(self.beside(ours, native, until) for ours, native in found.pairs),
            natives=found.natives,
            ours=tuple(one.cycle for one in found.ours),
        )

    def beside(self, ours: Reckoning, native: NativeSla, until: datetime) -> Comparison:
        """One of ours beside one of theirs."""
        whole = clock_of(ours, self._calendars)
        seen = _Seen(native, _looked_at(native, until))
        clock = seen.looked_at_of(whole)
        if clock is None or not seen.says_anything(clock):
            clock = clock or whole
            return Comparison(ours.cycle, native, clock.elapsed, _due(clock), clock.breached, agrees=None)
        differing = seen.differing(clock)
        plain = Comparison(ours.cycle, native, clock.elapsed, _due(clock), clock.breached, agrees=not differing)
        if not differing:
            return plain
        causes, notes = self._explained(clock, seen)
        return replace(plain, causes=causes, detail=_in_words(clock, seen, differing, notes))

    def _explained(self, clock: Clock, seen: _Seen) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
        """Why they differ, and what is to be changed in ours; nothing of that where it is not known."""
        target, counted = seen.native.target_seconds, replace(clock, promised=None)
        if target is None or target == clock.target:
            return ((Cause.SCHEDULE,), (_COUNTED,)) if seen.fits(counted) else self._found(counted, seen)
        given, note = replace(counted, target=target), f"with a target of {_length(target)}"
        if seen.fits(given):
            return (Cause.TARGET,), (note,)
        causes, notes = self._found(given, seen)
        return (Cause.TARGET, *causes), (note, *notes) if notes else ()

    def _found(self, clock: Clock, seen: _Seen) -> tuple[tuple[Cause, ...], tuple[str, ...]]:
        """The first change, or the first few together, with which our clock shows their figures."""
        for some in _sets(self._changes.of(clock, seen.native, seen.at)):
            changed = _made(clock, some)
            if changed is not None and seen.fits(changed):
                return tuple(one.cause for one in some), tuple(one.note for one in some)
        return (Cause.UNEXPLAINED,), ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What their clock says. ``at`` is when a running one was measured; ``None`` for a finished one, and if unknown."""

    native: NativeSla
    at: int | None

    def looked_at_of(self, clock: Clock) -> Clock | None:
        """Our clock as of that instant; ``None`` if it had not started."""
        if self.at is None or self.at >= clock.stretches[-1].end:
            return clock
        cut = clock.running_to(self.at)
        return None if cut is None else replace(cut, ended=False, promised=None)

    @property
    def elapsed(self) -> int | None:
        """Their used time, where it is known of when."""
        is_known = self.at is not None or self.native.stopped_at is not None
        return self.native.elapsed_seconds if is_known else None

    @property
    def breached(self) -> bool | None:
        """Their verdict, where it is known of when."""
        is_known = self.at is not None or self.native.stopped_at is not None
        return self.native.breached if is_known else None

    @property
    def due(self) -> int | None:
        """Their due instant; that of a paused clock is an old one."""
        return None if self.native.paused or self.native.due_at is None else epoch(self.native.due_at)

    def says_anything(self, clock: Clock) -> bool:
        """Whether there is anything to compare."""
        figures = (self.elapsed, self.breached, self.native.target_seconds, None if clock.due is None else self.due)
        return any(figure is not None for figure in figures)

    def differing(self, clock: Clock) -> tuple[str, ...]:
        """In what a clock of ours differs from theirs."""
        return tuple(name for name, differs in self._tests(clock) if differs)

    def fits(self, clock: Clock) -> bool:
        """Whether it differs in nothing; no more is counted than that takes."""
        return not any(differs for _, differs in self._tests(clock))

    def _tests(self, clock: Clock) -> Iterator[tuple[str, bool]]:
        used = clock.elapsed
        yield "used time", self.elapsed is not None and abs(self.elapsed - used) > TOLERANCE
        yield "due instant", self.due is not None and not clock.is_due_at(self.due)
        unsettled = self.native.stopped_at is None and not clock.ended and abs(used - clock.target) <= TOLERANCE
        yield "verdict", self.breached is not None and self.breached != clock.breached and not unsettled
        target = self.native.target_seconds
        yield "target", target is not None and target != clock.target


def _is_of(native: NativeSla, until: datetime) -> bool:
    """Whether what the source says of a clock is of no later instant, apart from clocks of machines that differ."""
    of = native.stopped_at or native.measured_at or native.started_at
    return of is None or of <= until + timedelta(seconds=TOLERANCE)


def _looked_at(native: NativeSla, until: datetime) -> int | None:
    if native.stopped_at is not None or native.measured_at is None:
        return None
    return epoch(min(native.measured_at, until))


def _sets(changes: Sequence[Change]) -> Iterator[tuple[Change, ...]]:
    """Each change alone, then each two of different causes, then three where two are no guesses."""
    for number in (1, 2, 3):
        for some in combinations(changes, number):
            guesses = sum(not one.stated for one in some)
            if len({one.cause for one in some}) == number and (number < 3 or guesses <= 1):
                yield some


def _made(clock: Clock, changes: Sequence[Change]) -> Clock | None:
    """The clock with all of the changes; the calendars first, so that what is added runs on theirs."""
    changed: Clock | None = clock
    for change in reversed(changes):
        changed = None if changed is None else change.make(changed)
    return changed


def _in_words(clock: Clock, seen: _Seen, differing: Sequence[str], notes: Sequence[str]) -> str:
    """Both clocks in figures, and what makes ours like theirs."""
    told = {
        "used time": f"theirs has used {_length(seen.elapsed)}, ours {_length(clock.elapsed)}",
        "due instant": f"theirs is due {_moment(seen.native.due_at)}, ours {_moment(_instant(clock.due))}",
        "verdict": f"theirs is {_verdict(seen.breached)}, ours {_verdict(clock.breached)}",
        "target": f"their target is {_length(seen.native.target_seconds)}, ours {_length(clock.target)}",
    }
    figures = "; ".join(told[name] for name in differing)
    return f"{figures}. Ours is the same {' and '.join(notes)}." if notes else f"{figures}."


def _due(clock: Clock) -> datetime | None:
    """The due instant as it is shown: that of a clock that is paused, as everywhere, is nothing."""
    is_paused = clock.stretches[-1].paused and not clock.ended
    return None if is_paused else _instant(clock.due)


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else instant(seconds)


def _verdict(breached: bool | None) -> str:  # noqa: FBT001 (a value, and the only one)
    return "breached" if breached else "in time"


def _moment(at: datetime | None) -> str:
    return "at no known time" if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _length(seconds: int | None) -> str:
    """Hours, minutes and seconds: 26:30:00."""
    if seconds is None:
        return "an unknown time"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
