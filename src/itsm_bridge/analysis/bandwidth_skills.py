"""Bandwidth by skill: how much of the work that arrived needs which skill, as far as services can tell."""

from __future__ import annotations

import pandas as pd

import itsm_bridge.analysis.bandwidth as bandwidth
import itsm_bridge.analysis.traction as traction
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import Frames

KEY = ["vendor", "skill", "week"]


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by vendor, skill and week; none without a single ticket."""
    known = any(frames.known.values())
    capacity = frames.capacity if known else frames.capacity.head(0)
    offered = capacity[["vendor", "week"]].merge(frames.partners.skills, on="vendor").assign(has_skill=True)
    came = with_skill(frames).groupby(KEY).size().rename("arrivals").reset_index()
    rows = offered.merge(came, how="outer", on=KEY).sort_values(KEY, ignore_index=True)
    listed = rows["has_skill"].astype("boolean").fillna(value=False)
    rows = rows.assign(arrivals=rows["arrivals"].fillna(0).astype("int64"), has_skill=listed.where(rows["skill"] != ""))
    return bandwidth.against_capacity(rows, frames)


def with_skill(frames: Frames) -> pd.DataFrame:
    """What arrived for vendors in each week, with the ``skill`` that it needs; empty where that cannot be told."""
    came = traction.came(frames)
    needed = frames.partners.takers[["environment", "service", "skill"]].drop_duplicates()
    return came[came["vendor"] != ""].merge(needed, how="left", on=["environment", "service"])


TABLE = Table(
    name="bandwidth_skills",
    title="Bandwidth by skill",
    description="Hours of ticket work that arrived for each vendor by the skill that it needs, in each ISO week of the "
    "period and of the 12 weeks before. A ticket needs a skill if one of its services is called like a skill that some "
    "vendor lists in vendors.yaml; of other tickets it cannot be told. People are not split by skill: each skill that "
    "a vendor lists could have all its hours, but only once.",
    columns=(
        Column("vendor", Kind.TEXT, "Vendor, or own team, that the tickets arrived for."),
        Column(
            "skill",
            Kind.TEXT,
            "Service of the ticket that some vendor lists among its skills, several with commas; empty where no "
            "service of the ticket is one, so that the skill cannot be told.",
        ),
        Column("week", Kind.TEXT, "ISO 8601 week, from Monday 00:00."),
        Column("load_hours", Kind.NUMBER, "Arrivals x effort_hours of bandwidth.", "hours"),
        bandwidth.ARRIVALS,
        bandwidth.SHARE_OF_CAPACITY,
        bandwidth.CAPACITY,
        Column(
            "has_skill", Kind.BOOLEAN, "Whether vendors.yaml lists the skill for the vendor; empty without a skill."
        ),
    ),
    build=build,
)
