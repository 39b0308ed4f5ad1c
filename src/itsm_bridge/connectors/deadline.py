"""A wall-clock limit for one whole request: a server that sends a byte a second must not hold a run for ever.

A socket's timeout starts anew with every byte, and ``requests`` offers nothing else. So the connection reads
through a file that asks the deadline before each look at the socket; that covers headers, bodies and tunnels. A look
is short, so that a run that is stopped does not wait for a server that says nothing.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import io
import socket
from collections.abc import Callable, Iterator
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LOOK = 0.5
"""Seconds of one look at the socket."""


class Deadline:
    """When the request under way must be over. ``start`` begins the next one.

    ``seconds`` is the limit of the whole request, ``silence`` that of a server that says nothing meanwhile, and
    ``grace`` that of a request whose answer is ``unwanted`` by now.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        *,
        seconds: float,
        silence: float,
        grace: float,
        unwanted: Callable[[], bool],
    ) -> None:
        self._monotonic, self._unwanted = monotonic, unwanted
        self._seconds, self._silence, self._grace = seconds, silence, grace
        self._start = 0.0

    def start(self) -> None:
        """Begin to count."""
        self._start = self._monotonic()

    def looks(self) -> Iterator[float]:
        """How long each look at the socket may wait for its next bytes. Raises ``TimeoutError`` once the time is up."""
        now = self._monotonic()
        end = min(self._start + self._seconds, now + self._silence)
        while now < end:
            if now - self._start >= self._grace and self._unwanted():
                raise TimeoutError("nobody waits for the answer any more")
            yield min(end - now, LOOK)
            now = self._monotonic()
        raise TimeoutError("the time of the request is up")


class _TimedFile(io.RawIOBase):
    """What the server sends, never waited for beyond the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)  # keeps the socket open until this is closed
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - the base class's own signature
        for seconds in self._deadline.looks():
            self._sock.settimeout(seconds)
            with contextlib.suppress(TimeoutError):  # nothing yet
                return self._sock.recv_into(buffer)
        return None

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
