from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.connectors.cloud import (
    ANA,
    APPROVAL,
    ENVIRONMENT,
    HIDDEN,
    IMPACT,
    SOURCE,
    TEAM,
    VENDOR,
    Cloud,
    connected,
    history,
    issue,
    item,
    option,
    status,
    told,
)
from tests.connectors.fakes import NOON, Answer, Seen

from itsm_bridge.connectors.base import Bookmark, Oddity, Page
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.errors import (
    BridgeError,
    ConfigurationInvalid,
    CredentialsRefused,
    NeedsPerson,
    RecordRejected,
    SourceUnavailable,
)
from itsm_bridge.model import ApprovalState, State, TicketRecord, TicketType


def pages(connector: JiraConnector, bookmark: Bookmark | None = None) -> list[Page]:
    return list(connector.fetch("issues", bookmark))


def records(found: list[Page]) -> list[TicketRecord]:
    return [record for page in found for record in page.records]


def oddities(found: list[Page]) -> list[Oddity]:
    return [oddity for page in found for oddity in page.oddities]


def read_one(cloud: Cloud) -> tuple[TicketRecord, set[str]]:
    with connected(cloud) as connector:
        found = pages(connector)
    (record,) = records(found)
    return record, {oddity.check for oddity in oddities(found)}


def many(count: int) -> Cloud:
    cloud = Cloud()
    cloud.add(*(issue(number, NOON - timedelta(minutes=count - number)) for number in range(1, count + 1)))
    return cloud


# --- walking ---


def test_all_issues_are_read_through_short_and_empty_pages() -> None:
    cloud = many(450)
    cloud.size = 130

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/search/jql") and not seen.json.get("nextPageToken"):
            return Answer({"issues": [], "isLast": False, "nextPageToken": "t0"})
        return answer

    cloud.meddle = meddle
    with connected(cloud) as connector:
        found = pages(connector)
    ids = [record.ticket.external_id for record in records(found)]
    assert len(ids) == len(set(ids)) == 450
    assert max(len(page.records) for page in found) == 100


@pytest.mark.parametrize("tokens", [("t0",), ("t0", "t5", "t3")])
def test_a_token_that_repeats_ends_the_walk_with_an_error(tokens: tuple[str, ...]) -> None:
    cloud = many(10)

    def meddle(seen: Seen, answer: Answer) -> Answer:
        turn = len(cloud.asked("/search/jql"))
        if turn > 20:
            return Answer(status=410)  # it has gone round and round
        token = {"isLast": False, "nextPageToken": tokens[turn % len(tokens)]}
        return replace(answer, body={**answer.body, **token}) if seen.path.endswith("/search/jql") else answer  # type: ignore[dict-item]

    cloud.meddle = meddle
    with connected(cloud) as connector, pytest.raises(SourceUnavailable, match="repeats"):
        pages(connector)
    assert len(cloud.asked("/search/jql")) == len(tokens) + 1


def test_a_token_that_has_expired_ends_the_walk_for_this_run_only() -> None:
    cloud = many(250)

    def expired(seen: Seen, answer: Answer) -> Answer:
        late = seen.path.endswith("/search/jql") and seen.json.get("nextPageToken") == "t200"
        return Answer({"errorMessages": ["expired"]}, 400) if late else answer

    cloud.meddle = expired
    with connected(cloud) as connector:
        walk = connector.fetch("issues", None)
        first = next(walk)
        with pytest.raises(SourceUnavailable, match="page token"):
            list(walk)
        cloud.meddle = lambda _, answer: answer
        rest = pages(connector, first.bookmark)
    assert {record.ticket.external_id for record in records([first, *rest])} == set(cloud.issues)


@pytest.mark.parametrize("last", [{}, {"isLast": False}])
def test_a_page_without_a_token_that_is_not_the_last_is_no_end(last: dict[str, bool]) -> None:
    cloud = many(3)
    cloud.meddle = lambda seen, answer: Answer({"issues": [], **last}) if seen.path.endswith("/search/jql") else answer
    with connected(cloud) as connector, pytest.raises(SourceUnavailable, match="broke off"):
        pages(connector)


