"""The only SQL of the program: tickets and their history, bookmarks, intents and the books of every run."""

from itsm_bridge.store.chain import EMPTY as EMPTY_AUDIT
from itsm_bridge.store.chain import AuditFault, AuditRow, Head, Verification
from itsm_bridge.store.columns import from_microseconds as instant
from itsm_bridge.store.opening import state_folder
from itsm_bridge.store.page import PageOfRecords
from itsm_bridge.store.reader import Reader
from itsm_bridge.store.rows import (
    AbsenceRow,
    Arrival,
    DayCountRow,
    DecisionRow,
    Intent,
    KnownTicket,
    LastWrite,
    OddityRow,
    QuarantineRow,
    Run,
    Saved,
    Scan,
    ShownNote,
    StreamCount,
    SweepRow,
)
from itsm_bridge.store.store import Store
from itsm_bridge.store.whole_files import only_once, replace_whole

__all__ = [
    "EMPTY_AUDIT",
    "AbsenceRow",
    "Arrival",
    "AuditFault",
    "AuditRow",
    "DayCountRow",
    "DecisionRow",
    "Head",
    "Intent",
    "KnownTicket",
    "LastWrite",
    "OddityRow",
    "PageOfRecords",
    "QuarantineRow",
    "Reader",
    "Run",
    "Saved",
    "Scan",
    "ShownNote",
    "Store",
    "StreamCount",
    "SweepRow",
    "Verification",
    "instant",
    "only_once",
    "replace_whole",
    "state_folder",
]
