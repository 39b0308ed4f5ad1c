"""``calendar``: what a calendar says of a month, of the time between two instants, and of when time is used up."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

import click

from itsm_bridge.cli.exits import FINDINGS, Finished
from itsm_bridge.cli.options import Options, clock
from itsm_bridge.cli.reports import Instant
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.errors import UsageError

if TYPE_CHECKING:
    from itsm_bridge.calendars import Calendar
    from itsm_bridge.cli.calendar_lines import Answer

STANDARD_INPUT = "-"
LINES_AT_ONCE = 100_000
_INSTANT = Instant()


@click.group(epilog="Example: itsm-bridge calendar show punjab-office 2026-11")
def calendar() -> None:
    """Business time, for checking a calendar. It needs a configuration, and no store."""


class Month(click.ParamType[date]):
    """A month, as its first day."""

    name = "month"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Read ``YYYY-MM``."""
        if isinstance(value, date):
            return value
        if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(value), re.ASCII) or not "1971" <= str(value)[:4] <= "2100":
            self.fail(f"{value!r} is no month from 1971-01 to 2100-12, such as 2026-11", param, ctx)
        return date.fromisoformat(f"{value}-01")


@calendar.command(epilog="Example: itsm-bridge calendar show punjab-office 2026-11")
@click.argument("name", metavar="CALENDAR")
@click.argument("month", type=Month(), required=False)
@click.pass_obj
def show(options: Options, name: str, month: date | None) -> None:
    """Show a MONTH of a calendar (default: the present one in its zone), a day a line.

    A line says how long the calendar is open from midnight to midnight, the hours that begin on that day, the holiday,
    and where the clock changes.
    """
    from itsm_bridge.calendars import month_of
    from itsm_bridge.cli.months import month_document, month_text

    office = _calendar(options, name)
    first = month or clock().astimezone(office.definition.zone).date().replace(day=1)
    days = month_of(office, first)
    options.document(month_document(office, days))
    options.say(month_text(office, days))


@calendar.command(
    epilog="Example: itsm-bridge calendar elapsed punjab-office 2026-11-02T10:00:00+05:30 2026-11-03T10:00:00+05:30"
)
@click.argument("name", metavar="CALENDAR")
@click.argument("start", metavar="START")
@click.argument("end", metavar="END", required=False)
@click.pass_obj
def elapsed(options: Options, name: str, start: str, end: str | None) -> None:
    """Print the seconds for which a calendar is open from START to END (ISO 8601 with a zone).

    With - in their place, lines START,END are read from standard input, and each is answered by one line: the seconds,
    or "error: …". Exit code 3 says that there was such a line.
    """
    from itsm_bridge.cli.calendar_lines import ElapsedLines

    _answer(options, ElapsedLines(_calendar(options, name), _read_instant), (start, end))


@calendar.command(epilog="Example: itsm-bridge calendar due punjab-office 2026-11-02T10:00:00+05:30 4h")
@click.argument("name", metavar="CALENDAR")
@click.argument("start", metavar="START")
@click.argument("duration", metavar="DURATION", required=False)
@click.pass_obj
def due(options: Options, name: str, start: str, duration: str | None) -> None:
    """Print the instant at which DURATION (90s, 15m, 4h, 3 working_days) is used up, counted from START.

    With - in their place, lines START,DURATION are read from standard input, and each is answered by one line: the
    instant, or "error: …". Exit code 3 says that there was such a line.
    """
    from itsm_bridge.cli.calendar_lines import DueLines

    _answer(options, DueLines(_calendar(options, name), _read_instant), (start, duration))


def _calendar(options: Options, name: str) -> Calendar:
    from itsm_bridge.calendars import Calendar
    from itsm_bridge.config import load
    from itsm_bridge.config.findings import nearest

    known = load(options.folder).calendars
    if name in known:
        return Calendar(known[name])
    meant = nearest(name, tuple(known))
    suggestion = f'; did you mean "{meant}"' if meant else ""
    raise UsageError(
        f"there is no calendar {name!r}{suggestion}; calendars: {', '.join(known)}", hint="itsm-bridge calendar --help"
    )


def _read_instant(text: str) -> datetime:
    """An instant of one line; raises ``UsageError``."""
    try:
        return _INSTANT.convert(text, None, None)
    except click.BadParameter as wrong:
        raise UsageError(wrong.message) from None


class Lines(Protocol):
    """How the lines of one command are read and answered."""

    command: ClassVar[str]
    form: ClassVar[str]

    def answers(self, lines: Sequence[str]) -> list[Answer]:
        """One answer a line."""

    def document(self, answer: Answer) -> dict[str, object]:
        """One answer for ``--json``."""


def _answer(options: Options, lines: Lines, given: tuple[str, str | None]) -> None:
    first, second = given
    if second is None and first == STANDARD_INPUT:
        _answer_standard_input(options, lines)
        return
    if second is None:
        last = lines.form.partition(",")[2]
        raise click.MissingParameter(param_hint=f"'{last}'", param_type="argument", ctx=click.get_current_context())
    (answer,) = lines.answers([f"{first},{second}"])
    if answer.error:
        raise UsageError(answer.error, hint=f"itsm-bridge calendar {lines.command} --help")
    options.document(lines.document(answer))
    options.say(answer.text)


def _answer_standard_input(options: Options, lines: Lines) -> None:
    """Answer line by line; ``--json`` waits for the last one, since it is one document."""
    documents: list[dict[str, object]] = []
    bad = count = 0
    for chunk in _chunks():
        answers = lines.answers(chunk)
        count += len(answers)
        bad += sum(bool(answer.error) for answer in answers)
        if options.as_json:
            documents.extend(map(lines.document, answers))
        options.say("\n".join(f"error: {printable(one.error)}" if one.error else one.text for one in answers))
    options.document({"answers": documents})
    if bad:
        message = f"{bad:,} of {plural(count, 'line')} could not be answered"
        raise Finished(FINDINGS, message, f"itsm-bridge calendar {lines.command} --help")


def _chunks() -> Iterator[list[str]]:
    """The lines of standard input, so many at once; bytes that are no text make a line that cannot be read."""
    lines: list[str] = []
    for place, line in enumerate(sys.stdin.buffer):
        text = line.decode("utf-8", errors="replace")
        lines.append(text.removeprefix("\ufeff") if place == 0 else text)
        if len(lines) == LINES_AT_ONCE:
            yield lines
            lines = []
    if lines:
        yield lines