def test_a_second_walk_asks_by_minutes_of_the_servers_clock_and_reads_the_overlap() -> None:
    cloud = many(40)
    with connected(cloud) as connector:
        bookmark = pages(connector)[-1].bookmark
        assert bookmark["at"] == "2026-11-20T12:00:00.000+00:00"
        cloud.now = NOON + timedelta(minutes=10)
        cloud.add(issue(41, cloud.now))
        again = {record.ticket.number for record in records(pages(connector, bookmark))}
    assert cloud.asked("/search/jql")[0].json["jql"] == 'project in ("OPS", "ENV") ORDER BY updated ASC, key ASC'
    assert cloud.asked("/search/jql")[-1].json["jql"] == (
        'project in ("OPS", "ENV") AND updated >= "-26m" ORDER BY updated ASC, key ASC'
    )
    assert again == {f"OPS-{number}" for number in range(24, 42)}


def test_the_search_asks_for_fields_and_never_for_an_upper_bound() -> None:
    cloud = many(1)
    with connected(cloud) as connector:
        pages(connector)
    body = cloud.asked("/search/jql")[0].json
    assert body["fields"] == ["updated"]
    assert "<=" not in body["jql"]


def test_a_bookmark_of_another_scope_is_not_used() -> None:
    cloud = many(3)
    with connected(cloud) as connector:
        bookmark = pages(connector)[-1].bookmark
    with connected(cloud, replace(SOURCE, projects=("OPS",))) as connector:
        pages(connector, bookmark)
    assert "updated >=" not in cloud.asked("/search/jql")[-1].json["jql"]


def test_a_walk_that_breaks_off_goes_on_without_a_gap() -> None:
    cloud = many(450)
    with connected(cloud) as connector:
        walk = connector.fetch("issues", None)
        first = [next(walk), next(walk)]
        cloud.meddle = lambda _, __: Answer(status=502)
        with pytest.raises(SourceUnavailable):
            list(walk)
        cloud.meddle = lambda _, answer: answer
        rest = pages(connector, first[-1].bookmark)
    assert {record.ticket.external_id for record in records(first + rest)} == set(cloud.issues)


def test_a_fresher_issue_in_the_middle_of_a_walk_does_not_push_the_bookmark_ahead() -> None:
    cloud = many(250)

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/search/jql"):
            answer.body["issues"][5]["fields"]["updated"] = told(NOON)  # type: ignore[index]
        return answer

    cloud.meddle = meddle
    with connected(cloud) as connector:
        first = next(connector.fetch("issues", None))
    assert first.bookmark["at"] < "2026-11-20T09:00"


def test_a_bookmark_never_runs_ahead_of_the_servers_clock() -> None:
    cloud = Cloud(now=NOON - timedelta(minutes=7))  # ours is seven minutes ahead
    cloud.add(*(issue(number, NOON - timedelta(minutes=200 - number)) for number in range(1, 101)))
    cloud.add(issue(101, datetime(2099, 1, 1, tzinfo=UTC)))
    with connected(cloud) as connector:
        found = pages(connector)
        assert [page.bookmark["at"][:16] for page in found] == ["2026-11-20T08:41", "2026-11-20T11:53"]
        cloud.now = NOON
        cloud.add(issue(102, NOON - timedelta(minutes=6)))
        again = {record.ticket.number for record in records(pages(connector, found[-1].bookmark))}
    assert "OPS-102" in again


def test_an_empty_answer_to_a_stranger_is_not_an_empty_site() -> None:
    cloud = many(3)
    answers = iter([True, False])

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/myself") and not next(answers):
            return Answer(status=401)
        return Answer({"issues": [], "isLast": True}) if seen.path.endswith("/search/jql") else answer

    cloud.meddle = meddle
    with connected(cloud) as connector, pytest.raises(CredentialsRefused):
        pages(connector)


def test_what_was_just_written_is_named_to_the_search() -> None:
    cloud = many(3)
    with connected(cloud) as connector:
        connector._reader.wrote("10002")
        pages(connector)
    assert cloud.asked("/search/jql")[0].json["reconcileIssues"] == [10_002]


def test_issues_that_have_not_changed_are_not_taken_for_changed() -> None:
    cloud = many(3)
    with connected(cloud) as connector:
        bookmark = pages(connector)[-1].bookmark
        cloud.add(issue(9, NOON - timedelta(days=9)))
        cloud.meddle = lambda seen, answer: (
            Answer({"issues": list(cloud.issues.values()), "isLast": True})
            if seen.path.endswith("/search/jql")
            else answer
        )
        with pytest.raises(NeedsPerson, match="widened"):
            pages(connector, bookmark)


