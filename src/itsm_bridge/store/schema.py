"""The tables. A change here needs a migration in ``migrations/versions`` and the new number in ``REVISION``.

Instants are microseconds since the epoch (UTC); lists and maps are JSON text with sorted keys. A column has the name
of the model's field that it holds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)

from itsm_bridge.model import OPEN_STATES, ApprovalState, Choice, State, TicketType
from itsm_bridge.store.columns import (
    Foreign,
    Instant,
    Key,
    as_json,
    before_and_after,
    choice,
    mapping,
    outcome_by_name,
    scalar,
    scalar_by_name,
    text_by_name,
    texts,
    texts_by_name,
)

REVISION = "0011"
"""The newest migration; a number, so that a store made by a newer program is known as such."""

VERSION_TABLE = "itsm_bridge_version"

APPLICATION_ID = 0x49545342  # "ITSB" in the header of the SQLite file

IS_OPEN = "state IN ({})".format(", ".join(f"'{state}'" for state in sorted(OPEN_STATES)))
"""SQL of the open tickets, always in these letters: only then does SQLite use the partial index."""

metadata = MetaData()

Number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself in an INTEGER only

tickets = Table(
    "tickets",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("number", Key, nullable=False),
    Column("type", choice(TicketType), nullable=False),
    Column("project", Foreign, nullable=False),
    Column("state", choice(State), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("version", Foreign, nullable=False),
    Column("summary", Foreign, nullable=False),
    Column("description", Foreign, nullable=False),
    Column("environment", Foreign),
    Column("service", as_json(texts), nullable=False),
    Column("category", as_json(texts), nullable=False),
    Column("subcategory", Foreign),
    Column("ci", Foreign),
    Column("labels", as_json(texts), nullable=False),
    Column("reporter", Foreign),
    Column("assignee", Foreign),
    Column("group", Foreign),
    Column("vendor", Foreign),
    Column("impact", Integer),
    Column("urgency", Integer),
    Column("priority", Integer),
    Column("approval", choice(ApprovalState)),
    Column("due_at", Instant),
    Column("resolved_at", Instant),
    Column("closed_at", Instant),
    Column("custom", as_json(texts_by_name), nullable=False),
    Column("originals", as_json(text_by_name), nullable=False),
    Column("saved_at", Instant, nullable=False),
    Index("ix_tickets_number", "source", "number"),
)
Index(
    "ix_tickets_open",
    tickets.c.source,
    tickets.c.external_id,
    sqlite_where=tickets.c.state.in_(sorted(OPEN_STATES)),
    postgresql_where=tickets.c.state.in_(sorted(OPEN_STATES)),
)

ticket_numbers = Table(
    "ticket_numbers",
    metadata,
    Column("source", Key, primary_key=True),
    Column("number", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("seen_at", Instant, nullable=False),
    ForeignKeyConstraint(["source", "external_id"], ["tickets.source", "tickets.external_id"]),
)

history = Table(
    "history",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, nullable=False),
    Column("entry_id", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("field", Key, primary_key=True),
    Column("old", Foreign, nullable=False),
    Column("new", Foreign, nullable=False),
    Column("source_old", Foreign, nullable=False),
    Column("source_new", Foreign, nullable=False),
    Column("actor", Foreign, nullable=False),
    ForeignKeyConstraint(["source", "external_id"], ["tickets.source", "tickets.external_id"]),
    Index("ix_history_ticket", "source", "external_id", "at", "entry_id", "field"),
)

approvals = Table(  # without a foreign key: an approval may be read before its ticket
    "approvals",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("approval_id", Key, primary_key=True),
    Column("approver", Foreign, nullable=False),
    Column("state", choice(ApprovalState), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("decided_at", Instant),
)

bookmarks = Table(
    "bookmarks",
    metadata,
    Column("source", Key, primary_key=True),
    Column("stream", Key, primary_key=True),
    Column("data", as_json(text_by_name), nullable=False),
    Column("saved_at", Instant, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("reason", Foreign, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
)

oddities = Table(
    "oddities",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source", Key, nullable=False),
    Column("external_id", Key, nullable=False),
    Column("check", Foreign, nullable=False),
    Column("detail", Foreign, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Index("ix_oddities_ticket", "source", "external_id"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Number, primary_key=True),
    Column("command", Foreign, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("digest", Foreign, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", Foreign),
    Column("summary", as_json(mapping), nullable=False),
    sqlite_autoincrement=True,
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Number, primary_key=True),
    Column("run_id", Number, ForeignKey("runs.id"), nullable=False),
    Column("source", Key, nullable=False),
    Column("external_id", Key, nullable=False),
    Column("field", Key, nullable=False),
    Column("value", as_json(scalar)),
    Column("rule", Foreign, nullable=False),
    Column("because", Foreign, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("digest", Foreign, nullable=False),
    Column("inputs", Foreign, nullable=False),
    Column("outcome", Foreign, nullable=False),
    Index("ix_decisions_field", "source", "external_id", "field", "id"),
    Index("ix_decisions_run", "run_id"),
    sqlite_autoincrement=True,
)

intents = Table(
    "intents",
    metadata,
    Column("id", Number, primary_key=True),
    Column("run_id", Number, ForeignKey("runs.id"), nullable=False),
    Column("source", Key, nullable=False),
    Column("external_id", Key, nullable=False),
    Column("number", Foreign, nullable=False),
    Column("version", Foreign, nullable=False),
    Column("changes", as_json(before_and_after), nullable=False),
    Column("marker", Key, nullable=False, unique=True),
    Column("inputs_digest", Foreign, nullable=False),
    Column("state", Foreign, nullable=False),
    Column("outcomes", as_json(outcome_by_name), nullable=False),
    Column("detail", Foreign, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("written_at", Instant),
    Index("ix_intents_ticket", "source", "external_id", "id"),
    Index("ix_intents_state", "state", "source"),
    sqlite_autoincrement=True,
)

audit = Table(  # without foreign keys: it outlives what it tells of; triggers refuse to change a row
    "audit",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("intent_id", BigInteger, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("source", "external_id", "number", "field", "old", "new")),
    *(Column(name, Text, nullable=False) for name in ("rule", "actor", "outcome", "detail", "configuration")),
    *(Column(name, Text, nullable=False) for name in ("prev", "hash")),
    Column("account", Text, nullable=False, server_default=""),
    Index("ix_audit_intent", "intent_id"),
)
"""Every write and what became of it, each row chained to the one before; plain columns, as a hash is over what lies."""

freshness = Table(
    "freshness",
    metadata,
    Column("source", Key, primary_key=True),
    Column("synced_at", Instant, nullable=False),
)

streams = Table(  # without a foreign key: a record in quarantine has a stream and no ticket
    "streams",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("stream", Key, nullable=False),
)
"""In which stream a record was last read."""

native_slas = Table(  # without a foreign key: it may be read before its ticket
    "native_slas",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("native_id", Key, primary_key=True),
    Column("name", Foreign, nullable=False),
    Column("stage", Foreign, nullable=False),
    Column("started_at", Instant),
    Column("stopped_at", Instant),
    Column("due_at", Instant),
    Column("elapsed_seconds", BigInteger),
    Column("breached", Boolean),
    Column("measured_at", Instant),
    Column("target_seconds", BigInteger),
    Column("schedule", Foreign),
    Column("zone", Foreign),
    Column("paused", Boolean),
    Column("paused_at", Instant),
    Column("paused_seconds", BigInteger),
    Column("percent", Double),
)

worklogs = Table(  # without a foreign key, like the other parts of a page
    "worklogs",
    metadata,
    Column("source", Key, primary_key=True),
    Column("worklog_id", Key, primary_key=True),
    Column("external_id", Key, nullable=False),
    Column("author", Foreign, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index("ix_worklogs_ticket", "source", "external_id"),
)

journal = Table(  # without a foreign key, like the other parts of a page
    "journal",
    metadata,
    Column("source", Key, primary_key=True),
    Column("entry_id", Key, primary_key=True),
    Column("external_id", Key, nullable=False),
    Column("at", Instant, nullable=False),
    Column("element", Foreign, nullable=False),
    Column("author", Foreign, nullable=False),
    Column("text", Foreign, nullable=False),
    Index("ix_journal_ticket", "source", "external_id", "at"),
)

absences = Table(
    "absences",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("reason", Foreign, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("first_missed", Instant, nullable=False),
    Column("last_missed", Instant, nullable=False),
    Column("gone_at", Instant),
    ForeignKeyConstraint(["source", "external_id"], ["tickets.source", "tickets.external_id"]),
)
"""Known tickets that sweeps missed; with ``gone_at`` they count as gone."""

sweeps = Table(
    "sweeps",
    metadata,
    Column("source", Key, primary_key=True),
    Column("swept_at", Instant, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("fetched", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
)

counted_streams = Table(
    "counted_streams",
    metadata,
    Column("source", Key, primary_key=True),
    Column("stream", Key, primary_key=True),
    Column("since", Key, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("checked_at", Instant, nullable=False),
)
"""When a stream was last compared with its source; not ``counted`` where the source cannot count."""

stops = Table(
    "stops",
    metadata,
    Column("source", Key, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("why", Foreign, nullable=False),
)
"""Sources of which the last sweep missed more tickets than it may; a whole sweep takes one away."""

shown_notes = Table(
    "shown_notes",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("marker", Key, primary_key=True),
    Column("project", Foreign, nullable=False),
    Column("number", Foreign, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Internal notes of ours that a source showed to customers, until they are taken off their tickets."""

