from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.sandbox.clients import NOW, Jira, Stage

from itsm_bridge.sandbox import Faults, Kind, RetryAfter, Strike
from itsm_bridge.sandbox.faults import Trouble
from itsm_bridge.sandbox.mishaps import INSTEAD, TO_ANSWERS
from itsm_bridge.sandbox.web import Request

ROWS = {"sysparm_limit": "5", "sysparm_query": "ORDERBYsys_updated_on^ORDERBYsys_id"}
SUMMARY = {"fields": {"summary": "written"}}


def _incidents(stage: Stage) -> requests.Response:
    return stage.snow().get("/api/now/table/incident", **ROWS)


def _field(stage: Stage) -> requests.Response:
    return stage.jira().get("/rest/api/3/field")


def _summary(stage: Stage, name: str = "OPS-1") -> str:
    return str(stage.jira().issue(name, fields="summary")["fields"]["summary"])


def test_by_default_nothing_goes_wrong(stage: Stage) -> None:
    for _ in range(20):
        assert _incidents(stage).status_code == _field(stage).status_code == 200
    stage.jira().ids("project = OPS", 10)
    assert stage.sandbox.faults == Faults()
    assert stage.sandbox.fired == Counter()


def test_every_kind_has_its_mishap() -> None:
    assert set(INSTEAD) | set(TO_ANSWERS) | {Kind.MIXED_UP} == set(Kind)


def test_a_strike_happens_to_the_next_requests_that_match(stage: Stage) -> None:
    stage.sandbox.strike(Kind.UNAVAILABLE, times=2, path="GET /rest/api/3/field")
    assert _incidents(stage).status_code == 200
    assert [_field(stage).status_code for _ in range(4)] == [503, 503, 200, 200]
    assert stage.sandbox.fired == {Kind.UNAVAILABLE: 2}


def test_a_strike_waits_for_a_request_that_lends_itself_to_it(stage: Stage) -> None:
    stage.sandbox.strike(Kind.DUPLICATE_ROWS)
    assert _field(stage).status_code == 200
    assert stage.sandbox.fired == {}
    rows = _incidents(stage).json()["result"]
    assert rows[-1] == rows[0]
    assert stage.sandbox.fired == {Kind.DUPLICATE_ROWS: 1}


def test_what_is_left_of_a_strike_outlives_a_change_of_faults(stage: Stage) -> None:
    stage.sandbox.faults = Faults(strikes=(Strike(Kind.BAD_GATEWAY, 2),))
    assert _field(stage).status_code == 502
    stage.sandbox.faults = replace(stage.sandbox.faults, seed=5)
    assert [_field(stage).status_code for _ in range(2)] == [502, 200]
    stage.sandbox.faults = replace(stage.sandbox.faults, strikes=())
    stage.sandbox.faults = replace(stage.sandbox.faults, strikes=(Strike(Kind.BAD_GATEWAY, 2),))
    assert _field(stage).status_code == 502


def test_every_nth_request_of_a_product_is_hit(stage: Stage) -> None:
    stage.sandbox.faults = Faults(every={Kind.RATE_LIMITED: 3})
    assert [_field(stage).status_code for _ in range(6)] == [200, 200, 429] * 2
    assert [_incidents(stage).status_code for _ in range(3)] == [200, 200, 429]
    assert stage.sandbox.fired == {Kind.RATE_LIMITED: 3}


def _asked(trouble: Trouble, count: int, path: str = "/x") -> list[Kind | None]:
    request = Request("GET", path, {}, None, b"", "")
    drawn = [trouble.draw("jira", request, frozenset(Kind)) for _ in range(count)]
    return [one.kind if one else None for one in drawn]


@given(st.integers(), st.floats(0, 1))
def test_chance_follows_from_the_seed_alone(seed: int, chance: float) -> None:
    faults = Faults(seed=seed, chance={Kind.LOGIN_PAGE: chance})
    assert _asked(Trouble(faults), 50) == _asked(Trouble(faults), 50)


