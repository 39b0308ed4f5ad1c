"""Whose a ticket's time is: while it is open every second belongs to exactly one holder.

An approver has it while approval is requested; else, while it is on hold, whom it waits for by the configuration's
``holders``, and the requester where they do not say; else its vendor, which may be one of our own teams; else nobody.
It is open from its creation until it is resolved, closed or canceled, and again after a reopening. A state that no
mapping knows counts as not open, here as in every other figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from itsm_bridge.conditions import compile_condition, fields_of
from itsm_bridge.config.model import Configuration, HolderKind
from itsm_bridge.history.facts import as_fact
from itsm_bridge.model import ApprovalState, State


class Holder(NamedTuple):
    """Who has a ticket: a vendor or team by its name, others by their kind."""

    name: str
    kind: HolderKind


class Holders:
    """The holders of any number of tickets. ``fields`` are those whose course is needed to tell them."""

    def __init__(self, configuration: Configuration) -> None:
        self._internal = {name.casefold() for name, vendor in configuration.vendors.items() if vendor.internal}
        self._rules = [(compile_condition(rule.when), rule.holder) for rule in configuration.holders]
        self._read = tuple(sorted({field for rule in configuration.holders for field in fields_of(rule.when)}))
        self.fields = tuple(sorted({"state", "approval", "vendor", *self._read}))

    def at(self, values: Mapping[str, str]) -> Holder:
        """Who has an open ticket with these values of ``fields``."""
        if values["approval"] == ApprovalState.REQUESTED:
            return _known_by_kind(HolderKind.APPROVER)
        kind = self._waited_for(values) if values["state"] == State.ON_HOLD else HolderKind.VENDOR
        return self._vendor(values["vendor"]) if kind is HolderKind.VENDOR else _known_by_kind(kind)

    def _waited_for(self, values: Mapping[str, str]) -> HolderKind:
        facts = {field: as_fact(field, values[field]) for field in self._read}
        return next((holder for holds, holder in self._rules if holds(facts)), HolderKind.REQUESTER)

    def _vendor(self, vendor: str) -> Holder:
        if not vendor:
            return _known_by_kind(HolderKind.NOBODY)
        return Holder(vendor, HolderKind.INTERNAL if vendor.casefold() in self._internal else HolderKind.VENDOR)


def _known_by_kind(kind: HolderKind) -> Holder:
    return Holder(kind.value, kind)
