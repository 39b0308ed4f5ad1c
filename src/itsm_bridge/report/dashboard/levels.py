"""Service levels on the dashboard: attainment by vendor and by week, what is at risk, and what is late."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.report.dashboard.panels import MOST_ROWS, Panel, definition_of, list_of, nothing
from itsm_bridge.report.dashboard.view import Line, View, named, short_week
from itsm_bridge.report.dashboard.words import count, duration, heads, moment, share, shown_table, value_of
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import Bar, Caption, Series, bars, lines

FEW = 10
"""Below so many judged clocks a share says little: the page shows the counts beside it, and says so."""

KINDS = {
    "sla": ("Service levels kept, by vendor", "service levels"),
    "ola": ("Our own teams' levels kept", "levels of our own teams"),
    "uc": ("Vendor contracts kept, by vendor", "vendor contracts"),
}


def attainment(view: View) -> Iterator[Panel]:
    """How many levels of each kind were kept, by vendor and over the weeks."""
    rows = view.rows("sla_attainment")
    for kind, (title, what) in KINDS.items():
        of_kind = rows[rows["kind"] == kind]
        if len(of_kind) or kind == "sla":
            yield _by_vendor(view, kind, title, what, of_kind)
    yield from _by_week(view)


def by_vendor(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts of ``sla_attainment`` added up by vendor; shares are of the sums."""
    sums = rows.groupby("vendor")[["met", "breached", "running", "judged"]].sum().astype("int64")
    sums["attainment"] = (sums["met"] / sums["judged"].where(sums["judged"] > 0)).astype("float64")
    return sums


def _by_vendor(view: View, kind: str, title: str, what: str, rows: pd.DataFrame) -> Panel:
    meaning = definition_of(view, "sla_attainment", "met", "breached", "running", "attainment")
    sums = by_vendor(rows)
    met, judged, running = (int(sums[name].sum()) for name in ("met", "judged", "running"))
    if not judged:
        said = f"None of the {what} was judged in this period; {running:,} run in time."
        return nothing(title, said, meaning)
    said = f"{met:,} of {judged:,} {what} kept ({met / judged:.1%}); {running:,} more run in time."
    shown = sums[sums["judged"] > 0]
    chart = bars(
        Caption(f"{view.anchor}-{kind}", title, said),
        [_bar(str(vendor), line) for vendor, line in shown.iterrows()],
        top=1.0,
    )
    cells = (
        (
            text(named(str(vendor))),
            *map(count, line[["met", "breached", "running", "judged"]]),
            share(line["attainment"]),
        )
        for vendor, line in sums.iterrows()
    )
    columns = heads("Vendor", "#Kept", "#Breached", "#Running", "#Judged", "#Attainment")
    few = "A hollow bar stands for fewer than ten judged: read the counts, not the share."
    table = shown_table(columns, cells, f"sla_attainment:{kind}")
    return Panel(title, f"{meaning} {few}", said, chart, table=table)


def _bar(vendor: str, line: pd.Series) -> Bar:
    few = line["judged"] < FEW
    said = f"{line['met']:.0f} of {line['judged']:.0f}, {line['attainment']:.1%}"
    return Bar(named(vendor), float(line["attainment"]), said, "s1 hollow" if few else "s1")