day_counts = Table(
    "day_counts",
    metadata,
    Column("source", Key, primary_key=True),
    Column("stream", Key, primary_key=True),
    Column("day", Key, primary_key=True),
    Column("source_count", Integer, nullable=False),
    Column("store_count", Integer, nullable=False),
    Column("hidden_count", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
    Column("checked_at", Instant, nullable=False),
)
"""Tickets by the day (UTC) of their creation; not ``settled`` while the day was not over."""

sla_verdicts = Table(  # without a foreign key, as a verdict outlives everything; rows are added and never changed
    "sla_verdicts",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("sla", Key, primary_key=True),
    Column("measures", Foreign, nullable=False),
    Column("kind", Foreign, nullable=False),
    Column("started_at", Instant, primary_key=True),
    Column("stopped_at", Instant, primary_key=True),
    Column("stage", Foreign, nullable=False),
    Column("target_seconds", BigInteger, nullable=False),
    Column("elapsed_seconds", BigInteger, nullable=False),
    Column("paused_seconds", BigInteger, nullable=False),
    Column("due_at", Instant),
    Column("breached", Boolean, nullable=False),
    Column("vendor", Foreign),
    Column("environment", Foreign),
    Column("priority", Integer),
    Column("definition", Foreign, nullable=False),
    Column("calendars", Foreign, nullable=False),
    Column("zone_data", Foreign, nullable=False),
    Column("holidays", Foreign, nullable=False),
    Column("configuration", Foreign, nullable=False),
    Column("history", Foreign, nullable=False),
    Column("known_at", Instant, nullable=False),
    Column("frozen_at", Instant, nullable=False),
)
"""What was agreed about clocks that ended."""

sla_pending = Table(
    "sla_pending",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
)
"""Tickets that were stored since their ended clocks were last frozen: put there with the ticket itself."""

sla_freezes = Table(
    "sla_freezes",
    metadata,
    Column("source", Key, primary_key=True),
    Column("inputs", Foreign, nullable=False),
    Column("queued_at", Instant, nullable=False),
)
"""By what definitions and calendars the tickets of a source are frozen; under others all are looked at again."""

sla_warnings = Table(
    "sla_warnings",
    metadata,
    Column("source", Key, primary_key=True),
    Column("external_id", Key, primary_key=True),
    Column("sla", Key, primary_key=True),
    Column("started_at", Instant, primary_key=True),
    Column("percent", Double, primary_key=True),
    Column("crossed_at", Instant, nullable=False),
    Column("vendor", Foreign),
    Column("told_at", Instant),
)
"""Shares of a clock's target that are used up; with ``told_at`` nobody is told any more."""

sla_watches = Table(
    "sla_watches",
    metadata,
    Column("source", Key, primary_key=True),
    Column("sla", Key, primary_key=True),
    Column("percent", Double, primary_key=True),
    Column("looked_at", Instant, nullable=False),
)
"""When clocks were last looked at for a warning; one that is not there was never looked for."""

resolutions = (
    Table(  # without a foreign key, as a word once given outlives the ticket; rows are added and never changed
        "resolutions",
        metadata,
        Column("id", Number, primary_key=True),
        Column("source", Key, nullable=False),
        Column("external_id", Key, nullable=False),
        Column("field", Key, nullable=False),
        Column("choice", choice(Choice), nullable=False),
        Column("ours", as_json(scalar_by_name), nullable=False),
        Column("theirs", as_json(scalar_by_name), nullable=False),
        Column("seen_at", Instant),
        Column("by", Foreign, nullable=False),
        Column("at", Instant, nullable=False),
        Index("ix_resolutions_ticket", "source", "external_id"),
    )
)
"""What people decided about conflicts; the newest row of a ticket and field counts."""

rereads = Table(
    "rereads",
    metadata,
    Column("source", Key, primary_key=True),
    Column("since", Instant, nullable=False),
)
"""Sources to which nothing is written before they were read from their start: an older copy was put back."""
