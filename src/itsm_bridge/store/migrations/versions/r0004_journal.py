"""What people wrote on tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table alone: no row that is there is touched."""
    op.create_table(
        "journal",
        *(sa.Column(name, KEY, primary_key=True, nullable=False) for name in ("source", "entry_id")),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("element", "author", "text")),
    )
    op.create_index("ix_journal_ticket", "journal", ["source", "external_id", "at"])
