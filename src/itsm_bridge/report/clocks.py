"""The clocks of a ticket on its page: each as a picture with the table beside it, and the levels without one."""

from __future__ import annotations

from collections.abc import Iterator

from itsm_bridge.report.page import Column, cell, table, text
from itsm_bridge.report.timeline import legend, timeline
from itsm_bridge.sla import Line, Statement, Statements, folded
from itsm_bridge.sla.wording import calendar_text, carrying, clockwise, ending, moment, note, standing, until, usage

NUMBER = "number"
COLUMNS = (
    Column("From", 20),
    Column("To", 20),
    Column("What", 10),
    Column("Counts", 10, NUMBER),
    Column("Used", 10, NUMBER),
    Column("What happened, and why", 30),
)


def clocks_section(found: Statements) -> Iterator[str]:
    """How each clock came to what it shows; nights and weekends are folded in the tables."""
    yield "<h2>Clocks</h2>"
    for number, clock in enumerate(found.clocks, start=1):
        yield from _clock(clock, number)
    without = [(one.sla, one.reason, "cannot be measured") for one in found.unclocked]
    without += [(one.sla, one.why, "no clock") for one in found.unattached]
    if without:
        rows = ((cell(text(sla)), cell(what), cell(text(why))) for sla, why, what in without)
        yield "<h3>Levels without a clock</h3>"
        yield table((Column("Level", 30), Column("", 10), Column("Why", 60)), rows)
    elif not found.clocks:
        yield "<p>There are no service levels in sla.yaml.</p>"


def _clock(clock: Statement, number: int) -> Iterator[str]:
    kind = "bad" if clock.cycle.breached else "soft"
    yield f'<h3>{text(clock.cycle.sla)} <span class="{kind}">{text(standing(clock))}</span></h3>'
    said = [text(words) for words in (usage(clock), ending(clock)) if words]
    hours = f'<span class="soft">{text(calendar_text(clock))}</span>'
    yield f"<p>{'<br>'.join([*said, hours])}</p>"
    yield timeline(clock, number)
    yield legend(clock)
    yield f'<div class="times">{table(COLUMNS, _rows(clock))}</div>'


def _rows(clock: Statement) -> Iterator[tuple[str, ...]]:
    empty = cell("")
    if clock.carried_seconds:
        brought = cell(clockwise(clock.carried_seconds), NUMBER)
        yield empty, empty, empty, empty, brought, cell(text(carrying(clock)))
    calendar = clock.lines[0].calendar if clock.lines else ""
    for line in folded(clock.lines):
        yield _row(line, calendar)
        calendar = line.calendar
    paused, used = clockwise(clock.cycle.paused_seconds), clockwise(clock.cycle.elapsed_seconds)
    said = f"paused {paused}" if clock.cycle.paused_seconds else ""
    yield cell("<strong>Sum</strong>"), empty, empty, empty, cell(f"<strong>{used}</strong>", NUMBER), cell(said)


def _row(line: Line, calendar: str) -> tuple[str, ...]:
    counts, used = ("", "") if line.kind.is_idle else (clockwise(line.seconds), clockwise(line.total))
    return (
        cell(moment(line.start, line.zone)),
        cell(until(line)),
        cell(line.kind),
        cell(counts, NUMBER),
        cell(used, NUMBER),
        cell(text(note(line, calendar))),
    )
