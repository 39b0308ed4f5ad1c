"""The first section as symbols: fields that are filled where they are empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import z3

from itsm_bridge.conditions import fields_of
from itsm_bridge.config.model import Classify, Rule
from itsm_bridge.proofs.judging import Judged, Judging, Seen
from itsm_bridge.proofs.terms import TRUE, all_of, any_of
from itsm_bridge.proofs.views import OneValue, View
from itsm_bridge.rules.facts import PASSING


class Filling:
    """The classify rules, read from top to bottom until nothing more is filled; ``age`` and ``idle`` have no value."""

    def __init__(self, judging: Judging, rules: Sequence[Rule[Classify]]) -> None:
        self.judging = judging
        self.rules = rules
        self.views: dict[str, View] = dict(judging.ticket.views)
        """The fields as read so far."""
        self._without = {name: OneValue(((None, TRUE),)) for name in PASSING if name in self.views}
        seen = Seen(self.views | self._without, TRUE)
        self._judged = [judging.judged("classify", rule, seen) for rule in rules]
        self._fills: list[dict[str, list[z3.BoolRef]]] = [{} for _ in rules]

    def judged(self) -> tuple[Judged, ...]:
        """The rules, with when each fills what."""
        for reading in range(_readings(self.rules)):
            for one, fills in zip(self._judged, self._fills, strict=True):
                if reading == 0 or _is_late(one.rule, self.rules):
                    self._fill(one, fills)
        return tuple(self._filling(one, fills) for one, fills in zip(self._judged, self._fills, strict=True))

    def _fill(self, one: Judged, fills: dict[str, list[z3.BoolRef]]) -> None:
        terms = self.judging.terms
        holds = all_of((one.on, self.judging.holds(one.rule.when, {**self.views, **self._without})))
        for name, value in one.rule.then.fields.items():
            when = terms.named(all_of((holds, self.views[name].missing())), f"fills:{name}")
            self.views[name] = self.views[name].filled(((when, value),), terms)
            fills.setdefault(name, []).append(when)

    def _filling(self, one: Judged, fills: Mapping[str, Sequence[z3.BoolRef]]) -> Judged:
        sets = {name: (any_of(whens), one.rule.then.fields[name]) for name, whens in fills.items()}
        decides = self.judging.terms.named(any_of(when for when, _ in sets.values()), "fills")
        return replace(one, decides=decides, sets=sets)


def _readings(rules: Sequence[Rule[Classify]]) -> int:
    """How often classify rules have to be read: each reading but the last fills a field."""
    filled = {name for rule in rules for name in rule.then.fields}
    return len(filled) if any(_is_late(rule, rules) for rule in rules) else 1


def _is_late(rule: Rule[Classify], rules: Sequence[Rule[Classify]]) -> bool:
    """Whether a later reading may find the rule to match: it looks at what is filled, and may still fill something."""
    filled = {name for other in rules for name in other.then.fields}
    return any(set(rule.then.fields) - {name} for name in set(fields_of(rule.when)) & filled)
