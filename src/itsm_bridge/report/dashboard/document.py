"""The dashboard from top to bottom, and the registry of its sections: a new one is a function and a line below."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import itsm_bridge.report.dashboard.attention as attention
import itsm_bridge.report.dashboard.flow as flow
import itsm_bridge.report.dashboard.levels as levels
import itsm_bridge.report.dashboard.trend as trend
import itsm_bridge.report.dashboard.vendors as vendors
import itsm_bridge.report.dashboard.work as work
from itsm_bridge.analysis.figures import FIGURES
from itsm_bridge.report.contents import Report
from itsm_bridge.report.dashboard.headline import environments, head, key_figures, owners, sentences, standing
from itsm_bridge.report.dashboard.panels import Panel
from itsm_bridge.report.dashboard.style import STYLE
from itsm_bridge.report.dashboard.view import NOWHERE, Links, View
from itsm_bridge.report.dashboard.words import heads, moment, shown_table
from itsm_bridge.report.page import page, text

Show = Callable[[View], Iterator[Panel]]

PLAIN = re.compile("[A-Za-z][A-Za-z0-9_-]{0,40}")
"""Names of environments that can be an address within the page; others are numbered."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: shown where the report has the tables that it ``needs``.

    ``whole`` and ``each`` say whether it is in the part about everything and in that of each environment.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    shows: tuple[Show, ...]
    whole: bool = True
    each: bool = True


SECTIONS: tuple[Section, ...] = (
    Section("decisions", "Decisions needed", ("decisions_needed", "open_tickets"), (attention.decisions,)),
    Section("work", "Open work", ("open_tickets",), (flow.open_work, flow.ageing)),
    Section(
        "levels",
        "Service levels",
        ("sla_attainment", "sla_trend", "sla_breach_shares", "sla_breach_holders"),
        (levels.attainment, trend.by_week, vendors.breach_holders),
    ),
    Section("risks", "At risk and breached", ("sla_at_risk", "sla_breaches"), (levels.at_risk, levels.breaches)),
    Section("traction", "Traction", ("traction",), (flow.traction,)),
    Section("bandwidth", "Bandwidth", ("bandwidth",), (work.bandwidth,), each=False),
    Section("part", "Bandwidth", ("bandwidth", "traction"), (work.part_of_bandwidth,), whole=False),
    Section("relief", "Relief", ("relief",), (work.relief,), each=False),
    Section("forecast", "Forecast", ("forecast",), (work.forecast,)),
    Section("approvals", "Approvals", ("approvals",), (attention.approvals,)),
    Section("quality", "Quality", ("quality",), (vendors.quality,)),
    Section("scorecard", "Scorecard", ("scorecard",), (vendors.scorecard,), each=False),
    Section("recurring", "Recurring issues", ("recurring",), (attention.recurring,)),
    Section("inputs", "Figures from outside", ("inputs",), (attention.outside,)),
    Section("data", "Data quality", ("data_quality",), (attention.data_quality,), each=False),
)


def dashboard(report: Report) -> str:
    """The whole page; the same report gives the same text."""
    return page(f"{report.title} – dashboard", _parts(report), STYLE)


def _parts(report: Report) -> Iterator[str]:
    yield from head(report)
    yield from sentences(report)
    if not sum(report.frames.known.values()):
        yield '<p class="empty">There is nothing to show yet: run <code>itsm-bridge sync</code>, then report again.</p>'
        yield from _about(report)
        return
    links = Links(report)
    whole, views = View(report, links), tuple(_views(report, links))
    yield from _navigation(whole, views)
    yield '<section id="figures"><h2>Key figures</h2>'
    yield from key_figures(whole)
    yield '</section><section id="environments"><h2>Environments</h2>'
    yield from environments(views)
    yield "</section>"
    for section in SECTIONS:
        if section.whole and whole.has(*section.needs):
            yield f'<section id="{section.name}"><h2>{text(section.title)}</h2>{_panels(section, whole)}</section>'
    for view in views:
        yield from _environment(view)
    yield from _definitions(report)
    yield from _about(report)


