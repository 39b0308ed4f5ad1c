"""Reading: our connectors beside ``pysnow`` and ``jira``, and beside a bare loop of ``requests`` as the limit.

All read the same made-up tickets from the same local server (a process of its own), which answers each request 20 ms
after it came. The bare loop sends the very requests that our connector sent, one after the other over one session, and
decodes each answer: nothing that reads the same information this way can be faster. ``pysnow`` and ``jira`` bring
what their own reading brings: raw values, unchecked, without names, votes and (``pysnow``) without histories.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import jira
import pysnow
import requests
from benchmarks.serving import LATENCY, ROOT, counted, running
from pydantic import SecretStr

from itsm_bridge.config import load
from itsm_bridge.config.model import Credentials, Jira, ServiceNow, Source
from itsm_bridge.connectors import connect
from itsm_bridge.connectors.ahead import take_short_turns
from itsm_bridge.connectors.base import Connector
from itsm_bridge.connectors.jira.reader import STREAM
from itsm_bridge.store import Store

RECORDS = 10_000
FIELDS = (
    "summary,description,labels,reporter,assignee,priority,duedate,created,updated,status,issuetype,project,"
    "resolutiondate,components,customfield_10100,customfield_10101,customfield_10102,customfield_10103,customfield_10104"
)

DIFFERENCES = """
The limit is the first row of each table. What differs: ours checks each row against what was asked, and gives
normalized tickets with dated entries, names and votes; pysnow and jira give what the server sent. On Cloud jira gets
the newest 40 entries of a changelog at most; ours come whole, and by id, since the index lags. pysnow turns no pages.
Late: answers that left after their time."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a bare loop can send it again."""

    method: str
    url: str
    body: bytes | str | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One way of reading, measured once: seconds by the clock and of our processor, requests, and late answers."""

    what: str
    seconds: float
    processor: float
    requests: int
    late: int


def measured(what: str, url: str, read: Callable[[], int | None]) -> Measured:
    """Run ``read``; where it says how many records it read, it must have read all."""
    counted(url)
    began, busy = time.perf_counter(), time.process_time()
    records = read()
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    if records not in {None, RECORDS}:
        raise SystemExit(f"{what}: {records} of {RECORDS} records were read")
    told = counted(url)
    return Measured(what, seconds, busy, told["requests"], told["late"])


@contextmanager
def overheard() -> Iterator[list[Request]]:
    """The requests that anybody sends through ``requests`` meanwhile."""
    heard: list[Request] = []
    send = requests.Session.send

    def listening(session: requests.Session, request: requests.PreparedRequest, **how: Any) -> requests.Response:  # noqa: ANN401 - passed on
        heard.append(Request(request.method or "", request.url or "", request.body))
        return send(session, request, **how)

    requests.Session.send = listening  # type: ignore[method-assign, assignment]  # for the length of the block
    try:
        yield heard
    finally:
        requests.Session.send = send  # type: ignore[method-assign]


def bare(asked: Sequence[Request]) -> None:
    """The limit: send, decode, nothing else."""
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update({"Content-Type": "application/json", "Accept": "application/json"})
        for one in asked:
            json.loads(session.request(one.method, one.url, data=one.body).content)


def ours(connector: Connector, stream: str) -> int:
    """Read a stream from its start; every ticket with its history."""
    return sum(len(page.records) for page in connector.fetch(stream, None))


def stored(connector: Connector, stream: str, now: datetime) -> int:
    """The same into a store in a file, page by page with its bookmark."""
    with tempfile.TemporaryDirectory() as folder, Store.open("sqlite:///bench.db", Path(folder), create=True) as store:
        for page in connector.fetch(stream, None):
            store.save_page(connector.name, stream, page, now)
        return store.ticket_count()


def by_pysnow(asked: Sequence[Request]) -> None:
    """``pysnow``'s own reading, a streamed answer for each query; it turns no pages, so that the queries are ours."""
    client = pysnow.Client(host=urlsplit(asked[0].url).netloc, user="u", password="p", use_ssl=False)  # noqa: S106 - made up
    for one in asked:
        address = urlsplit(one.url)
        given = dict(parse_qsl(address.query))
        resource = client.resource(api_path=address.path.removeprefix("/api/now"))
        limit, offset = int(given["sysparm_limit"]), int(given["sysparm_offset"])
        fields = given["sysparm_fields"].split(",")
        answer = resource.get(query=given["sysparm_query"], fields=fields, limit=limit, offset=offset, stream=True)
        deque(answer.all(), maxlen=0)


