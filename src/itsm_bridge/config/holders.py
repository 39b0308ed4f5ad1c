"""The section ``holders`` of ``sla.yaml``: whom a ticket on hold waits for, by what its history says."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from itsm_bridge.conditions import Condition, fields_of
from itsm_bridge.config.condition_decoding import CUSTOM_PREFIX, When
from itsm_bridge.config.decoding import Checked, Context, Decoder, OneOf, SequenceOf
from itsm_bridge.config.documents import Node
from itsm_bridge.config.findings import Code
from itsm_bridge.config.model import HolderKind, HoldRule
from itsm_bridge.config.records import Key, Record
from itsm_bridge.model import Ticket

_WAITED_FOR: Final = MappingProxyType({kind.value: kind for kind in HolderKind if kind is not HolderKind.INTERNAL})
"""An internal team is a vendor too: which of the two the ticket's own vendor is, ``vendors.yaml`` says."""


def _note_unrecorded(condition: Condition, node: Node, context: Context) -> None:
    """Note fields whose past values no history holds, so that time gone by could not be told from them."""
    read = [field for field in fields_of(condition) if not field.startswith(CUSTOM_PREFIX)]
    unrecorded = sorted({field for field in read if field not in Ticket.__dataclass_fields__})
    if unrecorded:
        message = f"it looks at {', '.join(unrecorded)}, which no history records, so it cannot say who had a ticket"
        context.refuse(node.position, Code.OPERATOR, message)


_WHEN: Final[Decoder[Condition]] = Checked(When(), _note_unrecorded)

HOLDERS: Final = SequenceOf(
    Record(
        "a holder",
        HoldRule,
        (
            Key("when", _WHEN),
            Key("holder", OneOf("a holder", _WAITED_FOR)),
        ),
        placed=True,
    ),
    "holders",
)
