"""The events that the log tells: every name, what it means and what it says with it, and ``emit``, which says it.

The names and fields are stable: whoever reads the log by machine relies on them. A field holds what we made ourselves:
an id, a name of the configuration, a count, seconds; never what a person wrote, and never who.
``docs/log-events.md`` is made of this (``page``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Value = str | int | float

LOG: Final = logging.getLogger("itsm_bridge")
LONGEST: Final = 200
"""Letters of a field; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Event:
    """One kind of event. ``text`` is its line for people, empty where the command tells it in its own words anyway."""

    level: int
    meaning: str
    text: str
    fields: tuple[str, ...]


FIELDS: Final[Mapping[str, tuple[type, str]]] = MappingProxyType(
    {
        "attempt": (int, "how many times it was tried by then"),
        "before": (str, "revision of the store's tables until then, such as `0009`"),
        "changed": (int, "tickets new or changed since the last time"),
        "code": (str, "code of a mistake, as `check` shows it"),
        "column": (int, "column in the file, from 1"),
        "command": (str, "the command: `run`, `sync` or `apply`"),
        "error": (str, "class of the error, as in `errors.py`"),
        "exit_code": (int, "the exit code of the contract"),
        "field": (str, "our field that was decided"),
        "file": (str, "name of a file"),
        "findings": (int, "what a person should look at"),
        "function": (str, "a function of the program"),
        "held": (int, "decisions held for somebody"),
        "kind": (str, "short stable name of a finding, or of a ping"),
        "line": (int, "line in the file, from 1"),
        "message": (str, "what happened and what was not done"),
        "next": (str, "the command to run next; empty for none"),
        "outcome": (str, "what became of a ticket's values: each field and its outcome"),
        "period": (str, "period of a report, such as `2026-W47`"),
        "problems": (int, "errors that ended a part"),
        "quarantined": (int, "records that could not be read and wait"),
        "read": (int, "tickets read"),
        "reason": (str, "why, in our own words"),
        "recipients": (int, "to how many addresses"),
        "resolved": (int, "writes of earlier runs whose end is known now"),
        "samples": (int, "values in the file of metrics"),
        "seconds": (float, "how long it took, or is waited"),
        "source": (str, "name of a source in `bridge.yaml`"),
        "stream": (str, "a table or a project of the source"),
        "subject": (str, "what a finding is about: a ticket, a stream or a report"),
        "tables": (str, "revision of the store's tables, such as `0010`"),
        "ticket": (str, "source and number, such as `snow:INC0010023`"),
        "written": (int, "tickets written and read back"),
    }
)
"""Every field: of which type it is and what it means, the same in each event."""

_D, _I, _W, _E = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR

EVENTS: Final[Mapping[str, Event]] = MappingProxyType(
    {
        "store.migrated": Event(
            _I,
            "the tables of a store were brought to this version; `file` is the copy of before, beside it",
            "the store's tables were brought from {before} to {tables}; copy of before, beside the store: {file}",
            ("before", "tables", "file"),
        ),
        "run.started": Event(_I, "a command has the lock and begins", "{command} started", ("command",)),
        "run.resumed": Event(
            _I, "writes that earlier runs left open were looked up", "{resolved} writes resolved", ("resolved",)
        ),
        "page.stored": Event(
            _D,
            "one answer of a source is in the store, with its bookmark",
            "{source} {stream}: {read} read, {changed} new or changed",
            ("source", "stream", "read", "changed", "quarantined"),
        ),
        "ticket.quarantined": Event(
            _I, "a record cannot be read, and waits", "{ticket}: quarantined", ("ticket", "stream")
        ),
        "ticket.gone": Event(
            _I, "a ticket is deleted, moved or hidden", "{ticket}: gone, {reason}", ("ticket", "reason")
        ),
        "source.waits": Event(
            _I,
            "a source is busy or broken; it is asked again later",
            "{source}: waiting {seconds} s, as it {reason}",
            ("source", "seconds", "attempt", "reason"),
        ),
        "source.read": Event(
            _I,
            "a source was read to its end",
            "{source}: {read} read, {changed} new or changed, in {seconds} s",
            ("source", "read", "changed", "quarantined", "seconds"),
        ),
        "source.failed": Event(
            _W,
            "a source could not be read to its end; what was read is kept",
            "",
            ("source", "error", "read", "seconds"),
        ),
        "ticket.held": Event(
            _I, "a decision waits for somebody", "{ticket} {field}: held", ("ticket", "field", "kind")
        ),
        "ticket.written": Event(_I, "a ticket was written and read back", "{ticket}: {outcome}", ("ticket", "outcome")),
        "ticket.left": Event(
            _I, "a planned ticket was not written, or not as planned", "{ticket}: {outcome}", ("ticket", "outcome")
        ),
        "guard.stopped": Event(_W, "a limit stopped a part before anything was written", "", ("message",)),
        "report.published": Event(_I, "a report is in its place", "report {period} published", ("period",)),
        "mail.sent": Event(_I, "a report was sent", "report {period} sent to {recipients}", ("period", "recipients")),
        "run.finding": Event(_W, "something that a person should look at", "", ("kind", "subject")),
        "run.problem": Event(_W, "an error ended a part of the run", "", ("error", "exit_code", "message")),
        "run.ended": Event(
            _I,
            "a command has ended, however it did",
            "{command} ended with {exit_code} after {seconds} s: {read} read, {changed} new or changed, "
            "{written} written, {held} held, {findings} findings, {problems} problems",
            ("command", "exit_code", "seconds", "read", "changed", "written", "held", "findings", "problems"),
        ),
        "metrics.written": Event(
            _D, "the file of `metrics:` is in its place", "{samples} metrics written", ("samples", "file")
        ),
        "metrics.failed": Event(
            _W,
            "the file of `metrics:` was not written; the run is what it was",
            "no metrics: {reason}",
            ("reason", "file"),
        ),
        "ping.sent": Event(_D, "a ping was taken", "ping {kind} sent", ("kind", "attempt")),
        "ping.failed": Event(
            _W,
            "a ping was not taken; the run is what it was",
            "no ping {kind}: {reason}",
            ("kind", "attempt", "reason"),
        ),
        "config.mistake": Event(_E, "a mistake in the configuration", "", ("code", "file", "line", "column")),
        "error.frame": Event(_D, "where in the program an internal error came from", "", ("file", "line", "function")),
        "command.failed": Event(
            _E, "the last line of a command that ends with another code than 0", "", ("exit_code", "message", "next")
        ),
    }
)
"""Every event, in the order in which a run tells them."""


