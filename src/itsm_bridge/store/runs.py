"""The runs that worked on the store, and how fresh each source is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from itsm_bridge.store.rows import Run
from itsm_bridge.store.schema import freshness, rereads, runs
from itsm_bridge.store.upsert import add, put


def start(connection: Connection, command: str, at: datetime, digest: str) -> int:
    """Open a run's row; its number."""
    row = {"command": command, "started_at": at, "digest": digest, "summary": {}}
    return add(connection, runs, row)


def finish(connection: Connection, run_id: int, at: datetime, outcome: str, summary: Mapping[str, object]) -> None:
    """Say how a run ended."""
    row = {"finished_at": at, "outcome": outcome, "summary": summary}
    connection.execute(update(runs).where(runs.c.id == run_id).values(row))


def newest(connection: Connection, limit: int) -> list[Run]:
    """The last runs, newest first."""
    return [Run(*row) for row in connection.execute(select(*runs.columns).order_by(runs.c.id.desc()).limit(limit))]


def mark_synced(connection: Connection, source: str, at: datetime) -> None:
    """Note that ``source`` was read to its end: from its start, where that was wanted."""
    connection.execute(delete(rereads).where(rereads.c.source == source))
    put(connection, freshness, [{"source": source, "synced_at": at}])


def synced(connection: Connection) -> dict[str, datetime]:
    """When each source was last read to its end."""
    return {row.source: row.synced_at for row in connection.execute(select(freshness))}


def want_reread(connection: Connection, source: str, at: datetime) -> None:
    """Note that ``source`` is to be read from its start; the caller forgets its bookmarks."""
    put(connection, rereads, [{"source": source, "since": at}])


def rereads_of(connection: Connection) -> dict[str, datetime]:
    """The sources of which that is wanted, and since when."""
    return {row.source: row.since for row in connection.execute(select(rereads))}
