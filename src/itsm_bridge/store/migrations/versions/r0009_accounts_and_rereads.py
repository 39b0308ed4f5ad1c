"""The source's account in each row of the audit log, and the sources that are to be read from their start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a column and a table: rows of the log from before say nothing of the account, and keep their hashes."""
    op.add_column("audit", sa.Column("account", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "rereads",
        sa.Column("source", KEY, primary_key=True, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
