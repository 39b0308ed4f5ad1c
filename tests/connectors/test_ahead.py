from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from tests.connectors import cloud
from tests.connectors.fakes import CREDENTIALS, NOON, Answer, Seen, World, serving
from tests.connectors.snow import Snow, connected, incident

from itsm_bridge.connectors.ahead import one_ahead
from itsm_bridge.connectors.answers import Call
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.transport import shape
from itsm_bridge.errors import SourceUnavailable


class Steps:
    """Numbers, of which the one after ``last`` raises; it can be waited for that one is begun."""

    def __init__(self, last: int) -> None:
        self.begun = [threading.Event() for _ in range(last + 1)]
        self.last = last
        self.closed = threading.Event()

    def walk(self) -> Iterator[int]:
        try:
            for number in range(self.last + 1):
                self.begun[number].set()
                if number == self.last:
                    raise ValueError("the source broke off")
                yield number
        finally:
            self.closed.set()


def test_steps_come_in_order_and_none_is_left_out() -> None:
    assert list(one_ahead(iter(range(100)))) == list(range(100))
    assert list(one_ahead(iter(()))) == []


def test_the_next_step_is_begun_while_one_is_worked_on_and_the_one_after_it_is_not() -> None:
    steps = Steps(5)
    ahead = one_ahead(steps.walk())
    assert next(ahead) == 0
    assert steps.begun[1].wait(timeout=30)
    assert next(ahead) == 1
    assert steps.begun[2].wait(timeout=30)
    assert not steps.begun[3].is_set()
    ahead.close()  # type: ignore[attr-defined]  # a generator


def test_a_step_that_fails_fails_in_its_turn_after_all_before_it() -> None:
    steps = Steps(3)
    ahead = one_ahead(steps.walk())
    assert [next(ahead), next(ahead), next(ahead)] == [0, 1, 2]
    assert steps.closed.wait(timeout=30)  # it has failed already, and nobody has heard of it
    with pytest.raises(ValueError, match="broke off"):
        next(ahead)


def test_stopping_early_leaves_no_thread_at_work() -> None:
    before = threading.active_count()
    for number in one_ahead(iter(range(100))):
        if number == 3:
            assert threading.active_count() == before + 1
            break
    assert threading.active_count() == before


@pytest.fixture
def requests_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads of the requests that are sent; two at the same time raise."""
    once, at_work = GuardedSession._once, threading.Lock()
    sent: list[str] = []

    def alone(session: GuardedSession, call: Call, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on
        assert at_work.acquire(blocking=False), "two requests at once"
        try:
            sent.append(threading.current_thread().name)
            return once(session, call, url, *args, **kwargs)
        finally:
            at_work.release()

    monkeypatch.setattr(GuardedSession, "_once", alone)
    return sent


def test_requests_to_one_servicenow_never_overlap(requests_sent: list[str]) -> None:
    snow = Snow()
    snow.tables["incident"] = [incident(number, NOON) for number in range(400)]
    with connected(snow) as connector:
        read = sum(len(page.records) for page in connector.fetch("incident", None))
    assert read == 400
    assert len(requests_sent) > 8


def test_requests_to_one_jira_never_overlap_though_making_issues_asks_too(requests_sent: list[str]) -> None:
    site = cloud.Cloud(size=100)
    for number in range(350):
        site.add(cloud.issue(number, NOON))
        assigned = cloud.item("assignee", None, "Stranger", to=f"acc-{number}")
        site.histories[str(10_000 + number)] = [cloud.history(number, assigned)]
    with cloud.connected(site) as connector:
        read = sum(len(page.records) for page in connector.fetch("issues", None))
    assert read == 350
    assert len(site.asked("/user/bulk")) >= 4  # for each piece, while the next one is asked for
    assert len(set(requests_sent)) == 2


def test_a_session_sends_one_request_at_a_time_whichever_thread_asks(requests_sent: list[str]) -> None:
    with serving(lambda _: Answer({"result": []})) as web, ThreadPoolExecutor(8) as threads:
        session = GuardedSession(
            "snow", web.url, BasicAuth(CREDENTIALS), shape, max_wait=1, surroundings=World().surroundings
        )
        answers = list(threads.map(lambda _: session.ask("GET", "/api/now/table/incident"), range(64)))
    assert answers == [{"result": []}] * 64
    assert len(requests_sent) == 64


def test_pieces_before_one_that_cannot_be_had_are_kept() -> None:
    site = cloud.Cloud(size=300)
    site.add(*(cloud.issue(number, NOON + timedelta(seconds=number)) for number in range(300)))
    site.meddle = lambda seen, answer: Answer(status=503) if seen.path.endswith("bulkfetch") and late(seen) else answer
    with cloud.connected(site) as connector:
        walk = connector.fetch("issues", None)
        assert len(next(walk).records) == 100
        with pytest.raises(SourceUnavailable):
            next(walk)


def late(seen: Seen) -> bool:
    return "10150" in seen.json["issueIdsOrKeys"]
