"""Sweeps, absences, counts by day, and service levels as the sources measure them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add tables alone: no row that is there is touched."""
    op.create_table("streams", *_keys("source", "external_id"), sa.Column("stream", KEY, nullable=False))
    op.create_table(
        "native_slas",
        *_keys("source", "external_id", "native_id"),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "stage")),
        *(_instant(name, nullable=True) for name in ("started_at", "stopped_at", "due_at")),
        sa.Column("elapsed_seconds", sa.BigInteger()),
        sa.Column("breached", sa.Boolean()),
    )
    op.create_table(
        "absences",
        *_keys("source", "external_id"),
        sa.Column("reason", sa.Text(), nullable=False),
        _number("missed"),
        *(_instant(name) for name in ("first_missed", "last_missed")),
        _instant("gone_at", nullable=True),
        sa.ForeignKeyConstraint(["source", "external_id"], ["tickets.source", "tickets.external_id"]),
    )
    op.create_table(
        "sweeps",
        *_keys("source"),
        _instant("swept_at"),
        *(_number(name) for name in ("seen", "fetched", "missed")),
    )
    _counts()


def _counts() -> None:
    op.create_table(
        "counted_streams",
        *_keys("source", "stream"),
        sa.Column("since", KEY, nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        _instant("checked_at"),
    )
    op.create_table(
        "day_counts",
        *_keys("source", "stream", "day"),
        *(_number(name) for name in ("source_count", "store_count", "hidden_count")),
        sa.Column("settled", sa.Boolean(), nullable=False),
        _instant("checked_at"),
    )


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, KEY, primary_key=True, nullable=False) for name in names]


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)
