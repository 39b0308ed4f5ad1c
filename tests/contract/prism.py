"""The Jira connector at work through Prism, which holds every request and answer against Atlassian's own document.

``make prism`` runs it: a sandbox of Jira Cloud, Prism as a proxy before it, and the connector before that, which reads
everything and writes each kind of value once. It needs npm and, the first time, a network; the tests need neither.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr
from tests.connectors.cloud import SOURCE
from tests.connectors.snow import VENDORS
from tests.contract.openapi import JIRA

from itsm_bridge.config.model import Credentials, FieldMapping
from itsm_bridge.connectors.base import Write
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.jira.connector import JiraConnector
from itsm_bridge.connectors.jira.site import shape
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import BridgeError
from itsm_bridge.model import TicketRecord
from itsm_bridge.sandbox import Account, Sandbox, start

Violation = dict[str, Any]

PRISM = "@stoplight/prism-cli@5.14.2"
DOCUMENT = Path(__file__).parents[3] / "shared" / "api" / JIRA
PATIENCE = 180
"""Seconds for npx to fetch Prism and for Prism to read the document."""

WRITES: tuple[Mapping[str, str | int], ...] = (
    {"priority": 1},
    {"vendor": "GWL"},
    {"vendor": ""},
    {"approval": "requested"},
    {"priority": 2, "vendor": "OptIT", "approval": "rejected"},
)


ARTEFACTS: Mapping[str, Callable[[Violation], bool]] = {
    "a member toString that is left out, for which JavaScript finds its own function": lambda one: (
        one["location"][:1] == ["response"] and one["location"][-1] == "toString"
    ),
    "an answer 204 without a media type, where the document gives one": lambda one: (
        one["location"] == ["response"] and one["message"].startswith('The received media type "" does not match')
    ),
}
"""What Prism says of answers, and what is no fault of anybody's; of requests everything counts."""


class FailedError(Exception):
    """The check did not pass; one line says why."""


@dataclass
class Findings:
    """What went through Prism, by method and path without ids, what Prism said against it, and what was set aside."""

    seen: Counter[str] = field(default_factory=Counter)
    against: dict[str, list[Violation]] = field(default_factory=dict)
    aside: Counter[str] = field(default_factory=Counter)

    def __call__(self, response: requests.Response, *_args: object, **_kwargs: object) -> None:
        """Note one answer."""
        path = "/".join("{}" if part.isdecimal() and part != "3" else part for part in _path(response).split("/"))
        name = f"{response.request.method} {path}"
        self.seen[name] += 1
        for one in json.loads(response.headers.get("sl-violations") or "[]"):
            reason = next((why for why, fits in ARTEFACTS.items() if fits(one)), None)
            if reason is not None:
                self.aside[reason] += 1
            elif one.get("severity") == "Error":
                self.against.setdefault(name, []).append(one)


def _path(response: requests.Response) -> str:
    return (response.request.path_url or "").partition("?")[0]


@contextlib.contextmanager
def prism(document: Path, upstream: str) -> Iterator[str]:
    """Prism as a proxy before ``upstream``; its address. All of its processes end with the block."""
    npx = shutil.which("npx")
    if npx is None:
        raise FailedError("npx is not here, so that Prism cannot run; the same is checked by schema in make test")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [npx, "--yes", PRISM, "proxy", "--host", "127.0.0.1", "--port", str(port), str(document), upstream]
    log = document.with_name("prism.log")
    with log.open("wb") as output:
        program = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 (ours)
    try:
        _await(program, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(program.pid, signal.SIGTERM)
        program.wait()


def _await(program: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if program.poll() is not None:
            raise FailedError(f"Prism ended before it listened: {log.read_text(errors='replace').strip()[-300:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    raise FailedError(f"Prism does not listen after {PATIENCE} s")


def connector_to(url: str, account: Account, findings: Findings) -> tuple[JiraConnector, GuardedSession]:
    """A connector that reports every answer to ``findings``, and its session."""
    around = Surroundings()
    auth = BasicAuth(Credentials("token", account.email, SecretStr(account.token)))
    session = GuardedSession("ops", url, auth, shape, max_wait=30, surroundings=around)
    session.hooks["response"].append(findings)
    fields = {"environment": FieldMapping("Environment", {}), "service": FieldMapping("components", {})}
    source = replace(SOURCE, fields=fields, worklogs=True)
    return JiraConnector(source, VENDORS, session, around), session


def at_work(connector: JiraConnector) -> int:
    """Read everything, write each kind of value once and look at what was stored; how many writes that were."""
    records = [record for page in connector.fetch("issues", None) for record in page.records]
    list(connector.census("issues"))
    connector.doctor()
    targets = [record for record in records if record.ticket.state.is_open][: len(WRITES)]
    for record, values in zip(targets, WRITES, strict=True):
        connector.push(Write(record.ticket, values, (), f"prism-{record.ticket.external_id}"))
        _require_stored(connector.read(record.ticket), values)
    return len(targets)


def _require_stored(record: TicketRecord, values: Mapping[str, str | int]) -> None:
    for name, value in values.items():
        stored = getattr(record.ticket, name)
        if (stored or "") != value:
            raise FailedError(f"{record.ticket.id}: {name} is {stored!r} after {value!r} was written")


def require_alert(session: GuardedSession, findings: Findings) -> None:
    """Prove that Prism would have said something: a write that breaks the document is sent, and must be found."""
    name = "PUT /rest/api/3/issue/{}"
    before = len(findings.against.get(name, []))
    with contextlib.suppress(BridgeError):
        session.ask("PUT", "/rest/api/3/issue/1", body={"fields": ["priority"]})
    if len(findings.against.pop(name, [])) <= before:
        raise FailedError("Prism lets a wrong write pass, so that its silence proves nothing")
    findings.seen[name] -= 1


def check(sandbox: Sandbox, folder: Path) -> Findings:
    """Let the connector work through Prism. Raises ``FailedError``."""
    document = folder / "jira.json"
    document.write_bytes(gzip.decompress(DOCUMENT.read_bytes()))
    findings = Findings()
    with prism(document, sandbox.jira_url) as url:
        connector, session = connector_to(url, sandbox.account, findings)
        try:
            written = at_work(connector)
            against = dict(findings.against)
            require_alert(session, findings)
        finally:
            session.close()
    findings.against = against
    if findings.seen["PUT /rest/api/3/issue/{}"] != written:
        raise FailedError("not every write went through Prism")
    return findings


def main() -> int:
    """Say what was seen; 0 where Prism had nothing to say."""
    if not DOCUMENT.is_file():
        return _failed(f"{DOCUMENT.name} lies beside the project, in ../shared/api, and is not there")
    try:
        with tempfile.TemporaryDirectory() as folder, start(now=datetime.now(UTC)) as sandbox:
            findings = check(sandbox, Path(folder))
    except (FailedError, BridgeError) as problem:
        return _failed(str(problem))
    for name, count in sorted(findings.seen.items()):
        sys.stdout.write(f"{count:5} {name}: {len(findings.against.get(name, [])) or 'no'} violations\n")
    for reason, count in findings.aside.items():
        sys.stdout.write(f"{count:5} set aside: {reason}\n")
    for name, errors in findings.against.items():
        sys.stderr.write(f"{name}: {json.dumps(errors[0])}\n")
    return 1 if findings.against else 0


def _failed(why: str) -> int:
    sys.stderr.write(f"prism: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
