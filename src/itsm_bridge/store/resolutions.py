"""What people decided about conflicts; rows are added and never changed, and the newest of a field counts."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Connection, select

from itsm_bridge.model import Resolution
from itsm_bridge.store.schema import resolutions
from itsm_bridge.store.upsert import add

FIELDS = tuple(field.name for field in fields(Resolution))

Resolved = dict[tuple[str, str], dict[str, Resolution]]
"""By ticket (source, external id) and field."""


def save(connection: Connection, resolution: Resolution) -> None:
    """Add one."""
    add(connection, resolutions, {name: getattr(resolution, name) for name in FIELDS})


def every(connection: Connection, source: str, external_id: str) -> list[Resolution]:
    """All that was ever decided about one ticket, the oldest first."""
    mine = (resolutions.c.source == source, resolutions.c.external_id == external_id)
    query = select(*(resolutions.c[name] for name in FIELDS)).where(*mine).order_by(resolutions.c.id)
    return [Resolution(*row) for row in connection.execute(query)]


def newest(connection: Connection) -> Resolved:
    """What counts: the newest of each ticket and field."""
    found: Resolved = {}
    for row in connection.execute(select(*(resolutions.c[name] for name in FIELDS)).order_by(resolutions.c.id)):
        one = Resolution(*row)
        found.setdefault((one.source, one.external_id), {})[one.field] = one
    return found
