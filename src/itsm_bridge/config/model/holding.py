"""What ``sla.yaml`` says below ``holders``: whose a ticket's time is while it is on hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from itsm_bridge.conditions import Condition
from itsm_bridge.config.model.places import Position


class HolderKind(StrEnum):
    """Who can have a ticket; ``INTERNAL`` is a vendor that is one of our own teams."""

    APPROVER = "approver"
    REQUESTER = "requester"
    VENDOR = "vendor"
    INTERNAL = "internal"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class HoldRule:
    """Whose the time of a ticket on hold is where ``when`` holds; ``VENDOR`` is the ticket's own, or else nobody."""

    when: Condition
    holder: HolderKind
    position: Position