def test_an_issue_that_left_the_projects_is_left_alone_and_a_renamed_project_stops_us() -> None:
    cloud = many(3)
    cloud.add(issue(4, project={"key": "OTHER"}))
    with connected(cloud) as connector:
        found = pages(connector)
    assert len(records(found)) == 3
    assert {oddity.check for oddity in oddities(found)} == {"outside_scope"}
    for one in cloud.issues.values():
        one["fields"]["project"] = {"key": "NEW"}
    with connected(cloud) as connector, pytest.raises(NeedsPerson, match="renamed"):
        pages(connector)


def test_an_issue_deleted_between_search_and_reading_is_survived() -> None:
    cloud = many(3)

    def meddle(seen: Seen, answer: Answer) -> Answer:
        if seen.path.endswith("/search/jql"):
            cloud.issues.pop("10002")
        return answer

    cloud.meddle = meddle
    with connected(cloud) as connector:
        found = pages(connector)
    assert [record.ticket.external_id for record in records(found)] == ["10001", "10003"]
    assert [oddity.check for oddity in oddities(found)] == ["vanished"]


def test_an_issue_too_large_to_be_read_is_rejected_and_the_others_go_on() -> None:
    cloud = many(20)
    cloud.issues["10007"]["fields"]["summary"] = "x" * 200_000
    with connected(cloud, largest=100_000) as connector:
        found = pages(connector)
    assert len(records(found)) == 19
    assert [rejected.external_id for page in found for rejected in page.rejected] == ["10007"]


def test_an_issue_nested_without_end_is_rejected_and_the_others_go_on() -> None:
    cloud = many(20)
    document: object = "deep"
    for _ in range(150):
        document = {"type": "panel", "content": [document]}
    cloud.issues["10007"]["fields"]["description"] = document
    with connected(cloud) as connector:
        found = pages(connector)
        ticket = replace(records(found)[0].ticket, external_id="10007")
        with pytest.raises(RecordRejected, match="larger"):
            connector.read(ticket)
    assert len(records(found)) == 19
    assert [rejected.external_id for page in found for rejected in page.rejected] == ["10007"]


@pytest.mark.parametrize("fields", [{"created": None}, {"created": "yesterday"}, {"created": "2026-11-20T12:00:00"}])
def test_an_issue_that_cannot_be_read_is_rejected_and_the_others_go_on(fields: dict[str, object]) -> None:
    cloud = many(3)
    cloud.add(issue(2, **fields))
    with connected(cloud) as connector:
        found = pages(connector)
    assert [record.ticket.external_id for record in records(found)] == ["10001", "10003"]
    assert [rejected.external_id for page in found for rejected in page.rejected] == ["10002"]


# --- tickets ---


def test_an_issue_reads_as_the_model_says() -> None:
    cloud = Cloud()
    cloud.add(issue(1))
    record, odd = read_one(cloud)
    ticket = record.ticket
    assert odd == set()
    assert (ticket.id, ticket.external_id, ticket.project) == ("ops:OPS-1", "10001", "OPS")
    assert (ticket.type, ticket.state, ticket.priority, ticket.impact) == (TicketType.INCIDENT, State.IN_PROGRESS, 3, 2)
    assert (ticket.environment, ticket.service, ticket.category) == ("punjab", ("portal",), ("network",))
    assert (ticket.group, ticket.vendor, ticket.approval) == ("OptIT", "OptIT", None)
    assert (ticket.assignee, ticket.reporter) == ("ana@egov.example", "Hidden Person")
    assert ticket.description == "no answer"
    assert ticket.due_at == datetime(2026, 12, 1, 23, 59, 59, tzinfo=UTC)
    assert ticket.originals["state"] == "In Progress"


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (status("Waiting for Customer"), State.ON_HOLD),
        (status("Whatever", "new"), State.NEW),
        (status("Finished", "done"), State.RESOLVED),
        (status("Odd", "undefined"), State.UNKNOWN),
    ],
)
def test_a_status_reads_by_its_name_else_by_its_category(seen: dict[str, object], state: State) -> None:
    cloud = Cloud()
    cloud.add(issue(1, status=seen))
    record, odd = read_one(cloud)
    assert record.ticket.state is state
    assert odd == {State.UNKNOWN: {"unmapped_state"}, State.RESOLVED: {"resolved_without_date"}}.get(state, set())


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("Approved", ApprovalState.APPROVED),
        ("Requested", ApprovalState.REQUESTED),
        ("Rejected", ApprovalState.REJECTED),
        ("Declined", ApprovalState.REJECTED),
        ("Not required", ApprovalState.NOT_REQUIRED),
    ],
)
def test_an_approval_reads_by_its_options_name(name: str, state: ApprovalState) -> None:
    cloud = Cloud()
    cloud.add(issue(1, **{APPROVAL: option(name)}))
    assert read_one(cloud)[0].ticket.approval is state


