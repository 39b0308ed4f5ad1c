"""Made-up tickets for the tests of the store, and what a hostile source could put into them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from itsm_bridge.connectors.base import Oddity, Page, Rejected
from itsm_bridge.model import (
    Approval,
    ApprovalState,
    Decision,
    HistoryEntry,
    JournalEntry,
    NativeSla,
    State,
    Ticket,
    TicketRecord,
    TicketType,
    Worklog,
)

NOW = datetime(2026, 11, 25, 12, 30, 15, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _with(values: dict[str, Any], changes: dict[str, object]) -> dict[str, Any]:
    values.update(changes)
    return values


def ticket(index: int = 1, /, **changes: object) -> Ticket:
    """Ticket ``INC<index>`` of ``snow``; ``changes`` by field."""
    values: dict[str, Any] = {
        "source": "snow",
        "external_id": f"{index:032x}",
        "number": f"INC{index:07}",
        "type": TicketType.INCIDENT,
        "project": "incident",
        "state": State.NEW,
        "created_at": NOW - 60 * MINUTE,
        "updated_at": NOW,
        "version": "7",
    }
    return Ticket(**_with(values, changes))


def entry(of: Ticket, entry_id: str = "1", **changes: object) -> HistoryEntry:
    """A change of the state of ``of``."""
    values: dict[str, Any] = {"at": NOW - 30 * MINUTE, "field": "state", "old": "new", "new": "in_progress"}
    return HistoryEntry(of.source, of.external_id, entry_id, **_with(values, changes))


def vote(of: Ticket, approval_id: str = "a1", **changes: object) -> Approval:
    """An approval of ``of`` that waits."""
    values: dict[str, Any] = {"approver": "asha", "state": ApprovalState.REQUESTED, "requested_at": NOW - 20 * MINUTE}
    return Approval(of.source, of.external_id, approval_id, **_with(values, changes))


def record(index: int = 1, /, entries: int = 1, **changes: object) -> TicketRecord:
    """A ticket with as many changes of state, a minute apart."""
    of = ticket(index, **changes)
    history = (entry(of, f"{of.external_id}.{step}", at=NOW + step * MINUTE) for step in range(entries))
    return TicketRecord(of, tuple(history))


def page(
    *records: TicketRecord,
    bookmark: str = "1",
    approvals: tuple[Approval, ...] = (),
    rejected: tuple[Rejected, ...] = (),
    oddities: tuple[Oddity, ...] = (),
    natives: tuple[NativeSla, ...] = (),
    worklogs: Mapping[str, tuple[Worklog, ...]] = MappingProxyType({}),
    journal: tuple[JournalEntry, ...] = (),
) -> Page:
    """A page of the stream that has been read up to ``bookmark``."""
    bookmarked = {"after": bookmark}
    return Page(records, bookmarked, approvals, rejected, oddities, natives=natives, worklogs=worklogs, journal=journal)


def native(of: Ticket, native_id: str = "n1", **changes: object) -> NativeSla:
    """A service level of ``of`` that the source itself measures, and that runs."""
    values: dict[str, Any] = {
        "name": "Resolution P2",
        "stage": "in_progress",
        "started_at": NOW - 60 * MINUTE,
        "stopped_at": None,
        "due_at": NOW + 60 * MINUTE,
        "elapsed_seconds": 3600,
        "breached": False,
        "measured_at": NOW,
        "target_seconds": 7200,
        "schedule": "8-5 weekdays",
        "zone": "Asia/Kolkata",
        "paused": False,
        "paused_at": NOW - 30 * MINUTE,
        "paused_seconds": 600,
        "percent": 49.995,
    }
    return NativeSla(of.source, of.external_id, native_id, **_with(values, changes))


def worklog(of: Ticket, worklog_id: str = "w1", **changes: object) -> Worklog:
    """An hour that Asha booked on ``of``."""
    values: dict[str, Any] = {
        "author": "asha",
        "started_at": NOW - 90 * MINUTE,
        "seconds": 3600,
        "updated_at": NOW - 20 * MINUTE,
    }
    return Worklog(of.source, of.external_id, worklog_id, **_with(values, changes))


def note(of: Ticket, entry_id: str = "j1", **changes: object) -> JournalEntry:
    """A work note that Asha wrote on ``of``."""
    values: dict[str, Any] = {
        "element": "work_notes",
        "at": NOW - 30 * MINUTE,
        "author": "asha",
        "text": "Taken over.",
    }
    return JournalEntry(of.source, of.external_id, entry_id, **_with(values, changes))


def decision(index: int = 1, /, **changes: object) -> Decision:
    """A priority of 2 for ``INC<index>``."""
    values: dict[str, Any] = {
        "source": "snow",
        "external_id": f"{index:032x}",
        "field": "priority",
        "value": 2,
        "rule": "billing first",
        "because": "people cannot pay",
        "decided_at": NOW,
        "digest": "d1",
        "inputs": "{}",
        "outcome": "planned",
    }
    return Decision(**_with(values, changes))


# What a source could send: any text but lone surrogates and NUL, which the store replaces (tested on their own).
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
some = st.none() | texts
lists = st.lists(texts, max_size=3).map(tuple)
instants = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds the zone)
levels = st.none() | st.integers(1, 5)

tickets = st.builds(
    Ticket,
    source=st.just("snow"),
    external_id=texts,
    number=texts,
    type=st.sampled_from(TicketType),
    project=texts,
    state=st.sampled_from(State),
    created_at=instants,
    updated_at=instants,
    version=texts,
    summary=texts,
    description=texts,
    environment=some,
    service=lists,
    category=lists,
    subcategory=some,
    ci=some,
    labels=lists,
    reporter=some,
    assignee=some,
    group=some,
    vendor=some,
    impact=levels,
    urgency=levels,
    priority=levels,
    approval=st.none() | st.sampled_from(ApprovalState),
    due_at=st.none() | instants,
    resolved_at=st.none() | instants,
    closed_at=st.none() | instants,
    custom=st.dictionaries(texts, lists, max_size=3),
    originals=st.dictionaries(texts, texts, max_size=3),
)