def _views(report: Report, links: Links) -> Iterator[View]:
    """One a configured environment, in the order of the file, then any other that tickets name."""
    configured = report.estate.environments
    seen = {str(name) for table in ("tickets", "traction") for name in report.rows[table]["environment"].unique()}
    others = sorted(seen - set(configured), key=lambda name: (name == "", name))
    for number, name in enumerate((*configured, *others), start=1):
        plain = PLAIN.fullmatch(name) is not None
        yield View(report, links, name, f"env-{name}" if plain else f"environment-{number}")


def _navigation(whole: View, views: tuple[View, ...]) -> Iterator[str]:
    parts = [("figures", "Key figures"), ("environments", "Environments")]
    parts += [(one.name, one.title) for one in SECTIONS if one.whole and whole.has(*one.needs)]
    parts += [("definitions", "Definitions"), ("about", "About")]
    links = "".join(f'<a href="#{anchor}">{text(title)}</a>' for anchor, title in parts)
    named = "".join(f'<a href="#{view.anchor}">{text(view.environment or NOWHERE, 60)}</a>' for view in views)
    yield f'<nav aria-label="On this page"><p>{links}</p><p><strong>By environment:</strong> {named}</p></nav>'


def _environment(view: View) -> Iterator[str]:
    yield f'<section class="environment" id="{view.anchor}"><h2>{text(view.environment or NOWHERE)}</h2>'
    facts = [("Stands", standing(view).markup)]
    if view.report.estate.slots(view.environment or ""):
        facts += [("Owner today", owners(view, now=True)), ("Next owner", owners(view, now=False))]
    yield f'<dl class="facts">{"".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in facts)}</dl>'
    panels = (
        panel for one in SECTIONS if one.each and view.has(*one.needs) for show in one.shows for panel in show(view)
    )
    yield f'<div class="panels">{"".join(panel.markup() for panel in panels)}</div>'
    yield '<p class="back"><a href="#environments">All environments</a></p></section>'


def _panels(section: Section, view: View) -> str:
    panels = (panel for show in section.shows for panel in show(view))
    return f'<div class="panels">{"".join(panel.markup(section.title) for panel in panels)}</div>'


def _definitions(report: Report) -> Iterator[str]:
    cells = ((text(one.title), text(one.unit), text(one.definition, 2000)) for one in FIGURES.values())
    table = shown_table(heads("Figure", "Unit", "Definition"), cells, "definitions")
    said = f"{report.tables['definitions'].description} Each panel has its own definition behind its fold."
    yield (
        f'<section id="definitions"><h2>Definitions</h2><p class="soft">{text(said, 2000)}</p>'
        f"<details><summary>The key figures, one by one</summary>{table}</details></section>"
    )


def _about(report: Report) -> Iterator[str]:
    """What the page is made from, so that it can be checked and made again."""
    frames, audit = report.frames, report.audit
    rows = [
        ("Period", f"{frames.period.name}, from {moment(frames.start, report.zone)} up to the as-of instant"),
        ("As of", report.as_of.isoformat()),
        ("Zone of all instants", report.zone.key),
        *((f"Tickets of {source}", f"{number:,}") for source, number in frames.known.items()),
        ("Configuration (SHA-256)", report.digest),
        ("Audit log", f"{audit.rows:,} rows, head {audit.hash}" if audit.rows else "no write yet"),
        ("Program", f"itsm-bridge {report.version}"),
        ("The same numbers", "in the workbook and the CSV files beside this page; manifest.json has their SHA-256"),
        (
            "Safe to open",
            "this page runs no script and loads nothing; its links lead to tickets in the configured sources",
        ),
    ]
    facts = "".join(f"<div><dt>{text(name)}</dt><dd>{text(said)}</dd></div>" for name, said in rows)
    yield f'<section id="about"><h2>About</h2><dl class="facts long">{facts}</dl></section>'
