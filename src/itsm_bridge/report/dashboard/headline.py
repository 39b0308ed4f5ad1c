"""The top of the dashboard: when and from what, the sentences, the key figures, and all environments at a glance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.analysis.messages import stale_sources
from itsm_bridge.report.contents import Report
from itsm_bridge.report.dashboard.levels import by_vendor
from itsm_bridge.report.dashboard.view import NOWHERE, Line, View
from itsm_bridge.report.dashboard.words import NONE, count, figure, heads, is_missing, moment, share, shown_table
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import Caption, sparkline
from itsm_bridge.rules import OwnerSlot

TILES = (
    "open_tickets", "created", "resolved", "backlog_growth", "sla_attainment", "sla_breached", "sla_at_risk",
    "uc_attainment", "waiting_approval", "unrouted", "held", "oldest_open",
)  # fmt: skip

LIGHTS = {"better": ("good", "✓"), "worse": ("bad", "!"), "unchanged": ("same", "="), "": ("none", "–")}
"""By the verdict: the class and the sign of a light. A change that is neither good nor bad is ``same``."""

WEEKLY = {"open_tickets": "open_end", "created": "created", "resolved": "resolved"}
"""Tiles with a small line: their column of traction."""


def head(report: Report) -> Iterator[str]:
    """Title, as-of instant and freshness; what is out of date is said in words, above all else."""
    yield f"<header><h1>{text(report.title)}</h1>"
    before = report.frames.period.previous().name
    yield f'<p class="soft">{text(report.stamp)}. Changes are against {text(before)}, up to the same point of it.</p>'
    stale = stale_sources(report.frames)
    read = (
        f'<span class="chip{" bad" if source in stale else ""}">{text(source)}: {_read(report, at)}'
        f"{' – OUT OF DATE' if source in stale else ''}</span>"
        for source, at in report.frames.freshness.items()
    )
    yield f'<p class="chips">{" ".join(read)}</p><p class="soft">{text(report.colophon, 400)}</p></header>'


def _read(report: Report, at: datetime | None) -> str:
    return "never read to its end" if at is None else f"read {moment(at, report.zone)}"


def sentences(report: Report) -> Iterator[str]:
    """What a leader reads first."""
    said = "".join(f"<li>{text(sentence, 600)}</li>" for sentence in report.said)
    yield f'<ul class="sentences">{said}</ul>'


def key_figures(view: View) -> Iterator[str]:
    """The figures as tiles, then all of them with their definitions."""
    rows = {str(row["key"]): row for row in view.rows("summary").to_dict("records")}
    tiles = "".join(_tile(view, key, rows[key]) for key in TILES if key in rows)
    yield f'<div class="tiles">{tiles}</div>'
    cells = (
        (
            text(str(row["figure"])), figure(row["value"], row["unit"]), text(str(row["unit"])),
            figure(row["previous"], row["unit"]), _signed(row["change"], row["unit"]), text(str(row["verdict"])),
        )
        for row in rows.values()
    )  # fmt: skip
    table = shown_table(heads("Figure", "#Value", "Unit", "#Before", "#Change", "In a word"), cells, "summary")
    yield f'<details class="wide-fold"><summary>All figures</summary>{table}'
    yield '<p class="soft">Their <a href="#definitions">definitions</a> are at the end of the page.</p></details>'


def _tile(view: View, key: str, row: Line) -> str:
    kind, sign = LIGHTS.get(str(row["verdict"]), LIGHTS["unchanged"])
    unit = {"share": "", "days": " days", "hours": " h"}.get(row["unit"], "")
    value = figure(row["value"], row["unit"])
    shown = f"{value}{unit}" if not is_missing(row["value"]) else value
    change = _changed(row["change"], row["unit"], str(row["verdict"]))
    line = _small_line(view, key, str(row["figure"])) if key in WEEKLY else ""
    return (
        f'<div class="tile {kind}"><p class="name">{text(str(row["figure"]))}</p><p class="value">{shown}</p>'
        f'<p class="change"><span class="light" aria-hidden="true">{sign}</span> {text(change)}</p>{line}</div>'
    )


def _small_line(view: View, key: str, name: str) -> str:
    weekly = view.rows("traction").groupby("week")[WEEKLY[key]].sum().reindex(list(view.whole_weeks)).fillna(0)
    if weekly.empty:
        return ""
    first, last = (f"{weekly.index[place]} ({weekly.iloc[place]:.0f})" for place in (0, -1))
    said = f"{name} by whole week, from {first} to {last}"
    return sparkline(
        Caption(f"tile-{key}", said, "The table of traction below has the numbers."), [float(one) for one in weekly]
    )


def _changed(change: float, unit: str, verdict: str) -> str:
    """A direction, an amount and a word, so that no colour is needed."""
    if is_missing(change):
        return "nothing to compare with"
    return "unchanged" if change == 0 else f"{_signed(change, unit)}, {verdict}"


def _signed(change: float, unit: str) -> str:
    if is_missing(change):
        return NONE
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    if unit == "share":
        return f"{sign}{abs(change) * 100:.1f} points"
    return f"{sign}{abs(change):,.1f}" if unit in {"hours", "days"} else f"{sign}{abs(change):,.0f}"


# --- all environments --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How one environment stands: a light and what it means in words."""

    kind: str
    sign: str
    words: str

    @property
    def markup(self) -> str:
        """The light with its words."""
        light = f'<span class="light" aria-hidden="true">{self.sign}</span>'
        return f'<span class="state {self.kind}">{light} {text(self.words)}</span>'


