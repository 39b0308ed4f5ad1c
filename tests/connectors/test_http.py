from __future__ import annotations

import itertools
import math
import socket
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from tests.connectors.fakes import CREDENTIALS, NOON, SECRET, Answer, Seen, World, in_turn, serving, talking, zipped

from itsm_bridge.config.model import Credentials
from itsm_bridge.connectors.answers import Call, PageTooLarge, ReadRefused, path_template
from itsm_bridge.connectors.http import CONNECT_SECONDS, READ_SECONDS, BasicAuth, BearerAuth, GuardedSession
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import (
    BridgeError,
    ConfigurationInvalid,
    CredentialsRefused,
    NeedsPerson,
    OutcomeUnknown,
    SourceUnavailable,
    WriteRefused,
)

GOOD = Answer({"result": [1]})


def whole(_call: Call, body: object) -> str | None:
    return None if isinstance(body, dict) and "result" in body else "there is no result in it"


def session(
    url: str,
    world: World,
    *,
    max_wait: float = 120,
    largest: int = 1_000_000,
    left: Callable[[], float] = lambda: math.inf,
) -> GuardedSession:
    around = replace(world.surroundings, left=left)
    return GuardedSession(
        "snow", url, BasicAuth(CREDENTIALS), whole, max_wait=max_wait, surroundings=around, largest=largest
    )


@pytest.mark.parametrize("status", [202, 408, 425, 429, 500, 502, 503, 504])
def test_a_read_is_repeated_until_the_source_has_time(status: int) -> None:
    world = World()
    with serving(in_turn(Answer(status=status), Answer(status=status), GOOD)) as web:
        assert session(web.url, world).ask("GET", "/rows") == {"result": [1]}
        assert len(web.seen) == 3
    assert len(world.slept) == 2


@pytest.mark.parametrize(
    "bad",
    [
        Answer(raw=b'{"result": [{"a": "cut he'),
        Answer(raw=b"{}"),
        Answer(raw=b"[]"),
        Answer(raw=b""),
        Answer(raw=b"<html>busy</html>", kind="text/html"),
        Answer({"result": [1, 2], "error": {"message": "Transaction cancelled: maximum execution time exceeded"}}),
        Answer(broken=True),
        Answer(raw=b'{"result": [1]}', headers={"Content-Length": "400"}),
        Answer(raw=b"not gzip at all", headers={"Content-Encoding": "gzip"}),
    ],
)
def test_an_answer_that_is_not_whole_is_dropped_and_asked_for_again(bad: Answer) -> None:
    world = World()

    answers = in_turn(bad, GOOD)

    def closing(seen: Seen) -> Answer:
        answer = answers(seen)
        return replace(answer, headers={**answer.headers, "Connection": "close"})

    with serving(closing) as web:
        assert session(web.url, world).ask("GET", "/rows") == {"result": [1]}
        assert len(web.seen) == 2


def test_a_source_that_stays_busy_is_unavailable_and_the_message_says_what_was_asked() -> None:
    world = World()
    with serving(in_turn(Answer(status=503))) as web, pytest.raises(SourceUnavailable) as caught:
        session(web.url, world).ask("GET", "/api/now/table/incident", params={"sysparm_query": "customer=Acme"})
    assert caught.value.message == "snow: GET /api/now/table/incident answered 503; nothing of this answer was kept"
    assert len(world.slept) == 5
    assert "Acme" not in str(caught.value)


def test_a_wish_within_the_limit_is_waited_for_and_not_a_second_less() -> None:
    world = World()
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "90"}), GOOD)) as web:
        session(web.url, world).ask("GET", "/rows")
    assert 90 <= world.slept[0] <= 99


def test_a_wish_beyond_the_limit_ends_at_once_and_is_told() -> None:
    world = World()
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "300"}))) as web:
        with pytest.raises(
            SourceUnavailable, match=r"answered 429 and asks to wait 300 s, longer than max_wait allows \(120 s\)"
        ):
            session(web.url, world).ask("GET", "/rows")
        assert len(web.seen) == 1
    assert world.slept == []


