"""One panel of the dashboard: what it says, its chart, and behind a fold its table and its definition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from itsm_bridge.analysis.columns import Column
from itsm_bridge.report.dashboard.view import View
from itsm_bridge.report.dashboard.words import NUMBERS, Head, shown_table, value_of
from itsm_bridge.report.page import text

MOST_ROWS = 20
"""Rows of a list on the page; its CSV and its sheet have all of them."""


PLACE = "Environment"


@dataclass(frozen=True, slots=True)
class Panel:
    """``chart``, ``legend`` and ``table`` are markup, ``said`` and ``definition`` plain words."""

    title: str
    definition: str
    said: str = ""
    chart: str = ""
    legend: str = ""
    table: str = ""
    wide: bool = False

    def markup(self, above: str = "") -> str:
        """The panel as a figure; without its title where that stands ``above`` it already."""
        title = f"<h3>{text(self.title)}</h3>" if self.title != above else ""
        said = f'<p class="said">{text(self.said)}</p>' if self.said else ""
        return (
            f'<figure class="panel{" span" if self.wide else ""}"><figcaption>{title}{said}</figcaption>'
            f"{self.legend}{self.chart}{self._folded}</figure>"
        )

    @property
    def _folded(self) -> str:
        """With a chart the table is folded away, without one it is what the panel shows."""
        meaning = f'<p class="soft">{text(self.definition, 2000)}</p>'
        if self.chart:
            return f"<details><summary>Table and definition</summary>{self.table}{meaning}</details>"
        return f"{self.table}<details><summary>Definition</summary>{meaning}</details>"


def nothing(title: str, said: str, definition: str) -> Panel:
    """A panel that has nothing to show, and says so."""
    return Panel(title, definition, said)


def definition_of(view: View, table: str, *columns: str) -> str:
    """The written definition of a table, or of some of its columns: that of the sheet definitions."""
    described = view.table(table)
    meant = {column.name: column.definition for column in described.columns}
    said = " ".join(f"{column}: {meant[column]}" for column in columns if column in meant)
    return f"{described.description} {said}".strip()


def list_of(view: View, name: str, rows: Iterable[Sequence[str]], columns: Sequence[Head], whole: int) -> str:
    """A list with as many rows as fit, and where the others are; without the environment where there is but one."""
    kept = [place for place, column in enumerate(columns) if view.environment is None or column.name != PLACE]
    cells = ([row[place] for place in kept] for row in rows)
    return shown_table([columns[place] for place in kept], cells, name) + _rest(name, whole, MOST_ROWS)


def _rest(name: str, whole: int, most: int) -> str:
    said = f"The first {most} of {whole:,}; all are in csv/{name}.csv."
    return f'<p class="soft">{said}</p>' if whole > most else ""


def whole_table(view: View, name: str, wanted: Collection[str] = (), *, most: int = MOST_ROWS) -> str:
    """A table of the report as it is, cut to what a page can hold; of its columns those ``wanted``, else all."""
    described = [column for column in view.table(name).columns if not wanted or column.name in wanted]
    rows = view.rows(name)
    heads = [Head(column.name.replace("_", " "), column.kind in NUMBERS) for column in described]
    shown = rows[[column.name for column in described]].head(most)
    lines = (_line(view, values, described) for values in shown.itertuples(index=False, name=None))
    return shown_table(heads, lines, name) + _rest(name, len(rows), most)


def _line(view: View, values: Sequence[object], described: Sequence[Column]) -> list[str]:
    zone = view.report.zone
    return [
        view.ticket(str(value)) if column.name == "ticket" else value_of(value, column.kind, zone)
        for value, column in zip(values, described, strict=True)
    ]
