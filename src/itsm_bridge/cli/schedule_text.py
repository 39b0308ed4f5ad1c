"""What is to be scheduled, and the crontab that says so: words as ``cron`` and ``sh`` take them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

from itsm_bridge.analysis.period import Period
from itsm_bridge.config import Configuration

MINUTES = {"m": 1, "h": 60}


@dataclass(frozen=True, slots=True)
class Job:
    """One call of ``run``: the program's words, the configuration folder, the folders it writes to, and as whom.

    ``every`` is ``15m`` or ``2h``: it divides an hour or a day.
    """

    command: tuple[str, ...]
    folder: Path
    store: Path
    reports: Path
    every: str
    user: str
    configuration: Configuration

    @property
    def minutes(self) -> int:
        """Between two runs."""
        return int(self.every[:-1]) * MINUTES[self.every[-1]]

    @property
    def words(self) -> tuple[str, ...]:
        """The whole command; silent unless something needs a look."""
        return (*self.command, "-C", str(self.folder), "run")


def crontab(job: Job, now: datetime) -> str:
    """The lines, with what an operator has to know beside them. ``now`` is used for the example of the zone only."""
    return "\n".join(
        (
            "# itsm-bridge: lines for `crontab -e` of the account that owns its folders.",
            "# A run is silent unless something needs a look: then cron mails its line to",
            "# MAILTO. Set PATH only if you change the absolute path below.",
            "# MAILTO=itsm-team@example.org",
            "# A run that finds another one at work does nothing (exit 11): no flock needed.",
            *(f"# {line}" for line in reports_due(job, now)),
            f"{when(job.minutes)} {for_cron(shlex.join(job.words))}",
            "",
        )
    )


def reports_due(job: Job, now: datetime) -> tuple[str, ...]:
    """From when on a run publishes the report of a week: in the zone of the reports, and on this machine."""
    zone = job.configuration.zone
    end = Period.holding(now, "week", zone).end.astimezone(zone)
    here = end.astimezone(_local(now))
    return (
        f"Reports: the first run after {end:%A %H:%M} {zone} publishes those that are",
        f"due; on this machine that is {here:%A %H:%M} ({here:%Z}).",
    )


def _local(now: datetime) -> tzinfo | None:
    return now.astimezone().tzinfo


def when(minutes: int) -> str:
    """The five fields, a few minutes off the hour, at which everybody else's jobs begin."""
    if minutes < 60:
        return f"{','.join(str(at) for at in range(2, 60, minutes))} * * * *"
    if minutes == 60:
        return "2 * * * *"
    hours = minutes // 60
    return f"2 {'0' if hours == 24 else f'*/{hours}'} * * *"


def for_cron(command: str) -> str:
    r"""A command of ``sh`` as a crontab holds it, where a bare ``%`` would end the line.

    cron takes ``\%`` for ``%`` and leaves any other backslash; a backslash before ours would take it away, so that an
    empty pair of quotes keeps the two apart (a word with a backslash is always in single quotes).
    """
    shown, is_escaped = "", False
    for character in command:
        if character == "%":
            shown += r"''\%" if is_escaped else r"\%"
            is_escaped = False
            continue
        shown += character
        is_escaped = character == "\\" and not is_escaped
    return shown
