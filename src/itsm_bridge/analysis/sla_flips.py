"""The clocks whose verdict of today is another one than was agreed when they ended, with the reason."""

from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, PRIORITY, SLA, TICKET, VENDOR, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by ticket and start."""
    verdicts = frames.verdicts
    flips = verdicts[verdicts["agreed"] != verdicts["today"]]
    return flips.sort_values(["ticket", "sla", "started_at"], kind="stable")


TABLE = Table(
    name="sla_flips",
    title="Service level flips",
    description=(
        "Clocks of the period's tickets that ended with one verdict, and would have another by today's definitions, "
        "calendars and history. What was agreed stands; nobody is told again."
    ),
    columns=(
        TICKET,
        SLA,
        Column("started_at", Kind.INSTANT, "When the clock started, as agreed."),
        VENDOR,
        ENVIRONMENT,
        PRIORITY,
        Column("agreed", Kind.TEXT, "Verdict when the clock ended: met, breached or cancelled."),
        Column(
            "today",
            Kind.TEXT,
            "Verdict of today: met, breached or cancelled; running where it has not ended and is in time, gone where "
            "there is no such clock.",
        ),
        Column("agreed_elapsed_seconds", Kind.INTEGER, "Business time used, as agreed.", "seconds"),
        Column("elapsed_seconds", Kind.INTEGER, "Business time used, as reckoned today.", "seconds"),
        Column("agreed_target_seconds", Kind.INTEGER, "Business time allowed, as agreed.", "seconds"),
        Column("target_seconds", Kind.INTEGER, "Business time allowed by today's definition.", "seconds"),
        Column(
            "cause",
            Kind.TEXT,
            "What has changed since: definition, calendar, zone data, holidays (the library's) or history of the "
            "ticket; else the rest of the configuration, or this program.",
        ),
        Column("frozen_at", Kind.INSTANT, "Since when the agreed verdict stands."),
    ),
    build=build,
)
