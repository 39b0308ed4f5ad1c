"""The first page: what happened, against the period before, and what needs a decision, on one sheet of A4."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
import xlsxwriter
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from itsm_bridge.analysis.by_vendor import VendorLine, utilization_week
from itsm_bridge.analysis.checks import failed
from itsm_bridge.analysis.decisions_needed import KINDS, days_since
from itsm_bridge.analysis.messages import percent, stale_sources
from itsm_bridge.report.cells import ALERT, BLUE, INK, MUTED, PAPER, Pen, Styles
from itsm_bridge.report.charts import NOBODY, ChartData, attainment_chart, open_chart, trend_chart, utilization_chart
from itsm_bridge.report.contents import Report
from itsm_bridge.report.sheets import set_up_print

SHEET = "Overview"
COLUMN_WIDTH, GUTTER_WIDTH, GUTTER = 15, 2.5, 6
LEFT, RIGHT, LAST = 0, 7, 12
"""Two halves of six columns, with a gutter between them."""

CHART_ROWS, ROW_PIXELS = 14, 20
CHART_PLACES = ((0, 0, 320), (3, 4, 320), (7, 0, 320), (10, 4, 318))
"""First column, distance from its edge and width in pixels of each chart, from left to right."""


TILE_COLUMNS = (0, 2, 4, 7, 9, 11)
TILES = ("open_tickets", "backlog_growth", "sla_attainment", "sla_breached", "waiting_approval", "unrouted")

MOST_LINES = 8
"""Vendors, and kinds of decision, on the page; more would push the charts off it."""

MOST_LETTERS = 30
"""Of the names that fit beside a decision; the sheet decisions_needed has all of them."""


def fill_overview(
    workbook: xlsxwriter.Workbook, styles: Styles, report: Report, vendors: Sequence[VendorLine], data: ChartData
) -> None:
    """Lay the page out, on the sheet that is there for it, from top to bottom."""
    sheet = workbook.get_worksheet_by_name(SHEET)
    pen = Pen(sheet, styles)
    sheet.set_column(LEFT, LAST, COLUMN_WIDTH)
    sheet.set_column(GUTTER, GUTTER, GUTTER_WIDTH)
    row = _put_head(pen, report)
    row = _put_messages(pen, report, row) + 1
    row = _put_tiles(pen, report, row) + 1
    lower = max(_put_vendors(pen, report, vendors, row), _put_needs(pen, report, row)) + 1
    _insert_charts(sheet, _charts(workbook, report, data), lower)
    set_up_print(sheet, report, report.title)
    sheet.fit_to_pages(1, 1)
    sheet.center_horizontally()
    sheet.print_area(0, 0, lower + CHART_ROWS, LAST)
    sheet.set_zoom(90)


def _put_head(pen: Pen, report: Report) -> int:
    """Title and stamp; in red, and in words, where the data is out of date."""
    pen.sheet.set_row(0, 28)
    pen.put(0, 0, report.title, bold=True, font_size=18, font_color=BLUE)
    before = f"Changes are against {report.frames.period.previous().name}, up to the same point of it."
    pen.put(1, 0, f"{report.stamp}. {before}", font_color=MUTED)
    pen.put(2, 0, made_from(report), font_color=MUTED, font_size=9)
    alarms = ([report.notice] if report.notice else []) + _alarms(report)
    for place, text in enumerate(alarms, start=3):
        pen.put(place, 0, text, bold=True, font_color=ALERT)
    pen.put(3 + len(alarms), 0, report.colophon, font_color=MUTED, font_size=9)
    return 5 + len(alarms)


def made_from(report: Report) -> str:
    """What a reader must know before believing a figure: sources, rules, log, checks, late changes.

    A source and a day side by side would read as the id of a ticket: ``ops 26`` as ``OPS-26``.
    """
    frames = report.frames
    read = ", ".join(
        f"{source} {'never' if at is None else format(at.astimezone(report.zone), 'on %d %b %H:%M')}"
        for source, at in frames.freshness.items()
    )
    parts = [f"Sources read: {read or 'none'}", f"configuration {report.digest[:12]}"]
    return "; ".join([*parts, *([] if report.vendor else _proofs(report))]) + "."


def _proofs(report: Report) -> list[str]:
    """What only the report of all can say: the log of writes, the checks, what it said otherwise before."""
    late, made, wrong = len(report.rows["corrections"]), len(report.rows["checks"]), len(_failed(report))
    return [
        f"audit head {report.audit.short}" if report.audit.rows else "no write yet",
        f"{wrong} of {made} checks DIFFER" if wrong else f"all {made} checks agree",
        f"{f'{late:,}' if late else 'no'} late change{'' if late == 1 else 's'} known{_since(report)}",
    ]


def _since(report: Report) -> str:
    """Against what: where the first report lies elsewhere, or was deleted, nothing from before this is known."""
    if report.first_read is None:
        return ""
    first = report.first_read.astimezone(report.zone)
    return f" since it was first published here, as read on {first:%d %b %H:%M}"


def _failed(report: Report) -> tuple[str, ...]:
    return () if report.vendor else failed(report.rows["checks"])


def _alarms(report: Report) -> list[str]:
    """What makes the page doubtful, in words."""
    stale, wrong = stale_sources(report.frames), _failed(report)
    said = []
    if stale:
        said.append(f"OUT OF DATE: not read to its end in the 24 hours before this instant: {', '.join(stale)}.")
    if wrong:
        said.append(f"DO NOT RELY ON THIS REPORT: {len(wrong)} of its checks differ, first: {wrong[0]}.")
    return said


def _put_messages(pen: Pen, report: Report, row: int) -> int:
    said = report.said
    for place, message in enumerate(said, start=row):
        pen.sheet.set_row(place, 18)
        pen.put(place, 0, f"•  {message}", font_size=11)
    return row + len(said)


def _put_tiles(pen: Pen, report: Report, row: int) -> int:
    """Six figures, each two columns wide: name, value, change in a number and a word."""
    figures = {figure["key"]: figure for figure in report.rows["summary"].to_dict("records")}
    face = {"bg_color": PAPER, "align": "center", "left": 5, "left_color": "#FFFFFF"}
    for height, offset in ((18, 0), (32, 1), (15, 2), (15, 3)):
        pen.sheet.set_row(row + offset, height)
    for column, key in zip(TILE_COLUMNS, TILES, strict=True):
        figure = figures[key]
        colour = ALERT if figure["verdict"] == "worse" else INK
        change = changed(figure["change"], figure["unit"], figure["verdict"])
        pen.put_across(row, column, figure["figure"], font_color=MUTED, **face)
        pen.put_across(row + 1, column, shown(figure["value"], figure["unit"]), bold=True, font_size=20, **face)
        pen.put_across(row + 2, column, change, font_size=9, font_color=colour, **face)
        mean = against_mean(figure["change_to_mean"], figure["unit"], str(report.frames.period.unit))
        pen.put_across(row + 3, column, mean, font_size=8, font_color=MUTED, **face)
    return row + 4


def shown(value: float, unit: str) -> str:
    """A figure as a tile says it."""
    if math.isnan(value):
        return "no data"
    return percent(value) if unit == "share" else f"{value:,.0f}"


def changed(change: float, unit: str, verdict: str) -> str:
    """A change as a tile says it: a direction, an amount, and a word, so that no colour is needed."""
    if math.isnan(change):
        return "nothing to compare with"
    if change == 0:
        return "unchanged"
    amount = f"{abs(change) * 100:.1f} points" if unit == "share" else f"{abs(change):,.0f}"
    return f"{'▲' if change > 0 else '▼'} {amount}, {verdict}"


def against_mean(change: float, unit: str, period: str) -> str:
    """A change against the mean of four periods as a tile says it; empty where there is none."""
    if math.isnan(change):
        return ""
    amount = f"{abs(change) * 100:.1f} points" if unit == "share" else f"{abs(change):,.1f}".removesuffix(".0")
    direction = "above" if change > 0 else "below"
    return f"{amount} {direction} the mean of 4 {period}s" if change else f"as the mean of 4 {period}s"


def _put_vendors(pen: Pen, report: Report, vendors: Sequence[VendorLine], row: int) -> int:
    """The left half: a line a vendor."""
    _put_section(pen, row, 0, "By vendor")
    week = utilization_week(report.frames)[5:]
    _put_headers(pen, row + 1, {0: "Vendor"}, {2: "Open", 3: "SLA breached", 4: "Attainment", 5: f"Utilization {week}"})
    for place, line in enumerate(vendors[:MOST_LINES], start=row + 2):
        pen.put(place, 0, line.vendor or NOBODY)
        pen.put(place, 2, _with_change(line.open, line.open_change), align="right")
        pen.put(place, 3, _with_change(line.breached, line.breached_change), align="right")
        pen.put(place, 4, "–" if line.attainment is None else line.attainment, align="right", num_format="0.0%")
        pen.put(place, 5, "–" if line.utilization is None else line.utilization, align="right", num_format="0%")
    end = row + 2 + min(len(vendors), MOST_LINES)
    return _put_rest(pen, end, 0, len(vendors) - MOST_LINES, "on the sheet bandwidth")


def _put_needs(pen: Pen, report: Report, row: int) -> int:
    """The right half: what somebody must decide, a line a kind, the most urgent first; not in a vendor's copy."""
    if report.vendor:
        return row
    _put_section(pen, row, RIGHT, "Decisions needed")
    _put_headers(pen, row + 1, {RIGHT: "Decision", RIGHT + 4: "  About"}, {RIGHT + 2: "How many", RIGHT + 3: "Oldest"})
    needed = report.rows["decisions_needed"]
    kinds = list(dict.fromkeys(needed["kind"]))
    for place, kind in enumerate(kinds[:MOST_LINES], start=row + 2):
        lines = needed[needed["kind"] == kind]
        pen.put(place, RIGHT, KINDS[kind].short)
        pen.put(place, RIGHT + 2, len(lines), align="right", num_format="#,##0")
        pen.put(place, RIGHT + 3, waited(lines["since"].min(), report.frames.until), align="right")
        pen.put(place, RIGHT + 4, named(list(lines["subject"])), indent=1)
    if not kinds:
        pen.put(row + 2, RIGHT, "Nothing waits for a decision.", font_color=MUTED)
        return row + 3
    shown = row + 2 + min(len(kinds), MOST_LINES)
    where = "Each with its reason, and what happens otherwise: sheet decisions_needed"
    pen.sheet.write_url(
        shown, RIGHT, "internal:'decisions_needed'!A1", pen.styles(font_color=BLUE, underline=1), string=where
    )
    return shown + 1