@pytest.mark.parametrize(
    ("fields", "check"),
    [
        ({"priority": {"name": "Blocker"}}, "unmapped_priority"),
        ({IMPACT: option("Extreme")}, "bad_value"),
        ({APPROVAL: option("Perhaps")}, "unmapped_approval"),
        ({"duedate": "soon"}, "bad_date"),
        ({"resolutiondate": "2026-11-20"}, "bad_date"),
        ({"description": "x" * 70_000}, "long_text"),
    ],
)
def test_what_is_odd_is_survived_and_listed(fields: dict[str, object], check: str) -> None:
    cloud = Cloud()
    cloud.add(issue(1, **fields))
    assert read_one(cloud)[1] == {check}


def test_fields_that_are_null_or_absent_are_empty() -> None:
    cloud = Cloud()
    bare = issue(1)
    bare["fields"] = {name: bare["fields"][name] for name in ("created", "updated", "project", "status", "issuetype")}
    cloud.add(bare)
    ticket = read_one(cloud)[0].ticket
    assert (ticket.summary, ticket.priority, ticket.assignee, ticket.service, ticket.vendor) == (
        "",
        None,
        None,
        (),
        None,
    )


# --- fields ---


def test_two_fields_of_one_name_must_be_told_apart_by_id() -> None:
    cloud = many(1)
    cloud.fields.append({"id": "customfield_10099", "name": "vendor", "custom": True})
    with (
        connected(cloud) as connector,
        pytest.raises(ConfigurationInvalid, match="customfield_10043, customfield_10099"),
    ):
        pages(connector)


def test_a_field_that_is_gone_needs_a_person_and_the_nearest_is_named() -> None:
    cloud = many(1)
    cloud.fields = [one for one in cloud.fields if one["id"] != VENDOR] + [
        {"id": "customfield_1", "name": "Vendors", "custom": True}
    ]
    with connected(cloud) as connector, pytest.raises(NeedsPerson, match="the nearest is 'Vendors'"):
        pages(connector)


# --- history ---


def test_history_says_who_had_it_when_in_our_words() -> None:
    cloud = Cloud()
    cloud.add(issue(1, **{VENDOR: option("GWL")}))
    cloud.histories["10001"] = [
        history(2, item(VENDOR, "OptIT", "GWL"), item("priority", "High", "Medium"), at=NOON),
        history(
            1,
            item("status", "To Do", "In Progress", **{"from": "10000", "to": "3"}),
            item("assignee", None, "Ana", to="acc-ana"),
            item("summary", "a", "b"),
            at=NOON - timedelta(hours=1),
            author=HIDDEN,
        ),
    ]
    cloud.statuses.append(status("To Do", "new", "10000"))
    record, odd = read_one(cloud)
    assert odd == set()
    told_by = [(entry.field, entry.old, entry.new, entry.actor) for entry in record.history]
    assert told_by[:2] == [
        ("state", "new", "in_progress", "Hidden Person"),
        ("assignee", "", "ana@egov.example", "Hidden Person"),
    ]
    assert sorted(told_by[2:]) == [
        ("group", "OptIT", "GWL", "ana@egov.example"),
        ("priority", "2", "3", "ana@egov.example"),
        ("vendor", "OptIT", "GWL", "ana@egov.example"),
    ]
    assert len({(entry.entry_id, entry.field) for entry in record.history}) == 5


