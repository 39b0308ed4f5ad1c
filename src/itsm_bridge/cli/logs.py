"""The log on standard error: events as lines for people, or as one JSON object a line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from itsm_bridge.cli.text import printable
from itsm_bridge.events import EVENTS, LOG

RARE = frozenset({"store.migrated"})
"""Events that a person at a terminal is told of without ``-v``; cron stays silent."""


def start(log_format: str, level: int, *, watched: bool = False) -> None:
    """Write events of ``level`` and above to standard error, and nothing that a library says.

    Where it is ``watched`` by a person the rare ones are told too.

    The clients and urllib3 log whole URLs and bodies: those never reach a log of ours.
    """
    logging.basicConfig(handlers=[logging.NullHandler()], level=logging.CRITICAL, force=True)
    handler = Stderr(JsonLines() if log_format == "json" else TextLines())
    handler.addFilter(lambda record: record.levelno >= level or (watched and record.msg in RARE))
    LOG.handlers = [handler]
    LOG.setLevel(min(level, logging.INFO) if watched else level)
    LOG.propagate = False


def is_json() -> bool:
    """Whether standard error is for machines: then nothing but events stands there."""
    return any(isinstance(handler.formatter, JsonLines) for handler in LOG.handlers)


class Stderr(logging.Handler):
    """Writes to whatever standard error is at that moment: a progress bar puts itself before it."""

    def __init__(self, lines: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(lines)

    def emit(self, record: logging.LogRecord) -> None:
        """One line; none for an event that the command tells in its own words. A closed stream ends no run."""
        line = self.format(record)
        if line:
            try:
                sys.stderr.write(line + "\n")
                sys.stderr.flush()
            except (OSError, ValueError):
                return


class JsonLines(logging.Formatter):
    """One JSON object a line; control characters are escaped, and only ASCII stands there."""

    def format(self, record: logging.LogRecord) -> str:
        """When, how grave, what, in which run, and the event's fields."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        run = {} if _run(record) is None else {"run": _run(record)}
        about = {"at": at, "level": record.levelname.lower(), "event": record.msg}
        return json.dumps(about | run | getattr(record, "fields", {}))


class TextLines(logging.Formatter):
    """A line for people, with what came from elsewhere shown and not obeyed."""

    def format(self, record: logging.LogRecord) -> str:
        """The event's text with its fields in it."""
        template = EVENTS[record.msg].text if record.msg in EVENTS else ""
        text = template.format(**getattr(record, "fields", {}))
        return f"{record.levelname.lower()}: {printable(text)}" if text else ""


def _run(record: logging.LogRecord) -> int | None:
    return getattr(record, "run", None)