def named(subjects: Sequence[str]) -> str:
    """The first of them, as many as fit, and how many more there are."""
    for count in range(len(subjects), 0, -1):
        more = f" +{len(subjects) - count:,}" if count < len(subjects) else ""
        text = f"{', '.join(subjects[:count])}{more}"
        if len(text) <= MOST_LETTERS:
            return text
    more = f"… +{len(subjects) - 1:,}" if len(subjects) > 1 else "…"
    return f"{subjects[0][: MOST_LETTERS - len(more)].rstrip()}{more}"


def waited(since: pd.Timestamp, until: datetime) -> str:
    """How long, in days; empty where it has no beginning."""
    return "" if pd.isna(since) else f"{days_since(since, until):,.1f} days"


def _charts(workbook: xlsxwriter.Workbook, report: Report, data: ChartData) -> list[tuple[Chart, str]]:
    """The charts with their descriptions for those who do not see them; none where there is nothing to show."""
    week = utilization_week(report.frames)
    charts = []
    if data.vendors:
        charts.append((attainment_chart(workbook, data), "Bar chart of SLA attainment by vendor"))
    if data.judged > 1:
        charts.append((trend_chart(workbook, report, data), "Line chart of SLA attainment by week"))
    if data.series:
        charts.append((open_chart(workbook, data), "Stacked columns of open tickets at each week's end, by vendor"))
    if data.vendors:
        charts.append((utilization_chart(workbook, data, week), f"Bar chart of utilization by vendor in {week}"))
    return charts


