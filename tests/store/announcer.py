"""A program to be killed: announces, closes and seals writes without end, each run of two writes; see ``writer``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.store.audited import announce
from tests.store.samples import NOW
from tests.store.writer import main, say

from itsm_bridge.model import Outcome
from itsm_bridge.store import Store

RUNS = 100_000


def work(project: Path) -> None:
    """Resolve what the last one left open, then run after run until killed."""
    say(os.getpid())
    with Store.open("sqlite:///bridge.db", project, create=True) as store:
        say("open")
        for intent in store.unresolved_intents("snow"):
            store.close_intent(intent.id, Outcome.UNKNOWN, NOW, detail="a run died around this write")
        for number in range(RUNS):
            run_id = store.start_run("run", NOW, "d")
            say(number)
            for write in (1, 2):
                intent_id = announce(store, run_id, f"{run_id} {write}", write)
                store.close_intent(intent_id, Outcome.VERIFIED, NOW, NOW)
            store.seal_audit(NOW)


if __name__ == "__main__":
    main(Path(sys.argv[1]), work)
