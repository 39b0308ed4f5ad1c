from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.connectors.fakes import ACCOUNT, NOON, Answer, Seen
from tests.connectors.snow import SOURCE, Record, Snow, audit, change, connected, entry, incident, sys_id, vote

from itsm_bridge.config.model import FieldMapping, ServiceNow, ServiceNowWrite
from itsm_bridge.connectors.base import Check
from itsm_bridge.model import State

pytestmark = pytest.mark.usefixtures("over_both_transports")

ONLY_INCIDENTS = replace(SOURCE, tables=("incident",))
LABELS = {"1": "New", "2": "In progress", "3": "On hold", "6": "Resolved", "7": "Closed"}


def choice(place: int, value: str, label: str, table: str = "incident", **values: str) -> Record:
    shown = {"label": label, "inactive": "false", "language": "en", **values}
    return {"sys_id": sys_id(place), "name": table, "element": "state", "value": value, **shown}


def healthy() -> Snow:
    snow = Snow()
    snow.tables["incident"] = [incident(1)]
    snow.tables["sys_audit"] = [audit(1, "state", "1", "2")]
    columns = ("impact", "urgency", "assignment_group", "priority", "state")
    snow.tables["sys_dictionary"] = [entry(place, column) for place, column in enumerate(columns)]
    snow.tables["sys_choice"] = [choice(place, *pair) for place, pair in enumerate(LABELS.items())]
    snow.columns = {"u_itsm_bridge_no_such_column"}  # an instance that returns nothing where it does not understand
    return snow


def diagnosis(snow: Snow, source: ServiceNow = ONLY_INCIDENTS) -> Mapping[str, Check]:
    with connected(snow, source) as connector:
        found = {check.name: check for check in connector.doctor()}
    assert snow.written == []
    assert all(check.fix for check in found.values() if check.verdict != "ok")
    return found


def test_a_healthy_instance_has_nothing_wrong() -> None:
    found = diagnosis(healthy())
    assert {check.name: check.verdict for check in found.values()} == dict.fromkeys(found, "ok") | {
        "clock": "warning"  # the tests' clocks stand two hours apart
    }
    assert "zone Asia/Kolkata" in found["connection"].detail


# --- roles ---


def with_roles(*names: str, account: str = ACCOUNT) -> Snow:
    snow = healthy()
    snow.tables["sys_user_has_role"] = [
        {"sys_id": sys_id(500 + place), "user.user_name": account, "state": "active", "role.name": name}
        for place, name in enumerate(names)
    ]
    return snow


def test_an_account_that_does_not_see_its_roles_is_as_it_should_be() -> None:
    assert diagnosis(healthy())["permissions"].verdict == "ok"
    closed = with_roles("admin")
    closed.hidden = {str(row["sys_id"]) for row in closed.tables["sys_user_has_role"]}
    assert diagnosis(closed)["permissions"].verdict == "ok"


def test_roles_that_are_not_needed_are_named_with_what_they_allow() -> None:
    check = diagnosis(with_roles("admin", "itil", "security_admin", "approval_admin"))["permissions"]
    assert check.verdict == "warning"
    assert check.detail == (
        "it does not need admin (it may do everything), approval_admin (it may answer approvals in place of their "
        "approvers), security_admin (it may change the rules of access)"
    )
    assert "with write on incident" in check.fix
    assert diagnosis(with_roles("itil", "sn_incident_write"))["permissions"].verdict == "ok"


def test_a_role_that_ended_is_none() -> None:
    snow = with_roles("admin")
    snow.tables["sys_user_has_role"][0]["state"] = "inactive"
    assert diagnosis(snow)["permissions"].verdict == "ok"


def test_write_on_a_table_where_nothing_is_written_is_more_than_needed() -> None:
    snow = with_roles("sn_incident_write", "sn_change_write")
    check = diagnosis(snow)["permissions"]
    assert check.detail == "it does not need sn_change_write (it may write change_request, where nothing is written)"
    check = diagnosis(snow, replace(ONLY_INCIDENTS, write=ServiceNowWrite()))["permissions"]
    assert "sn_incident_write" in check.detail
    assert "sn_change_write" in check.detail


def test_a_role_that_forbids_writing_is_a_failure_only_where_something_is_written() -> None:
    snow = with_roles("snc_read_only", "sn_incident_write")
    check = diagnosis(snow)["permissions"]
    assert (check.verdict, "snc_read_only" in check.fix) == ("failure", True)
    assert diagnosis(snow, replace(ONLY_INCIDENTS, write=ServiceNowWrite()))["permissions"].verdict == "ok"


