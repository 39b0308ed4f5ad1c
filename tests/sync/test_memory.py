"""A pull holds a page at a time, however many tickets there are; real memory is measured in ``benchmarks/``."""

from __future__ import annotations

import gc
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.made_servicenow import Instance
from benchmarks.serving import Asked
from tests.connectors.fakes import ACCOUNT, CREDENTIALS, NOON, World
from tests.connectors.snow import SOURCE, VENDORS

from itsm_bridge.config.model import Limits
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.connectors.servicenow.transport import Rows, shape
from itsm_bridge.model import HistoryEntry, TicketRecord
from itsm_bridge.store import Store
from itsm_bridge.sync import pull

PAGE = 100


class Direct:
    """The made-up instance of the benchmarks, asked without a network."""

    def __init__(self, tickets: int) -> None:
        self._instance = Instance(tickets, NOON)

    def get(self, table: str, query: str, fields: Sequence[str], limit: int, offset: int = 0) -> Rows:
        given = {
            "sysparm_query": query,
            "sysparm_fields": ",".join(fields),
            "sysparm_limit": str(limit),
            "sysparm_offset": str(offset),
        }
        answer = self._instance(Asked(f"/api/now/table/{table}", given, {}))
        return Rows(json.loads(answer.body)["result"], int(answer.headers["X-Total-Count"]), has_next=False)

    def patch(self, table: str, sys_id: str, values: Mapping[str, str]) -> None:  # noqa: ARG002 - the seam
        raise AssertionError("a pull writes nothing")

    def post(self, table: str, values: Mapping[str, str]) -> None:  # noqa: ARG002 - the seam
        raise AssertionError("a pull writes nothing")


def a_connector(name: str, tickets: int) -> ServiceNowConnector:
    around = World(at=7200).surroundings
    session = GuardedSession(
        name, "https://snow.example", BasicAuth(CREDENTIALS), shape, max_wait=1, surroundings=around
    )
    fields = {ours: SOURCE.fields[ours] for ours in ("environment", "service", "category")}
    source = replace(SOURCE, name=name, tables=("incident",), fields=fields)
    return ServiceNowConnector(
        source, ACCOUNT, VENDORS, session=session, transport=Direct(tickets), surroundings=around, page=PAGE
    )


def held(name: str) -> tuple[int, int]:
    """Tickets and entries of history of one source that are in memory."""
    everything = gc.get_objects()
    records = sum(isinstance(one, TicketRecord) and one.ticket.source == name for one in everything)
    entries = sum(isinstance(one, HistoryEntry) and one.source == name for one in everything)
    return records, entries


def most_held(folder: Path, name: str, tickets: int) -> tuple[int, int]:
    """The most tickets, and the most entries of history, that were held after one of the pages of a pull."""
    looks: list[tuple[int, int]] = []
    with Store.open("sqlite:///bridge.db", folder / name, create=True) as store:
        pulled = pull(
            store,
            a_connector(name, tickets),
            NOON,
            zone=ZoneInfo("UTC"),
            limits=Limits(),
            watch=lambda *_: looks.append(held(name)),
        )
        assert (pulled.problem, pulled.read, store.ticket_count()) == (None, tickets, tickets)
    assert len(looks) > tickets // PAGE
    return max(records for records, _ in looks), max(entries for _, entries in looks)


def test_a_pull_holds_a_page_or_two_however_many_tickets_there_are(tmp_path: Path) -> None:
    few, few_entries = most_held(tmp_path, "few", 5 * PAGE)
    many, many_entries = most_held(tmp_path, "many", 10 * PAGE)
    assert PAGE <= few == many <= 2 * PAGE
    assert 2 * PAGE < few_entries <= 20 * PAGE
    assert 2 * PAGE < many_entries <= 20 * PAGE
