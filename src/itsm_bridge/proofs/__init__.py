"""Proves the rules: which can never decide anything, which contradict each other, and which tickets nobody decides.

And the service levels: which can never attach, never run or never pause.

Rules are compiled to formulas about any ticket, and a solver (``z3``) answers exactly. Every ticket that it brings
forward is given to the rules engine before it is reported; what cannot be decided within the budget is said.
"""

from __future__ import annotations

from itsm_bridge.proofs.prove import PERIOD, prove
from itsm_bridge.proofs.search import Budget

__all__ = ["PERIOD", "Budget", "prove"]
