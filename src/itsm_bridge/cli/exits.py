"""Exit codes, and the one line on standard error that every code but 0 ends with."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterable

import click

from itsm_bridge.cli.text import printable
from itsm_bridge.errors import (
    AuditBroken,
    BridgeError,
    ConfigurationInvalid,
    CredentialsRefused,
    GuardTripped,
    LockHeld,
    NeedsPerson,
    NotInitialised,
    OutcomeUnknown,
    RecordRejected,
    SourceUnavailable,
    StorageFailed,
    UsageError,
    WriteRefused,
)

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

    def __init__(self, code: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def code_of(problem: BridgeError) -> int:
    """The exit code of one error."""
    return EXIT_CODES[type(problem)]


def ending(problem: BaseException) -> tuple[int, str]:
    """The exit code and the words with which an exception ends a command."""
    match problem:
        case BridgeError():
            return code_of(problem), problem.message
        case Finished():
            return problem.code, problem.message
        case KeyboardInterrupt() | click.exceptions.Abort():
            return INTERRUPTED, "interrupted"
        case _:
            return INTERNAL_ERROR, f"internal error: {type(problem).__name__}"


def worst(problems: Iterable[BridgeError]) -> BridgeError:
    """Of several problems the one to report: what waiting does not cure comes before what it does."""
    return max(problems, key=code_of)


def guarded(group: click.Group) -> None:
    """Run a command line and leave with the contract's exit code; never with a traceback."""
    as_json = "--json" in sys.argv
    try:
        result = group.main(prog_name="itsm-bridge", standalone_mode=False)
    except Finished as end:
        _leave(end.code, end.message, end.hint, as_json=False)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _leave(INTERRUPTED, "interrupted; what was done so far is kept", "itsm-bridge status", as_json=as_json)
    except click.ClickException as problem:
        _leave(USAGE, problem.format_message(), _usage_hint(problem, group), as_json=as_json)
    except BridgeError as problem:
        if isinstance(problem, ConfigurationInvalid):
            _show_mistakes(problem)
        _leave(code_of(problem), problem.message, problem.hint, as_json=as_json)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left; that is not our failure
        sys.exit(0)
    except OSError as problem:
        full = problem.errno in {errno.ENOSPC, errno.EDQUOT}
        text = "the disk is full" if full else f"{problem.strerror or problem}: {problem.filename or ''}".rstrip(": ")
        _leave(EXIT_CODES[StorageFailed], text, "itsm-bridge status", as_json=as_json)
    except Exception as problem:  # noqa: BLE001 - the last net: a bug must end in one line too
        _leave_bug(problem, as_json=as_json)
    else:
        sys.exit(result if isinstance(result, int) else 0)


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
        if finding.message not in problem.message:  # the last line says it by itself where it is the only one
            click.echo(describe(finding), err=True)


def _leave(code: int, message: str, hint: str, *, as_json: bool) -> None:
    """The last line, then out."""
    text = printable(message).rstrip(".?! ")
    if as_json:
        from itsm_bridge.cli.text import error_document

        click.echo(error_document(code, text, hint))
    next_step = f". Next: {hint}" if hint else ""
    click.echo(f"itsm-bridge: {text}{next_step}", err=True)
    sys.exit(code)


def _leave_bug(problem: Exception, *, as_json: bool) -> None:
    """An internal error: where it happened, without the values that were at hand; the traceback only with ``-vv``."""
    frames = traceback.extract_tb(problem.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown place"
    if "-vv" in sys.argv:
        click.echo("".join(traceback.format_tb(problem.__traceback__)), err=True)
    message = f"internal error: {type(problem).__name__} in {place}; what was stored before it is kept"
    _leave(INTERNAL_ERROR, message, "the same command with -vv, and report what it prints", as_json=as_json)
