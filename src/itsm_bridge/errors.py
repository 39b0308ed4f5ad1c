"""Every exception of the program, one class for each thing the caller must do about it.

::

    BridgeError
    ├── UsageError            correct the command line
    ├── SourceUnavailable     wait: the next run helps
    ├── GuardTripped          decide: a limit stopped the run before anything was written
    ├── NeedsPerson           repair a permission, a scope or a field in the source
    ├── NotInitialised        create the configuration or run a first sync
    ├── LockHeld              wait: another run is at work
    ├── CredentialsRefused    renew the secret
    ├── ConfigurationInvalid  correct a file in the configuration folder
    ├── StorageFailed         free the disk, or restore the database
    ├── AuditBroken           investigate: the audit chain does not hold
    ├── RecordRejected        quarantine one record, go on with the rest
    ├── WriteRefused          note that one ticket was not changed, go on with the rest
    └── OutcomeUnknown        read the ticket again: the write may or may not have been applied

A message says what happened and what was not done; ``hint`` is the command to run next. Neither ever holds a
secret, a header, or the body of an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class BridgeError(Exception):
    """Something that the program understands and can explain in one line."""

    hint = ""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint


class UsageError(BridgeError):
    """The command line asks for something that does not exist."""

    hint = "itsm-bridge --help"


class SourceUnavailable(BridgeError):
    """A source is busy, unreachable, or asked to wait longer than the run may; progress is kept."""

    hint = "the next run goes on from here; look: itsm-bridge doctor"


class GuardTripped(BridgeError):
    """A limit of ``limits:`` would be passed; nothing was written."""


class NeedsPerson(BridgeError):
    """A permission was lost, a query was widened, or a field of a source has changed."""

    hint = "itsm-bridge doctor"


class NoteShown(NeedsPerson):
    """A source showed customers a note that was to be an internal one; ``marker`` is the note's."""

    def __init__(self, message: str, marker: str) -> None:
        super().__init__(message)
        self.marker = marker


class NotInitialised(BridgeError):
    """There is no configuration or no store yet."""


class LockHeld(BridgeError):
    """Another run holds the lock; nothing was done."""

    hint = "itsm-bridge status"


class CredentialsRefused(BridgeError):
    """A source does not accept the credentials."""

    hint = "itsm-bridge doctor"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake, with its place and its remedy; the rows of ``check --json``.

    ``file`` is relative to the configuration folder; ``line`` and ``column`` count from 1. ``severity`` is
    ``error``, ``warning`` or ``info``. ``witness`` is a ticket that shows the mistake, as ``(field, value)`` pairs.
    """

    file: str
    line: int
    column: int
    code: str
    severity: str
    message: str
    suggestion: str | None = None
    allowed: tuple[str, ...] = ()
    witness: tuple[tuple[str, object], ...] | None = None


class ConfigurationInvalid(BridgeError):
    """The configuration has mistakes; ``findings`` lists all of them, ordered by place."""

    hint = "itsm-bridge check"

    def __init__(self, message: str, findings: Sequence[Finding] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.findings = tuple(findings)


class StorageFailed(BridgeError):
    """Local storage failed: the disk is full, the database is locked or damaged."""

    hint = "itsm-bridge doctor"


class AuditBroken(BridgeError):
    """The audit chain does not hold."""


class RecordRejected(BridgeError):
    """One record of a source cannot be read; it is quarantined and the others go on."""


class WriteRefused(BridgeError):
    """A source refused one write for good; the ticket is as it was."""


class OutcomeUnknown(BridgeError):
    """The connection broke around a write: only reading the ticket tells whether it was applied."""
