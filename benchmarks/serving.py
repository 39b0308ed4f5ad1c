"""A made-up instance in a process of its own, so that serving takes nothing from the interpreter that is measured.

An answer leaves a fixed time after its request came, however long it took to make: the latency of a request is the
same for everybody, and ``late`` counts the answers for which the time was not enough.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

ROOT = Path(__file__).resolve().parents[1]
LATENCY = 0.020
"""Seconds from a request to its answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``given`` are the parameters of its query, ``body`` its JSON."""

    path: str
    given: Mapping[str, str]
    body: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, and headers beside the usual ones."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


Instance = Callable[[Asked], Answer]


def serve(instance: Instance, latency: float) -> None:
    """Answer as ``instance`` says until standard input is closed; the first line of output is the port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(instance, latency))
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


def _handler(instance: Instance, latency: float) -> type[BaseHTTPRequestHandler]:
    counted = {"requests": 0, "late": 0}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one packet: in two they wait 40 ms for each other
        disable_nagle_algorithm = True

        def answer(self) -> None:
            began = time.perf_counter()
            parts = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if parts.path == "/counted":
                self._send(Answer(json.dumps(counted).encode()))
                counted.update(requests=0, late=0)
                return
            given = dict(parse_qsl(parts.query, keep_blank_values=True))
            answer = instance(Asked(parts.path, given, json.loads(content) if content else {}))
            left = began + latency - time.perf_counter()
            counted["requests"] += 1
            counted["late"] += left < 0
            time.sleep(max(0.0, left))
            self._send(answer)

        def _send(self, answer: Answer) -> None:
            self.send_response_only(answer.status)
            self.send_header("Date", self.date_time_string())
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(answer.body)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)
            with contextlib.suppress(OSError):
                self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
            pass

    Handler.do_GET = Handler.do_POST = Handler.answer  # type: ignore[attr-defined]  # how http.server finds them
    return Handler


@contextlib.contextmanager
def running(module: str, *arguments: object) -> Iterator[str]:
    """Run a module of this folder that calls ``serve``; its address."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *(str(argument) for argument in arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ourselves
        try:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def counted(url: str) -> Mapping[str, int]:
    """How many requests the instance at ``url`` had since it was last asked this, and how many answers were late."""
    with urllib.request.urlopen(f"{url}/counted") as answer:  # noqa: S310 - our own loopback address
        found: Mapping[str, int] = json.load(answer)
    return found
