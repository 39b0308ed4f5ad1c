"""From a model of the solver to a ticket that people and the engine can read, or to why there is none after all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import z3

from itsm_bridge.conditions import Operator, Value
from itsm_bridge.proofs.any_ticket import AnyTicket
from itsm_bridge.proofs.domains import CLOCKS, TEXTS
from itsm_bridge.proofs.moments import Clockwork, Moments
from itsm_bridge.proofs.patterns import together
from itsm_bridge.proofs.spans import Span
from itsm_bridge.proofs.terms import all_of, no
from itsm_bridge.proofs.texts import Wording, meets
from itsm_bridge.proofs.views import Atom, JoinedText, OneValue, SomeValues

_TRIES = 400
"""Pairs of questions about a text that are asked whether they exclude each other."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A ticket that the solver found: its fields, and when it is looked at."""

    fields: Mapping[str, tuple[Value, ...]]
    now: datetime


@dataclass(frozen=True, slots=True)
class Excluded:
    """What cannot be, though the statements allow it; where it is not ``certain`` it was only not found."""

    formula: z3.BoolRef
    certain: bool


class Truth:
    """What a model says."""

    def __init__(self, model: z3.ModelRef) -> None:
        self._model = model

    def __call__(self, symbol: z3.BoolRef) -> bool:
        """Whether a symbol is true in it; what it leaves open is false."""
        return bool(z3.is_true(self._model.eval(symbol, model_completion=True)))


def read(ticket: AnyTicket, model: z3.ModelRef) -> MadeUp | Excluded:
    """The ticket of a model, or why there is none after all."""
    return _Reading(ticket, Truth(model)).read()


class _Reading:
    def __init__(self, ticket: AnyTicket, true: Truth) -> None:
        self.ticket = ticket
        self._true = true

    def read(self) -> MadeUp | Excluded:
        """The ticket of a model, or why there is none after all."""
        fields: dict[str, tuple[Value, ...]] = {}
        for name, view in self.ticket.views.items():
            if isinstance(view, OneValue) and name not in CLOCKS:
                value = next(value for value, chosen in view.alternatives if self._true(chosen))
                fields[name] = () if value is None else (value,)
            elif isinstance(view, SomeValues):
                fields[name] = tuple(value for value, there in view.members if self._true(there))
        for name, wording in self.ticket.wordings.items():
            text = _written(wording, self._true)
            if isinstance(text, Excluded):
                return text
            fields[name] = text
        spanning = self._spanning(fields)
        if spanning is not None:
            return spanning
        moments = self._moments()
        if isinstance(moments, Excluded):
            return moments
        return MadeUp(fields | self._clock_fields(moments), moments.now)

    def _spanning(self, fields: Mapping[str, tuple[Value, ...]]) -> Excluded | None:
        """Why summary and description together are not what the model wants; ``None`` where they are."""
        view = self.ticket.views.get("text")
        if not isinstance(view, JoinedText):
            return None
        both = "\n".join(str(text) for name in TEXTS for text in fields[name])
        wrong = [
            symbol
            for atom, symbol in view.atoms.items()
            if self._true(symbol) is not (bool(both) and meets(atom, both))
        ]
        literals = [symbol if self._true(symbol) else no(symbol) for symbol in wrong]
        return Excluded(no(all_of(literals)), certain=False) if wrong else None

    def _moments(self) -> Moments | Excluded:
        chosen = {
            name: next((span, symbol) for span, symbol in found if self._true(symbol))
            for name, found in self.ticket.spans.items()
            if name in CLOCKS or name == "now"
        }
        weekday = None
        if "weekday" in self.ticket.views:
            weekday = next(
                (str(day), symbol)
                for day, symbol in self.ticket.one_value("weekday").alternatives
                if self._true(symbol)
            )
        settled = self._settled({name: span for name, (span, _) in chosen.items()}, weekday and weekday[0])
        if isinstance(settled, Moments):
            return settled
        guilty = dict(chosen)
        if settled is False:
            for name in [name for name in chosen if name != "now"]:
                less = {other: span for other, (span, _) in guilty.items() if other != name}
                if self._settled(less, weekday and weekday[0]) is False:
                    del guilty[name]
        symbols = [symbol for _, symbol in guilty.values()] + ([weekday[1]] if weekday else [])
        return Excluded(no(all_of(symbols)), certain=settled is False)

    def _settled(self, found: Mapping[str, Span], weekday: str | None) -> Moments | bool | None:
        return Clockwork(self.ticket.configuration.zone, found, weekday).settle()

    def _clock_fields(self, moments: Moments) -> dict[str, tuple[Value, ...]]:
        """What rules ask about of the three instants."""
        wanted = {name for name in CLOCKS if name in self.ticket.tests}
        fields: dict[str, tuple[Value, ...]] = {}
        if wanted & {"created", "weekday", "time"}:
            fields["created"] = (moments.created,)
        if "updated" in wanted:
            fields["updated"] = (moments.updated,)
        if "age" in wanted:
            fields["age"] = (int((moments.now - moments.created).total_seconds()),)
        if "idle" in wanted:
            fields["idle"] = (int((moments.now - moments.updated).total_seconds()),)
        return fields


def _written(wording: Wording, true: Truth) -> tuple[Value, ...] | Excluded:
    """The text that a model wants."""
    if not true(wording.view.present):
        return ()
    truths = {atom: true(symbol) for atom, symbol in wording.view.atoms.items()}
    text: str | bool | None = wording.write(truths)
    guilty: Mapping[Atom, bool] = truths
    if text is None and wording.has_patterns:
        guilty = _excluding(truths) or truths
        text = together(truths) if guilty is truths else False
    if isinstance(text, str):
        return (text,)
    literals = [wording.view.atoms[atom] if held else no(wording.view.atoms[atom]) for atom, held in guilty.items()]
    return Excluded(no(all_of((wording.view.present, *literals))), certain=text is False)


def _excluding(truths: Mapping[Atom, bool]) -> Mapping[Atom, bool] | None:
    """Two answers that exclude each other; ``None`` where no two were found that do."""
    wanted = (atom for atom, held in truths.items() if held)
    pairs = ((one, other) for one in wanted for other in truths if one != other and _is_pattern(one, other))
    for one, other in islice(pairs, _TRIES):
        both = {one: True, other: truths[other]}
        if together(both) is False:
            return both
    return None


def _is_pattern(*atoms: Atom) -> bool:
    return any(operator is Operator.MATCHES for operator, _ in atoms)
