"""An older copy of the store, told by the number of the newest run, which is noted in a file beside it.

What was written since the copy is not in it, and its bookmarks are of then. So every source is read from its start, and
swept, before anything is written to it again.
"""

from __future__ import annotations

from pathlib import Path

from itsm_bridge.errors import GuardTripped, StorageFailed
from itsm_bridge.operations.bridge import Bridge, beside_store
from itsm_bridge.store import replace_whole

NAME = "newest-run"


def look_for_an_older_copy(bridge: Bridge, run_id: int) -> bool:
    """Whether a run with the number ``run_id`` or a later one was here before: then every source must be read anew.

    A store whose first run this is knows nothing yet and reads everything anyway. That a source must be read is durable
    before the new number is noted: a run that dies in between sees it once more.
    """
    path = beside_store(bridge.configuration) / NAME
    is_older = 1 < run_id <= _noted(path)
    if is_older:
        bridge.store.want_reread(bridge.configuration.sources, bridge.clock())
    try:
        replace_whole(path, f"{run_id}\n".encode())
    except OSError as problem:
        raise StorageFailed(f"{path} cannot be written: {problem.strerror}; nothing was done") from problem
    return is_older


def refuse_before_reread(bridge: Bridge) -> None:
    """Raise ``GuardTripped`` where a source is still to be read from its start."""
    waiting = sorted(set(bridge.store.rereads()) & set(bridge.configuration.sources))
    if waiting:
        raise GuardTripped(
            f"the store is an older copy: {', '.join(waiting)} must be read from the start before anything is written",
            hint="itsm-bridge sync",
        )


def _noted(path: Path) -> int:
    """The number in the file; 0 where there is none, or no number in it."""
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return 0
    except OSError as problem:
        raise StorageFailed(f"{path} cannot be read: {problem.strerror}; nothing was done") from problem
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 19 else 0
