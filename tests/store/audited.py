"""Stores whose audit log has rows: runs that announce writes, close them, and seal; and what a forger may do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection, text
from tests.store.samples import NOW, ticket

from itsm_bridge.model import Outcome
from itsm_bridge.store import Store, Verification
from itsm_bridge.store.intents import Changes

VALUES: Changes = {"priority": (3, 2), "vendor": (None, "acme")}
RULES = {"priority": "punjab first", "vendor": "acme runs it"}


def announce(store: Store, run_id: int, marker: str, number: int = 1, minutes: int = 0) -> int:
    at = NOW + timedelta(minutes=minutes)
    return store.open_intent(run_id, ticket(number), VALUES, marker, "i1", at, RULES)


def a_run(store: Store, name: str, writes: int = 3, minutes: int = 0) -> None:
    """A run that writes to some tickets, the last of which a person took, and seals."""
    at = NOW + timedelta(minutes=minutes)
    run_id = store.start_run("run", at, f"digest of {name}")
    for number in range(writes):
        intent = announce(store, run_id, f"{name} {number}", number, minutes)
        outcome = Outcome.CONFLICT if number == writes - 1 else Outcome.VERIFIED
        store.close_intent(intent, outcome, at, at, f"taken by anna of {name}" if outcome is Outcome.CONFLICT else "")
    store.seal_audit(at)


def drop_triggers(store: Store) -> None:
    """What somebody with the rights of the database's owner does first."""
    with store._database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
        else:
            for name in ("audit_keeps_rows", "audit_loses_none", "audit_replaces_none"):
                connection.execute(text(f"DROP TRIGGER {name}"))


def verified_within(store: Store, connection: Connection, wanted: str = "") -> Verification:
    """The verification of what a transaction that was not committed has made of the log."""

    @contextmanager
    def reading() -> Iterator[Connection]:
        yield connection

    return store._chain.verify(reading, wanted)
