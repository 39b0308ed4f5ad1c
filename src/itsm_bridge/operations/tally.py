"""What is counted from the events of one run: how often each source was waited for, and guards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from itsm_bridge.events import Value


@dataclass(slots=True)
class Tally:
    """Listens to events. Two threads may call it, each for its own source."""

    waits: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    guards: int = 0

    def __call__(self, event: str, fields: Mapping[str, Value]) -> None:
        """Hear one event."""
        if event == "source.waits":
            source = str(fields["source"])
            self.waits[source] = self.waits.get(source, 0) + 1
            self.seconds[source] = self.seconds.get(source, 0.0) + float(fields["seconds"])
        if event == "guard.stopped":
            self.guards += 1

    def summary(self) -> dict[str, object]:
        """What the run's row in the store keeps of it; seconds are those that were to be waited."""
        return {"waits": dict(self.waits), "wait_seconds": dict(self.seconds), "guard_trips": self.guards}
