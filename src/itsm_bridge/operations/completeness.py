"""What the last comparison with the sources says: which streams are not complete here, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from itsm_bridge.store import DayCountRow, Reader


@dataclass(frozen=True, slots=True)
class Gap:
    """A stream of which the source counts other tickets than are here, on some days."""

    source: str
    stream: str
    days: tuple[DayCountRow, ...]
    quarantined: int

    @property
    def text(self) -> str:
        """The first of the days, and what explains the difference at least in part."""
        first = self.days[0]
        more = f", and {len(self.days) - 1} more days" if len(self.days) > 1 else ""
        kept_out = f"; {self.quarantined} of the stream in quarantine" if self.quarantined else ""
        counts = f"{first.source_count} in the source, {first.store_count} here"
        return f"created on {first.day} (UTC): {counts}{more}{kept_out}"


def incomplete_streams(store: Reader) -> Sequence[Gap]:
    """The streams that are not complete, by source and stream."""
    differing = [row for row in store.day_counts() if row.differs]
    return [
        Gap(source, stream, tuple(days), store.quarantined_in(source, stream))
        for (source, stream), days in groupby(differing, key=lambda row: (row.source, row.stream))
    ]