def _by_week(view: View) -> Iterator[Panel]:
    """Where the period has several weeks: the share of completed clocks that were in time, week by week."""
    cycles, frames = view.rows("sla_cycles"), view.report.frames
    ended = cycles[(cycles["stage"] == "completed") & (cycles["kind"] == "sla")]
    ended = ended[(ended["stopped_at"] >= frames.start) & (ended["stopped_at"] < frames.until)]
    begins = pd.DatetimeIndex([week.start for week in frames.weeks])
    weeks = [
        frames.weeks[place - 1].name for place in begins.searchsorted(pd.DatetimeIndex(ended["stopped_at"]), "right")
    ]
    grouped = ended.assign(week=weeks, met=~ended["breached"].astype(bool)).groupby("week")["met"].agg(["sum", "count"])
    shown = [week.name for week in frames.weeks if week.end > frames.start]
    if len(shown) < 2 or grouped.empty:
        return
    sums = grouped.reindex(shown).fillna(0).astype("int64")
    kept = sums["sum"] / sums["count"].where(sums["count"] > 0)
    values = [None if pd.isna(value) else float(value) for value in kept]
    title = "Service levels kept, by week"
    met, ended_ = (int(sums[name].sum()) for name in ("sum", "count"))
    said = f"Completed in {short_week(shown[0])} to {short_week(shown[-1])}: {met:,} of {ended_:,} in time."
    chart = lines(
        Caption(f"{view.anchor}-weeks-kept", title, said),
        [short_week(week) for week in shown],
        [Series("all", values)],
        "share in time",
        shown=lambda value: f"{value:.0%}",
        top=1.0,
    )
    cells = (
        (text(str(week)), count(line["sum"]), count(line["count"]), share(value))
        for (week, line), value in zip(sums.iterrows(), kept, strict=True)
    )
    table = shown_table(heads("Week", "#In time", "#Completed", "#Share"), cells)
    meaning = (
        "Clocks of kind sla with stage completed in sla_cycles, by the week of stopped_at: those not breached / all."
    )
    yield Panel(title, f"{meaning} Clocks that still run are in none.", said, chart, table=table)


def at_risk(view: View) -> Iterator[Panel]:
    """Clocks that may still be saved."""
    rows = view.rows("sla_at_risk")
    meaning = definition_of(view, "sla_at_risk", "used", "remaining_seconds", "kind")
    if rows.empty:
        yield nothing("At risk", "No clock is at risk.", meaning)
        return
    columns = heads("Ticket", "Level", "Vendor", "Environment", "#Priority", "Due", "#Time left", "#Used")
    cells = (
        (*_clock(view, line), duration(line["remaining_seconds"]), share(line["used"]))
        for line in rows.head(MOST_ROWS).to_dict("records")
    )
    table = list_of(view, "sla_at_risk", cells, columns, len(rows))
    said = (
        f"{len(rows):,} {'clock has' if len(rows) == 1 else 'clocks have'} used three quarters of the target or more."
    )
    yield Panel("At risk", meaning, said, table=table, wide=True)


def breaches(view: View) -> Iterator[Panel]:
    """Clocks that are late, or ended late."""
    rows = view.rows("sla_breaches")
    meaning = definition_of(view, "sla_breaches", "over_seconds", "stage", "kind")
    if rows.empty:
        yield nothing("Breached", "No clock was breached in this period.", meaning)
        return
    columns = heads("Ticket", "Level", "Vendor", "Environment", "#Priority", "Due", "#Over by", "Stage")
    cells = (
        (*_clock(view, line), duration(line["over_seconds"]), text(str(line["stage"])))
        for line in rows.head(MOST_ROWS).to_dict("records")
    )
    late = int((rows["stage"] != "completed").sum())
    still = f"{late:,} still {'runs' if late == 1 else 'run'}" if late else "none still runs"
    said = f"{len(rows):,} breached in this period; {still}."
    yield Panel("Breached", meaning, said, table=list_of(view, "sla_breaches", cells, columns, len(rows)), wide=True)


def _clock(view: View, line: Line) -> tuple[str, ...]:
    """What both lists say of a clock."""
    described = {column.name: column.kind for column in view.table("sla_breaches").columns}
    zone = view.report.zone
    level = f'{text(str(line["sla"]))} <span class="soft">{text(str(line["kind"]))}</span>'
    named_so = text(named(str(line["vendor"])))
    rest = (value_of(line[name], described[name], zone) for name in ("environment", "priority"))
    return view.ticket(str(line["ticket"])), level, named_so, *rest, moment(line["due_at"], zone)