def test_chance_hits_as_often_as_it_says_and_only_where_it_says() -> None:
    trouble = Trouble(Faults(chance={Kind.RESET_BEFORE: 0.2}, where="/issue"))
    assert 150 < sum(kind is not None for kind in _asked(trouble, 1000, "/issue")) < 250
    assert set(_asked(trouble, 1000, "/field")) == {None}


def test_server_errors_by_chance_come_in_bursts() -> None:
    kinds = _asked(Trouble(Faults(chance={Kind.UNAVAILABLE: 0.02}, burst=4)), 1000)
    runs = [len(run) for run in re.findall("x+", "".join("x" if kind else "." for kind in kinds))]
    assert runs
    assert min(runs) == 4


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(re.error):
        Trouble(Faults(where="("))


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (RetryAfter.SECONDS, "30"),
        (RetryAfter.FLOAT, "30.000"),
        (RetryAfter.ZERO, "0"),
        (RetryAfter.NEGATIVE, "-5"),
        (RetryAfter.ABSURD, "1000000000000"),
        (RetryAfter.NONE, None),
    ],
)
def test_a_limit_says_how_long_to_wait(stage: Stage, form: RetryAfter, wanted: str | None) -> None:
    stage.sandbox.faults = Faults(every={Kind.RATE_LIMITED: 1}, retry_after=form, wait_seconds=30)
    snow, jira = _incidents(stage), _field(stage)
    assert snow.headers.get("Retry-After") == jira.headers.get("Retry-After") == wanted
    assert int(snow.headers["X-RateLimit-Reset"]) >= NOW.timestamp() + 30
    assert re.fullmatch(r"2026-11-25T\d\d:\d\dZ", jira.headers["X-RateLimit-Reset"])
    assert jira.headers["RateLimit-Reason"] == "jira-burst-based"


def test_a_limit_may_name_a_date_or_nothing_at_all(stage: Stage) -> None:
    stage.sandbox.faults = Faults(every={Kind.RATE_LIMITED: 1}, retry_after=RetryAfter.DATE, wait_seconds=90)
    answer = _field(stage)
    waits = parsedate_to_datetime(answer.headers["Retry-After"]) - parsedate_to_datetime(answer.headers["Date"])
    assert timedelta(seconds=89) <= waits <= timedelta(seconds=91)
    stage.sandbox.faults = replace(stage.sandbox.faults, retry_after=RetryAfter.NONE, limit_headers=False)
    assert not [name for name in _field(stage).headers if "limit" in name.lower() or "retry" in name.lower()]


@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.BAD_GATEWAY, 502), (Kind.UNAVAILABLE, 503), (Kind.GATEWAY_TIMEOUT, 504)]
)
def test_a_server_error_is_no_json_and_has_no_effect(stage: Stage, kind: Kind, status: int) -> None:
    stage.sandbox.strike(kind, path="PUT")
    answer = stage.jira().edit("OPS-1", SUMMARY)
    assert answer.status_code == status
    assert "html" in answer.headers["Content-Type"]
    assert _summary(stage) != "written"


@pytest.mark.parametrize(
    ("kind", "applied"),
    [(Kind.RESET_BEFORE, False), (Kind.RESET_APPLIED, True), (Kind.GATEWAY_TIMEOUT_APPLIED, True)],
)
def test_a_write_that_ends_badly_may_have_been_applied(stage: Stage, kind: Kind, applied: bool) -> None:
    stage.sandbox.strike(kind, path="PUT")
    if kind is Kind.GATEWAY_TIMEOUT_APPLIED:
        assert stage.jira().edit("OPS-1", SUMMARY).status_code == 504
    else:
        with pytest.raises(requests.ConnectionError, match="reset"):
            stage.jira().edit("OPS-1", SUMMARY)
    assert (_summary(stage) == "written") is applied
    assert stage.sandbox.fired == {kind: 1}


@pytest.mark.parametrize("kind", [Kind.LOGIN_PAGE, Kind.HIBERNATING])
def test_a_page_for_people_comes_with_200(stage: Stage, kind: Kind) -> None:
    stage.sandbox.strike(kind)
    answer = _incidents(stage)
    assert answer.status_code == 200
    assert answer.text.startswith("<!DOCTYPE html>")
    assert ("hibernating" in answer.text) is (kind is Kind.HIBERNATING)


