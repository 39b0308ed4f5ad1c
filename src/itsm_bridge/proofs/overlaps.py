"""``R302``: two rules of one section that cross and want different things.

Two rules cross where some tickets match both, some only the one and some only the other. A special rule before a
general one does not cross it. An overlap that an earlier rule takes whole has no effect and is not reported. Rules that
meet only on tickets with several values in one field, such as two services, are reported once for a section, as
information: a table by service or category is full of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import z3

from itsm_bridge.proofs.boxes import may_cross, may_meet
from itsm_bridge.proofs.engine import Course
from itsm_bridge.proofs.ground import Disagreement, Draft, Ground, attempt, named, undecided
from itsm_bridge.proofs.judging import Judged
from itsm_bridge.proofs.reading import MadeUp
from itsm_bridge.proofs.terms import TRUE, all_of, any_of, no
from itsm_bridge.rules.priority import priority_of

DECIDING = ("classify", "intake", "priority", "approval", "assignment")
"""Sections in which one rule decides and others do not; in the others every rule that matches acts."""


SEVERAL = 20
"""Pairs of a section that are asked for a ticket with several values in one field."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """An earlier rule that may want something else than a later one, and when it decides what both want."""

    earlier: Judged
    decides: z3.BoolRef
    what: str


def overlaps(ground: Ground) -> Iterator[Draft]:
    """A finding for each pair that crosses, the later rule's place first."""
    for section in DECIDING:
        yield from _Section(ground, section).findings()


class _Section:
    def __init__(self, ground: Ground, section: str) -> None:
        self.ground = ground
        self.section = section
        self.judged = ground.sections.judged[section]
        self.listed = 0
        self.several: list[tuple[_Pair, Judged]] = []

    def findings(self) -> Iterator[Draft]:
        """Rule by rule, each with all that stand above it."""
        regions = [self.ground.boxes.of(one.rule.when) for one in self.judged]
        for place, later in enumerate(self.judged):
            if self.listed >= self.ground.budget.listed:
                where = later.rule.position
                yield undecided(
                    where,
                    f"{self.section} has {self.listed} overlaps above this rule; further ones were not looked for",
                )
                return
            near = (
                (one, may_meet(region, regions[place]))
                for one, region in zip(self.judged, regions[:place], strict=False)
                if may_cross(region, regions[place])
            )
            pairs = [pair for one, meets in near if (pair := self._pair(one, later, meets=meets)) is not None]
            yield from attempt(later, "crosses another rule", partial(self._crossing, later, pairs))
        if self.several:
            yield from attempt(self.several[0][1], "meets another rule", self._meeting)

    def _pair(self, earlier: Judged, later: Judged, *, meets: bool) -> _Pair | None:
        """The two as a pair, unless they want the same, or meet only where fields have several values."""
        if earlier.rule.then == later.rule.then or (not meets and len(self.several) >= SEVERAL):
            return None
        found = _wanting(self.ground, earlier, later)
        pair = None if found is None else _Pair(earlier, *found)
        if pair is not None and not meets:
            self.several.append((pair, later))
            return None
        return pair

    def _crossing(self, later: Judged, pairs: Sequence[_Pair]) -> Iterator[Draft]:
        """Of all pairs at once one that meets, until none is left: most rules meet nobody, which is one question."""
        left = {pair.earlier.rule.name: pair for pair in pairs}
        while left and self.listed < self.ground.budget.listed:
            found = self.ground.find(later.matches, self.ground.single, any_of(pair.decides for pair in left.values()))
            if found is None:
                self.several += ((pair, later) for pair in left.values())
                return
            course = self.ground.engine.course(found)
            pair = next((one for one in left.values() if _shows(one.earlier, later, course)), None)
            if pair is None:
                raise Disagreement
            del left[pair.earlier.rule.name]
            if self._parts(pair.earlier, later) and self._parts(later, pair.earlier):
                single = self._single(pair, later, found)
                if single is None:
                    self.several.append((pair, later))
                else:
                    self.listed += 1
                    yield self._draft(pair, later, "warning", single)

    def _single(self, pair: _Pair, later: Judged, found: MadeUp) -> MadeUp | None:
        """The same on a ticket with one value in each field: one that holds the parts of several, or another ticket."""
        merged = self.ground.engine.merged(found, partial(_shows, pair.earlier, later))
        if merged is not None or z3.is_true(self.ground.strictly_single):
            return merged
        return self.ground.find(later.matches, pair.decides, self.ground.strictly_single)

    def _parts(self, one: Judged, other: Judged) -> bool:
        """Whether there is a ticket that one rule matches and the other does not."""
        if self.ground.has_parted(one, other):
            return True
        return self.ground.find(one.matches, no(other.matches)) is not None

    def _meeting(self) -> Iterator[Draft]:
        """The first pair that meets where fields have several values, of as many as are worth a question."""
        for pair, later in self.several[:SEVERAL]:
            found = self.ground.find(later.matches, pair.decides)
            if found is not None and self._parts(pair.earlier, later) and self._parts(later, pair.earlier):
                yield self._draft(pair, later, "info", found)
                return

    def _draft(self, pair: _Pair, later: Judged, severity: str, found: MadeUp) -> Draft:
        above, below = pair.earlier.rule.name, later.rule.name
        if severity == "info":
            message = (
                f"rules of {self.section}, such as {named((above, below))}, want different things and meet on tickets "
                "with several values in one field; there the upper one decides"
            )
        else:
            message = f'"{below}" and "{above}" cross: on tickets that match both, the upper one decides {pair.what}'
        suggestion = f'if "{above}" is not meant to win, exclude its tickets or put "{below}" above it'
        shows = partial(_shows, pair.earlier, later)
        witness = self.ground.witness(found, shows)
        return Draft("R302", severity, later.rule.position, message, suggestion, witness, shows)


