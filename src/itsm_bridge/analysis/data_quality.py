"""What is odd about the data that the figures rest on, counted by source and check."""

from __future__ import annotations

import pandas as pd

import itsm_bridge.analysis.open_tickets as open_tickets
from itsm_bridge.analysis.columns import Column, Kind, Table
from itsm_bridge.analysis.frames import TEXT, Frames
from itsm_bridge.model import State

EXAMPLES = 3


def build(frames: Frames) -> pd.DataFrame:
    """The rows of ``TABLE``, by source and check; a check that finds nothing has no row."""
    found = pd.concat([frames.findings, *_of_tickets(frames), _of_sources(frames)], ignore_index=True)
    found["example"] = (found["subject"] + ": " + found["detail"]).str.strip(": ")
    ordered = found.sort_values(["source", "check", "example"], kind="stable")
    groups = ordered.groupby(["source", "check"])
    table = groups.agg(count=("subject", "size"), detail=("example", _examples)).reset_index()
    return table.assign(known=table["source"].map(dict(frames.known)))


def _examples(details: pd.Series) -> str:
    """The first few, and how many more there are."""
    different = details.unique()
    more = f"; and {len(different) - EXAMPLES} more" if len(different) > EXAMPLES else ""
    return "; ".join(different[:EXAMPLES]) + more


def _of_tickets(frames: Frames) -> list[pd.DataFrame]:
    """Checks of the tickets themselves, among those that are open."""
    tickets = frames.tickets[frames.tickets["open"]]
    checks = {
        "no_environment": (tickets["environment"] == "", "no environment"),
        "no_priority": (tickets["priority"].isna(), "no priority"),
        "unrouted": (open_tickets.needed(frames) == "vendor", "in no vendor's hands"),
        "no_service_level": (~tickets["ticket"].isin(frames.cycles["ticket"]), "no service level applies"),
    }
    gone = frames.findings.loc[frames.findings["check"].str.startswith("gone_"), "subject"]
    lost = frames.tickets[(frames.tickets["state"] == State.UNKNOWN) & ~frames.tickets["ticket"].isin(gone)]
    found = [_rows(tickets[mask], check, detail) for check, (mask, detail) in checks.items()]
    found += _without_business_time(frames)
    return [*found, _rows(lost, "unknown_state", "its state is not mapped in bridge.yaml, so it counts as not open")]


def _without_business_time(frames: Frames) -> list[pd.DataFrame]:
    """Tickets of the period whose time in hand is not, or not all, in the opening hours of an owner."""
    lost = frames.hands[frames.hands["uncounted"] != ""].drop_duplicates("ticket")  # each once, whatever the reasons
    lost = lost.merge(frames.tickets[["ticket", "source"]], on="ticket")
    return [_rows(tickets, "no_business_time", str(why)) for why, tickets in lost.groupby("uncounted")]


def _rows(tickets: pd.DataFrame, check: str, detail: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"source": tickets["source"], "check": check, "subject": tickets["ticket"], "detail": detail}, dtype=TEXT
    )


def _of_sources(frames: Frames) -> pd.DataFrame:
    """Sources that were never read, or not up to the as-of instant."""
    rows = [
        (source, "never_read", source, "no sync of this source has ended")
        for source, at in frames.freshness.items()
        if at is None
    ]
    return pd.DataFrame(rows, columns=["source", "check", "subject", "detail"], dtype=TEXT)


TABLE = Table(
    name="data_quality",
    title="Data quality",
    description="What is odd about the data, by source and check. Tickets with findings stay in every figure "
    "that they can be counted in; quarantined records are in none. Gone tickets count up to the day on which the "
    "source did not show them any more, and in no service level after it.",
    columns=(
        Column("source", Kind.TEXT, "Name of the source in bridge.yaml; outside for the files of reports.inputs."),
        Column(
            "check",
            Kind.TEXT,
            "unrouted, no_service_level, no_environment, no_priority: among open tickets. unknown_state, "
            "history_mismatch, no_business_time: among those of the period. "
            "quarantined: records that cannot be read. never_read: no sync has ended. gone_deleted, gone_moved, "
            "gone_archived, gone_hidden, gone_unknown: tickets that the source does not show any more, by its answer. "
            "incomplete: days (UTC) of creation on which the source counts other tickets than are here. not_counted: "
            "streams that the source cannot count. native_alone, ours_alone: clocks of the source that none of ours is "
            "compared with, and ours that the source has none for. left_out: lines of files of outside figures that "
            "cannot be used. Others: oddities met while reading, of every ticket created before the as-of instant.",
        ),
        Column("count", Kind.INTEGER, "Tickets, records or values that the check finds."),
        Column("detail", Kind.TEXT, f"Up to {EXAMPLES} examples."),
        Column(
            "known",
            Kind.INTEGER,
            "Tickets of the source created before the as-of instant, to compare the count with.",
            "tickets",
        ),
    ),
    build=build,
)
