"""The only SQL of the program: tickets and their history, bookmarks, intents and the books of every run."""

from itsm_bridge.store.chain import EMPTY as EMPTY_AUDIT
from itsm_bridge.store.chain import AuditFault, Head, Verification
from itsm_bridge.store.opening import state_folder
from itsm_bridge.store.page import PageOfRecords
from itsm_bridge.store.reader import Reader
from itsm_bridge.store.rows import (
    AbsenceRow,
    DayCountRow,
    DecisionRow,
    Intent,
    LastWrite,
    OddityRow,
    QuarantineRow,
    Run,
    Saved,
    Scan,
    StreamCount,
    SweepRow,
)
from itsm_bridge.store.store import Store

__all__ = [
    "EMPTY_AUDIT",
    "AbsenceRow",
    "AuditFault",
    "DayCountRow",
    "DecisionRow",
    "Head",
    "Intent",
    "LastWrite",
    "OddityRow",
    "PageOfRecords",
    "QuarantineRow",
    "Reader",
    "Run",
    "Saved",
    "Scan",
    "Store",
    "StreamCount",
    "SweepRow",
    "Verification",
    "state_folder",
]
