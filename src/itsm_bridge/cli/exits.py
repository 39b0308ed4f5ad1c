"""Exit codes, and the one line on standard error that every code but 0 ends with."""

from __future__ import annotations

import errno
import logging
import signal
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

import click

import itsm_bridge.cli.logs as logs
from itsm_bridge.cli.pasting import Called, pasted
from itsm_bridge.cli.text import fitted, printable, terminal_width
from itsm_bridge.errors import (
    AuditBroken,
    BridgeError,
    ConfigurationInvalid,
    CredentialsRefused,
    GuardTripped,
    LockHeld,
    NeedsPerson,
    NoteShown,
    NotInitialised,
    OutcomeUnknown,
    RecordRejected,
    SourceUnavailable,
    StorageFailed,
    UsageError,
    WriteRefused,
)
from itsm_bridge.events import emit

INTERNAL_ERROR = 1
USAGE = 2
FINDINGS = 3
INTERRUPTED = 130
TERMINATED = 143

EXIT_CODES: dict[type[BridgeError], int] = {
    UsageError: USAGE,
    RecordRejected: FINDINGS,
    WriteRefused: FINDINGS,
    OutcomeUnknown: FINDINGS,
    SourceUnavailable: 5,
    GuardTripped: 6,
    NeedsPerson: 7,
    NoteShown: 7,
    NotInitialised: 10,
    LockHeld: 11,
    CredentialsRefused: 12,
    ConfigurationInvalid: 13,
    StorageFailed: 14,
    AuditBroken: 15,
}
"""What each class of error means to a script. A code that is not listed here is a failure too."""

MEANINGS = {
    0: "all in scope was read, all due was written or nothing was due",
    INTERNAL_ERROR: "internal error",
    USAGE: "wrong usage",
    FINDINGS: (
        "finished with findings: conflicts, quarantined tickets, values that a source did not store, "
        "failing checks or tests"
    ),
    5: "a source is busy or unreachable, or asked to wait too long; progress is kept",
    6: "stopped by a guard before anything was written",
    7: "needs a person: a permission lost, a query widened, a source's fields changed",
    10: "no configuration or no store yet",
    11: "another run holds the lock; nothing was done",
    12: "credentials refused",
    13: "configuration invalid; nothing was done",
    14: "local storage: disk full, database locked or damaged",
    15: "the audit chain is broken",
}


class Finished(Exception):
    """A command came to its end with something to say: a code, a line, and what to run next."""

    def __init__(self, code: int, message: str, hint: str = "", *, logged: str = "") -> None:
        """``logged`` is what the log says instead of a ``message`` with words of a source in it."""
        super().__init__(message)
        self.logged = logged or message
        self.code = code
        self.message = message
        self.hint = hint


def code_of(problem: BridgeError) -> int:
    """The exit code of one error: that of its class, or of the nearest one above it."""
    return next(EXIT_CODES[kind] for kind in type(problem).__mro__ if kind in EXIT_CODES)


def ending(problem: BaseException) -> tuple[int, str]:
    """The exit code and the words with which an exception ends a command."""
    match problem:
        case BridgeError():
            return code_of(problem), problem.message
        case Finished():
            return problem.code, problem.message
        case KeyboardInterrupt() | click.exceptions.Abort():
            return INTERRUPTED, "interrupted; what was done so far is kept"
        case click.ClickException():
            is_bare = isinstance(problem, click.exceptions.NoArgsIsHelpError)
            return USAGE, "a command is missing" if is_bare else problem.format_message()
        case OSError():
            full = problem.errno in {errno.ENOSPC, errno.EDQUOT}
            what = f"{problem.strerror or problem}: {problem.filename or ''}".rstrip(": ")
            return EXIT_CODES[StorageFailed], "the disk is full" if full else what
        case _:
            frames = traceback.extract_tb(problem.__traceback__)
            place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "an unknown place"
            kind = type(problem).__name__
            return INTERNAL_ERROR, f"internal error: {kind} in {place}; what was stored before it is kept"


def worst(problems: Iterable[BridgeError]) -> BridgeError:
    """Of several problems the one to report: what waiting does not cure comes before what it does."""
    return max(problems, key=code_of)


