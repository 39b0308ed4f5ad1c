"""Which shares of a clock's target are used up, and whether somebody was told: each once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from itsm_bridge.model import Warned
from itsm_bridge.store.columns import clean
from itsm_bridge.store.schema import sla_warnings, sla_watches
from itsm_bridge.store.upsert import put, put_new

BATCH = 500
"""Ids in one statement."""

FIELDS = tuple(field.name for field in fields(Warned))

KEY = tuple(column.name for column in sla_warnings.primary_key.columns)


def of(connection: Connection, source: str, ids: Collection[str]) -> list[Warned]:
    """What is known of the clocks of some tickets, by ticket, level, start and share."""
    wanted, found = sorted({clean(one) for one in ids}), []
    for start in range(0, len(wanted), BATCH):
        these = sla_warnings.c.external_id.in_(wanted[start : start + BATCH])
        query = select(*(sla_warnings.c[name] for name in FIELDS)).where(sla_warnings.c.source == source, these)
        found += [Warned(*row) for row in connection.execute(query.order_by(*(sla_warnings.c[name] for name in KEY)))]
    return found


def watches(connection: Connection, source: str) -> dict[tuple[str, float], datetime]:
    """When each warning was last looked for, by level and percent."""
    query = select(sla_watches).where(sla_watches.c.source == source)
    return {(row.sla, row.percent): row.looked_at for row in connection.execute(query)}


def save(
    connection: Connection,
    source: str,
    crossed: Iterable[Warned],
    watched: Collection[tuple[str, float]],
    at: datetime,
) -> None:
    """Add what is not known yet, and note that these warnings were looked for."""
    put_new(connection, sla_warnings, [{name: getattr(one, name) for name in FIELDS} for one in crossed])
    looked = [{"source": source, "sla": sla, "percent": percent, "looked_at": at} for sla, percent in sorted(watched)]
    put(connection, sla_watches, looked)


def tell(connection: Connection, told: Iterable[Warned], at: datetime) -> None:
    """Note that somebody was told of these, where nobody was before."""
    rows = [{f"this_{name}": getattr(one, name) for name in KEY} for one in told]
    if rows:
        mine = (sla_warnings.c[name] == bindparam(f"this_{name}") for name in KEY)
        untold = sla_warnings.c.told_at.is_(None)
        connection.execute(update(sla_warnings).where(*mine, untold).values(told_at=at), rows)
