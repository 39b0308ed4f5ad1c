"""What each exit code means, as ``help`` explains it: cause, fix, an example. A test holds that none is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ending:
    """What leads to an exit code, what to do about it, and a line with which a command ends so."""

    cause: str
    fix: str
    example: str


ENDINGS: Final[dict[int, Ending]] = {
    0: Ending("Nothing is wrong.", "Nothing.", ""),
    1: Ending(
        "A mistake of this program; what was stored before it is kept.",
        "Run the same command with -vv, and report what it prints.",
        "internal error: KeyError in decide, line 40; what was stored before it is kept",
    ),
    2: Ending(
        "A command, an option or an argument that there is not.",
        "itsm-bridge COMMAND --help",
        "No such command 'chek'.",
    ),
    3: Ending(
        "The command did its work, and somebody has to look at something.",
        "itsm-bridge status lists the findings; after check, correct what it shows.",
        "1 mistake in config; runs go on meanwhile; nothing was written",
    ),
    5: Ending(
        "A source does not answer, is busy, or asked to wait longer than max_wait.",
        "Wait: the next run goes on from here. If it lasts: itsm-bridge doctor.",
        "snow asked to wait 900 s; progress is kept",
    ),
    6: Ending(
        "A limit below limits: in bridge.yaml would be passed, a plan was made under another configuration, or a "
        "vendor's copy would hold another party's data.",
        "itsm-bridge plan shows what would change. If it is meant: itsm-bridge apply --allow-changes N.",
        "412 tickets would change, limit max_changes 200; nothing was written",
    ),
    7: Ending(
        "A permission was lost, a query was widened, or a field of a source changed.",
        "itsm-bridge doctor names it and says how to repair it.",
        "snow does not show sc_req_item any more; nothing was dropped",
    ),
    10: Ending(
        "There is no configuration in the folder, or no store yet.",
        "Give the folder with -C, or run itsm-bridge sync once.",
        "there is no configuration in config; nothing was done",
    ),
    11: Ending(
        "Another run is at work. Its lock is freed by the kernel even if it is killed.",
        "Wait. itsm-bridge status says since when it has been running.",
        "another run holds the lock; nothing was done",
    ),
    12: Ending(
        "A source does not accept the user, password or token.",
        "Renew it in the environment or in .env, then itsm-bridge doctor.",
        "ops does not accept the credentials; nothing was written",
    ),
    13: Ending(
        "A file of the configuration has a mistake that keeps everything from running, a variable is missing, or a "
        "newer version made the store.",
        "itsm-bridge check shows every mistake; itsm-bridge help CODE explains each. A newer store: install that "
        "version again, or put back the copy of before, which the line names.",
        "the configuration has 1 mistake; nothing was done",
    ),
    14: Ending(
        "The disk is full, or the database is locked or damaged.",
        "Free the disk; restore a damaged database from its last copy, then itsm-bridge sync --full.",
        "the disk is full",
    ),
    15: Ending(
        "A row of the audit log was changed, removed or added by something else.",
        "itsm-bridge audit verify says at which row and what that means; until it holds, no run of a new day writes. "
        "Keep the store as it is for whoever looks into it, and put back a backup of the database, audit.key and "
        "audit.seals of one and the same time (docs/runbook.md, The audit log).",
        "the audit chain is broken at row 812; nothing was written",
    ),
    130: Ending(
        "Somebody pressed Ctrl-C; what was done is kept.",
        "Run it again: it goes on.",
        "interrupted; what was done so far is kept",
    ),
    143: Ending(
        "SIGTERM: the system, cron or a person stopped it between two tickets; what was done is kept.",
        "Nothing: the next run goes on.",
        "stopped by SIGTERM; what was done so far is kept",
    ),
}
"""Every exit code; what it means stands in ``exits.MEANINGS``."""
