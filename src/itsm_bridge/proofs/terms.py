"""Names for parts of a formula, so that nothing is written twice, and the list of what always holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import z3

# Both are the only ones of their kind here, so that `is` finds them: asking z3 takes ten times as long.
TRUE = z3.BoolVal(True)  # noqa: FBT003 - the literal itself
FALSE = z3.BoolVal(False)  # noqa: FBT003 - the literal itself


class Terms:
    """The statements of one proof. Names are unique and given in order, so that a proof is the same in every run."""

    def __init__(self) -> None:
        self.statements: list[z3.BoolRef] = []
        self._names = 0

    def free(self, about: str) -> z3.BoolRef:
        """A new truth value that nothing binds yet; ``about`` is for whoever looks at a formula."""
        self._names += 1
        return z3.Bool(f"{about}#{self._names}")

    def state(self, formula: z3.BoolRef) -> None:
        """``formula`` always holds."""
        self.statements.append(formula)

    def named(self, formula: z3.BoolRef, about: str) -> z3.BoolRef:
        """A name for ``formula``; what is short already stays as it is."""
        if z3.is_const(formula):
            return formula
        name = self.free(about)
        self.state(name == formula)
        return name


def any_of(formulas: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """At least one of them holds."""
    listed = [one for one in formulas if one is not FALSE]
    if any(one is TRUE for one in listed):
        return TRUE
    return z3.Or(listed) if len(listed) > 1 else listed[0] if listed else FALSE


def all_of(formulas: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Every one of them holds."""
    listed = [one for one in formulas if one is not TRUE]
    if any(one is FALSE for one in listed):
        return FALSE
    return z3.And(listed) if len(listed) > 1 else listed[0] if listed else TRUE


def none_of(formulas: Iterable[z3.BoolRef]) -> z3.BoolRef:
    """Not one of them holds."""
    return no(any_of(formulas))


def no(formula: z3.BoolRef) -> z3.BoolRef:
    """The opposite."""
    if formula is TRUE:
        return FALSE
    if formula is FALSE:
        return TRUE
    return formula.arg(0) if z3.is_not(formula) else z3.Not(formula)


def one_at_most(formulas: Sequence[z3.BoolRef]) -> z3.BoolRef:
    """No two of them hold."""
    return z3.AtMost(*formulas, 1) if len(formulas) > 1 else TRUE