def test_waits_of_one_request_add_up_to_the_limit() -> None:
    world = World()
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "50"}))) as web, pytest.raises(SourceUnavailable):
        session(web.url, world, max_wait=120).ask("GET", "/rows")
    assert len(world.slept) == 2


# --- the end of the run ---


def test_a_wait_that_would_pass_the_end_of_the_run_is_not_begun_however_long_a_request_may_wait() -> None:
    world = World()
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "90"}), GOOD)) as web:
        with pytest.raises(SourceUnavailable, match="the time of this run ends before it may be asked again"):
            session(web.url, world, max_wait=900, left=lambda: 80.0 - world.at).ask("GET", "/rows")
        assert len(web.seen) == 1
    assert world.slept == []


def test_waits_of_several_requests_add_up_to_no_more_than_the_run() -> None:
    world = World()
    busy = Answer(status=429, headers={"Retry-After": "50"})
    with serving(in_turn(busy, GOOD, busy, GOOD, busy, GOOD)) as web:
        guarded = session(web.url, world, max_wait=120, left=lambda: 120.0 - world.at)
        guarded.ask("GET", "/a")
        guarded.ask("GET", "/b")
        with pytest.raises(SourceUnavailable):
            guarded.ask("GET", "/c")
    assert len(world.slept) == 2
    assert world.at < 120


def test_our_own_patience_ends_with_the_run_too() -> None:
    world = World()
    with serving(in_turn(Answer(status=503))) as web, pytest.raises(SourceUnavailable, match="time of this run"):
        session(web.url, world, left=lambda: 4.0 - world.at).ask("GET", "/rows")
    assert world.at < 4
    assert world.slept


def test_a_write_that_was_not_taken_is_not_repeated_after_the_end_of_the_run() -> None:
    busy = Answer(status=429, headers={"Retry-After": "3"})
    with serving(in_turn(busy, GOOD)) as web:
        with pytest.raises(SourceUnavailable, match="nothing was written"):
            session(web.url, World(), left=lambda: 0.0).ask("PATCH", "/rows/1", body={})
        assert len(web.seen) == 1


def test_a_run_that_is_stopped_during_a_wait_asks_no_more() -> None:
    world = World()
    with serving(in_turn(Answer(status=503), GOOD)) as web:
        with pytest.raises(SourceUnavailable, match="the run was stopped while it waited"):
            session(web.url, world, left=lambda: -1.0 if world.slept else 1000.0).ask("GET", "/rows")
        assert len(web.seen) == 1
    assert len(world.slept) == 1


def test_a_wait_of_the_real_world_ends_when_the_run_does() -> None:
    left = itertools.chain([10.0, 10.0], itertools.repeat(-1.0))
    Surroundings.of_run(lambda: next(left)).sleep(math.inf)  # comes back at all


def test_a_read_that_nobody_waits_for_any_more_is_broken_off() -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(1)  # until the other side hangs up

    world = World(tick=2.0)
    with talking(silent) as server:
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            session(server.url, world, left=lambda: -60.0).ask("GET", "/rows")
        assert server.connections == 1
    assert world.at < READ_SECONDS


def test_a_write_under_way_is_waited_for_after_the_end_of_the_run() -> None:
    world, looked = World(), threading.Event()
    looks = itertools.count(1)

    def monotonic() -> float:
        if (look := next(looks)) == 4:
            looked.set()
        return 10.0 * look

    def late(_seen: Seen) -> Answer:
        looked.wait(60)
        return GOOD

    world.monotonic = monotonic  # type: ignore[method-assign]  # counts the looks at the socket
    with serving(late) as web:
        assert session(web.url, world, left=lambda: -60.0).ask("PATCH", "/rows/1", body={}) == {"result": [1]}
    assert looked.is_set()


