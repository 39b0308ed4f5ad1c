"""What people decided about conflicts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add a table alone: no row that is there is touched."""
    op.create_table(
        "resolutions",
        sa.Column("id", NUMBER, primary_key=True, nullable=False),
        *(sa.Column(name, KEY, nullable=False) for name in ("source", "external_id", "field")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("choice", "ours", "theirs")),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_resolutions_ticket", "resolutions", ["source", "external_id"])