def _shows(earlier: Judged, later: Judged, course: Course) -> bool:
    """Whether a ticket matches both, the earlier decides, and the later would have decided something else."""
    section = earlier.section
    if not course.decides(section, earlier.rule.name):
        return False
    if not all(course.matches(section, one.rule.name) for one in (earlier, later)):
        return False
    if section != "assignment":
        return True
    first, second = course.takers(earlier.rule.then), course.takers(later.rule.then)
    return bool(first and second) and (first != second or earlier.rule.then.by != later.rule.then.by)


def _wanting(ground: Ground, earlier: Judged, later: Judged) -> tuple[z3.BoolRef, str] | None:
    """When the earlier rule decides what the later one wants otherwise, and what that is; ``None`` for never."""
    if earlier.section in {"intake", "approval"}:
        return earlier.decides, {"intake": "whether they are ours", "approval": "who approves"}[earlier.section]
    if earlier.taking is not None and later.taking is not None:
        return all_of((earlier.decides, earlier.taking.differs(later.taking))), "who gets them"
    fields = {
        name: when
        for name, (when, value) in earlier.sets.items()
        if name in later.sets and later.sets[name][1] != value
    }
    fields |= _past_the_matrix(ground, earlier, later)
    if not fields:
        return None
    matches = earlier.matches if earlier.section == "classify" else TRUE
    return all_of((matches, any_of(fields.values()))), " and ".join(fields)


def _past_the_matrix(ground: Ground, earlier: Judged, later: Judged) -> dict[str, z3.BoolRef]:
    """Impact and urgency above a priority that the matrix does not make of them."""
    if not {"impact", "urgency"} <= earlier.sets.keys() or "priority" not in later.sets:
        return {}
    levels = [(when, int(str(value))) for when, value in (earlier.sets["impact"], earlier.sets["urgency"])]
    matrix = ground.configuration.rules.matrix
    if priority_of(matrix, levels[0][1], levels[1][1]) == later.sets["priority"][1]:
        return {}
    return {"priority": all_of(when for when, _ in levels)}
