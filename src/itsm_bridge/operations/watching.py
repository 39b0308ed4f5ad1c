"""What a run tells while it works, and whom it asks whether to stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from itsm_bridge.sync import Watch


@dataclass(frozen=True, slots=True)
class Watchers:
    """What a terminal wants to be told, and when to stop. The defaults are silent and never stop.

    ``left`` is how many seconds the run still has: no source is waited for beyond them.
    """

    pulled: Watch = field(default=lambda *_: None)
    written: Callable[[str, int, int], None] = field(default=lambda *_: None)
    expired: Callable[[], bool] = field(default=lambda: False)
    stopped: Callable[[], bool] = field(default=lambda: False)
    left: Callable[[], float] = field(default=lambda: math.inf)


SILENT = Watchers()
