"""Charts as SVG that runs no script and refers to nothing: columns, lines, bars and sparklines.

Places along the width are percentages, so that a chart is as wide as its page and its letters stay as they are, on a
phone too. Colours are classes (``s1`` to ``s7``), which a style sheet gives meaning by light and by dark; series differ
in form as well (hollow, dashed) or are named beside what they draw. Every chart has a title and a description.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from itsm_bridge.report.page import text

Format = Callable[[float], str]
Values = Sequence[float | None]

COLOURS = 7
TOP, PLOT, BOTTOM = 22, 150, 24
"""Pixels above, in and below the plot of a chart with two axes."""

LEFT, RIGHT = 9.0, 26.0
"""Percent of the width for the numbers of the vertical axis, and for the names of series beside their last value."""

MOST_LETTERS = 12
MOST_TICKS = 4
LEAST = 1e-9
"""What is drawn as nothing."""

LINE_HEIGHT = 13
ROW = 36
"""Pixels of one horizontal bar with its words above it."""


@dataclass(frozen=True, slots=True)
class Caption:
    """What a chart is called (``name`` is an id of the page), and what it shows in words."""

    name: str
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class Series:
    """One value a label, ``None`` where nothing is known; ``look`` is one or more classes of the style sheet.

    ``few`` are the places of values that rest on little; a line has a hollow point there.
    """

    name: str
    values: Values
    look: str = "s1"
    few: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Bar:
    """A horizontal bar: its name, its length (``None``: nothing to measure) and what is said of it at its end."""

    name: str
    value: float | None
    said: str
    look: str = "s1"


@dataclass(frozen=True, slots=True)
class End:
    """What is said beside the last value of a series, at a height in pixels."""

    y: float
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class Axis:
    """A vertical axis from 0 to ``top``, with its marks."""

    top: float
    step: float

    @classmethod
    def to(cls, highest: float, *, whole: bool = True) -> Axis:
        """An axis that reaches ``highest`` in a few round steps; ``whole`` numbers only, for what is counted."""
        if highest < LEAST:
            return cls(1.0, 1.0)
        rough = highest / MOST_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
        step = max(step, 1.0) if whole else step
        step = math.ceil(step) if whole else step
        return cls(step * max(math.ceil(highest / step - 1e-9), 1), step)

    @property
    def marks(self) -> Iterator[float]:
        """The values that are marked, without 0."""
        return (self.step * place for place in range(1, round(self.top / self.step) + 1))

    def y(self, value: float) -> float:
        """Pixels from the top of the picture."""
        return round(TOP + PLOT * (1 - value / self.top), 2)


def columns(caption: Caption, labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """Columns side by side, one group a label."""
    axis = Axis.to(_highest(series))
    slot = _slot(labels)
    width = 0.76 * slot / len(series)
    parts = list(_axes(axis, labels, unit, _count))
    for number, one in enumerate(series):
        for place, value in enumerate(one.values):
            if value:
                x = LEFT + slot * (place + 0.12) + width * number
                tip = _tip(one, labels[place], value)
                parts.append(_column((x, width * 0.92), (axis.y(value), axis.y(0)), one.look, tip))
    return drawing(caption, TOP + PLOT + BOTTOM, parts)


def stacked(caption: Caption, labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """Columns with the series on each other, the first at the bottom; each is named beside the last column."""
    sums = [sum(one.values[place] or 0 for one in series) for place in range(len(labels))]
    axis = Axis.to(max(sums, default=0))
    slot = _slot(labels, RIGHT)
    parts = list(_axes(axis, labels, unit, _count, RIGHT))
    ends: list[End] = []
    for place, label in enumerate(labels):
        under = 0.0
        for one in series:
            value = one.values[place] or 0
            if value:
                across, down = (LEFT + slot * (place + 0.12), slot * 0.76), (axis.y(under + value), axis.y(under))
                parts.append(_column(across, down, one.look, _tip(one, label, value)))
            if place == len(labels) - 1 and any(one.values):
                ends.append(End(axis.y(under + value / 2), f"{_cut(one.name)} {_count(value)}", one.look))
            under += value
    parts += _names(ends, 100 - RIGHT + 1)
    return drawing(caption, TOP + PLOT + BOTTOM, parts)


def lines(
    caption: Caption,
    labels: Sequence[str],
    series: Sequence[Series],
    unit: str,
    *,
    shown: Format | None = None,
    top: float | None = None,
    band: tuple[Values, Values] | None = None,
) -> str:
    """Lines with a point at their end and their name beside it; ``band`` is shaded between two rows of values."""
    said = shown or _count
    edge = [Series("", band[1])] if band else []
    axis = Axis(top, top / 2) if top else Axis.to(_highest([*series, *edge]), whole=shown is None)
    slot = _slot(labels, RIGHT)
    parts = list(_axes(axis, labels, unit, said, RIGHT))
    parts.append(f'<svg x="{LEFT:g}%" y="{TOP}" width="{100 - LEFT - RIGHT:g}%" height="{PLOT}"{_STRETCHED}>')
    if band:
        parts.append(_area(band, axis))
    parts += [_polyline(run, one.look, axis.top, len(labels)) for one in series for run in _runs(one.values)]
    parts.append("</svg>")
    ends: list[End] = []
    for one in series:
        known = [(place, value) for place, value in enumerate(one.values) if value is not None]
        for place, value in known:
            x = LEFT + slot * (place + 0.5)
            size = 4 if place == known[-1][0] else 2.5
            tip = f"<title>{text(_tip(one, labels[place], value, said))}</title>"
            look = f"{one.look} hollow" if place in one.few else one.look
            parts.append(f'<circle class="{look}" cx="{x:.2f}%" cy="{axis.y(value):g}" r="{size}">{tip}</circle>')
        if known:
            ends.append(End(axis.y(known[-1][1]), f"{_cut(one.name)} {said(known[-1][1])}", one.look))
    parts += _names(ends, 100 - RIGHT + 1)
    return drawing(caption, TOP + PLOT + BOTTOM, parts)


def bars(caption: Caption, rows: Sequence[Bar], *, limit: float | None = None, top: float | None = None) -> str:
    """Horizontal bars, each under its name and what is said of it; ``limit`` is marked with a line."""
    longest = top or max([row.value or 0 for row in rows] + [limit or 0], default=0) or 1.0
    parts: list[str] = []
    for place, row in enumerate(rows):
        y = place * ROW
        parts.append(f'<text x="0" y="{y + 13}">{text(row.name, 3 * MOST_LETTERS)}</text>')
        parts.append(f'<text class="amount" x="100%" y="{y + 13}" text-anchor="end">{text(row.said)}</text>')
        parts.append(f'<rect class="track" x="0" y="{y + 18}" width="100%" height="10"/>')
        if row.value:
            width = min(100 * row.value / longest, 100)
            tip = f"<title>{text(f'{row.name}: {row.said}')}</title>"
            parts.append(f'<rect class="{row.look}" x="0" y="{y + 18}" width="{width:.2f}%" height="10">{tip}</rect>')
        if limit is not None:
            x = 100 * limit / longest
            parts.append(f'<line class="limit" x1="{x:.2f}%" x2="{x:.2f}%" y1="{y + 15}" y2="{y + 31}"/>')
    return drawing(caption, max(len(rows), 1) * ROW, parts)


def sparkline(caption: Caption, values: Values, look: str = "s1") -> str:
    """A small line without axes, from 0 to its highest value."""
    top = 1.1 * max([value for value in values if value is not None], default=0) or 1.0  # room for the line's own width
    parts = [f'<svg width="100%" height="28" y="2"{_STRETCHED}>']
    parts += [_polyline(run, look, top, len(values)) for run in _runs(values)]
    parts.append("</svg>")
    return drawing(caption, 32, parts, "spark")


def drawing(caption: Caption, height: int, parts: Iterable[str], kind: str = "") -> str:
    """The picture around its parts."""
    name = caption.name
    return (
        f'<svg class="{f"chart {kind}".strip()}" role="img" aria-labelledby="{name}-title {name}-desc" width="100%" '
        f'height="{height}"><title id="{name}-title">{text(caption.title)}</title>'
        f'<desc id="{name}-desc">{text(caption.description)}</desc>{"".join(parts)}</svg>'
    )


def legend(entries: Iterable[tuple[str, str]]) -> str:
    """What each look stands for, in words beside a sample: pairs of look and name."""
    said = (
        '<span><svg class="swatch" aria-hidden="true" width="14" height="12">'
        f'<rect class="{look}" x="1" y="1" width="12" height="10"/></svg> {text(name)}</span>'
        for look, name in entries
    )
    return f'<p class="legend">{" ".join(said)}</p>'


_STRETCHED = ' viewBox="0 0 100 100" preserveAspectRatio="none"'


def _axes(axis: Axis, labels: Sequence[str], unit: str, said: Format, right: float = 0.0) -> Iterator[str]:
    yield f'<text class="soft" x="0" y="10">{text(unit)}</text>'
    for value in (0.0, *axis.marks):
        kind, y = "axis" if value == 0 else "grid", axis.y(value)
        yield f'<line class="{kind}" x1="{LEFT:g}%" x2="{100 - right:g}%" y1="{y:g}" y2="{y:g}"/>'
        yield f'<text class="soft" x="{LEFT - 1:g}%" y="{y + 4:g}" text-anchor="end">{said(value)}</text>'
    slot, every = _slot(labels, right), math.ceil(len(labels) / 7)
    for place, label in enumerate(labels):
        if (len(labels) - 1 - place) % every == 0:
            x, y = LEFT + slot * (place + 0.5), TOP + PLOT + 16
            yield f'<text class="soft" x="{x:.2f}%" y="{y}" text-anchor="middle">{text(label)}</text>'


def _slot(labels: Sequence[str], right: float = 0.0) -> float:
    """Percent of the width for each label."""
    return (100 - LEFT - right) / max(len(labels), 1)


def _column(across: tuple[float, float], down: tuple[float, float], look: str, tip: str) -> str:
    """A column from its left edge with its width, in percent, and from its top to its foot, in pixels."""
    (x, width), (top, foot) = across, down
    place = f'x="{x:.2f}%" y="{top:g}" width="{width:.2f}%" height="{max(foot - top, 0.5):.2f}"'
    return f'<rect class="{look}" {place}><title>{text(tip)}</title></rect>'


def _tip(one: Series, label: str, value: float, said: Format | None = None) -> str:
    return f"{label}, {one.name}: {(said or _count)(value)}"


def _names(ends: Sequence[End], x: float) -> Iterator[str]:
    """Words beside the last values, pushed apart where they would touch, and back from the edge.

    Of two at the same height the one that was drawn later stands above.
    """
    places: list[float] = []
    ordered = [end for _, end in sorted(enumerate(ends), key=lambda one: (one[1].y, -one[0]))]
    for end in ordered:
        places.append(max(end.y, places[-1] + LINE_HEIGHT) if places else end.y)
    over = max(places[-1] - (TOP + PLOT), 0) if places else 0
    for y, end in zip(places, ordered, strict=True):
        yield f'<rect class="{end.look}" x="{x:g}%" y="{y - over - 4:.2f}" width="8" height="8"/>'
        yield f'<text class="end" x="{x:g}%" dx="12" y="{y - over + 4:.2f}">{text(end.words)}</text>'


def _runs(values: Values) -> Iterator[list[tuple[int, float]]]:
    """The stretches of values that are known."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is not None:
            run.append((place, value))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _polyline(run: Sequence[tuple[int, float]], look: str, top: float, count: int) -> str:
    points = " ".join(_point(place, value, top, count) for place, value in run)
    return f'<polyline class="{look}" points="{points}"/>'


def _area(band: tuple[Values, Values], axis: Axis) -> str:
    low, high = band
    known = [place for place, (one, other) in enumerate(zip(low, high, strict=True)) if None not in {one, other}]
    count = len(low)
    there = [_point(place, high[place] or 0, axis.top, count) for place in known]
    back = [_point(place, low[place] or 0, axis.top, count) for place in reversed(known)]
    return f'<polygon class="band" points="{" ".join([*there, *back])}"/>'


def _point(place: int, value: float, top: float, count: int) -> str:
    return f"{100 * (place + 0.5) / count:.2f},{100 * (1 - value / top):.2f}"


def _highest(series: Iterable[Series]) -> float:
    return max((value for one in series for value in one.values if value is not None), default=0)


def _cut(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
