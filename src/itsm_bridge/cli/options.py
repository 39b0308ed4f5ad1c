"""The options that every command shares, and what they make of standard output and standard error."""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import itsm_bridge.cli.logs as logs
from itsm_bridge.cli.text import fitted
from itsm_bridge.errors import Finding

if TYPE_CHECKING:
    from itsm_bridge.operations.bridge import Bridge


@dataclass(frozen=True, slots=True)
class Options:
    """What was given before the command's name."""

    folder: Path
    as_json: bool
    verbose: int
    quiet: bool
    log_format: str
    no_color: bool

    def start(self) -> None:
        """Files that only their owner reads, and the log on standard error."""
        os.umask(0o077)
        level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(self.verbose, 2)]
        logs.start(self.log_format, logging.ERROR if self.quiet else level, watched=self.on_terminal)

    @property
    def on_terminal(self) -> bool:
        """Whether a person is watching: then there is progress and a summary, else silence means healthy."""
        return sys.stderr.isatty() and not (self.quiet or self.as_json or self.log_format == "json")

    def say(self, text: str) -> None:
        """Print a result for people; with ``--json`` there is none."""
        if not self.as_json and not self.quiet:
            click.echo(text)

    def summarize(self, text: str) -> None:
        """One line about a run that went well: on a terminal, or where it was asked for with ``-v``."""
        if not self.as_json and not self.quiet and (sys.stdout.isatty() or self.verbose):
            click.echo(fitted(text))

    def tell(self, text: str) -> None:
        """Print a line above the last one on standard error, for people; machines have an event instead."""
        if not self.quiet and self.log_format == "text":
            click.echo(text, err=True)

    def document(self, content: Any) -> None:  # noqa: ANN401 - any JSON
        """Print the one JSON document of ``--json``."""
        if self.as_json:
            click.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def clock() -> datetime:
    """The present: the one place where the program asks for it."""
    return datetime.now(UTC)


def finding_document(finding: Finding) -> dict[str, Any]:
    """One finding of ``check --json``, in the contract's shape."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "suggestion": finding.suggestion,
        "witness": dict(finding.witness) if finding.witness is not None else None,
    }


def opened(options: Options) -> AbstractContextManager[Bridge]:
    """The configuration and the store that it names, opened for one command that only looks."""
    from itsm_bridge.config import load
    from itsm_bridge.operations.bridge import open_bridge

    return open_bridge(load(options.folder), clock)
