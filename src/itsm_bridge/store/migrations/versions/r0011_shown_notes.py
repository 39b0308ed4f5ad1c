"""Internal notes of ours that a source showed to customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table alone: no row that is there is touched."""
    op.create_table(
        "shown_notes",
        sa.Column("source", KEY, primary_key=True, nullable=False),
        sa.Column("external_id", KEY, primary_key=True, nullable=False),
        sa.Column("marker", KEY, primary_key=True, nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
