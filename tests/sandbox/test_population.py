from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.sandbox.clients import NOW, SERVICE, filled

from itsm_bridge.sandbox.jira.site import Issue, Site, instant
from itsm_bridge.sandbox.population import jira_stories, servicenow_stories
from itsm_bridge.sandbox.population.foundation import APPROVAL, ENVIRONMENT, VENDOR
from itsm_bridge.sandbox.population.hours import closing, earlier, later, opening, worked
from itsm_bridge.sandbox.population.owners import SERVICES_OF, owner
from itsm_bridge.sandbox.population.people import DESK, everybody
from itsm_bridge.sandbox.population.present import FRESH, JIRA, SERVICENOW, Case
from itsm_bridge.sandbox.population.story import Story
from itsm_bridge.sandbox.population.texts import BY_KIND, HOSTILE
from itsm_bridge.sandbox.servicenow.dictionary import AUDITED
from itsm_bridge.sandbox.servicenow.tables import Instance, Row

Both = tuple[Instance, Site]
Tell = Callable[[datetime, int], list[Story]]

OPEN = {
    "incident": {"1", "2", "3"},
    "sc_req_item": {"-5", "1", "2"},
    "change_request": {"-5", "-4", "-3", "-2", "-1", "0"},
}
"""The open states of the tables that the example configuration reads."""


def _tasks(instance: Instance) -> Iterator[Row]:
    return itertools.chain.from_iterable(instance.tables[table] for table in OPEN)


def _open_tasks(instance: Instance) -> list[Row]:
    return [row for row in _tasks(instance) if row["state"] in OPEN[row["sys_class_name"]]]


def _open_issues(site: Site) -> list[Issue]:
    return [one for one in site.issues.values() if one.fields["status"]["statusCategory"]["key"] != "done"]


def _chosen(issue: Issue, field: str) -> str:
    return str((issue.fields.get(field) or {}).get("value", ""))


def _group(instance: Instance, row: Row) -> str:
    return instance.shown("sys_user_group", row["assignment_group"]).removeprefix("eGov ")


# --- the same for the same seed and instant ----------------------------------------------------------------------


def test_the_same_seed_and_instant_give_the_same_tickets(populated: Both) -> None:
    instance, site = filled(7)
    for name, table in instance.tables.items():
        assert list(table) == list(populated[0].tables[name])
    assert [vars_of(one) for one in site.issues.values()] == [vars_of(one) for one in populated[1].issues.values()]


def test_another_seed_gives_others(populated: Both) -> None:
    _, site = filled(8)
    assert [vars_of(one) for one in site.issues.values()] != [vars_of(one) for one in populated[1].issues.values()]


def vars_of(issue: Issue) -> tuple[object, ...]:
    return (issue.id, issue.key, issue.fields, issue.histories, issue.updated)


# --- calibration -------------------------------------------------------------------------------------------------


def test_there_are_about_a_thousand_tickets_of_every_kind(populated: Both) -> None:
    instance, site = populated
    tables = Counter(row["sys_class_name"] for row in _tasks(instance))
    types = Counter(one.fields["issuetype"]["name"] for one in site.issues.values())
    assert 900 <= tables.total() + types.total() <= 1000
    assert set(tables) == set(OPEN)
    assert set(types) == {"Incident", "Service Request", "Change", "Problem", "Task"}
    assert min(*tables.values(), *types.values()) >= 20


@pytest.mark.parametrize(("seed", "now"), [(7, NOW), (1, NOW), (7, datetime(2027, 3, 1, 5, 0, tzinfo=UTC))])
def test_the_records_that_are_open_at_the_end_are_those_of_the_stories(seed: int, now: datetime) -> None:
    instance, site = filled(seed, now)
    end = now - timedelta(seconds=1)
    read = [one for one in servicenow_stories(end, seed) if one.kind != "problem"]
    assert len(_open_tasks(instance)) == sum(one.is_open() for one in read)
    assert len(_open_issues(site)) == sum(one.is_open() for one in jira_stories(end, seed))


@pytest.mark.parametrize("cases", [SERVICENOW, JIRA])
def test_open_tickets_of_every_sort_wait_for_the_rules(cases: tuple[Case, ...]) -> None:
    fresh = Counter(case.treatment for case in cases if case.treatment in FRESH)
    assert set(fresh) == FRESH
    assert 7 <= fresh.total() <= 9


def _changed_by_people(instance: Instance, row: Row, *fields: str) -> bool:
    rows = instance.tables["sys_audit"].with_value("documentkey", [row["sys_id"]]) or []
    return any(one["fieldname"] in fields for one in rows)


