"""Pings on loopback: what is sent where, how often, and that nothing of it ends a run or shows the address."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from itsm_bridge.connectors.ping import LONGEST_BODY, ping
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.events import Value, listening

RID = "0b2f6c1e-2d8a-4c55-9c1a-2f3c3f4a5b6c"
SECRET = "a-secret-check"


class Checks(ThreadingHTTPServer):
    """Takes pings, after as many answers of another kind as ``answers`` holds."""

    def __init__(self, *answers: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.taken = list(answers), list[tuple[str, str]]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Checks

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.taken.append((self.path, body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def checks() -> Iterator[Checks]:
    with Checks() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def heard() -> Iterator[list[tuple[str, Mapping[str, Value]]]]:
    found: list[tuple[str, Mapping[str, Value]]] = []
    with listening(lambda event, fields: found.append((event, fields))):
        yield found


def around(slept: list[float]) -> Surroundings:
    return Surroundings(sleep=slept.append)


Heard = list[tuple[str, Mapping[str, Value]]]


def test_start_success_and_failure_have_their_own_address_and_one_rid(checks: Checks, heard: Heard) -> None:
    for kind in ("start", "0", "6"):
        assert ping(checks.url, kind, RID, f"exit {kind}\n", around([]))
    assert [urlsplit(path).path for path, _ in checks.taken] == [f"/{SECRET}/start", f"/{SECRET}", f"/{SECRET}/6"]
    assert {parse_qs(urlsplit(path).query)["rid"][0] for path, _ in checks.taken} == {RID}
    assert [body for _, body in checks.taken] == ["exit start\n", "exit 0\n", "exit 6\n"]
    assert [event for event, _ in heard] == ["ping.sent"] * 3


def test_a_busy_service_is_asked_three_times_and_then_it_is_a_warning(checks: Checks, heard: Heard) -> None:
    checks.answers += [503, 429, 500]
    slept: list[float] = []
    assert not ping(checks.url, "0", RID, "", around(slept))
    assert len(checks.taken) == 3
    assert slept == [1.0, 2.0]
    assert heard == [("ping.failed", {"kind": "0", "attempt": 3, "reason": "it answered 500"})]


@pytest.mark.parametrize("answer", [301, 404])
def test_a_wrong_address_is_asked_once_and_nobody_is_followed_elsewhere(
    checks: Checks, heard: Heard, answer: int
) -> None:
    checks.answers.append(answer)
    assert not ping(checks.url, "0", RID, "", around([]))
    assert len(checks.taken) == 1
    assert [event for event, _ in heard] == ["ping.failed"]


@pytest.mark.parametrize(
    "url",
    [
        f"http://hc.example/{SECRET}",
        f"https://me:{SECRET}@hc.example/",
        f"http://[{SECRET}",
        f"http://127.0.0.1:1/{SECRET}",
    ],
)
def test_no_warning_shows_the_address(url: str, heard: Heard) -> None:
    assert not ping(url, "0", RID, "", around([]))
    assert [event for event, _ in heard] == ["ping.failed"]
    assert SECRET not in str(heard)


def test_a_body_is_cut(checks: Checks) -> None:
    assert ping(checks.url, "0", RID, "x" * 50_000, around([]))
    assert [len(body) for _, body in checks.taken] == [LONGEST_BODY]
