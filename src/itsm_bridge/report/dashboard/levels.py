"""Service levels on the dashboard: attainment by vendor, what is at risk, and what is late."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.report.dashboard.panels import MOST_ROWS, Panel, definition_of, list_of, nothing
from itsm_bridge.report.dashboard.view import Line, View, named
from itsm_bridge.report.dashboard.words import count, duration, heads, moment, share, shown_table, value_of
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import Bar, Caption, bars

FEW = 10
"""Below so many judged clocks a share says little: the page shows the counts beside it, and says so."""

KINDS = {
    "sla": ("Service levels kept, by vendor", "service levels"),
    "ola": ("Our own teams' levels kept", "levels of our own teams"),
    "uc": ("Vendor contracts kept, by vendor", "vendor contracts"),
}


def attainment(view: View) -> Iterator[Panel]:
    """How many levels of each kind were kept, by vendor."""
    rows = view.rows("sla_attainment")
    for kind, (title, what) in KINDS.items():
        of_kind = rows[rows["kind"] == kind]
        if len(of_kind) or kind == "sla":
            yield _by_vendor(view, kind, title, what, of_kind)


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
    said = f"{met:,} of {judged:,} {what} kept ({share(met / judged)}); {running:,} more run in time."
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
    said = f"{line['met']:.0f} of {line['judged']:.0f}, {share(line['attainment'])}"
    return Bar(named(vendor), float(line["attainment"]), said, "s1 hollow" if few else "s1")


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
