"""What a table's sheet marks: bars behind numbers, and words in bold, so that no meaning is in a colour alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from itsm_bridge.analysis.columns import Table
from itsm_bridge.report.cells import ALERT, GREEN, MUTED, SKY, Pen, Styles

Options = Mapping[str, object]
Mark = Callable[[Styles], Options]

PALE = "#FDF0E6"
LEAST = 1e-9
"""What counts as more than nothing; figures have six digits."""


def bar(top: float) -> Mark:
    """A bar as long as the number is of ``top``, with the number on it."""

    def options(_styles: Styles) -> Options:
        return {
            "type": "data_bar",
            "bar_color": SKY,  # the plain bar of 2007: that of 2010 is an extension, of which other programs warn
            "min_type": "num",
            "max_type": "num",
            "min_value": 0,
            "max_value": top,
        }

    return options


def word(text: str, **look: object) -> Mark:
    """A cell that says ``text``."""

    def options(styles: Styles) -> Options:
        return {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": styles(**look)}

    return options


def arrows(_styles: Styles) -> Options:
    """An arrow up above 0, down below it, level at it, beside the number."""
    return {
        "type": "icon_set",
        "icon_style": "3_arrows_gray",
        "icons": [
            {"criteria": ">=", "type": "number", "value": LEAST},  # LibreOffice takes > for >=
            {"criteria": ">=", "type": "number", "value": 0},
        ],
    }


def alarm(text: str) -> Mark:
    """A word of alarm."""
    return word(text, bold=True, font_color=ALERT, bg_color=PALE)


def good(text: str) -> Mark:
    """A word of relief."""
    return word(text, font_color=GREEN)


def quiet(text: str) -> Mark:
    """A word that takes weight from its row."""
    return word(text, italic=True, font_color=MUTED)


MARKS: Mapping[tuple[str, str], tuple[Mark, ...]] = {
    ("summary", "change"): (arrows,),
    ("summary", "change_to_mean"): (arrows,),
    ("summary", "verdict"): (alarm("worse"), good("better")),
    ("checks", "result"): (alarm("DIFFERS"), good("ok")),
    ("decisions_needed", "kind"): tuple(map(alarm, ("guard", "overload", "overdue", "conflict"))),
    ("open_tickets", "needs"): (alarm("decision"), alarm("vendor")),
    ("open_tickets", "age_bucket"): (alarm(">90 days"),),
    ("sla_attainment", "attainment"): (bar(1),),
    ("sla_trend", "attainment"): (bar(1),),
    ("sla_at_risk", "used"): (bar(1),),
    ("sla_breach_shares", "share"): (bar(1),),
    ("sla_breach_holders", "share"): (bar(1),),
    ("time_in_hand", "share"): (bar(1),),
    ("bandwidth", "utilization"): (bar(1.5),),
    ("decisions", "outcome"): (*map(alarm, ("conflict", "overridden", "rejected", "unknown")), quiet("noop")),
}
"""By table and column; each says in words or numbers what it marks."""


def mark(pen: Pen, table: Table, rows: int, top: int = 0) -> None:
    """Mark the columns of a table, whose header is in the row ``top``."""
    for place, column in enumerate(table.columns):
        for one in MARKS.get((table.name, column.name), ()):
            pen.sheet.conditional_format(top + 1, place, top + max(rows, 1), place, dict(one(pen.styles)))