def guarded(group: Called) -> None:
    """Run a command line and leave with the contract's exit code; never with a traceback."""
    signal.signal(signal.SIGTERM, _terminated)
    logs.start("text", logging.WARNING)  # until the options are read
    try:
        result = group.main(prog_name="itsm-bridge", standalone_mode=False)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; that is not our failure
        sys.exit(0)
    except (Exception, KeyboardInterrupt) as problem:  # noqa: BLE001 - the last net: a bug must end in one line too
        code, message = ending(problem)
        _show_more(problem)
        # what a command found is its document already; what kept it from its work becomes one
        logged = problem.logged if isinstance(problem, Finished) else message
        as_json = "--json" in sys.argv and not isinstance(problem, Finished)
        _leave(code, message, pasted(_hint(problem, group), group.last), as_json=as_json, logged=logged)
    sys.exit(result if isinstance(result, int) else 0)


def _hint(problem: BaseException, group: click.Group) -> str:
    """The command to run next."""
    match problem:
        case BridgeError() | Finished():
            return problem.hint
        case click.exceptions.NoArgsIsHelpError():
            return "itsm-bridge demo"
        case click.ClickException():
            return _usage_hint(problem, group)
        case OSError() | KeyboardInterrupt() | click.exceptions.Abort():
            return "itsm-bridge status"
        case _:
            return "the same command with -vv, and report what it prints"


def _show_more(problem: BaseException) -> None:
    """What stands above the last line: mistakes of a configuration, the help, with ``-vv`` the traceback of a bug."""
    match problem:
        case ConfigurationInvalid():
            _show_mistakes(problem)
        case click.exceptions.NoArgsIsHelpError() if not logs.is_json():
            click.echo(problem.format_message(), err=True)
        case BridgeError() | Finished() | click.ClickException() | OSError() | KeyboardInterrupt():
            pass
        case _:
            for frame in traceback.extract_tb(problem.__traceback__):
                emit("error.frame", file=Path(frame.filename).name, line=frame.lineno or 0, function=frame.name)
            if "-vv" in sys.argv and not logs.is_json():
                click.echo("".join(traceback.format_tb(problem.__traceback__)), err=True)


def _terminated(_number: int, _frame: FrameType | None) -> None:
    """What SIGTERM does where no run is at work that has to end between two tickets."""
    raise Finished(TERMINATED, "stopped by SIGTERM; what was done so far is kept", "itsm-bridge status")


def _usage_hint(problem: click.ClickException, group: click.Group) -> str:
    """The help to read; an option of the whole program after the command's name is the commonest slip."""
    shared = {name for parameter in group.params for name in parameter.opts}
    if isinstance(problem, click.NoSuchOption) and problem.option_name in shared:
        return f"put {problem.option_name} before the command's name"
    context = getattr(problem, "ctx", None)
    return f"{context.command_path if context is not None else 'itsm-bridge'} --help"


def _show_mistakes(problem: ConfigurationInvalid) -> None:
    from itsm_bridge.config import describe

    for finding in problem.findings:
        emit("config.mistake", code=finding.code, file=finding.file, line=finding.line, column=finding.column)
        if logs.is_json():
            continue
        if finding.message not in problem.message:  # the last line says it by itself where it is the only one
            click.echo(describe(finding), err=True)


def _leave(code: int, message: str, hint: str, *, as_json: bool, logged: str) -> None:
    """The last line, then out."""
    text = printable(message).rstrip(".?! ")
    emit("command.failed", exit_code=code, message=printable(logged).rstrip(".?! "), next=hint)
    if as_json:
        from itsm_bridge.cli.text import error_document

        click.echo(error_document(code, text, hint))
    if not logs.is_json():
        click.echo(last_line(text, hint, terminal_width(sys.stderr)), err=True)
    sys.exit(code)


def last_line(text: str, hint: str, width: int | None) -> str:
    """What happened and what to run next: one line, or on a terminal of ``width`` the command on its own, uncut."""
    line = f"itsm-bridge: {text}" + (f". Next: {hint}" if hint else "")
    if width is None or len(line) <= width:
        return line
    return "\n".join([fitted(f"itsm-bridge: {text}.", width), *([f"Next: {hint}"] if hint else [])])