Listener = Callable[[str, Mapping[str, Value]], None]


@dataclass(slots=True)
class _Process:
    """Who listens, and which run is at work: a process has one at most, and several threads."""

    listeners: tuple[Listener, ...] = ()
    run: int | None = None


_PROCESS: Final = _Process()


def emit(event: str, **fields: Value) -> None:
    """Log one event with all of its fields. Raises ``ValueError`` for an event or fields that are not registered."""
    known = EVENTS.get(event)
    if known is None or fields.keys() != set(known.fields):
        raise ValueError(f"{event} with {', '.join(fields)} is no registered event")
    said = {name: _typed(name, fields[name]) for name in known.fields}
    for listener in _PROCESS.listeners:
        listener(event, said)
    LOG.log(known.level, event, extra={"fields": said, "run": _PROCESS.run})


def _typed(name: str, value: Value) -> Value:
    kind = FIELDS[name][0]
    if kind is float and isinstance(value, int | float):
        return round(float(value), 3)
    if not isinstance(value, kind):
        raise ValueError(f"{name} is no {kind.__name__}")  # noqa: TRY004 - the same refusal as for a name
    return value if not isinstance(value, str) or len(value) <= LONGEST else value[: LONGEST - 1] + "…"


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear every event, whatever the log shows; it is called in whichever thread emits."""
    before = _PROCESS.listeners
    _PROCESS.listeners = (*before, listener)
    try:
        yield
    finally:
        _PROCESS.listeners = before


def set_run(run: int | None) -> None:
    """Let every event from now on carry the number of this run."""
    _PROCESS.run = run


def page() -> str:
    """``docs/log-events.md``."""
    levels = {_D: "debug", _I: "info", _W: "warning", _E: "error"}
    rows = [
        f"| `{name}` | {levels[event.level]} | {event.meaning} | {', '.join(f'`{one}`' for one in event.fields)} |"
        for name, event in EVENTS.items()
    ]
    fields = [f"| `{name}` | {_JSON[kind]} | {meaning} |" for name, (kind, meaning) in FIELDS.items()]
    head = ("| event | level | meaning | fields |", "|---|---|---|---|")
    field_head = ("| field | kind | meaning |", "|---|---|---|")
    return "\n".join((_TOP, *head, *rows, _MIDDLE, *field_head, *fields, ""))


_JSON: Final = {str: "text", int: "whole number", float: "number"}
_TOP: Final = f"""# Events of the log

Made from `src/itsm_bridge/events.py`; `make log-events` writes it anew. Names and fields stay; new ones may be added.

`itsm-bridge --log-format json …` writes each event as one JSON object a line on standard error: `at` (instant in UTC),
`level`, `event`, `run` (number of the run, as in `status --json`; absent outside of one) and the fields below. Without
`-v` there are warnings and errors, with `-v` info too, with `-vv` all. As text each event is a line for people; what a
command tells in its own words anyway is not told twice.

No event holds what a person wrote, a person's name or address, or a secret, and no field more than {LONGEST} letters.
What libraries log is not shown.
"""
_MIDDLE: Final = """
Every field that is listed is always there, and means the same in each event:
"""