def test_open_tickets_have_what_the_rules_decide_or_what_a_person_chose(populated: Both) -> None:
    """Counts those whose vendor or priority a run of the bridge would change: they must stay below its limits."""
    instance, _ = populated
    undecided = Counter[str]()
    for row in _open_tasks(instance):
        service = instance.shown("cmdb_ci_service", row["business_service"])
        wanted = owner(row["u_environment"], service, row["category"], NOW.date())
        outage = row["category"] == "availability" and row["sys_class_name"] == "incident"
        waits = row["approval"] in ("requested", "rejected")
        if not (
            _changed_by_people(instance, row, "impact", "urgency")
            or row["impact"] == row["urgency"] == "12"[not outage]
        ):
            undecided["priority"] += 1
        if not (
            waits
            or _changed_by_people(instance, row, "assignment_group")
            or _group(instance, row) in (wanted, "DevOps")
        ):
            undecided["vendor"] += 1
    assert 4 <= undecided["priority"] <= 8
    assert 6 <= undecided["vendor"] <= 9


def test_no_everyday_text_holds_a_word_that_makes_a_rule_fire() -> None:
    words = ("outage", "site down", "unreachable", "pb-", "finance", "ledger", "e-governance erp", "disk full")
    texts = [text for kinds in BY_KIND.values() for some in kinds.values() for text in some]
    texts += [case.text for case in (*SERVICENOW, *JIRA) if case.treatment not in FRESH]
    assert not [text for text in texts for word in words if word in text.casefold()]


def test_changes_and_access_have_no_vendor_before_they_are_approved(populated: Both) -> None:
    instance, site = populated
    for row in _tasks(instance):
        needs = (row["sys_class_name"] == "change_request" and row["u_environment"] != "internal") or row[
            "category"
        ] == "access"
        if needs and row["approval"] != "approved":
            assert instance.shown("sys_user_group", row["assignment_group"]) == DESK, row["number"]
    for issue in _open_issues(site):
        change = issue.fields["issuetype"]["name"] == "Change" and _chosen(issue, ENVIRONMENT) != "internal"
        if (change or "access" in issue.fields["labels"]) and _chosen(issue, APPROVAL) != "Approved":
            assert not _chosen(issue, VENDOR), issue.key


def test_approvals_wait_were_given_and_were_refused(populated: Both) -> None:
    instance, site = populated
    approvals = Counter(row["approval"] for row in _tasks(instance))
    assert min(approvals[name] for name in ("requested", "approved", "rejected", "not requested")) >= 2
    asked = {instance.shown("sys_user", row["approver"]) for row in instance.tables["sysapproval_approver"]}
    addresses = {one.email for one in everybody(SERVICE) if one.name in asked}
    assert addresses == {"punjab-spoc@egov.example", "infra-head@egov.example"}
    chosen = Counter(_chosen(one, APPROVAL) for one in site.issues.values())
    assert min(chosen[name] for name in ("Requested", "Approved", "Rejected")) >= 1


def test_each_approver_of_a_change_leaves_a_word_in_jiras_changelog(populated: Both) -> None:
    """A plain field holds one word, so that only its history says how many approvers set it."""
    _, site = populated
    for issue in site.issues.values():
        if issue.fields["issuetype"]["name"] != "Change" or issue.fields.get(VENDOR) is None:
            continue
        words = [
            (site.users[entry["author"]["accountId"]]["emailAddress"], item["toString"])
            for entry in issue.histories
            for item in entry["items"]
            if item["fieldId"] == APPROVAL
        ]
        voters = {email for email, word in words if word == "Approved"}
        assert voters in (set(), {"punjab-spoc@egov.example", "infra-head@egov.example"})
        assert bool(voters) == (_chosen(issue, ENVIRONMENT) != "internal")


# --- history and record tell one story ---------------------------------------------------------------------------


def test_servicenows_audit_leads_to_the_record_as_it_is(populated: Both) -> None:
    instance, _ = populated
    users = {row["user_name"] for row in instance.tables["sys_user"]}
    traced = 0
    for row in _tasks(instance):
        audit = instance.tables["sys_audit"].with_value("documentkey", [row["sys_id"]]) or []
        by_field: dict[str, list[Row]] = defaultdict(list)
        for one in audit:
            by_field[one["fieldname"]].append(one)
            assert one["user"] in users - {SERVICE.user_name}
            assert row["sys_created_on"] <= one["sys_created_on"] <= row["sys_updated_on"]
            assert one["fieldname"] in AUDITED[row["sys_class_name"]]
        for field, changes in by_field.items():
            assert [one["newvalue"] for one in changes[:-1]] == [one["oldvalue"] for one in changes[1:]]
            assert changes[-1]["newvalue"] == row.get(field, "")
            assert all(one["oldvalue"] != one["newvalue"] for one in changes)
            traced += 1
        assert int(row["sys_mod_count"]) == len({one["record_checkpoint"] for one in audit})
    assert traced > 1000


