"""``R306``: vendors that no rule gives work, and rules that find nobody to give it to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from itsm_bridge.config.model import Vendor, VendorStatus
from itsm_bridge.proofs.ground import Draft, Ground, attempt, undecided
from itsm_bridge.proofs.judging import Judged
from itsm_bridge.proofs.search import Undecided
from itsm_bridge.proofs.terms import all_of, any_of


def workless(ground: Ground) -> Iterator[Draft]:
    """A finding for each active vendor that never gets a ticket, and for each rule that never finds anybody."""
    judged = ground.sections.judged["assignment"]
    if judged:
        for vendor in ground.configuration.vendors.values():
            if vendor.status is VendorStatus.ACTIVE:
                yield from _vendor(ground, vendor)
        for one in judged:
            yield from attempt(one, "ever finds somebody", partial(_rule, ground, one))


def _vendor(ground: Ground, vendor: Vendor) -> Iterator[Draft]:
    ways = (
        all_of((one.decides, one.taking.may(vendor.name)))
        for one in ground.sections.judged["assignment"]
        if one.taking is not None
    )
    try:
        found = ground.find(any_of(ways))
    except Undecided:
        yield undecided(vendor.position, f'whether any rule gives "{vendor.name}" work was not decided')
        return
    if found is None:
        message = f'"{vendor.name}" is active, and no rule and no ownership ever gives it a ticket'
        yield Draft("R306", "warning", vendor.position, message, "name it in a rule or as an owner, or end its status")


def _rule(ground: Ground, one: Judged) -> Iterator[Draft]:
    if one.taking is None or not ground.has_decided(one) or ground.has_served(one):
        return  # what is never asked is another finding
    if ground.find(one.decides, one.taking.somebody) is None:
        message = (
            f'"{one.rule.name}" never finds anybody: no vendor that it leads to can take the tickets that it matches'
        )
        yield Draft("R306", "warning", one.rule.position, message, "name a vendor that is active, skilled and on file")
