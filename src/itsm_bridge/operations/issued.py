"""What became of the reports that were due."""

from __future__ import annotations

from dataclasses import dataclass

from itsm_bridge.errors import GuardTripped


@dataclass(frozen=True, slots=True)
class Issued:
    """The periods whose reports are in their place now, and what stopped copies for vendors beside them."""

    periods: tuple[str, ...] = ()
    stopped: tuple[GuardTripped, ...] = ()


NOTHING_ISSUED = Issued()
