"""A mail server on the loopback that keeps what it is given, and refuses what it is told to."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import cast


@dataclass(slots=True)
class PostOffice:
    """What it was given. ``refused`` are addresses that it does not take; ``broken`` answers every mail with 451."""

    port: int = 0
    mails: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    users: list[tuple[str, str]] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    broken: bool = False
    password: str = "geheim"

    def message(self, place: int) -> EmailMessage:
        """A mail as its reader sees it."""
        return message_from_bytes(self.mails[place][2], policy=default)


class _Counter(socketserver.StreamRequestHandler):
    """One conversation, as far as ``smtplib`` needs it."""

    def handle(self) -> None:
        office = cast("_Server", self.server).office
        self._say("220 ready")
        sender, to = "", list[str]()
        while line := self.rfile.readline().decode("ascii").strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self._say("250-post\r\n250 AUTH PLAIN")
                case "AUTH":
                    _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
                    office.users.append((user, password))
                    self._say("235 yes" if password == office.password else "535 no: " + password)
                case "MAIL":
                    sender, to = _address(rest), []
                    self._say("250 ok")
                case "RCPT":
                    address = _address(rest)
                    if address in office.refused:
                        self._say("550 unknown")
                    else:
                        to.append(address)
                        self._say("250 ok")
                case "DATA":
                    self._say("354 go on")
                    content = self._content()
                    if not office.broken:
                        office.mails.append((sender, tuple(to), content))
                    self._say("451 later" if office.broken else "250 kept")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _content(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode("ascii"))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    office: PostOffice


def _address(rest: str) -> str:
    return rest[rest.index("<") + 1 : rest.index(">")]


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """One that is open for the length of a ``with`` block."""
    with _Server(("127.0.0.1", 0), _Counter) as server:
        server.office = PostOffice(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.office
        finally:
            server.shutdown()
            thread.join()
