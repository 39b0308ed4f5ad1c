"""Service levels as the sources measure them: those of some tickets, and which sources have any."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields

from sqlalchemy import Connection, select

from itsm_bridge.model import NativeSla
from itsm_bridge.store.schema import native_slas

AT_A_TIME = 500
"""Tickets in one question, which databases limit."""

FIELDS = tuple(field.name for field in fields(NativeSla))


def of(connection: Connection, source: str, ids: Collection[str]) -> list[NativeSla]:
    """The clocks of some tickets of a source, those of one ticket by their ids."""
    wanted, found = sorted(ids), []
    columns = [native_slas.c[name] for name in FIELDS]
    for start in range(0, len(wanted), AT_A_TIME):
        some = native_slas.c.external_id.in_(wanted[start : start + AT_A_TIME])
        query = select(*columns).where(native_slas.c.source == source, some).order_by(native_slas.c.native_id)
        found += [NativeSla(*row) for row in connection.execute(query)]
    return found


def sources(connection: Connection) -> frozenset[str]:
    """The sources of which any clock was read."""
    return frozenset(connection.scalars(select(native_slas.c.source).distinct()))
