"""A cheap look at two conditions: whether they can meet at all, and whether one lies within the other.

A condition is a union of boxes, one set of values for each field with few values. What a box does not know (texts,
fields with several values) makes it larger than the condition, and that is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Not
from itsm_bridge.proofs.views import OneValue, SomeValues, View, passes

MOST = 32
"""Boxes of one condition, after which the condition counts as anything."""


@dataclass(frozen=True, slots=True)
class Box:
    """Values by field, as bits. ``several`` are fields with one value at most; ``exact``: all that is asked."""

    values: Mapping[str, int]
    several: Mapping[str, int]
    exact: bool = True

    def also(self, other: Box) -> Box:
        """Both together."""
        return Box(_both(self.values, other.values), _both(self.several, other.several), self.exact and other.exact)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not all(self.values.values())


Region = tuple[Box, ...]
"""A union of boxes."""

ANYTHING: Region = (Box({}, {}, exact=False),)


def may_cross(first: Region, second: Region) -> bool:
    """Whether two conditions may meet without one lying within the other; ``False`` is certain."""
    if len(first) == len(second) == 1:  # the common case, asked for every pair of a table
        if not _meet(first[0].values, second[0].values):
            return False
    elif not any(_meet(one.values, other.values) for one in first for other in second):
        return False
    return not (_within(first, second) or _within(second, first))


def may_meet(first: Region, second: Region) -> bool:
    """Whether two conditions may meet on a ticket with at most one value in each field; ``False`` is certain."""
    return any(
        _meet(one.values, other.values) and _meet(one.several, other.several) for one in first for other in second
    )


class Boxes:
    """The boxes of conditions, worked out once for each."""

    def __init__(self, views: Mapping[str, View]) -> None:
        self._views = views
        self._known: dict[Condition, Region] = {}

    def of(self, condition: Condition) -> Region:
        """A union of boxes that holds every ticket that the condition matches."""
        if condition not in self._known:
            found = self._region(condition, wanted=True)
            self._known[condition] = tuple(box for box in found if not box.is_empty)
        return self._known[condition]

    def _region(self, condition: Condition, *, wanted: bool) -> Region:
        match condition:
            case FieldTest():
                return (self._test(condition, wanted=wanted),)
            case Not(part):
                return self._region(part, wanted=not wanted)
            case AllOf(parts) | AnyOf(parts):
                regions = [self._region(part, wanted=wanted) for part in parts]
                together = isinstance(condition, AllOf) is wanted
                return _intersection(regions) if together else _union(regions)

    def _test(self, test: FieldTest, *, wanted: bool) -> Box:
        view = self._views[test.field]
        if isinstance(view, OneValue):
            values = [() if value is None else (value,) for value, _ in view.alternatives]
            return Box({test.field: _bits(passes(test, one) is wanted for one in values)}, {})
        if isinstance(view, SomeValues) and view.whole:
            held = [(), *((value,) for value, _ in view.members)]
            return Box({}, {test.field: _bits(passes(test, one) is wanted for one in held)}, exact=False)
        return Box({}, {}, exact=False)


def _intersection(regions: list[Region]) -> Region:
    found: Region = (Box({}, {}),)
    for region in regions:
        if len(found) * len(region) > MOST:
            return ANYTHING
        found = tuple(one.also(other) for one, other in product(found, region))
        found = tuple(box for box in found if not box.is_empty)
    return found


def _union(regions: list[Region]) -> Region:
    found = tuple(box for region in regions for box in region)
    return found if len(found) <= MOST else ANYTHING


def _within(inner: Region, outer: Region) -> bool:
    """Whether each box of one lies in a box of the other that is all that is asked."""
    return all(any(_inside(one, other) for other in outer) for one in inner)


def _inside(inner: Box, outer: Box) -> bool:
    return outer.exact and all(
        name in inner.values and inner.values[name] & ~bits == 0 for name, bits in outer.values.items() if ~bits
    )


def _meet(first: Mapping[str, int], second: Mapping[str, int]) -> bool:
    for name, bits in first.items():  # noqa: SIM110 - a generator costs more than the look itself
        if name in second and not bits & second[name]:
            return False
    return True


def _both(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {**first, **second, **{name: bits & second[name] for name, bits in first.items() if name in second}}


def _bits(flags: Iterator[bool]) -> int:
    return sum(1 << place for place, flag in enumerate(flags) if flag)
