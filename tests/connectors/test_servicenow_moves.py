"""Records that become records of another table, and answers that hold one twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.connectors import snow
from tests.connectors.fakes import ACCOUNT, NOON, Answer, Seen
from tests.connectors.test_contract import side_of

from itsm_bridge.errors import CredentialsRefused
from itsm_bridge.sandbox import start
from itsm_bridge.sandbox.servicenow.tables import made_up_id


def test_what_happened_before_a_move_to_another_table_stays_in_the_history() -> None:
    with start(now=NOON, clock="manual") as sandbox:
        number = sandbox.create("incident", {"assignment_group": made_up_id("sys_user_group", "eGov OptIT")})
        for state in ("2", "6"):
            sandbox.clock.advance(60)
            sandbox.edit(number, {"state": state})
        sandbox.move(number, "sc_req_item")
        sandbox.edit(number, {"state": "3"})
        (record,) = side_of(sandbox, "snow").connector().fetch_ids("sc_req_item", [number]).records
    states = [(entry.source_new, entry.old, entry.new) for entry in record.history if entry.field == "state"]
    assert record.ticket.project == "sc_req_item"
    assert states[:2] == [("2", "new", "in_progress"), ("6", "in_progress", "resolved")], (
        "read as its table had it then"
    )
    assert states[2] == ("3", "unknown", "closed"), "the new table does not know the state that it came with"


def test_our_own_record_that_comes_twice_in_an_answer_is_no_refusal() -> None:
    def doubled(seen: Seen, answer: Answer) -> Answer:
        body = answer.body
        assert isinstance(body, dict)
        return replace(answer, body={"result": body["result"] * 2}) if "sys_user" in seen.path else answer

    with snow.connected(snow.Snow(meddle=doubled)) as connector:
        assert connector.identity().account == ACCOUNT


def test_another_persons_record_beside_ours_is_refused() -> None:
    def added(seen: Seen, answer: Answer) -> Answer:
        body = answer.body
        assert isinstance(body, dict)
        stranger = snow.person(snow.sys_id(5), "somebody")
        return replace(answer, body={"result": [*body["result"], stranger]}) if "sys_user" in seen.path else answer

    with snow.connected(snow.Snow(meddle=added)) as connector, pytest.raises(CredentialsRefused):
        connector.identity()
