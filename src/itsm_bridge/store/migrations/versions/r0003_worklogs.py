"""The time that people booked on tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a table alone: no row that is there is touched."""
    op.create_table(
        "worklogs",
        *(sa.Column(name, KEY, primary_key=True, nullable=False) for name in ("source", "worklog_id")),
        sa.Column("external_id", KEY, nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("started_at", "seconds", "updated_at")),
    )
    op.create_index("ix_worklogs_ticket", "worklogs", ["source", "external_id"])