def test_the_roles_of_somebody_else_are_no_answer() -> None:
    snow = with_roles("admin", account="somebody.else")
    real = snow._found
    snow._found = lambda table, text: real(table, text.replace("user.user_name", "no_such_column"))  # type: ignore[method-assign]
    check = diagnosis(snow)["permissions"]
    assert (check.verdict, "widened" in check.detail) == ("failure", True)


# --- the dictionary ---


@pytest.mark.parametrize(
    ("change", "verdict", "why"),
    [
        ({"element": "urgencie"}, "failure", "not there, or not active: urgency; the nearest is 'urgencie'"),
        ({"active": "false"}, "failure", "not there, or not active: urgency"),
        ({"read_only": "true"}, "warning", "read-only by the dictionary: urgency"),
    ],
)
def test_each_column_to_be_written_is_looked_up(change: Mapping[str, str], verdict: str, why: str) -> None:
    snow = healthy()
    snow.tables["sys_dictionary"][1].update(change)
    check = diagnosis(snow)["incident: fields to write"]
    assert check.verdict == verdict
    assert why in check.detail


@pytest.mark.parametrize("place", [0, 99])
def test_a_tables_own_entry_overrules_the_one_it_inherits(place: int) -> None:
    snow = healthy()
    snow.tables["sys_dictionary"].append(entry(place, "urgency", "incident", read_only="true"))
    assert diagnosis(snow)["incident: fields to write"].verdict == "warning"


def test_a_dictionary_that_is_closed_is_a_warning_and_no_verdict() -> None:
    snow = healthy()
    snow.tables["sys_dictionary"] = []
    assert diagnosis(snow)["incident: fields to write"].verdict == "warning"
    del snow.tables["sys_dictionary"]
    check = diagnosis(snow)["incident: fields to write"]
    assert (check.verdict, "not known" in check.detail) == ("warning", True)


def test_where_nothing_is_written_nothing_is_looked_up() -> None:
    snow = healthy()
    check = diagnosis(snow, replace(ONLY_INCIDENTS, write=ServiceNowWrite()))["incident: fields to write"]
    assert (check.verdict, check.detail) == ("ok", "none is written")
    assert not any("sys_dictionary" in seen.path for seen in snow.seen)


def test_an_approval_in_a_field_is_a_column_to_be_written_and_a_record_is_not() -> None:
    snow = healthy()
    source = replace(ONLY_INCIDENTS, write=ServiceNowWrite(approval="field", priority="priority"))
    assert "approval" in diagnosis(snow, source)["incident: fields to write"].detail
    assert "approval" not in diagnosis(snow)["incident: fields to write"].detail


# --- choices ---


def test_states_that_the_configuration_does_not_map_are_listed_and_so_are_those_that_are_not_there() -> None:
    snow = healthy()
    snow.tables["sys_choice"][1] = choice(1, "8", "Canceled")
    check = diagnosis(snow)["incident: states"]
    assert check.verdict == "warning"
    assert check.detail == "not in states: '8' (Canceled); in states:, and no choice there: '2'"


def test_choices_of_other_tables_and_inactive_ones_do_not_count() -> None:
    snow = healthy()
    snow.tables["sys_choice"] += [
        choice(20, "99", "Old", inactive="true"),
        choice(21, "-5", "Pending", "task"),
        choice(22, "77", "Elsewhere", "problem"),
    ]
    assert diagnosis(snow)["incident: states"].verdict == "ok"


def test_a_state_that_is_named_by_its_label_is_told_with_its_value() -> None:
    snow = healthy()
    states = {"incident": {**SOURCE.states["incident"], "On-Hold": State.ON_HOLD, "nothing like it": State.NEW}}
    check = diagnosis(snow, replace(ONLY_INCIDENTS, states=states))["incident: states"]
    assert check.verdict == "warning"
    assert check.detail == (
        "in states:, and no choice there: 'nothing like it', 'on-hold' (the value of 'On hold' is '3')"
    )


def test_labels_are_looked_for_where_choices_are_read_by_them() -> None:
    snow = healthy()
    assert "incident: choice labels" not in diagnosis(snow)
    source = replace(ONLY_INCIDENTS, choice_labels=True)
    assert diagnosis(snow, source)["incident: choice labels"].verdict == "warning"
    snow.tables["sys_choice"].append(choice(40, "network", "Network & VPN", element="category"))
    check = diagnosis(snow, source)["incident: choice labels"]
    assert (check.verdict, check.detail) == ("ok", "read by label: category")
    snow.hidden = {str(row["sys_id"]) for row in snow.tables["sys_choice"]}
    assert diagnosis(snow, source)["incident: choice labels"].verdict == "failure"


