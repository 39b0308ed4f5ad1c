"""Who has how much to do on the dashboard: load against capacity, the forecast, and who could take work over."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from itsm_bridge.report.dashboard.panels import Panel, definition_of, nothing, whole_table
from itsm_bridge.report.dashboard.view import Line, View, short_week
from itsm_bridge.report.dashboard.words import amount, count, heads, is_missing, share, shown_table
from itsm_bridge.report.page import text
from itsm_bridge.report.svg import Bar, Caption, Series, bars, lines

MOST_LINES = 5
RELIEF = (
    "vendor", "environment", "skill", "hours_over", "candidate", "spare_hours", "could_take_hours",
    "utilization_after", "candidate_utilization_after", "nobody_because",
)  # fmt: skip
"""What the page shows of the table of that name, which has more."""

FORESEEN = ("arrivals_p50", "arrivals_p90", "hours_p50", "hours_p90")
DASHES = ("", " dashed", " dotted", " dashdot", " long")
"""Forms of lines, so that they differ without their colour."""


def bandwidth(view: View) -> Iterator[Panel]:
    """Load against capacity in the last whole week, by vendor, and utilization over the weeks."""
    rows, week = view.rows("bandwidth"), view.whole_week
    of_week = rows[(rows["week"] == week) & rows["capacity_hours"].notna()]
    meaning = definition_of(view, "bandwidth", "capacity_hours", "load_hours", "utilization", "effort_hours")
    title = f"Load against capacity, {short_week(week)}" if week else "Load against capacity"
    if of_week.empty:
        yield nothing(title, "There is no capacity on record, or no whole week yet.", meaning)
        return
    lines_ = of_week.sort_values(["utilization", "vendor"], ascending=[False, True], kind="stable").to_dict("records")
    over = [str(line["vendor"]) for line in lines_ if line["utilization"] > 1]
    over += [f"{line['vendor']} (it has none)" for line in lines_ if _has_none(line)]
    said = f"Over capacity: {', '.join(over)}." if over else "Nobody got more work than there was capacity for."
    chart = bars(
        Caption(f"{view.anchor}-load", title, f"{said} The line is full capacity."),
        [_bar(line) for line in lines_],
        limit=1.0,
    )
    cells = (
        (
            text(str(line["vendor"])), text(str(line["status"])), amount(line["load_hours"]),
            amount(line["capacity_hours"]), share(line["utilization"]), count(line["open_tickets"]),
        )
        for line in lines_
    )  # fmt: skip
    head = heads("Vendor", "Status", "#Load, h", "#Capacity, h", "#Utilization", "#Open tickets")
    yield Panel(title, meaning, said, chart, table=shown_table(head, cells, "bandwidth"))
    yield _over_time(view, rows, meaning)


def _has_none(line: Line) -> bool:
    """Whether work came for somebody without any capacity, which is no share of it."""
    return is_missing(line["utilization"]) and not is_missing(line["load_hours"]) and line["load_hours"] > 0


def _bar(line: Line) -> Bar:
    used = line["utilization"]
    if is_missing(used):
        said = "no capacity" if not line["capacity_hours"] else "no load known"
        return Bar(str(line["vendor"]), None, said)
    said = f"{line['load_hours']:,.0f} of {line['capacity_hours']:,.0f} h, {used:.0%}{' – over' if used > 1 else ''}"
    return Bar(str(line["vendor"]), float(used), said, "over" if used > 1 else "s1")


def _over_time(view: View, rows: pd.DataFrame, meaning: str) -> Panel:
    used = rows.pivot_table(index="week", columns="vendor", values="utilization", aggfunc="sum", min_count=1)
    used = used.reindex(list(view.weeks))
    busy = {str(vendor): float(total) for vendor, total in used.fillna(0).sum().items()}
    order = sorted(used.columns, key=lambda vendor: (-busy[str(vendor)], str(vendor)))
    labels = [short_week(week) for week in used.index]
    series = [
        Series(
            str(vendor),
            [None if pd.isna(value) else float(value) for value in used[vendor]],
            f"{view.look(str(vendor))}{DASHES[place]}",
        )
        for place, vendor in enumerate(order[:MOST_LINES])
    ]
    title = "Utilization by week"
    cut = f" The {MOST_LINES} busiest are drawn." if len(order) > MOST_LINES else ""
    said = f"Load as a share of capacity; over 100% the backlog grows.{cut}{view.week_note}"
    chart = lines(
        Caption(f"{view.anchor}-used", title, said), labels, series, "of capacity", shown=lambda value: f"{value:.0%}"
    )
    cells = ((text(str(week)), *(share(line[vendor]) for vendor in order)) for week, line in used.iterrows())
    table = shown_table(heads("Week", *(f"#{vendor}" for vendor in order)), cells, "bandwidth:weeks")
    return Panel(title, meaning, said, chart, table=table)


def part_of_bandwidth(view: View) -> Iterator[Panel]:
    """How much of each vendor's capacity one environment took in the last whole week."""
    week, title = view.whole_week, "Part of the vendors' capacity"
    meaning = (
        "What arrived for a vendor in this environment in the last whole week (created + reopened + moved_in of "
        "traction) x effort_hours / capacity_hours of bandwidth. Over all environments these add up to the vendor's "
        "utilization."
    )
    taken = _taken(view, week)
    if taken.empty:
        yield nothing(
            title, f"Nothing arrived here in {short_week(week)}." if week else "There is no whole week yet.", meaning
        )
        return
    rows = [
        Bar(str(line["vendor"]), None if is_missing(line["part"]) else float(line["part"]), _took(line))
        for line in taken.to_dict("records")
    ]
    said = f"What arrived in {short_week(week)}, in hours of each vendor's week."
    chart = bars(Caption(f"{view.anchor}-part", title, said), rows, limit=1.0)
    cells = (
        (
            text(str(line["vendor"])), count(line["arrivals"]), amount(line["hours"]), amount(line["capacity_hours"]),
            share(line["part"]),
        )
        for line in taken.to_dict("records")
    )  # fmt: skip
    head = heads("Vendor", "#Arrivals", "#Load, h", "#Capacity, h", "#Part")
    yield Panel(title, meaning, said, chart, table=shown_table(head, cells, "bandwidth:part"))