def test_a_redirect_leads_elsewhere(stage: Stage) -> None:
    stage.sandbox.strike(Kind.REDIRECT)
    answer = requests.get(f"{stage.sandbox.jira_url}/rest/api/3/field", allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://sso.example/login")


def test_a_bomb_is_small_on_the_wire_and_large_unpacked(stage: Stage) -> None:
    stage.sandbox.faults = Faults(bomb_megabytes=5, strikes=(Strike(Kind.GZIP_BOMB),))
    answer = _incidents(stage)
    assert int(answer.headers["Content-Length"]) < 10_000
    assert len(answer.json()["result"][0]) == 5_000_000


def test_json_may_be_too_deep(stage: Stage) -> None:
    stage.sandbox.strike(Kind.DEEP_JSON)
    assert _incidents(stage).text.count("[") == 10_000


def test_json_cut_short_has_the_right_length(stage: Stage) -> None:
    stage.sandbox.strike(Kind.TRUNCATED_JSON)
    answer = stage.snow().call("GET", "/api/now/table/incident", params=ROWS, headers={"Accept-Encoding": "identity"})
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        json.loads(answer.content)


@pytest.mark.parametrize(("kind", "body"), [(Kind.EMPTY_OBJECT, {}), (Kind.EMPTY_ARRAY, [])])
def test_json_may_be_valid_and_empty(stage: Stage, kind: Kind, body: object) -> None:
    stage.sandbox.strike(kind)
    assert _incidents(stage).json() == body


def test_a_body_may_be_shorter_than_announced(stage: Stage) -> None:
    stage.sandbox.strike(Kind.SHORT_BODY)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        _incidents(stage)


def test_a_slow_answer_comes_whole_in_the_end(stage: Stage) -> None:
    stage.sandbox.faults = Faults(bytes_per_second=1e6, strikes=(Strike(Kind.SLOW_DRIP),))
    assert len(_incidents(stage).json()["result"]) == 5
    assert stage.sandbox.fired == {Kind.SLOW_DRIP: 1}


def test_closing_does_not_wait_for_a_slow_answer(stage_with: Callable[..., Stage]) -> None:
    stage = stage_with(faults=Faults(bytes_per_second=0.001, strikes=(Strike(Kind.SLOW_DRIP),)))
    snow = stage.snow()
    url = f"{snow.base}/api/now/table/incident"
    with snow.session.get(url, stream=True, timeout=30) as answer:
        assert answer.status_code == 200
        stage.sandbox.close()


def test_a_connection_may_be_closed_between_two_requests(stage: Stage) -> None:
    stage.sandbox.strike(Kind.HUNG_UP)
    jira = stage.jira()
    first = jira.get("/rest/api/3/field")
    assert "Connection" not in first.headers
    try:
        second = jira.get("/rest/api/3/field")
    except requests.ConnectionError:  # the client sent it before it saw the end of the connection
        second = jira.get("/rest/api/3/field")
    assert second.json() == first.json()


def test_a_query_may_be_cancelled_with_some_of_its_rows_or_none(stage: Stage) -> None:
    stage.sandbox.strike(Kind.CANCELLED_WITH_ROWS)
    some = _incidents(stage)
    assert (some.status_code, len(some.json()["result"])) == (200, 3)
    assert "cancelled" in some.json()["error"]["message"]
    stage.sandbox.strike(Kind.CANCELLED)
    none = _incidents(stage)
    assert (none.status_code, set(none.json())) == (200, {"error", "status"})


def test_an_answer_may_be_that_of_another_request(stage: Stage) -> None:
    jira = stage.jira()
    other = jira.issue("OPS-2")
    jira.get("/rest/api/3/field")
    stage.sandbox.strike(Kind.MIXED_UP)
    assert jira.issue("OPS-1") == other
    assert jira.issue("OPS-1")["key"] == "OPS-1"


def test_rows_may_come_in_another_order(stage: Stage) -> None:
    rows = _incidents(stage).json()["result"]
    stage.sandbox.strike(Kind.REORDERED_ROWS)
    assert _incidents(stage).json()["result"] == rows[::-1]


def _page(jira: Jira, token: str | None = None) -> requests.Response:
    more = {"nextPageToken": token} if token else {}
    return jira.search("project = OPS ORDER BY key", maxResults=10, fields=["summary"], **more)


def test_tokens_may_expire_or_repeat(stage: Stage) -> None:
    jira = stage.jira()
    stage.sandbox.strike(Kind.EXPIRED_TOKEN)
    token = _page(jira).json()["nextPageToken"]
    assert _page(jira, token).status_code == 400
    stage.sandbox.strike(Kind.REPEATED_TOKEN)
    assert _page(jira, token).json()["nextPageToken"] == token
    assert _page(jira, token).json()["nextPageToken"] != token


@pytest.fixture
def still(stage_with: Callable[..., Stage]) -> Stage:
    """A sandbox whose clock stands."""
    return stage_with(clock="manual")


def _keys(jira: Jira, jql: str, **more: object) -> list[str]:
    return [one["key"] for one in jira.search(jql, fields=["summary"], **more).json()["issues"]]


def test_a_search_sees_what_was_and_a_direct_read_what_is(still: Stage) -> None:
    sandbox, jira = still.sandbox, still.jira()
    before = _summary(still)
    sandbox.faults = Faults(index_lag=60)
    sandbox.clock.advance(3600)
    sandbox.edit("OPS-1", {"summary": "new"})
    just_now = 'updated >= "-30m"'
    assert _keys(jira, just_now) == []
    (found,) = jira.search("key = OPS-1", fields=["summary"]).json()["issues"]
    assert (found["fields"]["summary"], _summary(still)) == (before, "new")
    number = int(jira.issue("OPS-1")["id"])
    assert _keys(jira, just_now, reconcileIssues=[number]) == ["OPS-1"]
    got = jira.get(f"/rest/api/3/search/jql?jql=updated%3E=%22-30m%22&reconcileIssues=1&reconcileIssues={number}")
    assert [one["id"] for one in got.json()["issues"]] == [str(number)]
    sandbox.clock.advance(59)
    assert _keys(jira, just_now) == []
    sandbox.clock.advance(1)
    assert _keys(jira, just_now) == ["OPS-1"]
    assert sandbox.fired["index_lag"] > 0


def test_new_and_deleted_issues_reach_the_index_late(still: Stage) -> None:
    sandbox, jira = still.sandbox, still.jira()
    sandbox.faults = Faults(index_lag=60)
    sandbox.clock.advance(3600)
    everything = "project in (OPS, ENV)"
    before = set(jira.ids(everything))
    gone = jira.issue("ENV-1")["id"]
    made = sandbox.create("OPS", {"summary": "made"})
    sandbox.delete("ENV-1")
    assert set(jira.ids(everything)) == before
    assert jira.issue(made)["fields"]["summary"] == "made"
    assert jira.get("/rest/api/3/issue/ENV-1").status_code == 404
    sandbox.clock.advance(60)
    assert set(jira.ids(everything)) == before - {gone} | {made}


def test_no_more_than_fifty_issues_are_reconciled(untouched: Stage) -> None:
    ids = list(range(51))
    assert untouched.jira().search("project = OPS", reconcileIssues=ids).status_code == 400
    assert untouched.jira().search("project = OPS", reconcileIssues=ids[:50]).status_code == 200


def test_rows_are_held_back_after_the_limit_was_applied(stage: Stage) -> None:
    snow = stage.snow()
    rows = snow.rows("incident", ROWS["sysparm_query"], sysparm_limit="5")
    hidden = frozenset(row["sys_id"] for row in rows[:3])
    stage.sandbox.faults = Faults(hidden=hidden)
    page = _incidents(stage)
    assert [row["sys_id"] for row in page.json()["result"]] == [row["sys_id"] for row in rows[3:]]
    assert int(page.headers["X-Total-Count"]) > 5
    one = rows[0]["sys_id"]
    assert snow.get(f"/api/now/table/incident/{one}").status_code == 404
    assert snow.patch("incident", one, short_description="x").status_code == 404
    assert snow.audit(one) == []
    assert stage.sandbox.fired["hidden_rows"] >= 5


def test_a_share_of_all_tickets_is_held_back_and_nothing_else(stage: Stage) -> None:
    snow = stage.snow()
    users, every = len(snow.rows("sys_user")), len(snow.rows("incident"))
    stage.sandbox.faults = Faults(hidden_share=0.5, seed=3)
    assert 0.3 * every < len(snow.rows("incident")) < 0.7 * every
    assert len(snow.rows("sys_user")) == users
    numbers = {one.id for one in stage.sandbox.truth()}
    assert {row["sys_id"] for row in snow.rows("incident")} <= numbers
    assert set(stage.jira().ids("project in (OPS, ENV)", 10)) <= numbers


def test_hidden_issues_are_not_there_for_anybody_who_asks(stage: Stage) -> None:
    jira = stage.jira()
    number = jira.issue("OPS-1")["id"]
    stage.sandbox.hide("OPS-1")
    assert jira.get("/rest/api/3/issue/OPS-1").status_code == 404
    assert jira.edit("OPS-1", SUMMARY).status_code == 404
    body: dict[str, Any] = {"issueIdsOrKeys": [number, "OPS-2"], "fields": ["summary"]}
    found = jira.call("POST", "/rest/api/3/issue/bulkfetch", json=body).json()
    assert [one["id"] for one in found["issueErrors"]] == [number]
    assert jira.search("key = OPS-1").status_code == 400
    assert number not in jira.ids("project = OPS")
    stage.sandbox.unhide("OPS-1")
    assert jira.issue("OPS-1")["id"] == number


def test_hidden_fields_are_absent_from_answers(stage: Stage) -> None:
    stage.sandbox.faults = Faults(hidden_fields=frozenset({"priority"}))
    assert all("priority" not in row and "number" in row for row in _incidents(stage).json()["result"])
    assert "priority" not in stage.jira().issue("OPS-1")["fields"]
    (found,) = stage.jira().search("key = OPS-1", fields=["priority", "summary"]).json()["issues"]
    assert set(found["fields"]) == {"summary"}
    assert stage.sandbox.fired["hidden_fields"] > 0


def test_deaf_fields_are_accepted_and_not_stored(stage: Stage) -> None:
    stage.sandbox.faults = Faults(deaf_fields=frozenset({"summary", "short_description"}))
    before = _summary(stage)
    assert stage.jira().edit("OPS-1", {"fields": {"summary": "written", "labels": ["heard"]}}).status_code == 204
    assert _summary(stage) == before
    assert stage.jira().issue("OPS-1")["fields"]["labels"] == ["heard"]
    row = stage.snow().rows("incident", "active=true", sysparm_limit="1")[0]
    answer = stage.snow().patch("incident", row["sys_id"], short_description="written")
    assert (answer.status_code, answer.json()["result"]["short_description"]) == (200, row["short_description"])
    assert stage.sandbox.fired == {"deaf_fields": 2}


def test_a_query_that_makes_no_sense_finds_everything_or_nothing(stage: Stage) -> None:
    snow = stage.snow()
    every = len(snow.rows("incident"))
    wrong = "sys_updated_onn>=2026-01-01 00:00:00^ORDERBYnumber"
    assert len(snow.rows("incident", wrong)) == every
    stage.sandbox.faults = Faults(invalid_query_returns_no_rows=True)
    assert snow.rows("incident", wrong) == []
    assert snow.rows("incident", "active=true^ORnope=1") == []
    assert len(snow.rows("incident", "ORDERBYnumber")) == every
    assert stage.sandbox.fired == {"invalid_query": 2}


def test_a_bomb_is_a_gzip_stream(stage: Stage) -> None:
    stage.sandbox.faults = Faults(bomb_megabytes=1, every={Kind.GZIP_BOMB: 1})
    answer = stage.jira().session.get(f"{stage.sandbox.jira_url}/rest/api/3/field", stream=True, timeout=30)
    assert len(gzip.decompress(answer.raw.read(decode_content=False))) > 1_000_000