LIGHT_MEANING = (
    "Overdue: a service level (kind sla) runs past its target now. Look: one was breached in the period or is at "
    "risk, or an open ticket needs a decision, or vendors.yaml has no such environment. On track: none of these."
)


def standing(view: View) -> Standing:
    """The light of an environment."""
    breaches, risks = (view.rows(name) for name in ("sla_breaches", "sla_at_risk"))
    breaches, risks = breaches[breaches["kind"] == "sla"], risks[risks["kind"] == "sla"]
    overdue = int((breaches["stage"] != "completed").sum())
    if overdue:
        return Standing("bad", "✕", f"Overdue: {overdue:,}")
    waiting = int((view.rows("open_tickets")["needs"] != "").sum())
    parts = [(len(breaches), "breached"), (len(risks), "at risk"), (waiting, "to decide")]
    words = [f"{number:,} {word}" for number, word in parts if number]
    said = ", ".join([*words, *(["not in vendors.yaml"] if _is_unknown(view) else [])])
    return Standing("look", "!", f"Look: {said}") if said else Standing("good", "✓", "On track")


def _is_unknown(view: View) -> bool:
    """Whether tickets name an environment that the configuration does not have, or none."""
    configured = view.report.estate.environments
    return bool(configured) and view.environment not in configured


def environments(views: Sequence[View]) -> Iterator[str]:
    """One line an environment, with the way to its section."""
    cells = (
        (
            f'<a href="#{view.anchor}">{text(view.environment or NOWHERE)}</a>', standing(view).markup,
            owners(view, now=True),
            count(len(view.rows("open_tickets"))), _attained(view),
            count(_of_kind(view, "sla_breaches")), count(_of_kind(view, "sla_at_risk")),
            count((view.rows("open_tickets")["needs"] != "").sum()),
        )
        for view in views
    )  # fmt: skip
    head = heads("Environment", "Stands", "Owner today", "#Open", "#SLA kept", "#Breached", "#At risk", "#To decide")
    yield shown_table(head, cells, "environments")
    more = "SLA kept: met / judged, with the counts; breached and at risk are of kind sla."
    yield f'<p class="soft">{text(LIGHT_MEANING)} {more}</p>'


def _of_kind(view: View, name: str) -> int:
    return int((view.rows(name)["kind"] == "sla").sum())


def _attained(view: View) -> str:
    rows = view.rows("sla_attainment")
    sums = by_vendor(rows[rows["kind"] == "sla"])[["met", "judged"]].sum()
    return (
        f'{share(sums["met"] / sums["judged"])} <span class="soft">{sums["met"]:.0f}/{sums["judged"]:.0f}</span>'
        if sums["judged"]
        else NONE
    )


def owners(view: View, *, now: bool) -> str:
    """Who owns an environment today, or who comes next, with the services where these differ."""
    slots = view.report.estate.slots(view.environment or "")
    said: dict[str, list[str]] = {}
    for slot in slots:
        who = (slot.owner or _fallback(slot)) if now else _coming(slot)
        said.setdefault(who, []).append(slot.service)
    if not said:
        return NONE
    if len(said) == 1:
        return text(next(iter(said)))
    return "; ".join(
        f'{text(who)} <span class="soft">({text(", ".join(services))})</span>' for who, services in said.items()
    )


def _fallback(slot: OwnerSlot) -> str:
    return f"nobody; {slot.fallback} stands in" if slot.fallback else "nobody"


def _coming(slot: OwnerSlot) -> str:
    return f"{slot.following} from {slot.starts}" if slot.following else "no change planned"
