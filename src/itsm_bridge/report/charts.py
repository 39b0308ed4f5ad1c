"""Native charts of the first page, and the sheet with the numbers behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import xlsxwriter
from xlsxwriter.chart import Chart

from itsm_bridge.analysis.by_vendor import VendorLine, utilization_week
from itsm_bridge.analysis.sla_trend import marked
from itsm_bridge.report.cells import (
    BLUE,
    FONT,
    GREEN,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    RULE,
    SKY,
    VERMILION,
    YELLOW,
    Pen,
    Styles,
)
from itsm_bridge.report.contents import Report
from itsm_bridge.report.sheets import set_up_print

SHEET = "Chart data"
HEADER_ROW, WEEK_COLUMN = 3, 4
NOBODY, OTHERS = "(nobody)", "(others)"
MOST_SERIES, MOST_BARS = 6, 10
SERIES_COLOURS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW)

SMALL = {"name": FONT, "size": 8, "color": INK}
GRID = {"visible": True, "line": {"color": RULE, "width": 0.5}}


@dataclass(frozen=True, slots=True)
class ChartData:
    """How much there is, below the header row: vendors in the first columns, then weeks with one column a series.

    ``peak`` is the highest utilization, ``judged`` in how many weeks an SLA was judged.
    """

    vendors: int
    weeks: int
    series: int
    peak: float
    judged: int = 0

    @property
    def trend_column(self) -> int:
        """Where the weeks of attainment stand: behind those of open tickets."""
        return WEEK_COLUMN + self.series + 2


def add_chart_data(
    workbook: xlsxwriter.Workbook, styles: Styles, report: Report, vendors: Sequence[VendorLine]
) -> ChartData:
    """The sheet: vendors with attainment and utilization, then open tickets and attainment by week."""
    pen = Pen(workbook.add_worksheet(SHEET), styles)
    pen.put(0, 0, "Chart data", bold=True, font_size=16)
    pen.put(1, 0, "The numbers behind the charts of the first page.", font_color=MUTED)
    bars = [line for line in vendors if line.vendor][:MOST_BARS]
    week = utilization_week(report.frames)
    _put_column(pen, 0, "vendor", [line.vendor for line in bars])
    _put_column(pen, 1, "SLA attainment", [line.attainment for line in bars], num_format="0.0%")
    _put_column(pen, 2, f"utilization {week}".strip(), [line.utilization for line in bars], num_format="0%")
    weekly = open_by_week(report.rows["traction"])
    _put_column(pen, WEEK_COLUMN, "week", list(weekly.index))
    for place, name in enumerate(weekly.columns, start=WEEK_COLUMN + 1):
        _put_column(pen, place, str(name), [int(value) for value in weekly[name]], num_format="#,##0")
    kept = kept_by_week(report)
    peak = max((line.utilization or 0.0 for line in bars), default=0.0)
    data = ChartData(len(bars), len(weekly), len(weekly.columns), peak, int(kept["attainment"].notna().sum()))
    _put_column(pen, data.trend_column, "week", list(kept.index))
    shares = [None if pd.isna(value) else float(value) for value in kept["attainment"]]
    _put_column(pen, data.trend_column + 1, "SLA attainment by week", shares, num_format="0.0%")
    counts = [None if pd.isna(value) else int(value) for value in kept["judged"]]
    _put_column(pen, data.trend_column + 2, "judged", counts, num_format="#,##0")
    pen.sheet.set_column(0, data.trend_column + 2, 19)
    set_up_print(pen.sheet, report, "Chart data")
    return data


def kept_by_week(report: Report) -> pd.DataFrame:
    """Attainment of clocks of kind sla in each week, over all vendors; missing where nothing was judged."""
    rows = report.rows["sla_trend"]
    sums = rows[rows["kind"] == "sla"].groupby("week")[["met", "judged", "completed"]].sum(min_count=1)
    weeks = [week.name for week in report.frames.weeks]
    return marked(sums.reindex(weeks), report.frames.reports.small)


def open_by_week(traction: pd.DataFrame) -> pd.DataFrame:
    """Open tickets at each week's end by vendor, the largest holders by name and the rest together."""
    named = traction.assign(vendor=traction["vendor"].replace("", NOBODY))
    table = named.pivot_table(index="week", columns="vendor", values="open_end", aggfunc="sum", fill_value=0)
    order = table.sum().sort_values(ascending=False, kind="stable").index
    shown = table[order[:MOST_SERIES]].astype("int64")
    if len(order) > MOST_SERIES:
        shown[OTHERS] = table[order[MOST_SERIES:]].sum(axis=1).astype("int64")
    return shown


