"""From the configured URL to an opened database. No error repeats the URL: it may hold a password."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.store.database import Database
from itsm_bridge.store.postgres import open_server
from itsm_bridge.store.sqlite_file import open_file

WANTED = "sqlite:///var/itsm-bridge.db (a file) or postgresql+psycopg://user@host/database"

SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
POSTGRES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


def open_database(url: str, project: Path, *, create: bool, busy_timeout: float) -> Database:
    """Open what ``url`` names; a relative path of a file starts at ``project``. Raises as ``Store.open``."""
    parsed = _parsed(url)
    if parsed.drivername in POSTGRES:
        return open_server(parsed, create=create, busy_timeout=busy_timeout)
    if parsed.drivername not in SQLITE:
        raise _invalid(f"it names {parsed.drivername!r}, which is not supported")
    return open_file(_path(parsed, project), create=create, busy_timeout=busy_timeout)


def state_folder(url: str, project: Path) -> Path:
    """Where files beside the store lie: in the folder of a SQLite file, else in ``var/`` of the project."""
    scheme, _, path = url.partition(":///")
    return (project / path).parent if scheme.startswith("sqlite") and path else project / "var"


def _parsed(url: str) -> URL:
    if url.partition("?")[0].count("@") > 1:  # such a password would be taken for a part of the host
        raise _invalid("it holds more than one @; in a password write it as %40")
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        raise _invalid("it cannot be understood") from None


def _path(url: URL, project: Path) -> Path:
    if not url.database or url.database == ":memory:":
        raise _invalid("it names no file")
    if url.host or url.query:
        raise _invalid("a file's URL has three slashes and no options")
    return project / url.database


def _invalid(why: str) -> ConfigurationInvalid:
    return ConfigurationInvalid(f"`store:` is not a usable database URL: {why}; nothing was opened. Write {WANTED}")