# --- what answers mean ---


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(status=401), CredentialsRefused),
        (Answer(status=407), CredentialsRefused),
        (Answer(status=403), ReadRefused),
        (Answer(status=403, headers={"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}), CredentialsRefused),
        (Answer({"result": []}, headers={"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}), CredentialsRefused),
        (Answer(status=404), ReadRefused),
        (Answer(status=410), ReadRefused),
        (Answer(status=400), ReadRefused),
        (Answer(raw=b"<html><form>Log in</form></html>", kind="text/html"), CredentialsRefused),
        (Answer(status=302, headers={"Location": "https://idp.example/saml/login"}), CredentialsRefused),
        (Answer(status=301, headers={"Location": "https://new-name.example/"}), NeedsPerson),
        (Answer(raw=b'{"result":' + b"[" * 100_000), SourceUnavailable),
        (Answer(raw=b'{"result":' + b"[" * 300 + b"]" * 300 + b"}"), SourceUnavailable),
        (
            Answer(raw=b"<html>Your instance is hibernating. Sign in to wake it</html>", kind="text/html"),
            SourceUnavailable,
        ),
    ],
)
def test_every_kind_of_answer_has_its_error(answer: Answer, error: type[BridgeError]) -> None:
    with serving(in_turn(answer)) as web, pytest.raises(error):
        session(web.url, World()).ask("GET", "/rows")


def test_credentials_that_are_refused_are_not_tried_again() -> None:
    with serving(in_turn(Answer(status=401), GOOD)) as web:
        with pytest.raises(CredentialsRefused):
            session(web.url, World()).ask("GET", "/rows")
        assert len(web.seen) == 1


def test_a_redirect_to_another_host_is_never_followed() -> None:
    with serving(in_turn(GOOD)) as other:
        with (
            serving(in_turn(Answer(status=302, headers={"Location": other.url + "/rows"}))) as web,
            pytest.raises(NeedsPerson),
        ):
            session(web.url, World()).ask("GET", "/rows")
        assert other.seen == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/rows", "http://localhost/rows", "https://base@evil.example/", "http://169.254.169.254/"]
)
def test_nothing_is_sent_to_another_origin(url: str) -> None:
    with serving(in_turn(GOOD)) as web:
        with pytest.raises(BridgeError, match="another address"):
            session(web.url, World()).get(url)
        assert web.seen == []


def test_plain_http_is_refused_except_on_this_machine() -> None:
    with pytest.raises(ConfigurationInvalid, match="https"):
        session("http://snow.example", World())
    with pytest.raises(ConfigurationInvalid, match="user name") as caught:
        session("https://me:hunter2@snow.example", World())
    assert "hunter2" not in str(caught.value)


def test_an_answer_that_unpacks_beyond_the_cap_is_cut_off_and_less_may_be_asked_for() -> None:
    bomb = zipped(b'{"result": "' + b"a" * 50_000_000 + b'"}')
    with serving(in_turn(Answer(raw=bomb, headers={"Content-Encoding": "gzip"}))) as web:
        with pytest.raises(PageTooLarge):
            session(web.url, World()).ask("GET", "/rows")
        assert len(web.seen) == 1


def test_a_server_that_sends_a_byte_at_a_time_meets_the_deadline_in_headers_and_in_bodies() -> None:
    def drip_headers(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        connection.recv(1)  # nothing more, until the other side hangs up

    def drip_body(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
        connection.recv(1)

    for drip in (drip_headers, drip_body):
        world = World(tick=100.0)
        with talking(drip) as server, pytest.raises(SourceUnavailable, match="in time"):
            session(server.url, world).ask("GET", "/rows")


def test_a_server_that_accepts_and_never_answers_meets_the_deadline() -> None:
    def wait(connection: socket.socket) -> None:
        connection.recv(1)  # until the other side hangs up

    with talking(wait) as server, pytest.raises(SourceUnavailable, match="in time"):
        session(server.url, World(tick=200.0)).ask("GET", "/rows")


@pytest.mark.parametrize("wanted", [None, 1, 86_400])
def test_every_request_has_our_limits_of_time_whatever_a_client_wants(
    monkeypatch: pytest.MonkeyPatch, wanted: float | None
) -> None:
    limits: list[object] = []

    def send(_: HTTPAdapter, request: requests.PreparedRequest, **given: object) -> requests.Response:
        limits.append(given["timeout"])
        raise requests.ConnectionError(request.url)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(SourceUnavailable):
        session("http://127.0.0.1:1", World()).get("http://127.0.0.1:1/rows", timeout=wanted)
    assert set(limits) == {(5.0, 60.0)}


def test_connecting_and_silence_have_limits_of_their_own_whatever_a_client_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[object] = []
    send = requests.adapters.HTTPAdapter.send

    def spied(adapter: requests.adapters.HTTPAdapter, request: requests.PreparedRequest, **how: Any) -> Any:  # noqa: ANN401 - passed on
        limits.append(how["timeout"])
        return send(adapter, request, **how)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", spied)
    with serving(in_turn(GOOD)) as web:
        session(web.url, World()).request("GET", f"{web.url}/rows", timeout=None)
        session(web.url, World()).request("GET", f"{web.url}/rows", timeout=9_999)
    assert limits == [(CONNECT_SECONDS, READ_SECONDS)] * 2 == [(5.0, 60.0)] * 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(status=503, headers={"Retry-After": "2"}),
        Answer(broken=True),
        Answer(raw=b"<p>", kind="text/html"),
    ],
)
def test_a_write_whose_end_is_not_known_is_not_repeated(answer: Answer) -> None:
    with serving(in_turn(answer)) as web:
        with pytest.raises(OutcomeUnknown):
            session(web.url, World()).ask("PATCH", "/rows/1", body={"priority": "1"})
        assert len(web.seen) == 1


def test_a_write_that_was_certainly_not_taken_is_repeated() -> None:
    world = World()
    with serving(in_turn(Answer(status=429, headers={"Retry-After": "3"}), GOOD)) as web:
        session(web.url, world).ask("PATCH", "/rows/1", body={"priority": "1"})
        assert len(web.seen) == 2


def test_a_write_that_could_not_even_be_sent_changed_nothing() -> None:
    with serving(in_turn(GOOD)) as web:
        url = web.url
    with pytest.raises(SourceUnavailable, match="nothing was written"):
        session(url, World()).ask("PATCH", "/rows/1", body={})


def test_a_refused_write_names_fields_and_known_reasons_only() -> None:
    body = {
        "errorMessages": [f"secret {SECRET}"],
        "errors": {"customfield_10010": f"Customer Acme {SECRET}", "bad name!": "x"},
    }
    with serving(in_turn(Answer(body, 400))) as web, pytest.raises(WriteRefused) as caught:
        session(web.url, World()).ask("PUT", "/rest/api/3/issue/10008", body={})
    assert caught.value.message == (
        "snow: PUT /rest/api/3/issue/{id} answered 400 (fields refused: customfield_10010); the ticket was not changed"
    )
    aborted = {
        "error": {
            "message": "Operation Failed",
            "detail": "Operation against file 'incident' was aborted by Business Rule 'Acme^b1'",
        }
    }
    with serving(in_turn(Answer(aborted, 403))) as web, pytest.raises(WriteRefused) as caught:
        session(web.url, World()).ask("PATCH", "/api/now/table/incident/" + "a" * 32, body={})
    assert "(a business rule aborted it)" in caught.value.message
    assert "Acme" not in caught.value.message
    assert "a" * 32 not in caught.value.message


@pytest.mark.parametrize(
    "path",
    ["/rest/api/3/search/jql", "/rest/api/2/search", "/rest/api/3/issue/bulkfetch", "/rest/api/3/changelog/bulkfetch"],
)
def test_a_posted_search_is_a_read(path: str) -> None:
    with serving(in_turn(Answer(status=500), GOOD)) as web:
        session(web.url, World()).ask("POST", path, body={"jql": "x"})
        assert len(web.seen) == 2


def test_any_other_post_is_a_write_and_sent_once() -> None:
    for path in (
        "/rest/api/3/search",
        "/rest/api/3/issue",
        "/rest/api/2/search/1",
        "/rest/servicedeskapi/request/1/approval/2",
    ):
        with serving(in_turn(Answer(status=500), GOOD)) as web:
            with pytest.raises(OutcomeUnknown):
                session(web.url, World()).ask("POST", path, body={})
            assert len(web.seen) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "7.5"}, 7.5),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:09 GMT"}, 9),
        ({"X-RateLimit-Reset": "2026-11-20T12:01Z"}, 60),
        ({"X-RateLimit-Reset": str(int(NOON.timestamp()) + 80)}, 80),
        ({"Retry-After": "5", "X-RateLimit-Reset": "2026-11-20T12:01Z"}, 60),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "soon"}, 1),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_every_form_of_a_wish_is_a_lower_bound(headers: dict[str, str], seconds: float, status: int) -> None:
    world = World()
    with serving(in_turn(Answer(status=status, headers=headers), GOOD)) as web:
        session(web.url, world).ask("GET", "/rows")
    assert seconds <= world.slept[0] <= seconds * 1.1 + 0.1