def test_entries_are_called_the_same_in_bulk_and_one_by_one() -> None:
    cloud = Cloud()
    cloud.add(issue(1, components=[{"name": "portal"}, {"name": "erp"}]))
    cloud.histories["10001"] = [
        history(number, item("summary", "a", "b"), item("components", None, "erp"), item("components", "old", None))
        for number in range(20)
    ]
    with connected(cloud) as connector:
        bulk = records(pages(connector))[0]
        assert connector.read(bulk.ticket) == bulk
        cloud.meddle = lambda seen, answer: Answer(status=404) if seen.path.endswith("/changelog/bulkfetch") else answer
        assert records(pages(connector))[0] == bulk


def test_values_that_come_and_go_one_by_one_are_put_together() -> None:
    cloud = Cloud()
    cloud.add(issue(1, components=[{"name": "erp"}, {"name": "portal"}], labels=["b", "c"]))
    cloud.histories["10001"] = [
        history(1, item("components", None, "old"), at=NOON - timedelta(hours=3)),
        history(2, item("components", None, "erp"), item("labels", "", "a"), at=NOON - timedelta(hours=2)),
        history(3, item("components", "old", None), item("labels", "a", "b c"), at=NOON - timedelta(hours=1)),
    ]
    record, odd = read_one(cloud)
    assert odd == set()
    assert [(entry.old, entry.new) for entry in record.history if entry.field == "service"] == [
        ("portal", "old, portal"),
        ("old, portal", "erp, old, portal"),
        ("erp, old, portal", "erp, portal"),
    ]
    assert [(entry.old, entry.new) for entry in record.history if entry.field == "category"] == [
        ("", "a"),
        ("a", "b, c"),
    ]


def test_a_status_that_is_gone_is_unknown_and_listed() -> None:
    cloud = Cloud()
    cloud.add(issue(1))
    cloud.histories["10001"] = [history(1, item("status", "Backlog", "In Progress", **{"from": "99", "to": "3"}))]
    record, odd = read_one(cloud)
    assert odd == {"unmapped_state"}
    assert (record.history[0].old, record.history[0].new) == ("unknown", "in_progress")


@pytest.mark.parametrize(("states", "state"), [({}, "resolved"), ({"closed": State.CLOSED}, "closed")])
def test_a_status_that_was_renamed_is_known_by_its_id_and_kept_by_its_name_of_then(
    states: dict[str, State], state: str
) -> None:
    cloud = Cloud()
    cloud.statuses = [status("In Progress"), status("Closed", "done", "5")]
    cloud.add(issue(1, status=status("Closed", "done", "5"), resolutiondate=told(NOON)))
    cloud.histories["10001"] = [history(1, item("status", "In Progress", "Done", **{"from": "3", "to": "5"}))]
    with connected(cloud, replace(SOURCE, states=states)) as connector:
        found = pages(connector)
    (record,) = records(found)
    (entry,) = record.history
    assert (record.ticket.state, entry.new, entry.source_new) == (state, state, "Done")
    assert oddities(found) == []


def test_an_issue_of_140_changes_keeps_its_oldest() -> None:
    cloud = Cloud()
    cloud.add(issue(1, status=status("In Progress")))
    cloud.statuses.append(status("To Do", "new", "10000"))
    back, forth = ("In Progress", "To Do"), ("To Do", "In Progress")
    cloud.histories["10001"] = [
        history(number, item("status", *(forth if number % 2 else back)), at=NOON - timedelta(hours=number))
        for number in range(139, 0, -1)
    ] + [history(140, item("status", *forth), at=NOON - timedelta(hours=200))]
    with connected(cloud) as connector:
        (bulk,) = records(pages(connector))
        alone = connector.read(bulk.ticket)
    assert bulk == alone
    assert len(bulk.history) == 140
    assert bulk.history[0].at == NOON - timedelta(hours=200)


@pytest.mark.parametrize("created", [int(NOON.timestamp()), int(NOON.timestamp() * 1000), told(NOON)])
def test_a_history_is_dated_in_every_form_that_jira_uses(created: object) -> None:
    cloud = Cloud()
    cloud.add(issue(1))
    cloud.histories["10001"] = [{**history(1, item("priority", "High", "Medium")), "created": created}]
    assert read_one(cloud)[0].history[0].at == NOON


