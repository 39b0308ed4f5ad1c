"""How far a condition is from holding, counted for very many without a word of explanation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from itsm_bridge.conditions.language import AllOf, AnyOf, Condition, Facts, FieldTest, Not
from itsm_bridge.conditions.matching import compile_condition
from itsm_bridge.conditions.shortlist import Shortlist

Distance = Callable[[Facts], int]


def compile_distance(condition: Condition, *, wanted: bool = True) -> Distance:
    """The least number of tests that would have to come out the other way for ``condition`` to come out as ``wanted``.

    As in ``Judgement``, where no way leads there it counts as 1.
    """
    match condition:
        case FieldTest():
            holds = compile_condition(condition)
            return lambda facts: int(holds(facts) is not wanted)
        case Not(part):
            return compile_distance(part, wanted=not wanted)
        case AllOf(parts) | AnyOf(parts):
            distances = [compile_distance(part, wanted=wanted) for part in parts]
            if isinstance(condition, AllOf) is wanted:
                return lambda facts: sum(distance(facts) for distance in distances)
            return lambda facts: min((distance(facts) for distance in distances), default=1)


class Nearest:
    """Finds which of some conditions, none of which holds, is nearest to holding."""

    def __init__(self, conditions: Sequence[Condition], shortlist: Shortlist) -> None:
        self._distances = [compile_distance(condition) for condition in conditions]
        self._shortlist = shortlist

    def of(self, facts: Facts) -> int:
        """The place of the condition with the least distance, the first of several; there is at least one condition.

        Who is kept from holding in several fields is only asked where all are.
        """
        one_test_away = (place for place in self._shortlist.near(facts) if self._distances[place](facts) == 1)
        found = next(one_test_away, None)
        if found is not None:
            return found
        return min((distance(facts), place) for place, distance in enumerate(self._distances))[1]