def test_a_personal_access_token_is_a_header_of_its_own_and_shown_nowhere() -> None:
    auth = BearerAuth(Credentials("bearer", "", SecretStr("canary-token")))
    with serving(in_turn(GOOD, Answer(status=401))) as web:
        guarded = GuardedSession("ops", web.url, auth, whole, max_wait=1, surroundings=World().surroundings)
        guarded.ask("GET", "/rows")
        with pytest.raises(CredentialsRefused) as caught:
            guarded.ask("GET", "/rows")
    assert web.seen[0].headers["Authorization"] == "Bearer canary-token"
    assert "canary" not in repr(guarded) + repr(auth) + repr(vars(caught.value)) + str(caught.value)


def test_sessions_share_nothing() -> None:
    with serving(in_turn(Answer({"result": []}, headers={"Set-Cookie": "who=first"}))) as web:
        first, second = session(web.url, World()), session(web.url, World())
        first.headers["X-Only"] = "first"
        first.ask("GET", "/rows")
        second.ask("GET", "/rows")
    assert "Cookie" not in web.seen[1].headers
    assert "X-Only" not in web.seen[1].headers
    assert first.get_adapter(web.url) is not second.get_adapter(web.url)


def test_the_secret_is_in_the_header_alone() -> None:
    for answer in (
        Answer(status=401),
        Answer(status=500),
        Answer(broken=True),
        Answer(raw=SECRET.encode(), kind="text/plain"),
    ):
        with serving(in_turn(answer)) as web:
            guarded = session(web.url, World())
            with pytest.raises(BridgeError) as caught:
                guarded.ask("GET", "/rows", params={"q": SECRET})
            shown = (
                "".join(traceback.format_exception(caught.value))
                + repr(guarded)
                + repr(guarded.auth)
                + repr(vars(caught.value))
            )
            assert SECRET not in shown
            assert "canary" not in shown
            assert web.seen[0].headers["Authorization"].startswith("Basic ")


def test_a_password_in_any_script_can_sign_in() -> None:
    with serving(in_turn(GOOD)) as web:
        request = requests.Request("GET", web.url, auth=BasicAuth(CREDENTIALS)).prepare()
    assert request.headers["Authorization"].isascii()


def test_cookies_and_the_servers_clock_are_kept() -> None:
    headers = {"Set-Cookie": "glide_session=1", "Date": "Fri, 20 Nov 2026 11:00:00 GMT"}
    with serving(in_turn(Answer({"result": []}, headers=headers))) as web:
        guarded = session(web.url, World())
        guarded.ask("GET", "/a")
        guarded.ask("GET", "/b")
        assert web.seen[1].headers["Cookie"] == "glide_session=1"
        assert web.seen[1].headers["Accept-Encoding"] == "gzip"
        assert guarded.server_time is not None


def test_messages_name_paths_without_ids() -> None:
    assert path_template("https://x/rest/api/3/issue/10008/changelog?a=b") == "/rest/api/3/issue/{id}/changelog"
    assert path_template("https://x/rest/api/3/issue/OPS-1") == "/rest/api/3/issue/{key}"
    assert path_template("https://x/api/now/table/incident/" + "0" * 32) == "/api/now/table/incident/{sys_id}"
