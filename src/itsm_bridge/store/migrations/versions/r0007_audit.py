"""The audit log, and triggers that refuse to change or delete its rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SAYS = "the audit log is added to, and never changed"

REFUSED = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
KNOWN = "EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq)"  # INSERT OR REPLACE deletes without the trigger for that

SQLITE = (
    f"CREATE TRIGGER audit_keeps_rows BEFORE UPDATE ON audit {REFUSED}",
    f"CREATE TRIGGER audit_loses_none BEFORE DELETE ON audit {REFUSED}",
    f"CREATE TRIGGER audit_replaces_none BEFORE INSERT ON audit WHEN {KNOWN} {REFUSED}",
)

BODY = f"$$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$"
CALL = "EXECUTE FUNCTION audit_refuses()"

POSTGRESQL = (
    f"CREATE FUNCTION audit_refuses() RETURNS trigger LANGUAGE plpgsql AS {BODY}",
    f"CREATE TRIGGER audit_keeps_rows BEFORE UPDATE OR DELETE ON audit FOR EACH ROW {CALL}",
    f"CREATE TRIGGER audit_loses_none BEFORE TRUNCATE ON audit FOR EACH STATEMENT {CALL}",
)


def upgrade() -> None:
    """Add a table alone: the log begins with the first write from here on."""
    op.create_table(
        "audit",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
            nullable=False,
        ),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("at", "run_id", "intent_id")),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("source", "external_id", "number", "field", "old", "new")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("rule", "actor", "outcome", "detail")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("configuration", "prev", "hash")),
    )
    op.create_index("ix_audit_intent", "audit", ["intent_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