def _taken(view: View, week: str) -> pd.DataFrame:
    came = view.rows("traction")
    came = came[(came["week"] == week) & (came["vendor"] != "")]
    arrivals = (came["created"] + came["reopened"] + came["moved_in"]).groupby(came["vendor"]).sum().rename("arrivals")
    capacity = view.report.rows["bandwidth"]
    capacity = capacity[capacity["week"] == week].set_index("vendor")[["capacity_hours", "effort_hours"]]
    rows = arrivals[arrivals > 0].to_frame().join(capacity).reset_index()
    hours = (rows["arrivals"].astype("float64") * rows["effort_hours"]).round(2)
    part = hours / rows["capacity_hours"].where(rows["capacity_hours"] > 0)
    return rows.assign(hours=hours, part=part.astype("float64"))


def _took(line: Line) -> str:
    came = f"{line['arrivals']:.0f} arrived"
    return came if is_missing(line["part"]) else f"{came}, {line['hours']:.0f} h, {line['part']:.0%}"


def forecast(view: View) -> Iterator[Panel]:
    """Hours of work to come, month by month, with the months' uncertainty, against capacity."""
    rows, meaning = view.rows("forecast"), definition_of(view, "forecast", "hours_p50", "hours_p90", "capacity_hours")
    if rows.empty:
        yield nothing(
            "Hours of work to come",
            "Nothing is foreseen here: not enough history, or no environment of vendors.yaml.",
            meaning,
        )
        return
    monthly = rows.groupby("month")[list(FORESEEN)].sum(min_count=1)
    capacity = _capacity(rows) if view.environment is None else pd.Series(dtype="float64")
    labels = [str(month) for month in monthly.index]
    middle, high = (_known(monthly[name]) for name in ("hours_p50", "hours_p90"))
    series = [Series("expected", middle, "s1")]
    if len(capacity):
        series.append(Series("capacity", _known(capacity.reindex(monthly.index)), "s2 dashed"))
    title = "Hours of work to come"
    said = (
        f"{labels[0]} to {labels[-1]}: the line is the middle of what is expected (p50), the shade reaches up to p90."
    )
    chart = lines(Caption(f"{view.anchor}-forecast", title, said), labels, series, "hours", band=(middle, high))
    cells = (
        (
            text(str(month)), *(amount(line[name]) for name in FORESEEN),
            *((amount(capacity.get(month)),) if len(capacity) else ()),
        )
        for month, line in monthly.iterrows()
    )  # fmt: skip
    last = ("#Capacity, h",) if len(capacity) else ()
    head = heads("Month", "#Arrivals p50", "#Arrivals p90", "#Hours p50", "#Hours p90", *last)
    more = "The p90 of several rows is their sum, which is more than the p90 of their sum: a cautious bound."
    yield Panel(title, f"{meaning} {more}", said, chart, table=shown_table(head, cells, "forecast"), wide=True)


def _capacity(rows: pd.DataFrame) -> pd.Series:
    """Capacity of each month: a vendor's once, however many environments it has."""
    return rows.drop_duplicates(["vendor", "month"]).groupby("month")["capacity_hours"].sum(min_count=1)


def _known(values: pd.Series) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in values]


def relief(view: View) -> Iterator[Panel]:
    """Who could take work over, as its table says."""
    rows, meaning = view.rows("relief"), definition_of(view, "relief")
    if rows.empty:
        yield nothing("Who could take work over", "Nobody needs relief, or nobody could give it.", meaning)
    else:
        yield Panel("Who could take work over", meaning, table=whole_table(view, "relief", RELIEF), wide=True)
