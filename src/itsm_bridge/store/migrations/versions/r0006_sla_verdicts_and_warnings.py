"""The verdicts of clocks that ended, the tickets whose clocks are to be frozen, and which warnings were told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _keys(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, KEY, primary_key=True, nullable=False) for name in names)


def _instants(*names: str, key: bool = False, nullable: bool = False) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(name, sa.BigInteger(), primary_key=key, nullable=nullable) for name in names)


def _texts(*names: str, nullable: bool = False) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.Text(), nullable=nullable) for name in names)


def upgrade() -> None:
    """Add tables alone: no row that is there is touched. What ended before is frozen by the next run."""
    op.create_table(
        "sla_verdicts",
        *_keys("source", "external_id", "sla"),
        *_texts("measures", "kind"),
        *_instants("started_at", "stopped_at", key=True),
        *_texts("stage"),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("target_seconds", "elapsed_seconds", "paused_seconds")
        ),
        *_instants("due_at", nullable=True),
        sa.Column("breached", sa.Boolean(), nullable=False),
        *_texts("vendor", "environment", nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        *_texts("definition", "calendars", "zone_data", "holidays", "configuration", "history"),
        *_instants("known_at", "frozen_at"),
    )
    op.create_table("sla_pending", *_keys("source", "external_id"))
    op.create_table("sla_freezes", *_keys("source"), *_texts("inputs"), *_instants("queued_at"))
    op.create_table(
        "sla_warnings",
        *_keys("source", "external_id", "sla"),
        *_instants("started_at", key=True),
        sa.Column("percent", sa.Double(), primary_key=True, nullable=False),
        *_instants("crossed_at"),
        *_texts("vendor", nullable=True),
        *_instants("told_at", nullable=True),
    )
    op.create_table(
        "sla_watches",
        *_keys("source", "sla"),
        sa.Column("percent", sa.Double(), primary_key=True, nullable=False),
        *_instants("looked_at"),
    )