def test_jiras_changelog_leads_to_the_issue_as_it_is(populated: Both) -> None:
    _, site = populated
    ids = []
    for issue in site.issues.values():
        by_field: dict[str, list[dict[str, str]]] = defaultdict(list)
        stamps = [instant(entry["created"]) for entry in issue.histories]
        assert stamps == sorted(stamps)
        assert all(issue.created <= at <= issue.updated for at in stamps)
        for entry in issue.histories:
            ids.append(int(entry["id"]))
            assert entry["author"]["accountId"] != site.user_by_email(SERVICE.email)
            for item in entry["items"]:
                by_field[item["fieldId"]].append(item)
        for field, items in by_field.items():
            assert [one.get("toString") for one in items[:-1]] == [one.get("fromString") for one in items[1:]]
            value = issue.fields[field]
            shown = (value.get("name") or value.get("value") or value.get("displayName")) if value else None
            assert items[-1].get("toString") == shown
    assert len(set(ids)) == len(ids)


def test_nothing_happens_after_the_end_or_before_the_ticket(populated: Both) -> None:
    instance, site = populated
    end = NOW.strftime("%Y-%m-%d %H:%M:%S")
    for table in instance.tables.values():
        assert all(max(row.get("sys_updated_on", ""), row.get("sys_created_on", "")) < end for row in table)
    assert all(issue.created <= issue.updated < NOW for issue in site.issues.values())


def test_numbers_and_ids_ascend_with_creation(populated: Both) -> None:
    instance, site = populated
    for table in OPEN:
        rows = sorted(instance.tables[table], key=lambda row: row["number"])
        stamps = [row["sys_created_on"] for row in rows]
        assert stamps == sorted(stamps)
    issues = sorted(site.issues.values(), key=lambda one: one.id)
    assert [one.created for one in issues] == sorted(one.created for one in issues)
    stamps = [row["sys_created_on"] for row in instance.tables["sys_audit"]]
    assert stamps == sorted(stamps)


def test_some_texts_try_to_do_harm(populated: Both) -> None:
    summaries = {row["short_description"] for row in populated[0].tables["incident"]}
    assert summaries >= set(HOSTILE)
    for sign in ("=cmd|' /C calc'!A0", "<script>", "\u202e", "\x1b[31m", "👩🏽‍💻"):
        assert any(sign in text for text in summaries)
    assert max(len(text) for text in summaries) > 5000


def test_services_are_those_of_the_environment(populated: Both) -> None:
    instance, _ = populated
    for row in _tasks(instance):
        service = instance.shown("cmdb_ci_service", row["business_service"])
        if row["u_environment"] in SERVICES_OF and service:
            assert service in SERVICES_OF[row["u_environment"]], row["number"]


# --- working hours -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "hours", "end"),
    [
        ("2026-11-25 10:00", 2, "2026-11-25 12:00"),
        ("2026-11-25 18:00", 1, "2026-11-26 10:00"),
        ("2026-11-27 18:00", 1, "2026-11-30 10:00"),
        ("2026-11-28 12:00", 9, "2026-11-30 18:30"),
        ("2026-11-25 03:00", 0, "2026-11-25 09:30"),
        ("2026-11-25 09:30", 45, "2026-12-01 18:30"),
    ],
)
def test_working_hours_run_on_weekdays_in_india(at: str, hours: float, end: str) -> None:
    start, stop = (datetime.fromisoformat(f"{text}+05:30") for text in (at, end))
    assert later(start, hours) == stop
    assert worked(start, stop) == pytest.approx(hours)


@pytest.mark.parametrize(
    ("at", "hours", "start"),
    [
        ("2026-11-25 12:00", 2, "2026-11-25 10:00"),
        ("2026-11-26 10:00", 1, "2026-11-25 18:00"),
        ("2026-11-30 10:00", 1, "2026-11-27 18:00"),
        ("2026-11-29 12:00", 9, "2026-11-27 09:30"),
        ("2026-11-25 21:00", 0, "2026-11-25 18:30"),
        ("2026-11-30 09:30", 0, "2026-11-27 18:30"),
    ],
)
def test_working_hours_are_counted_backwards_too(at: str, hours: float, start: str) -> None:
    end, wanted = (datetime.fromisoformat(f"{text}+05:30") for text in (at, start))
    assert earlier(end, hours) == wanted
    assert worked(wanted, end) == pytest.approx(hours)
    assert closing(end) >= wanted


def test_no_work_is_done_backwards_or_at_night() -> None:
    at = datetime.fromisoformat("2026-11-25T12:00+05:30")
    assert worked(at, at - timedelta(hours=1)) == 0
    assert worked(at.replace(hour=20), at.replace(hour=23)) == 0
    assert opening(at) == at
