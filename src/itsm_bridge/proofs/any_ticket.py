"""Any ticket at all: its fields as symbols, with the values that can make a difference to these rules.

Environment, service, vendor, source, project, type, state, priority, impact, urgency and approval have the values that
the configuration gives them; text is open, and so are people. Where a field can be missing it can be missing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, time

import z3

from itsm_bridge.conditions import FieldTest, Kind, Operator, Value, field_of
from itsm_bridge.config.model import Configuration
from itsm_bridge.proofs.domains import (
    ALWAYS,
    REQUIRED,
    TEXTS,
    domain_of,
    projects_of,
    services_of,
    tests_of,
    turning_days,
)
from itsm_bridge.proofs.open_texts import values_of_tests
from itsm_bridge.proofs.spans import DAYS, LATEST, Span, micros, sample, spans
from itsm_bridge.proofs.terms import Terms, any_of, no, one_at_most
from itsm_bridge.proofs.texts import Wording
from itsm_bridge.proofs.views import JoinedText, OneValue, SomeValues, Text, View, atoms_of

PLAIN = frozenset({Operator.ONE_OF, Operator.NOT, Operator.EMPTY})
"""Operators under which only whole values count."""


class AnyTicket:
    """The fields that conditions look at, as symbols, from ``now`` on: of the rules, or of the ``tests`` given."""

    def __init__(
        self,
        configuration: Configuration,
        terms: Terms,
        now: datetime,
        tests: Mapping[str, tuple[FieldTest, ...]] | None = None,
    ) -> None:
        self.configuration = configuration
        self.terms = terms
        self.now = now
        self.tests = tests_of(configuration.rules) if tests is None else tests
        self.spans: dict[str, tuple[tuple[Span, z3.BoolRef], ...]] = {}
        self.wordings: dict[str, Wording] = {}
        self.loose: list[z3.BoolRef] = []
        filled = (name for rule in configuration.rules.classify for name in rule.then.fields)
        names = dict.fromkeys((*ALWAYS, *(name for name in self.tests if name not in {"text", *TEXTS}), *filled))
        self.views: dict[str, View] = {name: self._view(name) for name in names}
        self.views |= self._texts()
        self.days = self._days()
        self._tie_projects()
        self._tie_instants()

    # --- the views -----------------------------------------------------------------------------------------------

    def one_value(self, name: str) -> OneValue:
        """A field that has one of finitely many values."""
        view = self.views[name]
        assert isinstance(view, OneValue)  # noqa: S101 - the callers ask for such fields alone
        return view

    def _view(self, name: str) -> View:
        known = field_of(name)
        assert known is not None  # noqa: S101 - the configuration knows all fields that it names
        domain = domain_of(self.configuration, name, known.kind)
        if domain is not None and known.many:
            return self._several(name, (*domain, *self._named(name)))
        if domain is not None:
            return self._single(name, domain)
        if known.kind is Kind.WEEKDAY:
            return self._single(name, DAYS)
        if known.kind in {Kind.NUMBER, Kind.DURATION, Kind.INSTANT, Kind.TIME}:
            return self._measured(name, known.kind)
        return self._open(name) if known.many else self._open_single(name)

    def _single(self, name: str, values: Iterable[Value]) -> OneValue:
        listed: tuple[Value | None, ...] = tuple(dict.fromkeys(values))
        if name not in REQUIRED:
            listed = (None, *listed)
        chosen = [self.terms.free(f"{name}={value}") for value in listed]
        self.terms.state(any_of(chosen))
        self.terms.state(one_at_most(chosen))
        return OneValue(tuple(zip(listed, chosen, strict=True)))

    def _several(self, name: str, values: Iterable[Value]) -> SomeValues:
        return SomeValues(tuple((value, self.terms.free(f"{name}:{value}")) for value in dict.fromkeys(values)))

    def _measured(self, name: str, kind: Kind) -> OneValue:
        found = tuple(spans(kind, self.tests.get(name, ())))
        view = self._single(name, (sample(kind, span) for span in found))
        chosen = [symbol for value, symbol in view.alternatives if value is not None]
        self.spans[name] = tuple(zip(found, chosen, strict=True))
        return view

    def _open(self, name: str) -> SomeValues:
        values, complete = values_of_tests(self.tests.get(name, ()))
        view = self._several(name, (*values, *self._filled_in(name)))
        whole = all(matcher.operator in PLAIN for test in self.tests.get(name, ()) for matcher in test.matchers)
        if complete:
            return SomeValues(view.members, whole)
        loose = self._loose(name)
        answers: dict[FieldTest, z3.BoolRef] = {}

        def free(test: FieldTest) -> z3.BoolRef:
            return answers.setdefault(test, self.terms.free(f"{name}?"))

        return SomeValues(view.members, whole, loose, free)

    def _loose(self, name: str) -> z3.BoolRef:
        flag = self.terms.free(f"{name}-loose")
        self.loose.append(flag)
        return flag

    def _open_single(self, name: str) -> View:
        tests = self.tests.get(name, ())
        if all(matcher.operator in PLAIN for test in tests for matcher in test.matchers):
            values, _ = values_of_tests(tests)
            return self._single(name, (*values, *self._filled_in(name)))
        text = self._text(name, tests)
        if name in REQUIRED:
            self.terms.state(text.present)
        return text

    def _text(self, name: str, tests: Iterable[FieldTest]) -> Text:
        asked = dict.fromkeys(atom for test in tests for matcher in test.matchers for atom in atoms_of(matcher))
        view = Text(self.terms.free(name), {atom: self.terms.free(f"{name}~{atom[1]}") for atom in asked})
        wording = Wording(view)
        for statement in wording.statements():
            self.terms.state(statement)
        self.wordings[name] = wording
        return view

    def _texts(self) -> dict[str, View]:
        """Summary and description; ``text`` alone is as good as a summary."""
        both = [name for name in TEXTS if name in self.tests]
        text = self.tests.get("text", ())
        if not both:
            return {"text": self._text("summary", text)} if text else {}
        summary, description = (self._text(name, (*self.tests.get(name, ()), *text)) for name in TEXTS)
        return {"summary": summary, "description": description, "text": self._joined(summary, description)}

    def _joined(self, summary: Text, description: Text) -> JoinedText:
        """Both below each other; what spans the line break is left open."""
        spanning = {
            atom: self.terms.free("text~")
            for atom in summary.atoms
            if atom in description.atoms and (atom[0] is Operator.MATCHES or "\n" in atom[1])
        }
        if spanning:
            self._loose("text")
        return JoinedText.of(summary, description, spanning)

    def _named(self, name: str) -> Iterator[str]:
        """Values that rules name although the configuration does not: a source may know more services than we run."""
        known = {text.casefold() for text in services_of(self.configuration)}
        tests = self.tests.get(name, ())
        named = (one for test in tests for matcher in test.matchers for one in matcher.operands)
        values = (*named, *self._filled_in(name))
        yield from (one for one in values if isinstance(one, str) and one.casefold() not in known)

    def _filled_in(self, name: str) -> Iterator[str]:
        """What classify rules fill a field with."""
        filled = (rule.then.fields.get(name) for rule in self.configuration.rules.classify)
        yield from dict.fromkeys(one.casefold() for one in filled if one is not None)

    # --- what hangs together -------------------------------------------------------------------------------------

    def _days(self) -> OneValue:
        """From when on a ticket is looked at: today, and each later day on which somebody's rights change."""
        today = self.now.astimezone(self.configuration.zone).date()
        first = [today, *(day for day in sorted(turning_days(self.configuration)) if day > today)]
        starts = [
            micros(self.now),
            *(micros(datetime.combine(day, time(), self.configuration.zone)) for day in first[1:]),
        ]
        ends = [*(start - 1 for start in starts[1:]), max(LATEST, starts[-1])]
        chosen = [self.terms.free(f"day={day}") for day in first]
        self.terms.state(any_of(chosen))
        self.terms.state(one_at_most(chosen))
        self.spans["now"] = tuple(zip(zip(starts, ends, strict=True), chosen, strict=True))
        return OneValue(tuple(zip(first, chosen, strict=True)))

    def _tie_projects(self) -> None:
        """A project belongs to its source."""
        if "project" in self.views and "source" in self.views:
            projects, sources = self.one_value("project"), self.one_value("source")
            for value, chosen in projects.alternatives:
                owners = [name for name, source in self.configuration.sources.items() if value in projects_of(source)]
                self.terms.state(z3.Implies(chosen, any_of(sources.when(owner) for owner in owners)))

    def _tie_instants(self) -> None:
        """Nothing is idle for longer than it is old, and nothing is updated before it is created."""
        for short, long in (("idle", "age"), ("created", "updated")):
            for low, first in self.spans.get(short, ()):
                for high, second in self.spans.get(long, ()):
                    if low[0] > high[1]:
                        self.terms.state(z3.Or(no(first), no(second)))