def attainment_chart(workbook: xlsxwriter.Workbook, data: ChartData) -> Chart:
    """Bars of attainment by vendor, all of 100 %."""
    chart = _bars(workbook, data, 1, BLUE)
    _dress(chart, "SLA attainment by vendor, % of judged")
    top = 1.15  # room for the labels
    chart.set_x_axis({"min": 0, "max": top, "visible": False, "major_gridlines": {"visible": False}})
    return chart


def trend_chart(workbook: xlsxwriter.Workbook, report: Report, data: ChartData) -> Chart:
    """Attainment week by week, all of 100 %; a gap where nothing was judged."""
    chart = workbook.add_chart({"type": "line"})
    first, last = HEADER_ROW + 1, HEADER_ROW + len(report.frames.weeks)
    chart.add_series(
        {
            "name": [SHEET, HEADER_ROW, data.trend_column + 1],
            "categories": [SHEET, first, data.trend_column, last, data.trend_column],
            "values": [SHEET, first, data.trend_column + 1, last, data.trend_column + 1],
            "line": {"color": BLUE, "width": 2},
            "marker": {"type": "circle", "size": 5, "fill": {"color": BLUE}, "border": {"color": BLUE}},
        }
    )
    _dress(chart, "SLA attainment by week, % of judged")
    chart.show_blanks_as("gap")
    chart.set_legend({"none": True})
    chart.set_x_axis({"num_font": SMALL | {"rotation": -45}, "line": {"color": RULE}})
    percent = {"num_format": "0%", "min": 0, "max": 1, "major_unit": 0.25}
    chart.set_y_axis({"num_font": SMALL, "major_gridlines": GRID, "line": {"none": True}, **percent})
    return chart


def utilization_chart(workbook: xlsxwriter.Workbook, data: ChartData, week: str) -> Chart:
    """Bars of utilization by vendor, with a line at full capacity."""
    chart = _bars(workbook, data, 2, ORANGE)
    _dress(chart, f"Utilization in {week} (line: 100%)")
    line = {"visible": True, "line": {"color": MUTED, "width": 1, "dash_type": "dash"}}
    top = 1.15 * max(data.peak, 1.0)  # room for the labels
    chart.set_x_axis({"min": 0, "max": top, "major_unit": 1, "visible": False, "major_gridlines": line})
    return chart


def open_chart(workbook: xlsxwriter.Workbook, data: ChartData) -> Chart:
    """Open tickets at each week's end, stacked by vendor."""
    chart = workbook.add_chart({"type": "column", "subtype": "stacked"})
    last = HEADER_ROW + data.weeks
    for number in range(data.series):
        column = WEEK_COLUMN + 1 + number
        chart.add_series(
            {
                "name": [SHEET, HEADER_ROW, column],
                "categories": [SHEET, HEADER_ROW + 1, WEEK_COLUMN, last, WEEK_COLUMN],
                "values": [SHEET, HEADER_ROW + 1, column, last, column],
                "fill": {"color": SERIES_COLOURS[number % len(SERIES_COLOURS)]},
                "gap": 40,
            }
        )
    _dress(chart, "Open tickets at each week's end, by vendor")
    chart.set_legend({"position": "bottom", "font": SMALL})
    chart.set_x_axis({"num_font": SMALL | {"rotation": -45}, "line": {"color": RULE}})
    name = {"name": "tickets", "name_font": SMALL | {"bold": False}}
    chart.set_y_axis({"num_font": SMALL, "major_gridlines": GRID, "line": {"none": True}, "min": 0, **name})
    return chart


def _bars(workbook: xlsxwriter.Workbook, data: ChartData, column: int, colour: str) -> Chart:
    chart = workbook.add_chart({"type": "bar"})
    last = HEADER_ROW + data.vendors
    chart.add_series(
        {
            "name": [SHEET, HEADER_ROW, column],
            "categories": [SHEET, HEADER_ROW + 1, 0, last, 0],
            "values": [SHEET, HEADER_ROW + 1, column, last, column],
            "fill": {"color": colour},
            "gap": 50,
            "data_labels": {"value": True, "num_format": "0%", "font": SMALL},
        }
    )
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True, "num_font": SMALL, "line": {"color": RULE}, "major_tick_mark": "none"})
    return chart


def _dress(chart: Chart, title: str) -> None:
    chart.set_title({"name": title, "name_font": {"name": FONT, "size": 9, "bold": True, "color": INK}})
    chart.set_chartarea({"border": {"color": RULE}, "fill": {"color": "#FFFFFF"}})


def _put_column(pen: Pen, column: int, header: str, values: Sequence[object], **properties: object) -> None:
    pen.put(HEADER_ROW, column, header, bold=True, bottom=1)
    for row, value in enumerate(values, start=HEADER_ROW + 1):
        pen.put(row, column, value, **properties)