def _insert_charts(sheet: Worksheet, charts: Sequence[tuple[Chart, str]], row: int) -> None:
    for (column, offset, width), (chart, description) in zip(CHART_PLACES, charts, strict=False):
        chart.set_size({"width": width, "height": CHART_ROWS * ROW_PIXELS})
        where = {"x_offset": offset + 1, "y_offset": 2, "description": description, "object_position": 1}
        sheet.insert_chart(row, column, chart, where)


def _put_section(pen: Pen, row: int, column: int, title: str) -> None:
    for place in range(column, column + GUTTER):
        text = title if place == column else None
        pen.put(row, place, text, bold=True, font_size=12, font_color=BLUE, bottom=1, bottom_color=BLUE)


def _put_headers(pen: Pen, row: int, left: Mapping[int, str], right: Mapping[int, str]) -> None:
    """Headers of columns whose values stand on the left, and on the right."""
    for align, headers in (("left", left), ("right", right)):
        for column, text in headers.items():
            pen.put(row, column, text, font_color=MUTED, font_size=9, align=align)


def _with_change(value: int, change: int | None) -> str:
    if change is None:
        return f"{value:,}"
    return f"{value:,} ({change:+,})" if change else f"{value:,} (±0)"


def _put_rest(pen: Pen, row: int, column: int, left: int, where: str) -> int:
    """How many lines did not fit on the page."""
    if left <= 0:
        return row
    pen.put(row, column, f"and {left:,} more, {where}", font_color=MUTED, italic=True)
    return row + 1