def test_a_map_may_name_a_label_only_where_choices_are_read_by_their_labels() -> None:
    snow = healthy()
    snow.tables["sys_choice"].append(choice(40, "network", "Network & VPN", element="category"))
    source = replace(ONLY_INCIDENTS, fields={"category": FieldMapping("category", {"network & vpn": "net"})})
    assert diagnosis(snow, source)["incident: mapped values"].verdict == "warning"
    assert diagnosis(snow, replace(source, choice_labels=True))["incident: mapped values"].verdict == "ok"


def test_a_table_without_choices_of_its_own_has_those_of_task() -> None:
    snow = healthy()
    for row in snow.tables["sys_choice"]:
        row["name"] = "task"
    snow.tables["sys_choice"].append(choice(20, "42", "Strange", "task"))
    assert "'42' (Strange)" in diagnosis(snow)["incident: states"].detail


def test_choices_that_cannot_be_read_are_a_warning() -> None:
    snow = healthy()
    snow.tables["sys_choice"] = []
    assert diagnosis(snow)["incident: states"].verdict == "warning"
    del snow.tables["sys_choice"]
    assert diagnosis(snow)["incident: states"].verdict == "warning"


def test_values_that_are_mapped_and_no_choices_are_named_with_the_nearest() -> None:
    snow = healthy()
    snow.tables["sys_choice"] += [
        choice(30, "network", "Network", element="category"),
        choice(31, "Hardware", "Hardware", element="category"),
    ]
    fields = {
        "category": FieldMapping("category", {"network": "net", "hardwear": "hw", "hardware": "hw"}),
        "service": FieldMapping("business_service", {"portal": "Portal"}),
    }
    check = diagnosis(snow, replace(ONLY_INCIDENTS, fields=fields))["incident: mapped values"]
    assert check.verdict == "warning"
    assert check.detail == "category has no choice 'hardwear'; the nearest is 'hardware'"


# --- history, votes, clocks ---


def test_history_that_is_there_and_hidden_is_a_failure_and_none_is_a_warning() -> None:
    snow = healthy()
    snow.hidden = {str(row["sys_id"]) for row in snow.tables["sys_audit"]}
    check = diagnosis(snow)["incident: history"]
    assert (check.verdict, check.fix) == ("failure", "grant the account read on sys_audit")
    snow.tables["sys_audit"] = []
    assert diagnosis(snow)["incident: history"].verdict == "warning"


def test_history_is_looked_for_by_the_ids_of_records_and_never_in_all_of_sys_audit() -> None:
    snow = healthy()
    snow.tables["incident"].append(incident(2))
    diagnosis(snow)
    asked = [seen.query["sysparm_query"] for seen in snow.seen if seen.path.endswith("/sys_audit")]
    assert asked
    assert all(f"documentkeyIN{sys_id(1)},{sys_id(2)}" in query for query in asked)
    snow.tables["incident"] = []
    check = diagnosis(snow)["incident: history"]
    assert (check.verdict, "no record can be seen" in check.detail) == ("warning", True)


def test_an_account_that_may_not_compare_times_of_update_is_told_the_permission() -> None:
    """A query rule that fails drops the bound and the order, or refuses the question, by the instance's settings."""
    snow = healthy()
    snow.tables["incident"] = [incident(place, NOON - timedelta(days=place)) for place in (40, 1, 2)]
    everything = Answer({"result": snow.tables["incident"]})
    unsorted = Answer({"result": snow.tables["incident"][1:]})
    for told in (everything, unsorted, Answer({"error": {}}, 403)):
        snow.meddle = lambda seen, answer, told=told: (  # type: ignore[misc]  # the answer of this turn
            told if "sys_updated_on>=" in seen.query.get("sysparm_query", "") else answer
        )
        check = diagnosis(snow)["incident: scope and order"]
        assert check.verdict == "failure"
        assert "query_range" in check.detail + check.fix
        assert "incident.sys_updated_on" in check.detail + check.fix


def test_a_table_that_may_not_be_read_is_a_failure_of_its_own_check_alone() -> None:
    snow = healthy()

    def closes(seen: Seen, answer: Answer) -> Answer:
        return Answer({"error": {}}, 403) if seen.path.endswith(("sys_audit", "sysapproval_approver")) else answer

    snow.meddle = closes
    found = diagnosis(snow)
    assert {name for name, check in found.items() if check.verdict == "failure"} == {"incident: history", "approvals"}


def test_votes_that_are_there_and_hidden_are_a_warning() -> None:
    snow = healthy()
    snow.tables["sysapproval_approver"] = [vote(1, 1, sys_id(5))]
    snow.hidden = {str(snow.tables["sysapproval_approver"][0]["sys_id"])}
    assert diagnosis(snow)["approvals"].verdict == "warning"