def test_a_history_without_a_time_is_listed_and_the_others_go_on() -> None:
    cloud = Cloud()
    cloud.add(issue(1))
    good = history(2, item("priority", "High", "Medium"))
    cloud.histories["10001"] = [{**history(1, item("priority", "Low", "High")), "created": "when?"}, good]
    record, odd = read_one(cloud)
    assert len(record.history) == 1
    assert odd == {"bad_history"}


def test_a_history_that_does_not_lead_to_today_is_listed() -> None:
    cloud = Cloud()
    cloud.add(issue(1))
    cloud.histories["10001"] = [history(1, item("priority", "Low", "Lowest"))]
    assert read_one(cloud)[1] == {"history_mismatch"}


def test_a_changelog_of_another_issue_stops_us() -> None:
    cloud = many(2)
    other = {"issueChangeLogs": [{"issueId": "777", "changeHistories": []}]}
    cloud.meddle = lambda seen, answer: Answer(other) if seen.path.endswith("/changelog/bulkfetch") else answer
    with connected(cloud) as connector, pytest.raises(NeedsPerson, match="another issue"):
        pages(connector)


def test_a_changelogs_token_that_has_expired_ends_the_walk_for_this_run_only() -> None:
    cloud = many(2)

    def expired(seen: Seen, answer: Answer) -> Answer:
        if not seen.path.endswith("/changelog/bulkfetch"):
            return answer
        late = seen.json.get("nextPageToken") is not None
        return Answer(status=400) if late else replace(answer, body={**answer.body, "nextPageToken": "t1"})  # type: ignore[dict-item]

    cloud.meddle = expired
    with connected(cloud) as connector, pytest.raises(SourceUnavailable, match="page token"):
        pages(connector)


# --- one issue, and who we are ---


def test_one_issue_is_read_by_its_id_whatever_its_key_is_by_now() -> None:
    cloud = many(2)
    with connected(cloud) as connector:
        ticket = records(pages(connector))[0].ticket
        cloud.issues["10001"]["key"] = "ENV-7"
        assert connector.read(ticket).ticket.number == "ENV-7"
        del cloud.issues["10001"]
        with pytest.raises(RecordRejected, match="OPS-1 is gone"):
            connector.read(ticket)
        cloud.meddle = lambda seen, answer: Answer(cloud.issues["10002"]) if seen.path.endswith("/10001") else answer
        with pytest.raises(NeedsPerson, match="another issue"):
            connector.read(ticket)


def test_data_center_is_not_taken_for_cloud() -> None:
    cloud = many(1)
    server = {"deploymentType": "Server", "versionNumbers": [9, 4]}
    cloud.meddle = lambda seen, answer: Answer(server) if seen.path.endswith("/serverInfo") else answer
    with connected(cloud) as connector, pytest.raises(NeedsPerson, match="not Jira Cloud"):
        connector.identity()
    cloud.meddle = lambda _, answer: answer
    with connected(cloud, replace(SOURCE, deployment="data_center")) as connector, pytest.raises(BridgeError):
        connector.identity()


def test_we_know_who_we_are() -> None:
    with connected(Cloud()) as connector:
        identity = connector.identity()
    assert (identity.account, identity.zone, identity.server_time) == ("bridge@egov.example", "Asia/Kolkata", NOON)


def test_the_doctor_names_what_is_missing_and_what_is_near() -> None:
    cloud = many(1)
    source = replace(
        SOURCE,
        states={"In Progres": State.NEW},
        fields={**SOURCE.fields, "team": replace(SOURCE.fields["team"], name="Teem")},
    )
    with connected(cloud, source) as connector:
        found = {check.name: check for check in connector.doctor()}
    assert found["connection"].verdict == "ok"
    assert "'Teem', or hides it from the account; the nearest is 'Team'" in found["fields"].detail
    assert "the nearest is 'In Progress'" in found["statuses"].detail
    assert found["priorities"].verdict == "ok"
    assert found["project OPS: writing"].verdict == "ok"
    assert cloud.written == []


def test_people_are_named_by_address_where_it_is_shown() -> None:
    cloud = Cloud()
    cloud.add(
        issue(1, assignee={"accountId": "acc-x"}, reporter=ANA, **{TEAM: [option("a"), option("b")], ENVIRONMENT: None})
    )
    ticket = read_one(cloud)[0].ticket
    assert (ticket.assignee, ticket.reporter) == ("acc-x", "ana@egov.example")
    assert ticket.custom == {"team": ("a", "b")}
