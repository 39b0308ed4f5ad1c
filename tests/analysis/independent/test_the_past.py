"""A report as of an instant in the past against the one of a store that holds what was known then, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.analysis.independent import estate
from tests.analysis.made import NOW

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.gathering import frames
from itsm_bridge.analysis.period import Period
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import ApprovalState, HistoryEntry, State, TicketRecord
from itsm_bridge.store import Store

SEED = 6
INSTANTS = (NOW - timedelta(days=3, hours=5), estate.EDGES[-1], NOW - timedelta(days=9, hours=7))
"""In the week, as it began, and in the week before; all after the sweep that missed some tickets."""


def known_at(record: TicketRecord, at: datetime) -> TicketRecord:
    """A ticket as its source showed it just before an instant."""
    past = tuple(entry for entry in record.history if entry.at < at)
    if len(past) == len(record.history):
        later = record.ticket.updated_at >= at and record.ticket.state is State.RESOLVED
        return _not_ended(record) if later else record
    values = {entry.field: entry.old for entry in reversed(record.history)} | {one.field: one.new for one in past}
    return replace(record, ticket=replace(record.ticket, **_typed(values), **_touched(record, past)), history=past)


def _touched(record: TicketRecord, past: Sequence[HistoryEntry]) -> dict[str, Any]:
    return {"updated_at": max([record.ticket.created_at, *(entry.at for entry in past)])}


def _typed(values: dict[str, str]) -> dict[str, Any]:
    readers: dict[str, Any] = {"state": State, "approval": ApprovalState, "priority": int}
    return {name: readers.get(name, str)(text) if text else None for name, text in values.items()}


def _not_ended(record: TicketRecord) -> TicketRecord:
    """One without a history, before it was resolved."""
    created = record.ticket.created_at
    return replace(record, ticket=replace(record.ticket, state=State.NEW, updated_at=created, resolved_at=None))


def seen(
    folder: Path,
    programme: Configuration,
    records: Sequence[TicketRecord],
    whole: Sequence[TicketRecord],
    as_of: datetime,
) -> Frames:
    folder.mkdir()
    with Store.open("sqlite:///b.db", folder, create=True) as store:
        estate.kept(store, records, SEED, whole)
        return frames(store, programme, Period.holding(as_of, "week", programme.zone), as_of)


@pytest.mark.parametrize("at", INSTANTS)
def test_an_old_report_comes_out_of_history_as_it_was(tmp_path: Path, at: datetime) -> None:
    programme = estate.configuration(tmp_path / "config")
    whole = estate.population(SEED)
    then = [known_at(one, at) for one in whole if one.ticket.created_at < at]
    assert sum(one.ticket.state != other.ticket.state for one, other in zip(then, _same(whole, then), strict=True)) > 2
    made_then = seen(tmp_path / "then", programme, then, whole, at)
    made_later = seen(tmp_path / "later", programme, whole, whole, at)
    for table in TABLES.values():
        pd.testing.assert_frame_equal(table.rows(made_later), table.rows(made_then), obj=table.name)


def _same(whole: Sequence[TicketRecord], then: Sequence[TicketRecord]) -> list[TicketRecord]:
    ids = {one.ticket.external_id for one in then}
    return [one for one in whole if one.ticket.external_id in ids]
