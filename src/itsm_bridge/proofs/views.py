"""A ticket's fields as symbols: what a test of the rule language comes to, whatever the ticket is.

A view is one field as one section sees it. Whether a value passes a test is always asked of the engine's own
``conditions``; a view only knows which values there are. ``OneValue`` and ``SomeValues`` list every value that can make
a difference; ``Text`` knows which texts a value holds, begins and ends with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import z3

from itsm_bridge.conditions import FieldTest, Matcher, Operator, Value, compile_condition
from itsm_bridge.conditions.matching import FIELD_OPERATORS, text_of
from itsm_bridge.proofs.terms import FALSE, Terms, all_of, any_of, no, none_of

Fill = tuple[z3.BoolRef, str]
"""When a field without a value gets one, and which."""

Atom = tuple[Operator, str]
"""One question about one text: does it hold, begin with, end with, match, or is it (``ONE_OF``) this one."""


class View(Protocol):
    """One field as one section sees it."""

    def holds(self, test: FieldTest) -> z3.BoolRef:
        """When the test holds."""

    def missing(self) -> z3.BoolRef:
        """When the field has no value."""

    def filled(self, fills: Sequence[Fill], terms: Terms) -> View:
        """The field after ``fills``, each of which happens only while it is missing, and only one of them."""


@lru_cache(maxsize=65_536)
def passes(test: FieldTest, values: tuple[Value, ...]) -> bool:
    """The engine's own answer for a field with just these values."""
    return _compiled(test)({test.field: values})


@lru_cache(maxsize=8_192)
def _compiled(test: FieldTest) -> Callable[[Mapping[str, tuple[Value, ...]]], bool]:
    return compile_condition(test)


@dataclass(frozen=True, eq=False)
class OneValue:
    """A field with one of finitely many values; ``None`` stands for none. Exactly one alternative holds."""

    alternatives: tuple[tuple[Value | None, z3.BoolRef], ...]

    def holds(self, test: FieldTest) -> z3.BoolRef:
        """One of the values that pass, or none of those that do not, whichever is shorter."""
        good: list[z3.BoolRef] = []
        bad: list[z3.BoolRef] = []
        for value, chosen in self.alternatives:
            (good if passes(test, () if value is None else (value,)) else bad).append(chosen)
        return any_of(good) if len(good) <= len(bad) else none_of(bad)

    def missing(self) -> z3.BoolRef:
        """The alternative without a value."""
        return self.when(None)

    def when(self, value: Value | None) -> z3.BoolRef:
        """When the field has this value, text without regard to case."""
        wanted = None if value is None else text_of(value)
        return any_of(
            chosen for known, chosen in self.alternatives if (None if known is None else text_of(known)) == wanted
        )

    def filled(self, fills: Sequence[Fill], terms: Terms) -> OneValue:
        """The filled values beside the ticket's own."""
        after = dict(self.alternatives)
        spelled = {text_of(value): value for value in after if value is not None}
        for when, value in fills:
            own = spelled.setdefault(text_of(value), value)
            after[own] = terms.named(any_of((after.get(own, FALSE), when)), "filled")
        after[None] = terms.named(all_of((self.missing(), none_of(when for when, _ in fills))), "still-empty")
        return OneValue(tuple(after.items()))


