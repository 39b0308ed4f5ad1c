"""The first tables. Types are written out: what was made then does not follow what ``schema`` says later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
IS_OPEN = sa.text("state IN ('in_progress', 'new', 'on_hold')")


def upgrade() -> None:
    """Make every table, those that others refer to first."""
    _tickets()
    _parts_of_tickets()
    _reading()
    _records_that_need_a_look()
    op.create_table(
        "runs",
        sa.Column("id", NUMBER, primary_key=True),
        _text("command"),
        _instant("started_at"),
        _text("digest"),
        _instant("finished_at", nullable=True),
        _text("outcome", nullable=True),
        _text("summary"),
        sqlite_autoincrement=True,
    )
    _decisions()
    _intents()


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _key(name: str, *, primary: bool = False) -> sa.Column[str]:
    return sa.Column(name, KEY, primary_key=primary, nullable=False)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _of_ticket() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["source", "external_id"], ["tickets.source", "tickets.external_id"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        _key("source", primary=True),
        _key("external_id", primary=True),
        _key("number"),
        *(_text(name) for name in ("type", "project", "state")),
        *(_instant(name) for name in ("created_at", "updated_at")),
        *(_text(name) for name in ("version", "summary", "description")),
        _text("environment", nullable=True),
        *(_text(name) for name in ("service", "category")),
        *(_text(name, nullable=True) for name in ("subcategory", "ci")),
        _text("labels"),
        *(_text(name, nullable=True) for name in ("reporter", "assignee", "group", "vendor")),
        *(sa.Column(name, sa.Integer()) for name in ("impact", "urgency", "priority")),
        _text("approval", nullable=True),
        *(_instant(name, nullable=True) for name in ("due_at", "resolved_at", "closed_at")),
        *(_text(name) for name in ("custom", "originals")),
        _instant("saved_at"),
    )
    op.create_index("ix_tickets_number", "tickets", ["source", "number"])
    op.create_index(
        "ix_tickets_open", "tickets", ["source", "external_id"], sqlite_where=IS_OPEN, postgresql_where=IS_OPEN
    )


def _parts_of_tickets() -> None:
    op.create_table(
        "ticket_numbers",
        *(_key(name, primary=True) for name in ("source", "number", "external_id")),
        _instant("seen_at"),
        _of_ticket(),
    )
    op.create_table(
        "history",
        _key("source", primary=True),
        _key("external_id"),
        _key("entry_id", primary=True),
        _instant("at"),
        _key("field", primary=True),
        *(_text(name) for name in ("old", "new", "source_old", "source_new", "actor")),
        _of_ticket(),
    )
    op.create_index("ix_history_ticket", "history", ["source", "external_id", "at", "entry_id", "field"])
    op.create_table(
        "approvals",
        *(_key(name, primary=True) for name in ("source", "external_id", "approval_id")),
        *(_text(name) for name in ("approver", "state")),
        _instant("requested_at"),
        _instant("decided_at", nullable=True),
    )


def _reading() -> None:
    op.create_table(
        "bookmarks",
        *(_key(name, primary=True) for name in ("source", "stream")),
        _text("data"),
        _instant("saved_at"),
    )
    op.create_table("freshness", _key("source", primary=True), _instant("synced_at"))


def _records_that_need_a_look() -> None:
    op.create_table(
        "quarantine",
        *(_key(name, primary=True) for name in ("source", "external_id")),
        _text("reason"),
        *(_instant(name) for name in ("first_seen", "last_seen")),
        sa.Column("attempts", sa.Integer(), nullable=False),
    )
    op.create_table(
        "oddities",
        sa.Column("id", NUMBER, primary_key=True),
        *(_key(name) for name in ("source", "external_id")),
        *(_text(name) for name in ("check", "detail")),
        *(_instant(name) for name in ("first_seen", "last_seen")),
    )
    op.create_index("ix_oddities_ticket", "oddities", ["source", "external_id"])


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("run_id", NUMBER, sa.ForeignKey("runs.id"), nullable=False),
        *(_key(name) for name in ("source", "external_id", "field")),
        _text("value", nullable=True),
        *(_text(name) for name in ("rule", "because")),
        _instant("decided_at"),
        *(_text(name) for name in ("digest", "inputs", "outcome")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_decisions_field", "decisions", ["source", "external_id", "field", "id"])
    op.create_index("ix_decisions_run", "decisions", ["run_id"])


def _intents() -> None:
    op.create_table(
        "intents",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("run_id", NUMBER, sa.ForeignKey("runs.id"), nullable=False),
        *(_key(name) for name in ("source", "external_id")),
        *(_text(name) for name in ("number", "version", "changes")),
        sa.Column("marker", KEY, nullable=False, unique=True),
        *(_text(name) for name in ("inputs_digest", "state", "outcomes", "detail")),
        _instant("opened_at"),
        *(_instant(name, nullable=True) for name in ("closed_at", "written_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_intents_ticket", "intents", ["source", "external_id", "id"])
    op.create_index("ix_intents_state", "intents", ["state", "source"])
