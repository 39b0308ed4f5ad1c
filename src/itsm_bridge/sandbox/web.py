"""HTTP for the stand-ins: one small server on loopback for one application, quiet, with keep-alive and gzip."""

from __future__ import annotations

import base64
import binascii
import contextlib
import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

NO_HEADERS: Mapping[str, str] = MappingProxyType({})
GZIP_FROM_BYTES = 1024
IDLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    ``sign_in`` is the user and secret of Basic authentication, ``None`` without any; ``bearer`` is a bearer token, and
    ``target`` the path and the query as they were sent.
    """

    method: str
    path: str
    query: Mapping[str, str]
    sign_in: tuple[str, str] | None
    body: bytes
    base_url: str
    bearer: str | None = None
    target: str = ""

    def json(self) -> Any:  # noqa: ANN401 - whatever the caller sent
        """The body as JSON; an empty body is an empty object. Raises ``ValueError``."""
        return json.loads(self.body) if self.body.strip() else {}


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer leaves where it does not leave as it should; by default there is nothing unusual.

    ``content`` takes the place of the JSON document, as ``content_type`` and already packed as ``encoding`` says.
    ``cut`` sends half of what is announced and hangs up, ``bytes_per_second`` sends slowly, ``reset`` sends nothing and
    resets the connection, ``hang_up`` closes it after the whole answer without having said so.
    """

    content: bytes | None = None
    content_type: str = "application/json;charset=UTF-8"
    encoding: str = ""
    cut: bool = False
    bytes_per_second: float = 0.0
    reset: bool = False
    hang_up: bool = False


USUAL = Wire()


@dataclass(frozen=True, slots=True)
class Response:
    """What is answered: a JSON document, or nothing at all where ``body`` is ``None``."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    wire: Wire = USUAL


Application = Callable[[Request], Response]


class Server:
    """One application on one port of 127.0.0.1, each connection in a thread of its own."""

    def __init__(self, application: Application, port: int, now: Callable[[], datetime], name: str) -> None:
        self._httpd = _Listener(("127.0.0.1", port), _handler(application, now))
        self._thread = threading.Thread(target=self._httpd.serve_forever, args=(0.05,), name=name, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return f"http://127.0.0.1:{self._httpd.server_address[1]}"

    def close(self) -> None:
        """Stop listening, hang up on everybody, and wait until every thread is gone."""
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.hang_up()
        self._httpd.server_close()


class _Listener(ThreadingHTTPServer):
    """A threading server that knows its open connections, so that closing it leaves no socket behind."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        self._resets: set[socket.socket] = set()
        self.closing = threading.Event()
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's own signature
        thread = threading.Thread(target=self.process_request_thread, args=(request, client_address), daemon=True)
        with self._guard:
            self._open[request] = thread
        thread.start()

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - the base class's own signature
        if request in self._resets:
            self.close_request(request)  # without the farewell of a shutdown: the peer sees a reset
        else:
            super().shutdown_request(request)
        with self._guard:
            self._resets.discard(request)
            self._open.pop(request, None)

    def reset(self, connection: socket.socket) -> None:
        """Let the connection end with a reset when its thread leaves it."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._guard:
            self._resets.add(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - the base class's own signature
        """A client that hung up is nobody's news."""

    def hang_up(self) -> None:
        self.closing.set()
        with self._guard:
            still_open = dict(self._open)
        for connection, thread in still_open.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()


def _handler(application: Application, now: Callable[[], datetime]) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        answer = staticmethod(application)
        clock = staticmethod(now)

    return Handler


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, asks the application, writes one answer; everything else is the base class."""

    answer: Application
    clock: Callable[[], datetime]
    server: _Listener
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    wbufsize = -1  # one packet for headers and body: with two, delayed acknowledgements cost 40 ms a request
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_PATCH(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        request = self._request()
        try:
            response = self.answer(request)
        except Exception as error:  # noqa: BLE001 - a fault of the sandbox is the caller's 500, as it is with a real one
            response = Response(500, {"error": {"message": f"sandbox fault: {error!r}", "detail": None}})
        self._send(response)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            sign_in=_basic(self.headers.get("Authorization", "")),
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            base_url=f"http://{self.headers.get('Host', 'localhost')}",
            bearer=_bearer(self.headers.get("Authorization", "")),
            target=self.path,
        )

    def _send(self, response: Response) -> None:
        if response.wire.reset:
            self.close_connection = True
            self.server.reset(self.connection)
            return
        content, headers = self._content(response)
        self.send_response(response.status)
        for name, value in (headers | dict(response.headers)).items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self._write(content, response.wire)

    def _content(self, response: Response) -> tuple[bytes, dict[str, str]]:
        """What is sent after the headers, and the headers that describe it."""
        wire = response.wire
        content = b"" if response.body is None else json.dumps(response.body, ensure_ascii=False).encode()
        if wire.content is not None:
            content = wire.content
        headers = {"Content-Type": wire.content_type} if content else {}
        if wire.encoding:
            headers["Content-Encoding"] = wire.encoding
        elif len(content) >= GZIP_FROM_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, 1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return content, headers

    def _write(self, content: bytes, wire: Wire) -> None:
        self.close_connection = self.close_connection or wire.hang_up or wire.cut
        if wire.cut:
            content = content[: len(content) // 2]
        if not wire.bytes_per_second:
            self.wfile.write(content)
            return
        step = max(1, int(wire.bytes_per_second / 10))
        for start in range(0, len(content), step):
            self.wfile.write(content[start : start + step])
            self.wfile.flush()
            if self.server.closing.wait(step / wire.bytes_per_second):
                self.close_connection = True
                return

    def version_string(self) -> str:
        return "itsm-bridge-sandbox"

    def date_time_string(self, timestamp: float | None = None) -> str:  # noqa: ARG002 - the sandbox has its own clock
        return format_datetime(self.clock(), usegmt=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
        """Keep quiet: standard error belongs to the program."""


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ("", "")
    return (user, secret)


def _bearer(header: str) -> str | None:
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