def by_jira(url: str, version: str, expand: str | None) -> int:
    """``jira`` as its documentation reads: every page of one search, as issues."""
    options = {"check_update": False, "rest_api_version": version}
    client = jira.JIRA(url, basic_auth=("u", "p"), options=options)
    query = 'project = "OPS" ORDER BY updated ASC'
    return len(client.search_issues(query, maxResults=False, fields=FIELDS, expand=expand))


def of_servicenow(now: datetime) -> Iterator[Measured]:
    """The rows of one table of ServiceNow."""
    source = cast("ServiceNow", _configured("snow"))
    with running("made_servicenow", RECORDS, LATENCY) as url:
        connector = _connected(replace(source, url=url))
        with overheard() as asked:
            ours(connector, "incident")
        tickets = [one for one in asked if "/table/incident?" in one.url]
        yield measured("bare loop, the same requests", url, lambda: bare(asked))
        yield measured("itsm-bridge: tickets and histories", url, lambda: ours(_again(source, url), "incident"))
        yield measured("  and into SQLite", url, lambda: stored(_again(source, url), "incident", now))
        yield measured("pysnow, the same requests, raw rows", url, lambda: by_pysnow(asked))
        yield measured("  bare loop, tickets alone", url, lambda: bare(tickets))
        yield measured("  pysnow, tickets alone, raw rows", url, lambda: by_pysnow(tickets))


def of_jira(deployment: str, now: datetime) -> Iterator[Measured]:
    """The rows of one deployment of Jira."""
    source = replace(cast("Jira", _configured("ops")), deployment=deployment)
    version = {"cloud": "3", "data_center": "2"}[deployment]
    with running("made_jira", RECORDS, LATENCY, deployment) as url:
        connector = _connected(replace(source, url=url))
        with overheard() as asked:
            ours(connector, STREAM)
        yield measured("bare loop, the same requests", url, lambda: bare(asked))
        yield measured("itsm-bridge: issues and histories", url, lambda: ours(_again(source, url), STREAM))
        yield measured("  and into SQLite", url, lambda: stored(_again(source, url), STREAM, now))
        yield measured("jira search_issues, changelogs too", url, lambda: by_jira(url, version, "changelog"))
        yield measured("  jira search_issues, issues alone", url, lambda: by_jira(url, version, None))


def main() -> None:
    """Print a table for each product."""
    take_short_turns()  # as the program does
    now = datetime.now(UTC)
    print(f"{RECORDS:,} records, {LATENCY * 1000:.0f} ms a request; CPU is that of the reading process")
    for title, rows in (
        ("ServiceNow", of_servicenow(now)),
        ("Jira Cloud", of_jira("cloud", now)),
        ("Jira Data Center", of_jira("data_center", now)),
    ):
        print(f"\n{title:38}{'records/s':>10}{'× limit':>9}{'requests':>10}{'CPU s':>8}{'late':>6}")
        limit = 0.0
        for row in rows:
            limit = limit or row.seconds
            print(
                f"{row.what:38}{RECORDS / row.seconds:>10,.0f}{row.seconds / limit:>9.2f}{row.requests:>10}"
                f"{row.processor:>8.1f}{row.late:>6}"
            )
    print(DIFFERENCES)


def _configured(name: str) -> Source:
    return load(ROOT / "config").sources[name]


def _connected(source: Source) -> Connector:
    configuration = load(ROOT / "config")
    credentials = Credentials("password", "bridge", SecretStr("made-up"))
    return connect(source, credentials, configuration.vendors, configuration.limits)


def _again(source: ServiceNow | Jira, url: str) -> Connector:
    """A connector that remembers nothing yet."""
    return _connected(replace(source, url=url))


if __name__ == "__main__":
    main()
