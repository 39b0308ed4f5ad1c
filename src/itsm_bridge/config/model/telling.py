"""What a run tells other programs: a file of metrics, and pings of its start and its end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

JOBS: tuple[str, ...] = ("run", "sync", "apply")
"""The commands that work under the lock, and tell how they ended."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Where metrics are written for Prometheus; a relative path starts in the project's folder."""

    file: Path


@dataclass(frozen=True, slots=True)
class Notify:
    """Which commands are pinged; the address is a secret and not in here."""

    ping: tuple[str, ...] = ()
