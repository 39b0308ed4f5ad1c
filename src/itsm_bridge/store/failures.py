"""The one place where a database's errors become the program's: what happened, and what to do about it.

Messages are ours: a driver's text may hold a statement or a value. Only what libpq says of a connection is repeated.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from itsm_bridge.errors import StorageFailed
from itsm_bridge.store.columns import DamageError

LOOK = "itsm-bridge doctor"
RESTORE = "put a backup in its place, or move it away and read everything again: itsm-bridge sync --full"


class Reason(NamedTuple):
    """What is wrong with the database, what helps, and what became of the step that met it."""

    what: str
    remedy: str
    stored: str = "nothing was stored"


DAMAGED = Reason("is damaged", RESTORE)
LOCKED = Reason("is locked by another process", "wait until the other one has ended, then the same command again")
FULL = Reason("cannot grow: the disk is full", "free some space, then the same command again")
FORBIDDEN = Reason(
    "may not be written by this account", "give the file and its folder to the account that runs itsm-bridge"
)
ALTERED = Reason("does not have the tables that this program made; something else has changed it", RESTORE)
UNREACHABLE = Reason(
    "cannot be reached, or broke the connection",
    "start the database, then the same command again",
    "whether the last step was stored is not known, and the next run finds out",
)
REFUSED = Reason(
    "does not let this user in, or not do this", "look at the user, the password and the rights of the database"
)
BUSY = Reason("was changed by another process at the same time", "the same command again")
OTHER = Reason("reported an error", LOOK)

SQLITE_CODES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_TOOBIG: FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: Reason("is not a database", RESTORE),
    sqlite3.SQLITE_FORMAT: DAMAGED,
    sqlite3.SQLITE_READONLY: FORBIDDEN,
    sqlite3.SQLITE_PERM: FORBIDDEN,
    sqlite3.SQLITE_AUTH: FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: Reason("cannot be opened", FORBIDDEN.remedy),
    sqlite3.SQLITE_IOERR: Reason(
        "cannot be read or written: the disk reported an error", "look at the disk and its space"
    ),
    sqlite3.SQLITE_ERROR: ALTERED,
    sqlite3.SQLITE_SCHEMA: ALTERED,
}
"""By SQLite's primary result code."""

POSTGRES_STATES = {
    "53100": FULL,
    "53": Reason("has no resources left", "look at the database server"),
    "55P03": LOCKED,
    "57014": LOCKED,
    "40": BUSY,
    "28": REFUSED,
    "42501": REFUSED,
    "3D": Reason("does not exist on the server", "createdb"),
    "42P": ALTERED,
    "42": ALTERED,
    "08": UNREACHABLE,
    "57P": UNREACHABLE,
    "XX": DAMAGED,
    "58": Reason("cannot be read or written: the server's disk reported an error", "look at the database server"),
}
"""By SQLSTATE; the longest beginning that is listed counts."""


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn what a database raises into ``StorageFailed`` about ``place``; a mistake of the caller stays what it is."""
    try:
        yield
    except DamageError as error:
        raise failed(place, DAMAGED) from error
    except DBAPIError as error:
        raise failed(place, reason_of(error)) from error
    except StatementError as error:  # a value that a column refuses, such as an instant without a zone
        raise (error.orig or error) from None
    except PoolExhausted as error:
        raise failed(place, LOCKED) from error
    except SQLAlchemyError as error:
        raise failed(place, OTHER) from error


def failed(place: str, reason: Reason) -> StorageFailed:
    """The error for ``reason``."""
    return StorageFailed(f"{place} {reason.what}; {reason.stored}", hint=reason.remedy)


def reason_of(error: DBAPIError) -> Reason:
    """What is wrong with the database, by the driver's own code."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return of_sqlite(cause)
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:
        return _of_connection(error)
    return next((POSTGRES_STATES[state[:size]] for size in (5, 3, 2) if state[:size] in POSTGRES_STATES), OTHER)


def _of_connection(error: DBAPIError) -> Reason:
    """What libpq says of a connection: a host, a user or a setting, never a password or a statement."""
    if not isinstance(error, OperationalError):
        return OTHER
    said = str(error.orig).strip().partition("\n")[0]
    return UNREACHABLE._replace(what=f"{UNREACHABLE.what}: {said}") if said else UNREACHABLE


def of_sqlite(cause: sqlite3.Error) -> Reason:
    """What is wrong with the file, by SQLite's own code."""
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # Python's own complaint; an operational one is of text in the file that is not UTF-8
        return DAMAGED if isinstance(cause, sqlite3.OperationalError) else OTHER
    return SQLITE_CODES.get(code & 0xFF, OTHER)
