"""What else the sources say of their own clocks: targets, schedules, pauses, and of when their figures are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns alone; they are empty until the clocks are read again."""
    for name in ("measured_at", "target_seconds", "paused_at", "paused_seconds"):
        op.add_column("native_slas", sa.Column(name, sa.BigInteger()))
    for name in ("schedule", "zone"):
        op.add_column("native_slas", sa.Column(name, sa.Text()))
    op.add_column("native_slas", sa.Column("paused", sa.Boolean()))
    op.add_column("native_slas", sa.Column("percent", sa.Double()))
