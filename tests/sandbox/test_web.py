from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
import requests
from tests.sandbox.clients import NOW, Stage

from itsm_bridge.sandbox import start


def _connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port)


def test_one_connection_serves_many_requests(untouched: Stage) -> None:
    connection = _connection(untouched.sandbox.jira_url)
    connection.connect()
    before = connection.sock
    for _ in range(3):
        connection.request("GET", "/rest/api/3/serverInfo")
        response = connection.getresponse()
        assert response.version == 11
        response.read()
        assert connection.sock is before
    connection.close()


def test_a_long_answer_is_compressed_for_those_who_ask(untouched: Stage) -> None:
    snow = untouched.snow()
    plain = snow.call("GET", "/api/now/table/incident", headers={"Accept-Encoding": "identity"})
    packed = snow.call("GET", "/api/now/table/incident", headers={"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 5
    assert packed.json() == plain.json()


def test_the_date_header_is_the_sandboxs_own_clock(untouched: Stage) -> None:
    seen = parsedate_to_datetime(untouched.jira().get("/rest/api/3/serverInfo").headers["Date"])
    assert 0 <= (seen - NOW).total_seconds() < 3600


def test_both_listen_on_loopback_alone(untouched: Stage) -> None:
    for url in (untouched.sandbox.jira_url, untouched.sandbox.servicenow_url):
        assert url.startswith("http://127.0.0.1:")


def test_closing_hangs_up_on_everybody_and_leaves_no_thread_or_port_behind() -> None:
    before = set(threading.enumerate())
    with start(now=NOW) as sandbox:
        connection = _connection(sandbox.servicenow_url)
        connection.request("GET", "/api/now/table/incident")
        assert connection.getresponse().read()
        port = urlsplit(sandbox.servicenow_url).port
    assert set(threading.enumerate()) <= before
    assert connection.sock is not None
    assert connection.sock.recv(1) == b""
    connection.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_running(untouched: Stage) -> None:
    before = set(threading.enumerate())
    taken = urlsplit(untouched.sandbox.jira_url).port
    with pytest.raises(OSError, match="in use"):
        start(now=NOW, port_jira=taken or 0)
    assert set(threading.enumerate()) <= before


def test_ports_can_be_chosen(stage_with: Callable[..., Stage]) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    stage = stage_with(port_servicenow=port)
    assert stage.sandbox.servicenow_url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("credentials", [("bridge", "wrong"), ("nobody", "sandbox-password")])
def test_wrong_credentials_are_refused_in_each_products_own_words(
    untouched: Stage, credentials: tuple[str, str]
) -> None:
    snow = requests.get(f"{untouched.sandbox.servicenow_url}/api/now/table/incident", auth=credentials, timeout=30)
    assert snow.status_code == 401
    assert snow.json()["error"]["message"] == "User Not Authenticated"
    jira = requests.post(
        f"{untouched.sandbox.jira_url}/rest/api/3/search/jql",
        auth=credentials,
        json={"jql": "project = OPS"},
        timeout=30,
    )
    assert jira.status_code == 401
    assert "must be authenticated" in jira.json()["message"]


def test_a_header_that_is_no_base64_is_refused(untouched: Stage) -> None:
    url = f"{untouched.sandbox.servicenow_url}/api/now/table/incident"
    assert requests.get(url, headers={"Authorization": "Basic ???"}, timeout=30).status_code == 401
    assert requests.get(url, headers={"Authorization": "Bearer abc"}, timeout=30).status_code == 401


def test_many_writers_at_once_lose_nothing(stage: Stage) -> None:
    row = stage.snow().rows("incident", "state=2")[0]
    clients = [stage.snow() for _ in range(8)]

    def write(client_number: int) -> None:
        for turn in range(5):
            clients[client_number].patch("incident", row["sys_id"], short_description=f"{client_number}.{turn}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = stage.snow().one("incident", f"sys_id={row['sys_id']}")
    assert int(after["sys_mod_count"]) == int(row["sys_mod_count"]) + 40
    changes = [one for one in stage.snow().audit(row["sys_id"]) if one["fieldname"] == "short_description"]
    assert [one["newvalue"] for one in changes[:-1]] == [one["oldvalue"] for one in changes[1:]]
    stamps = [one["sys_created_on"] for one in changes]
    assert stamps == sorted(stamps)
