"""Pings in the manner of Healthchecks: that a run has started, and with which code it ended.

The address is the secret: whoever knows it can say that all is well. No message here holds it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

from itsm_bridge import __version__
from itsm_bridge.connectors.addresses import origin_of, require_safe
from itsm_bridge.connectors.deadline import Deadline
from itsm_bridge.connectors.http import CONNECT_SECONDS, GuardedAdapter
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import BridgeError
from itsm_bridge.events import emit

SECONDS: Final = 10.0
"""How long one attempt may take."""

TRIES: Final = 3
LONGEST_BODY: Final = 10_000
LARGEST_ANSWER: Final = 65_536


class _Refused(Exception):
    """Why a ping was not taken, and whether to try again."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


def ping(
    url: str, kind: str, rid: str, body: str, around: Surroundings, *, seconds: float = SECONDS, tries: int = TRIES
) -> bool:
    """Send one ping, ``start`` or an exit code; whether it was taken. Never raises: what went wrong is a warning.

    ``rid`` is a UUID that ties the end of a run to its start. ``body`` holds counts only.
    """
    for attempt in range(1, tries + 1):
        try:
            _send(_address(url, kind, rid), body, around.monotonic, seconds)
        except _Refused as refused:
            if refused.final or attempt == tries:
                emit("ping.failed", kind=kind, attempt=attempt, reason=refused.reason)
                return False
            around.sleep(float(attempt))
        else:
            emit("ping.sent", kind=kind, attempt=attempt)
            return True
    return False


def _address(url: str, kind: str, rid: str) -> str:
    """Success is the address itself; everything else is one part of the path more."""
    try:
        parts = urlsplit(url)
        require_safe(url, "the ping")
    except BridgeError as problem:
        raise _Refused(problem.message, final=True) from None
    except ValueError:
        raise _Refused("its address cannot be read", final=True) from None
    path = parts.path.rstrip("/") + ("" if kind == "0" else f"/{kind}")
    query = "&".join(filter(None, (parts.query, urlencode({"rid": rid}))))
    return parts._replace(path=path, query=query, fragment="").geturl()


def _send(address: str, body: str, monotonic: Callable[[], float], seconds: float) -> None:
    """One attempt, in the open only on this machine, without following anybody elsewhere."""
    deadline = Deadline(monotonic, seconds=seconds, silence=seconds, grace=seconds, unwanted=lambda: False)
    with requests.Session() as session:
        adapter = GuardedAdapter(origin_of(address), deadline, LARGEST_ANSWER, min(seconds, CONNECT_SECONDS))
        session.adapters.clear()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        session.trust_env = address.startswith("https://")
        session.auth = _nobody
        headers = {"User-Agent": f"itsm-bridge/{__version__}", "Content-Type": "text/plain; charset=utf-8"}
        try:
            answer = session.post(address, data=body.encode()[:LONGEST_BODY], headers=headers, allow_redirects=False)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            raise _Refused(f"it cannot be reached ({type(problem).__name__})") from None
        except Exception as problem:  # noqa: BLE001 - a redirect, a body without end: nothing of it may end a run
            raise _Refused(f"it gives a strange answer ({type(problem).__name__.lstrip('_')})", final=True) from None
    if answer.status_code >= 300:
        again = answer.status_code >= 500 or answer.status_code == 429
        raise _Refused(f"it answered {answer.status_code}", final=not again)


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """No ``.netrc`` of the user goes along."""
    return request