def test_the_sources_own_clocks_are_looked_at_where_they_are_read() -> None:
    snow = healthy()
    assert "native service levels" not in diagnosis(snow)
    source = replace(ONLY_INCIDENTS, native_slas=True)
    assert diagnosis(snow, source)["native service levels"].verdict == "failure"
    snow.tables["task_sla"] = []
    assert diagnosis(snow, source)["native service levels"].verdict == "ok"


def test_fields_are_looked_for_where_the_first_record_is_hidden() -> None:
    snow = healthy()
    snow.tables["incident"] = [incident(place) for place in range(1, 4)]
    snow.hidden = {sys_id(1)}
    assert diagnosis(snow)["incident: fields"].verdict == "ok"


@pytest.mark.parametrize("days", [1, 400])
def test_a_scope_on_a_column_that_is_not_there_is_a_failure_with_the_fix(days: int) -> None:
    snow = healthy()
    snow.tables["incident"] = [incident(1, NOON - timedelta(days=days))]
    check = diagnosis(snow, replace(ONLY_INCIDENTS, scope="u_contract=7"))["incident: scope and order"]
    assert check.verdict == "failure"
    assert "the scope names u_contract, which incident does not have" in check.detail
    assert "correct scope: in bridge.yaml" in check.fix


def test_a_field_that_another_table_has_is_a_warning_and_one_that_is_nowhere_a_failure() -> None:
    snow = healthy()
    snow.tables["change_request"] = [change(2)]
    del snow.tables["change_request"][0]["category"]
    assert diagnosis(snow, SOURCE)["change_request: fields"].verdict == "warning"
    snow.tables["sys_dictionary"].append(entry(70, "category", "incident"))
    assert diagnosis(snow, SOURCE)["change_request: fields"].verdict == "warning"
    snow.tables["sys_dictionary"].pop()
    del snow.tables["incident"][0]["category"]
    assert diagnosis(snow, SOURCE)["change_request: fields"].verdict == "failure"


def test_a_field_that_the_dictionary_has_and_no_row_shows_is_hidden_which_is_a_failure() -> None:
    snow = healthy()
    snow.tables["change_request"] = [change(2)]
    del snow.tables["change_request"][0]["u_environment"]
    snow.tables["sys_dictionary"].append(entry(70, "u_environment"))
    assert diagnosis(snow, SOURCE)["change_request: fields"].verdict == "failure"


def test_a_dot_walked_field_is_looked_for_by_its_name() -> None:
    snow = healthy()
    source = replace(ONLY_INCIDENTS, fields={"environment": FieldMapping("cmdb_ci.u_tenant", {})})
    assert diagnosis(snow, source)["incident: fields"].verdict == "failure"
    snow.tables["incident"][0]["cmdb_ci.u_tenant"] = "punjab"
    assert diagnosis(snow, source)["incident: fields"].verdict == "ok"


# --- groups and queries ---


def test_a_group_that_is_not_active_is_told_from_one_that_is_not_there() -> None:
    snow = healthy()
    snow.tables["sys_user_group"][1]["active"] = "false"
    check = diagnosis(snow)["groups of vendors"]
    assert check.verdict == "failure"
    assert check.detail == "GWL: the group 'eGov GWL' is not active"


def test_an_instance_that_drops_what_it_does_not_understand_is_named_with_its_property() -> None:
    snow = healthy()
    snow.columns = set()
    check = diagnosis(snow)["invalid queries"]
    assert check.verdict == "warning"
    assert "glide.invalid_query.returns_no_rows" in check.fix


# --- notes ---

WORK_NOTE: Record = {
    "sys_id": sys_id(0x1000),
    "element_id": sys_id(1),
    "element": "work_notes",
    "value": "Looked into.",
}


def test_an_account_that_may_not_read_journals_is_told_that_it_sends_no_notes() -> None:
    def refuse(seen: Seen, answer: Answer) -> Answer:
        return Answer({"error": {}}, 403) if seen.path.endswith("/sys_journal_field") else answer

    found = diagnosis(replace(healthy(), meddle=refuse))["notes"]
    assert (found.verdict, "no notes are sent" in found.detail) == ("warning", True)


def test_journals_whose_entries_are_hidden_are_a_warning_too() -> None:
    snow = healthy()
    snow.tables["sys_journal_field"] = [WORK_NOTE]
    assert diagnosis(snow)["notes"].verdict == "ok"
    snow.hidden = {sys_id(0x1000)}
    assert "sees none" in diagnosis(snow)["notes"].detail


def test_where_nothing_is_written_nobody_asks_for_journals() -> None:
    assert "notes" not in diagnosis(healthy(), replace(ONLY_INCIDENTS, write=ServiceNowWrite()))