@dataclass(frozen=True, eq=False)
class SomeValues:
    """A field with any of finitely many values, or several.

    ``loose`` is set where the values listed may not be all that make a difference: under it each test that values
    have to pass is a truth value of its own, so that what is impossible even then is impossible. ``whole`` says that
    rules only name whole values: then no value stands for what two of the listed ones stand for.
    """

    members: tuple[tuple[Value, z3.BoolRef], ...]
    whole: bool = True
    loose: z3.BoolRef | None = None
    free: Callable[[FieldTest], z3.BoolRef] | None = None

    def holds(self, test: FieldTest) -> z3.BoolRef:
        """What is asked of the whole field, and one value that passes the rest."""
        of_field = [matcher for matcher in test.matchers if matcher.operator in FIELD_OPERATORS]
        of_value = tuple(matcher for matcher in test.matchers if matcher.operator not in FIELD_OPERATORS)
        parts = [self._of_field(test.field, matcher) for matcher in of_field]
        if of_value:
            parts.append(self._some(FieldTest(test.field, of_value)))
        return all_of(parts)

    def _of_field(self, name: str, matcher: Matcher) -> z3.BoolRef:
        if matcher.operator is Operator.EMPTY:
            return self.missing() if all(matcher.operands) else no(self.missing())
        return no(self._some(FieldTest(name, (Matcher(Operator.ONE_OF, matcher.operands),))))

    def _some(self, test: FieldTest) -> z3.BoolRef:
        listed = any_of(there for value, there in self.members if passes(test, (value,)))
        if self.loose is None or self.free is None:
            return listed
        return z3.Or(z3.And(no(self.loose), listed), z3.And(self.loose, self.free(test)))

    def missing(self) -> z3.BoolRef:
        """Without any value."""
        return none_of(there for _, there in self.members)

    def when(self, value: Value) -> z3.BoolRef:
        """When this value is among the field's, text without regard to case."""
        return any_of(there for known, there in self.members if text_of(known) == text_of(value))

    def filled(self, fills: Sequence[Fill], terms: Terms) -> SomeValues:
        """The filled values beside the ticket's own."""
        after = dict(self.members)
        for when, value in fills:
            own = next((known for known in after if text_of(known) == text_of(value)), value)
            after[own] = terms.named(any_of((after.get(own, FALSE), when)), "filled")
        return SomeValues(tuple(after.items()), self.whole, self.loose, self.free)


@dataclass(frozen=True, eq=False)
class Text:
    """A field with one text, which may be any."""

    present: z3.BoolRef
    atoms: Mapping[Atom, z3.BoolRef]

    def atom(self, operator: Operator, text: str) -> z3.BoolRef:
        """When the text holds, begins with, ends with, matches or is this one."""
        return self.atoms[operator, text]

    def holds(self, test: FieldTest) -> z3.BoolRef:
        """Every operator of the test."""
        return all_of(map(self._matcher, test.matchers))

    def _matcher(self, matcher: Matcher) -> z3.BoolRef:
        if matcher.operator is Operator.EMPTY:
            return no(self.present) if all(matcher.operands) else self.present
        atoms = [self.atom(*atom) for atom in atoms_of(matcher)]
        if matcher.operator is Operator.NOT:
            return none_of(atoms)
        return all_of(atoms) if matcher.operator is Operator.CONTAINS_ALL else any_of(atoms)

    def missing(self) -> z3.BoolRef:
        """Without a text."""
        return no(self.present)

    def filled(self, fills: Sequence[Fill], terms: Terms) -> Text:
        """The filled texts beside the ticket's own."""
        after = {}
        for (operator, text), own in self.atoms.items():
            test = FieldTest("", (Matcher(operator, (text,)),))
            extra = [when for when, value in fills if passes(test, (value,))]
            after[operator, text] = terms.named(any_of((own, *extra)), "filled") if extra else own
        present = terms.named(any_of((self.present, *(when for when, _ in fills))), "present")
        return Text(present, after)


@dataclass(frozen=True, eq=False)
class JoinedText(Text):
    """``text``: the summary, and below it the description; ``atoms`` are those that may span the line break."""

    summary: Text
    description: Text

    @classmethod
    def of(cls, summary: Text, description: Text, spanning: Mapping[Atom, z3.BoolRef]) -> JoinedText:
        """Both together."""
        return cls(any_of((summary.present, description.present)), spanning, summary, description)

    def atom(self, operator: Operator, text: str) -> z3.BoolRef:
        """The first text says how it begins, the last how it ends, and it is one text only where the other is none."""
        if (operator, text) in self.atoms:
            return self.atoms[operator, text]
        first, last = self.summary.atom(operator, text), self.description.atom(operator, text)
        if operator is Operator.STARTS_WITH:
            return any_of((first, all_of((no(self.summary.present), last))))
        if operator is Operator.ENDS_WITH:
            return any_of((last, all_of((no(self.description.present), first))))
        if operator is Operator.ONE_OF:
            alone = all_of((first, no(self.description.present)))
            return any_of((alone, all_of((last, no(self.summary.present)))))
        return any_of((first, last))


def atoms_of(matcher: Matcher) -> Iterable[Atom]:
    """The questions about one text that a matcher consists of."""
    plain = {Operator.NOT: Operator.ONE_OF, Operator.CONTAINS_ALL: Operator.CONTAINS}
    operator = plain.get(matcher.operator, matcher.operator)
    if operator is Operator.EMPTY:
        return ()
    as_written = operator is Operator.MATCHES
    return tuple((operator, str(one) if as_written else text_of(one)) for one in matcher.operands)
