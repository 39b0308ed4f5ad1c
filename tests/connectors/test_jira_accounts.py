"""A person is called the same in every run, whoever else was met in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from tests.connectors.fakes import NOON, Answer, Seen, serving
from tests.connectors.test_contract import passed_on, records_of, side_of, walk

from itsm_bridge.model import HistoryEntry
from itsm_bridge.sandbox import Sandbox, start
from itsm_bridge.sandbox.population.foundation import account_of
from itsm_bridge.sandbox.population.people import ENGINEERS, OPTIT, OWN_TEAM

NEHA, DEV = ENGINEERS[OPTIT][1], ENGINEERS[OWN_TEAM][1]


@pytest.fixture(params=["ops", "center"])
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def sandbox(name: str) -> Iterator[Sandbox]:
    """A site of that kind."""
    with start(now=NOON, clock="manual", deployment_jira="data_center" if name == "center" else "cloud") as running:
        yield running


def handed_over(sandbox: Sandbox) -> str:
    """An issue that Neha had before Dev."""
    number = sandbox.create("OPS", {"summary": "handed over"})
    for person in (NEHA, DEV):
        sandbox.clock.advance(60)
        sandbox.edit(number, {"assignee": {"accountId": account_of(person)["accountId"]}}, "asha.k")
    return number


def assignees(history: Iterable[HistoryEntry]) -> list[tuple[str, str]]:
    return [(entry.old, entry.new) for entry in history if entry.field == "assignee"]


def test_a_past_assignee_is_called_by_the_address_also_where_nobody_else_mentions_it(
    name: str, sandbox: Sandbox
) -> None:
    side, number = side_of(sandbox, name), handed_over(sandbox)
    alone = side.connector()
    alone.identity()
    (record,) = alone.fetch_ids("issues", [number]).records
    assert assignees(record.history) == [("", NEHA.email), (NEHA.email, DEV.email)]
    again = side.connector()
    again.identity()
    assert again.read(record.ticket).history == record.history
    everybody = {one.ticket.external_id: one for one in records_of(walk(side.connector()))}
    assert everybody[number].history == record.history


def test_an_account_that_we_may_not_look_up_keeps_the_name_that_is_shown(name: str, sandbox: Sandbox) -> None:
    side, number = side_of(sandbox, name), handed_over(sandbox)
    forward, asked = passed_on(side.url), list[tuple[str, str]]()

    def closed(seen: Seen) -> Answer:
        if "/user" not in seen.path:
            return forward(seen)
        asked.append((seen.path, str(seen.query)))
        return Answer({"errorMessages": ["You may not."]}, 403)

    with serving(closed) as web:
        connector = side.connector(web.url)
        connector.identity()
        first, second = (connector.fetch_ids("issues", [number]).records[0] for _ in range(2))
    assert assignees(first.history) == [("", NEHA.name), (NEHA.name, DEV.email)]
    assert first == second
    assert len(asked) == len(set(asked)) == 1, "nobody is asked for twice, and nobody who is known already"
