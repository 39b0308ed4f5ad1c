"""Our clocks beside those that the sources keep themselves, with the cause of each difference."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.analysis.columns import ENVIRONMENT, SLA, TICKET, VENDOR, Column, Kind, Table
from itsm_bridge.analysis.frames import Frames, Row
from itsm_bridge.sla import Compared, Comparison

TOGETHER = " + "
"""Between causes that make a difference only together."""


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``: those that differ first, then by ticket."""
    order = ["agrees", "ticket", "sla", "native_due_at"]
    return frames.natives.sort_values(order, kind="stable", na_position="last")


def agreement(frames: Frames) -> float | None:
    """The share of the compared clocks that agree; ``None`` where there are none."""
    agrees = frames.natives["agrees"].dropna()
    return round(float(agrees.mean()), 6) if len(agrees) else None


def rows_of(compared: Compared) -> Iterator[Row]:
    """One ticket's rows of the frame ``natives``."""
    return (_row(one) for one in compared.comparisons)


def findings_of(source: str, compared: Compared) -> Iterator[Row]:
    """What stands alone on one ticket, as rows of the frame ``findings``."""
    for native in compared.natives:
        yield source, "native_alone", native.name, "no clock of ours is compared with it"
    for cycle in compared.ours:
        yield source, "ours_alone", cycle.sla, "the source has no such clock on the ticket"


def _row(one: Comparison) -> Row:
    cycle, native = one.cycle, one.native
    return (
        cycle.ticket, cycle.sla, native.name, cycle.vendor, cycle.environment, one.elapsed_seconds,
        native.elapsed_seconds, one.difference_seconds, one.breached, native.breached, one.due_at, native.due_at,
        one.agrees, TOGETHER.join(one.causes), one.detail,
    )  # fmt: skip


TABLE = Table(
    name="sla_native",
    title="Beside the sources' clocks",
    description="Cycles of tickets of the period that their source measures too (ServiceNow task_sla, Jira Service "
    "Management), ours as of the instant of which the source's figures are. Those are known only as they were last "
    "read: as of an instant in the past the table has the clocks alone that had been measured for the last time by "
    "then, which are mostly finished ones. Clocks of one side alone are counted in data_quality.",
    columns=(
        TICKET,
        SLA,
        Column("native", Kind.TEXT, "Name of the clock in the source; native: in sla.yaml says which belongs to ours."),
        VENDOR,
        ENVIRONMENT,
        Column("ours_elapsed_seconds", Kind.INTEGER, "Business time used by our clock, as of theirs.", "seconds"),
        Column("native_elapsed_seconds", Kind.INTEGER, "Business time used by the source's clock.", "seconds"),
        Column("difference_seconds", Kind.INTEGER, "native_elapsed_seconds - ours_elapsed_seconds.", "seconds"),
        Column("ours_breached", Kind.BOOLEAN, "Whether ours has used more than its target."),
        Column("native_breached", Kind.BOOLEAN, "Whether the source calls its clock breached."),
        Column("ours_due_at", Kind.INSTANT, "The last instant in time by our clock; empty while paused."),
        Column("native_due_at", Kind.INSTANT, "The same by the source's clock; a paused one keeps its last value."),
        Column(
            "agrees",
            Kind.BOOLEAN,
            "Whether used time and due instant differ by at most a minute, and target and verdict are the same, as far "
            "as the source says them; empty where it says none.",
        ),
        Column(
            "cause",
            Kind.TEXT,
            "With what in place of ours our clock shows their figures: target, start, stop (another instant), carried "
            "(no time taken over from another service level), pause, zone, schedule, rounding (breached from 99.995 % "
            "on), two of them together, or unexplained. Empty where they agree.",
        ),
        Column("detail", Kind.TEXT, "The difference and its cause in a sentence."),
    ),
    build=build,
)
