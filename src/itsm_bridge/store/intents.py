"""Writes announced before they are sent, and closed when it is known what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, literal_column, select, update

from itsm_bridge.model import Outcome, Ticket
from itsm_bridge.store.rows import FieldValue, Intent, LastWrite, Run
from itsm_bridge.store.schema import IS_OPEN, intents, tickets
from itsm_bridge.store.upsert import add

SENT, CLOSED = "sent", "closed"

STORED = frozenset({Outcome.VERIFIED, Outcome.NOOP})
"""The source has our value."""

REFUSED = frozenset({Outcome.OVERRIDDEN, Outcome.REJECTED})
"""The source was sent our value and has another."""

SENDS = frozenset({Outcome.VERIFIED, Outcome.OVERRIDDEN, Outcome.UNKNOWN})
"""Our value may have been in the source, if only until somebody changed it."""

DAY = timedelta(days=1)
"""Writes of the same value that lie no farther apart were needed because somebody changed it in between."""

Changes = Mapping[str, tuple[FieldValue, FieldValue]]
"""What each field was and was to become."""

LastWrites = dict[str, dict[str, LastWrite]]
"""By external id and field."""


def announce(
    connection: Connection,
    run_id: int,
    ticket: Ticket,
    changes: Changes,
    *,
    marker: str,
    inputs_digest: str,
    at: datetime,
) -> int:
    """Note a write that is about to be sent; its number. The caller's commit makes it durable."""
    row = {
        "run_id": run_id,
        "source": ticket.source,
        "external_id": ticket.external_id,
        "number": ticket.number,
        "version": ticket.version,
        "changes": changes,
        "marker": marker,
        "inputs_digest": inputs_digest,
        "state": SENT,
        "outcomes": {},
        "detail": "",
        "opened_at": at,
    }
    return add(connection, intents, row)


def close(
    connection: Connection,
    intent_id: int,
    outcome: Outcome | Mapping[str, Outcome],
    at: datetime,
    *,
    written_at: datetime | None,
    detail: str,
) -> Mapping[str, Outcome]:
    """Note what became of a write: one outcome for all fields, or one for each, which is returned.

    Raises ``ValueError`` if the intent is not open.
    """
    open_intent = and_(intents.c.id == intent_id, intents.c.state == SENT)
    changes = connection.execute(select(intents.c.changes).where(open_intent)).scalar_one_or_none()
    if changes is None:
        raise ValueError(f"intent {intent_id} is not open")
    outcomes = dict.fromkeys(changes, outcome) if isinstance(outcome, Outcome) else outcome
    row = {"state": CLOSED, "outcomes": outcomes, "closed_at": at, "written_at": written_at, "detail": detail}
    connection.execute(update(intents).where(open_intent).values(row))
    return outcomes


def unresolved(connection: Connection, source: str) -> list[Intent]:
    """The writes of which nobody knows yet what became of them, oldest first."""
    query = select(*intents.columns).where(intents.c.state == SENT, intents.c.source == source)
    return [Intent(*row) for row in connection.execute(query.order_by(intents.c.id))]


def of(connection: Connection, source: str, external_id: str) -> list[Intent]:
    """The writes of one ticket, the oldest first."""
    query = select(*intents.columns).where(intents.c.source == source, intents.c.external_id == external_id)
    return [Intent(*row) for row in connection.execute(query.order_by(intents.c.id))]


def closed_since(connection: Connection, run: Run | None) -> list[Intent]:
    """The writes with a detail that were announced by runs after ``run``, or closed after it had ended."""
    query = select(*intents.columns).where(intents.c.state == CLOSED, intents.c.detail != "").order_by(intents.c.id)
    if run is not None:
        later = intents.c.run_id > run.id
        query = query.where(later if run.finished_at is None else later | (intents.c.closed_at > run.finished_at))
    return [Intent(*row) for row in connection.execute(query)]


def last_writes(connection: Connection, source: str, *, open_only: bool, external_id: str | None = None) -> LastWrites:
    """What the bridge last did to each field of each ticket of ``source``, of the open ones, or of one alone."""
    columns = (intents.c.external_id, intents.c.changes, intents.c.outcomes)
    query = select(*columns, intents.c.written_at, intents.c.inputs_digest, intents.c.detail, intents.c.opened_at)
    if open_only:
        is_same = and_(tickets.c.source == intents.c.source, tickets.c.external_id == intents.c.external_id)
        query = query.join(tickets, is_same).where(literal_column(f"(tickets.{IS_OPEN})"))
    if external_id is not None:
        query = query.where(intents.c.external_id == external_id)
    closed = query.where(intents.c.source == source, intents.c.state == CLOSED).order_by(intents.c.id)
    found: LastWrites = {}
    for ticket, changes, outcomes, written_at, digest, detail, opened_at in connection.execute(closed):
        fields = found.setdefault(ticket, {})
        for field in changes.keys() & outcomes.keys():
            value = changes[field][1]
            latest = followed(fields.get(field), value, outcomes[field], written_at, digest)
            why = detail if outcomes[field] in REFUSED else ""
            fields[field] = replace(latest, detail=why, tried_at=opened_at, read_to=written_at)
    return found


def followed(
    last: LastWrite | None, value: FieldValue, outcome: Outcome, written_at: datetime | None, inputs_digest: str
) -> LastWrite:
    """What is known of a field after one more write. A conflict was never sent: it adds no refusal and ends no row."""
    is_again = last is not None and (last.value, last.inputs_digest) == (value, inputs_digest)
    refusals = last.refusals if last is not None and is_again and outcome not in STORED else 0
    stored_at = written_at if outcome in STORED else None
    before = None if last is None else last.written_before if stored_at is None else last.written_at
    return LastWrite(
        value=value,
        written_at=stored_at or (last.written_at if last is not None else None),
        outcome=outcome,
        refusals=refusals + (outcome in REFUSED),
        inputs_digest=inputs_digest,
        rewrites=_rewrites(last, value, outcome, stored_at),
        written_before=before,
        sends=(last.sends if last is not None and last.value == value else 0) + (outcome in SENDS),
    )


def _rewrites(last: LastWrite | None, value: FieldValue, outcome: Outcome, stored_at: datetime | None) -> int:
    """How often the same value had to be stored again. What was not stored neither adds to it nor ends the row."""
    if last is None or last.value != value:
        return 0
    if outcome not in STORED:
        return last.rewrites
    again = stored_at is not None and last.written_at is not None and stored_at - last.written_at <= DAY
    return last.rewrites + 1 if again else 0
