"""A wall-clock limit for one whole request: a server that sends a byte a second must not hold a run for ever.

A socket's timeout starts anew with every byte, and ``requests`` offers nothing else. So the connection reads
through a file that asks the deadline before each look at the socket; that covers headers, bodies and tunnels.
"""

from __future__ import annotations

import functools
import http.client
import io
import socket
from collections.abc import Callable
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """When the request under way must be over. ``start`` begins the next one."""

    def __init__(self, monotonic: Callable[[], float], seconds: float, pause: float) -> None:
        self._monotonic = monotonic
        self.seconds = seconds
        self._pause = pause
        self._end = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._end = self._monotonic() + self.seconds

    def pause(self) -> float:
        """How long one look at the socket may wait. Raises ``TimeoutError`` once the time is up."""
        left = self._end - self._monotonic()
        if left <= 0:
            raise TimeoutError("the deadline of the request has passed")
        return min(left, self._pause)


class _TimedFile(io.RawIOBase):
    """What the server sends, never waited for beyond the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - the base class's own signature
        self._sock.settimeout(self._deadline.pause())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedSocket:
    """As much of a socket as ``http.client`` asks of one when it reads an answer."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedFile(self._sock, self._deadline))


def _timed_response(deadline: Deadline, sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:  # noqa: ANN401 - passed on as they come
    return http.client.HTTPResponse(_TimedSocket(sock, deadline), *args, **kwargs)  # type: ignore[arg-type]  # only makefile is asked of it


def pool_classes(deadline: Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools, by scheme, whose connections keep ``deadline``."""
    timed = staticmethod(functools.partial(_timed_response, deadline))
    plain = type("TimedConnection", (HTTPConnection,), {"response_class": timed})
    secure = type("TimedSecureConnection", (HTTPSConnection,), {"response_class": timed})
    return {
        "http": type("TimedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TimedSecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
