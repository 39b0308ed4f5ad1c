"""``task``, which all task tables extend: their rows, with the columns that all have."""

from __future__ import annotations

from tests.sandbox.clients import Stage

from itsm_bridge.sandbox import Faults
from itsm_bridge.sandbox.servicenow.dictionary import TASK, TASKS

KEYSET = "ORDERBYsys_updated_on^ORDERBYsys_id"


def test_it_holds_the_rows_of_every_task_table_once_and_in_order(untouched: Stage) -> None:
    snow = untouched.snow()
    fields = "sys_id,sys_updated_on,sys_class_name"
    rows = snow.rows("task", KEYSET, sysparm_fields=fields)
    children = [row for table in TASKS for row in snow.rows(table, KEYSET, sysparm_fields=fields)]
    assert len({row["sys_class_name"] for row in rows}) == len(TASKS)
    assert rows == sorted(children, key=lambda row: (row["sys_updated_on"], row["sys_id"]))


def test_it_has_the_columns_that_all_of_them_have_and_drops_conditions_on_others(untouched: Stage) -> None:
    snow = untouched.snow()
    (row,) = snow.rows("task", "sys_class_name=incident", sysparm_limit="1")
    assert set(row) == set(TASK)
    total = len(snow.rows("task", sysparm_fields="sys_id"))
    assert len(snow.rows("task", "caller_id=nobody", sysparm_fields="sys_id")) == total
    assert len(snow.rows("task", "number=nothing", sysparm_fields="sys_id")) == 0


def test_a_record_that_becomes_one_of_another_table_is_still_here(stage: Stage) -> None:
    snow = stage.snow()
    row = snow.rows("incident", sysparm_limit="1")[0]
    stage.sandbox.move(row["number"], "problem")
    assert snow.rows("incident", f"sys_id={row['sys_id']}") == []
    assert snow.one("task", f"sys_id={row['sys_id']}")["sys_class_name"] == "problem"
    assert snow.get(f"/api/now/table/task/{row['sys_id']}").json()["result"]["number"] == row["number"]


def test_a_row_is_written_in_the_table_that_it_is_of(stage: Stage) -> None:
    snow = stage.snow()
    row = snow.rows("incident", sysparm_limit="1")[0]
    assert snow.patch("task", row["sys_id"], short_description="by way of task").status_code == 200
    assert snow.one("incident", f"sys_id={row['sys_id']}")["short_description"] == "by way of task"
    assert snow.call("DELETE", f"/api/now/table/task/{row['sys_id']}").status_code == 204
    assert snow.rows("incident", f"sys_id={row['sys_id']}") == []
    assert snow.call("POST", "/api/now/table/task", json={}).status_code == 405


def test_who_may_not_see_a_ticket_or_its_table_may_not_see_it_here(stage: Stage) -> None:
    snow = stage.snow()
    row = snow.rows("incident", sysparm_limit="1")[0]
    stage.sandbox.hide(row["number"])
    answer = snow.get("/api/now/table/task", sysparm_query=f"sys_id={row['sys_id']}")
    assert (answer.json()["result"], answer.headers["X-Total-Count"]) == ([], "1")
    stage.sandbox.faults = Faults(hidden=frozenset({"incident"}))
    assert {one["sys_class_name"] for one in snow.rows("task")} == set(TASKS) - {"incident"}
