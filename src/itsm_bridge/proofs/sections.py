"""The sections as symbols, one after the other, each of which sees what the earlier ones decided.

This says the same as ``rules`` about any ticket that the engine says about one: what nobody has changed by hand, with
the votes that its approval names. Every witness is given to the engine, and a property test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import z3

from itsm_bridge.config.model import Configuration
from itsm_bridge.model import OPEN_STATES, ApprovalState
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.filling import Filling
from itsm_bridge.proofs.judging import Judged, Judging, Seen
from itsm_bridge.proofs.ranking import Ranking
from itsm_bridge.proofs.takers import Takers
from itsm_bridge.proofs.terms import FALSE, TRUE, Terms, all_of, any_of, no, none_of
from itsm_bridge.proofs.views import OneValue


@dataclass(frozen=True, eq=False)
class Sections:
    """All rules in the order of their sections, and the tickets that none of them decides.

    ``unranked`` have no priority after the section; ``unmatched`` reach the assignment and no rule matches, ``untaken``
    where rules match and nobody they name can take the work.
    """

    judged: Mapping[str, tuple[Judged, ...]]
    unranked: z3.BoolRef
    unmatched: z3.BoolRef
    untaken: z3.BoolRef


def sections(configuration: Configuration, ticket: AnyTicket, terms: Terms) -> Sections:
    """The rules of a configuration before any ticket."""
    return _Composer(configuration, Judging(ticket, terms)).compose()


class _Composer:
    def __init__(self, configuration: Configuration, judging: Judging) -> None:
        self.book = configuration.rules
        self.configuration = configuration
        self.judging = judging
        self.ticket = judging.ticket
        self.terms = judging.terms
        self._waits = FALSE

    def compose(self) -> Sections:
        """Section by section."""
        filling = Filling(self.judging, self.book.classify)
        judged = {"classify": filling.judged()}
        state = self.ticket.one_value("state")
        seen = Seen(filling.views, any_of(state.when(one) for one in OPEN_STATES))
        judged["intake"], seen = self._intake(seen)
        ranking = Ranking(self.judging, self.book, seen)
        judged["priority"] = ranking.judged()
        seen = Seen({**seen.views, **ranking.views()}, seen.reached)
        judged["approval"], seen = self._approval(seen)
        judged["assignment"], seen, unmatched, untaken = self._assignment(seen)
        for name in ("escalation", "knowledge"):
            judged[name] = self.judging.all_matching(name, getattr(self.book, name), seen)
        return Sections(judged, ranking.unranked(), unmatched, untaken)

    def _intake(self, seen: Seen) -> tuple[tuple[Judged, ...], Seen]:
        judged, _ = self.judging.first_matching("intake", self.book.intake, seen)
        ends = any_of(one.decides for one in judged if one.rule.then.verdict != "accept")
        return judged, Seen(seen.views, self.terms.named(all_of((seen.reached, no(ends))), "ours"))

    def _approval(self, seen: Seen) -> tuple[tuple[Judged, ...], Seen]:
        """Where a rule asks, the votes are what the ticket's own approval says; where none does, none is required.

        An approval that a timeout rejects may have run out of time at any moment.
        """
        judged, unasked = self.judging.first_matching("approval", self.book.approval, seen)
        own = self.ticket.one_value("approval")
        asked, voted = no(unasked), own.when(ApprovalState.APPROVED)
        expiring = any_of(one.decides for one in judged if one.rule.then.on_timeout == "reject")
        expired = all_of((expiring, no(voted), self.terms.free("expired")))
        states: dict[ApprovalState, z3.BoolRef] = {
            ApprovalState.NOT_REQUIRED: unasked,
            ApprovalState.APPROVED: all_of((asked, voted)),
            ApprovalState.REJECTED: any_of((all_of((asked, own.when(ApprovalState.REJECTED))), expired)),
        }
        states[ApprovalState.REQUESTED] = none_of(states.values())
        view = OneValue(tuple((state, self.terms.named(when, state)) for state, when in states.items()))
        waits = any_of(view.when(state) for state in (ApprovalState.REQUESTED, ApprovalState.REJECTED))
        self._waits = self.terms.named(waits, "waits")
        return judged, Seen({**seen.views, "approval": view}, seen.reached)

    def _assignment(self, seen: Seen) -> tuple[tuple[Judged, ...], Seen, z3.BoolRef, z3.BoolRef]:
        asked = Seen(seen.views, self.terms.named(all_of((seen.reached, no(self._waits))), "asked"))
        takers = Takers(self.configuration, self.ticket, self.terms, asked.views)
        judged: list[Judged] = []
        left = TRUE
        for rule in self.book.assignment:
            one = self.judging.judged("assignment", rule, asked)
            taking = takers.of(rule.then)
            first = self.terms.named(all_of((one.matches, left)), "first")
            judged.append(replace(one, decides=first, taking=taking))
            left = self.terms.named(all_of((left, no(all_of((one.matches, taking.somebody))))), "left")
        unmatched = all_of((asked.reached, none_of(one.matches for one in judged)))
        untaken = all_of((asked.reached, left, any_of(one.matches for one in judged)))
        return tuple(judged), self._handed(seen, judged, left), unmatched, untaken

    def _handed(self, seen: Seen, judged: Sequence[Judged], left: z3.BoolRef) -> Seen:
        """Who has the ticket afterwards; of several who may get it, each one does."""
        if "vendor" not in self.ticket.views:
            return seen
        given = self.terms.named(all_of((seen.reached, no(self._waits), no(left))), "given")
        own = self.ticket.one_value("vendor")
        values: list[tuple[str | None, z3.BoolRef]] = []
        for name, is_own in own.alternatives:
            may = any_of(
                all_of((one.decides, one.taking.may(str(name)))) for one in judged if one.taking is not None and name
            )
            choice = self.terms.free(f"gets:{name}")
            values.append((None if name is None else str(name), z3.If(given, z3.And(choice, may), is_own)))
        named = tuple((name, self.terms.named(when, f"vendor={name}")) for name, when in values)
        self.terms.state(any_of(when for _, when in named))
        self.terms.state(z3.AtMost(*(when for _, when in named), 1))
        return Seen({**seen.views, "vendor": OneValue(named)}, seen.reached)
