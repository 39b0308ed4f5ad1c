"""The figures of the summary: each a name, a unit, a written definition and a function of the frames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pandas as pd

import itsm_bridge.analysis.approvals as approvals
import itsm_bridge.analysis.open_tickets as open_tickets
import itsm_bridge.analysis.quality as quality
import itsm_bridge.analysis.sla_at_risk as sla_at_risk
import itsm_bridge.analysis.sla_native as sla_native
import itsm_bridge.analysis.time_in_hand as time_in_hand
from itsm_bridge.analysis.figure import Figure, Measure
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.sla_cycles import counted


def values(frames: Frames) -> dict[str, float | None]:
    """Every figure by its key; ``None`` where there is nothing to measure, which is not the same as 0."""
    if not sum(frames.known.values()):
        return dict.fromkeys(FIGURES) | {"tickets_known": 0.0}
    return {key: figure.measure(frames) for key, figure in FIGURES.items()}


def _known(frames: Frames) -> float:
    return float(sum(frames.known.values()))


def _open(frames: Frames) -> float:
    return float(frames.tickets["open"].sum())


def _happened(at: str, what: str, value: str) -> Callable[[Frames], float]:
    def measure(frames: Frames) -> float:
        when = frames.spans.loc[frames.spans[what] == value, at]
        return float(((when >= frames.start) & (when < frames.until)).sum())

    return measure


def _growth(frames: Frames) -> float:
    """Hand-overs cancel out, but not in the copy of one vendor."""
    came = _CREATED(frames) + _REOPENED(frames) + _HANDED_IN(frames)
    return came - _RESOLVED(frames) - _HANDED_OVER(frames)


_CREATED = _happened("start", "began", "created")
_REOPENED = _happened("start", "began", "reopened")
_RESOLVED = _happened("end", "ended", "resolved")
_HANDED_IN = _happened("start", "began", "moved_in")
_HANDED_OVER = _happened("end", "ended", "moved_out")


def _breached(kind: str) -> Measure:
    def measure(frames: Frames) -> float | None:
        cycles = _of_kind(frames, kind)
        return float(cycles["failed"].sum()) if len(cycles) else None

    return measure


def _attained(kind: str) -> Measure:
    def measure(frames: Frames) -> float | None:
        cycles = _of_kind(frames, kind)
        judged = cycles[cycles["judged"]]
        return round(float((~judged["failed"]).mean()), 6) if len(judged) else None

    return measure


def _attained_as_agreed(frames: Frames) -> float | None:
    verdicts, judged = frames.verdicts, _of_kind(frames, "sla")
    ended = (verdicts["stopped_at"] >= frames.start) & (verdicts["stopped_at"] < frames.until)
    agreed = verdicts.loc[ended & (verdicts["kind"] == "sla"), "agreed"]
    others = judged.loc[judged["judged"] & judged["agreed_at"].isna(), "failed"]
    breached = int((agreed == "breached").sum()) + int(others.sum())
    met = int((agreed == "met").sum()) + int((~others).sum())
    return round(met / (met + breached), 6) if met + breached else None


def _of_kind(frames: Frames, kind: str) -> pd.DataFrame:
    cycles = counted(frames)
    return cycles.loc[cycles["kind"] == kind, ["judged", "failed", "agreed_at"]]


def _at_risk(frames: Frames) -> float:
    return float((sla_at_risk.build(frames)["kind"] == "sla").sum())


def _needing(what: str) -> Measure:
    def measure(frames: Frames) -> float:
        return float((open_tickets.needed(frames) == what).sum())

    return measure


def _oldest(frames: Frames) -> float | None:
    created = frames.tickets.loc[frames.tickets["open"], "created_at"]
    return None if created.empty else round((frames.until - created.min()) / timedelta(days=1), 1)


def _staleness(frames: Frames) -> float | None:
    ends = list(frames.freshness.values())
    read = [at for at in ends if at is not None]
    if not read or len(read) < len(ends):
        return None
    return round(max(frames.until - min(read), timedelta(0)) / timedelta(hours=1), 2)


def _with(kind: str) -> Measure:
    def measure(frames: Frames) -> float | None:
        seconds = time_in_hand.seconds_in_period(frames)
        whole = float(seconds.sum())
        return round(float(seconds.get(kind, 0)) / whole, 6) if whole else None

    return measure


def _back_and_forth(frames: Frames) -> float:
    rows = time_in_hand.in_order(frames)
    return float(rows.loc[rows["returned"] & (rows["start"] >= frames.start), "ticket"].nunique())


_OF_OPEN_TIME = (
    "Share of all open time of tickets in the period, by the clock: the sums of period_seconds in time_in_hand."
)

_JUDGED = (
    "Judged are clocks that were completed in the period, and those that run past their target at the as-of instant."
)

FIGURES: dict[str, Figure] = {
    "open_tickets": Figure(
        "Open tickets",
        "tickets",
        "down",
        "Tickets in new, in_progress or on_hold at the as-of instant: the rows of open_tickets.",
        _open,
    ),
    "created": Figure("Created", "tickets", "", "Tickets opened for the first time in the period.", _CREATED),
    "reopened": Figure(
        "Reopened", "tickets", "down", "Returns from resolved, closed or canceled in the period.", _REOPENED
    ),
    "resolved": Figure(
        "Resolved",
        "tickets",
        "up",
        "Times that a ticket left the open states in the period: resolved, closed or canceled.",
        _RESOLVED,
    ),
    "backlog_growth": Figure(
        "Backlog growth",
        "tickets",
        "down",
        (
            "Created + reopened + moved_in - moved_out - resolved (see traction): how much more is open than when the "
            "period began. Hand-overs between vendors cancel out, but not in the copy of one of them."
        ),
        _growth,
    ),
    "sla_attainment": Figure(
        "SLA attainment",
        "share",
        "up",
        (
            f"Clocks of kind sla within their target / clocks of kind sla judged. {_JUDGED} A sum over "
            "all, not a mean of shares."
        ),
        _attained("sla"),
    ),
    "sla_attainment_agreed": Figure(
        "SLA attainment as agreed",
        "share",
        "up",
        (
            "As SLA attainment, by what was agreed about each clock when it ended, whatever definitions, calendars or "
            "histories have become since; by today's verdict where nothing was agreed. sla_flips lists where they "
            "differ."
        ),
        _attained_as_agreed,
    ),
    "sla_breached": Figure(
        "SLA breached",
        "cycles",
        "down",
        f"Clocks of kind sla past their target. {_JUDGED} The rows of sla_breaches of that kind.",
        _breached("sla"),
    ),
    "sla_at_risk": Figure(
        "SLA at risk",
        "cycles",
        "down",
        "Clocks of kind sla that run, are in time, and have used 75 % or more of their target.",
        _at_risk,
    ),
    "ola_attainment": Figure(
        "OLA attainment", "share", "up", "As SLA attainment, for what our own teams owe (kind ola).", _attained("ola")
    ),
    "ola_breached": Figure(
        "OLA breached", "cycles", "down", "As SLA breached, for what our own teams owe (kind ola).", _breached("ola")
    ),
    "uc_attainment": Figure(
        "Vendor contract attainment",
        "share",
        "up",
        "As SLA attainment, for what vendors' contracts owe (kind uc).",
        _attained("uc"),
    ),
    "uc_breached": Figure(
        "Vendor contracts breached",
        "cycles",
        "down",
        "As SLA breached, for what vendors' contracts owe (kind uc).",
        _breached("uc"),
    ),
    "native_agreement": Figure(
        "Agreement with the sources' own clocks",
        "share",
        "",
        "Clocks that agree with the source's own / clocks compared with one: rows of sla_native with agrees. A "
        "difference is no mistake of either: its cause says what the source does otherwise.",
        sla_native.agreement,
    ),
    "waiting_approval": Figure(
        "Waiting for approval", "tickets", "down", "Open tickets whose approval is requested.", _needing("approval")
    ),
    **approvals.FIGURES,
    "unrouted": Figure(
        "Unrouted",
        "tickets",
        "down",
        (
            "Open tickets in no vendor's hands whose approval is neither requested nor rejected, and for which the "
            "rules neither chose a vendor nor hold the choice: those with needs = vendor in open_tickets."
        ),
        _needing("vendor"),
    ),
    "held": Figure(
        "Decisions held",
        "tickets",
        "down",
        (
            "Other open tickets with a decision that is held or did not reach the source, or that nobody has since "
            "their approval was rejected: those with needs = decision in open_tickets."
        ),
        _needing("decision"),
    ),
    "oldest_open": Figure(
        "Oldest open ticket", "days", "down", "Age of the oldest open ticket since its creation.", _oldest
    ),
    **quality.FIGURES,
    "time_with_vendors": Figure(
        "Time with vendors",
        "share",
        "",
        f"Time in vendors' hands, without our own teams. {_OF_OPEN_TIME}",
        _with("vendor"),
    ),
    "time_with_requesters": Figure(
        "Time with requesters", "share", "", f"Time that waits for the requester. {_OF_OPEN_TIME}", _with("requester")
    ),
    "time_with_nobody": Figure(
        "Time in nobody's hands", "share", "down", f"Time in nobody's hands. {_OF_OPEN_TIME}", _with("nobody")
    ),
    "back_and_forth": Figure(
        "Handed back and forth",
        "tickets",
        "down",
        "Tickets that came back in the period to a vendor or team of ours who had had them before another one had "
        "them: from A to B to A.",
        _back_and_forth,
    ),
    "staleness": Figure(
        "Age of the data",
        "hours",
        "down",
        (
            "Time from the last complete read of the source that was read longest ago to the as-of "
            "instant; 0 if it was read since, empty if one never was."
        ),
        _staleness,
    ),
    "tickets_known": Figure(
        "Tickets on record", "tickets", "", "Tickets of all sources created before the as-of instant.", _known
    ),
}
