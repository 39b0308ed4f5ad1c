"""Attainment over the weeks on the dashboard: all of it by kind, and by vendor where there is enough to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from itsm_bridge.analysis.sla_trend import marked
from itsm_bridge.report.dashboard.panels import Panel, definition_of, nothing
from itsm_bridge.report.dashboard.view import Line, View, named, short_week
from itsm_bridge.report.dashboard.words import NONE, heads, is_missing, share, shown_table
from itsm_bridge.report.svg import Caption, Series, lines

LOOKS = {"sla": ("SLA", "s1"), "uc": ("contracts", "s2 dashed"), "ola": ("own levels", "s3 dotted")}
DASHES = ("", " dashed", " dotted", " dashdot", " long")
MOST_VENDORS = 5
FEW = "A hollow point stands for fewer judged clocks than reports.small in bridge.yaml: read the counts, not the share."


def by_week(view: View) -> Iterator[Panel]:
    """What share was kept in each week, of each kind; and of service levels by vendor."""
    rows = view.rows("sla_trend")
    meaning = definition_of(view, "sla_trend", "met", "breached", "attainment")
    weeks, title = list(view.weeks), "Kept, by week"
    summed = {kind: _summed(view, rows[rows["kind"] == kind]) for kind in LOOKS if kind in set(rows["kind"])}
    if not any(line["judged"].sum() for line in summed.values()):
        yield nothing(title, "Nothing was judged in these weeks.", meaning)
        return
    said = f"{_said(next(iter(summed.values())))}{view.week_note}"
    chart = lines(
        Caption(f"{view.anchor}-weeks-kept", title, said),
        [short_week(week) for week in weeks],
        [_line(*LOOKS[kind], table) for kind, table in summed.items()],
        "share in time",
        shown=lambda value: f"{value:.0%}",
        top=1.0,
    )
    table = _table(view, {LOOKS[kind][0]: table for kind, table in summed.items()})
    yield Panel(title, f"{meaning} {FEW}", said, chart, table=table)
    yield from _by_vendor(view, rows[rows["kind"] == "sla"], meaning)


def _by_vendor(view: View, rows: pd.DataFrame, meaning: str) -> Iterator[Panel]:
    """Where there are several vendors: a line for those with most, of weeks with enough; all of them in a table."""
    order = rows.groupby("vendor")["judged"].sum().sort_values(ascending=False, kind="stable")
    summed = {str(name): _summed(view, rows[rows["vendor"] == name]) for name in order[order > 0].index}
    if len(summed) < 2:  # one vendor's line is that of all
        return
    title = "Service levels kept, by week and vendor"
    readable = {
        name: table.assign(attainment=table["attainment"].mask(table["small_number"].fillna(value=True)))
        for name, table in summed.items()
        if (~table["small_number"].fillna(value=True)).sum() * 2 >= len(table)
    }
    drawn = dict(list(readable.items())[:MOST_VENDORS])
    if not drawn and view.environment is not None:
        return
    table = _table(view, {named(name): table for name, table in summed.items()})
    left = len(summed) - len(drawn)
    said = (
        f"{_vendors(left)} with too few judged clocks in most weeks for a line; the table has the counts."
        if left
        else ""
    )
    chart = lines(
        Caption(f"{view.anchor}-weeks-vendors", title, said or "One line a vendor."),
        [short_week(week) for week in view.weeks],
        [
            _line(named(name), f"{view.look(name)}{DASHES[place % len(DASHES)]}", table)
            for place, (name, table) in enumerate(drawn.items())
        ],
        "share in time",
        shown=lambda value: f"{value:.0%}",
        top=1.0,
    )
    more = (
        "A vendor has a line if at least half of the weeks have as many judged clocks as reports.small in bridge.yaml; "
        "the others are in the table alone."
    )
    yield Panel(title, f"{meaning} {more}", said, chart if drawn else "", table=table, wide=not drawn)


def _vendors(count: int) -> str:
    return "1 vendor" if count == 1 else f"{count:,} vendors"


def _summed(view: View, rows: pd.DataFrame) -> pd.DataFrame:
    """The counts of some rows added up, with the shares of the sums: a line for each week; missing where not known."""
    counts = ["met", "breached", "judged", "completed"]
    sums = rows.groupby("week")[counts].sum(min_count=1).reindex(list(view.weeks))
    return marked(sums, view.report.frames.reports.small)


def _said(table: pd.DataFrame) -> str:
    """The first and the last week with a share, in words."""
    known = table[table["attainment"].notna()]
    if known.empty:
        return "No service level was judged in these weeks."
    first, last = ((str(known.index[place]), known.iloc[place]) for place in (0, -1))
    told = (
        f"{short_week(week)} {row['attainment']:.1%} ({row['met']} of {row['judged']})" for week, row in (first, last)
    )
    return " to ".join(dict.fromkeys(told)) + "."


def _line(name: str, look: str, table: pd.DataFrame) -> Series:
    values = [None if is_missing(value) else float(value) for value in table["attainment"]]
    few = table["small_number"].fillna(value=False).to_numpy(dtype=bool).nonzero()[0].tolist()
    return Series(name, values, look, few=frozenset(few))


def _table(view: View, tables: Mapping[str, pd.DataFrame]) -> str:
    """A row for each week: of each table what was kept of what was judged, and the share."""
    columns = [head for name in tables for head in (f"#{name}", "#Share")]
    weekly = [table.to_dict("index") for table in tables.values()]
    cells = ([short_week(week), *(cell for rows in weekly for cell in _cells(rows[week]))] for week in view.weeks)
    return shown_table(heads("Week", *columns), cells, "sla_trend")


def _cells(line: Line) -> Sequence[str]:
    if is_missing(line["judged"]):
        return "no data", NONE
    return f"{line['met']:,} of {line['judged']:,}", share(line["attainment"])
