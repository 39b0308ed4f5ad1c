"""Stand-ins for the world: a clock that only moves when told, and loopback servers that answer from a script."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from itsm_bridge.config.model import Credentials
from itsm_bridge.connectors.surroundings import Surroundings

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECRET = "canary-pässword-8d1f"
ACCOUNT = "bridge.svc"
CREDENTIALS = Credentials("password", ACCOUNT, SecretStr(SECRET))


@dataclass
class World:
    """A clock that moves by what is slept (and by ``tick`` at each look), and the sleeps that were asked for."""

    at: float = 0.0
    tick: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.at += self.tick
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.at)

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(now=self.now, monotonic=self.monotonic, sleep=self.sleep, chance=lambda: 0.5)


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server says: JSON unless ``raw`` is given. ``broken`` hangs up instead of answering."""

    body: object = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    kind: str = "application/json;charset=UTF-8"
    broken: bool = False

    @property
    def content(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return b"" if self.body is None else json.dumps(self.body).encode()


Script = Callable[[Seen], Answer]


class Web:
    """A loopback server that answers as ``script`` says, and remembers what it was asked."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet: in two they wait 40 ms for each other
            disable_nagle_algorithm = True

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                seen = Seen(self.command, parts.path, query, dict(self.headers.items()), self.rfile.read(length))
                web.seen.append(seen)
                self._send(web.script(seen))

            def _send(self, answer: Answer) -> None:
                if answer.broken:
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                self.send_response_only(answer.status)
                if "Date" not in answer.headers:
                    self.send_header("Date", format_datetime(NOON, usegmt=True))
                headers = {"Content-Type": answer.kind, "Content-Length": str(len(answer.content)), **answer.headers}
                if answer.status == 204:
                    headers = dict(answer.headers)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)
                with contextlib.suppress(OSError):
                    self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
                pass

        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.answer)
        return Handler


class RawServer:
    """A server below HTTP: each connection is handed to ``talk`` once the request's head has been read."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65_536)
                self._talk(connection)


@contextlib.contextmanager
def serving(script: Script) -> Iterator[Web]:
    web = Web(script)
    try:
        yield web
    finally:
        web.close()


@contextlib.contextmanager
def talking(talk: Callable[[socket.socket], None]) -> Iterator[RawServer]:
    server = RawServer(talk)
    try:
        yield server
    finally:
        server.close()


def in_turn(*answers: Answer) -> Script:
    """Give these answers one after the other, the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def zipped(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
