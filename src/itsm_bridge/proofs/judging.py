"""One rule after another before any ticket: when a condition holds, and which of the rules of a section comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import z3

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Not
from itsm_bridge.config.model import Rule
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.takers import Taking
from itsm_bridge.proofs.terms import FALSE, TRUE, Terms, all_of, any_of, no
from itsm_bridge.proofs.views import View

Views = Mapping[str, View]


@dataclass(frozen=True, eq=False)
class Judged:
    """One rule before any ticket.

    ``on`` is a switch for asking whether it is this rule that hides another. ``alone`` is its condition on the ticket
    as it came, ``matches`` that the section asks it and it matches, ``decides`` that it is the first to decide
    something. ``sets`` holds when it is the first for a field, and the value; ``taking`` is who may get the ticket.
    """

    section: str
    rule: Rule[Any]
    on: z3.BoolRef
    alone: z3.BoolRef
    matches: z3.BoolRef
    decides: z3.BoolRef
    sets: Mapping[str, tuple[z3.BoolRef, object]] = field(default_factory=dict)
    taking: Taking | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """What a section sees: the fields, and whether it is asked at all."""

    views: Views
    reached: z3.BoolRef


class Judging:
    """Conditions as formulas; each test of each view is written once."""

    def __init__(self, ticket: AnyTicket, terms: Terms) -> None:
        self.ticket = ticket
        self.terms = terms
        self._known: dict[tuple[View, FieldTest], z3.BoolRef] = {}

    def holds(self, condition: Condition, views: Views) -> z3.BoolRef:
        """When a condition holds."""
        match condition:
            case FieldTest(name):
                key = (views[name], condition)
                if key not in self._known:
                    self._known[key] = self.terms.named(views[name].holds(condition), name)
                return self._known[key]
            case AllOf(parts):
                return all_of(self.holds(part, views) for part in parts)
            case AnyOf(parts):
                return any_of(self.holds(part, views) for part in parts)
            case Not(part):
                return no(self.holds(part, views))

    def judged(self, section: str, rule: Rule[Any], seen: Seen) -> Judged:
        """A rule of a section that sees this; what it decides is not known yet."""
        on = self.terms.free(f"on:{rule.name}")
        asked = all_of((on, seen.reached, self.holds(rule.when, seen.views)))
        alone = self.terms.named(self.holds(rule.when, self.ticket.views), rule.name)
        return Judged(section, rule, on, alone, self.terms.named(asked, rule.name), FALSE)

    def all_matching(self, section: str, rules: Sequence[Rule[Any]], seen: Seen) -> tuple[Judged, ...]:
        """Rules of which each that matches acts."""
        judged = (self.judged(section, rule, seen) for rule in rules)
        return tuple(replace(one, decides=one.matches) for one in judged)

    def first_matching(
        self, section: str, rules: Sequence[Rule[Any]], seen: Seen
    ) -> tuple[tuple[Judged, ...], z3.BoolRef]:
        """Rules of which the first that matches decides, and that none does."""
        listed, left = [], TRUE
        for rule in rules:
            one = self.judged(section, rule, seen)
            listed.append(replace(one, decides=self.terms.named(all_of((one.matches, left)), "first")))
            left = self.terms.named(all_of((left, no(one.matches))), "left")
        return tuple(listed), left
