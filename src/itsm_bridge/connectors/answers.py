"""What an answer means: which of our errors, whether asking again can help, and whether anything was done.

Messages hold the method, the path without its ids, the status and words of our own; never a query, a header or
a piece of the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from itsm_bridge.errors import BridgeError, CredentialsRefused, NeedsPerson, SourceUnavailable, WriteRefused

DEEPEST_JSON = 200
ATTEMPTS = 6
CANCELLED_ATTEMPTS = 2
"""A transaction that the source cancelled after a minute or more is tried once more, then with a smaller page."""


class PageTooLarge(SourceUnavailable):
    """The answer was too large, or nested too deep, to be taken; asking for less may help."""


class PageTooSlow(PageTooLarge):
    """The source gave up on the answer after a while; asking for less may help, and so may asking later."""


class Failure(Exception):
    """One attempt that brought nothing and may be repeated.

    ``untouched``: the source certainly did nothing. ``wish`` is how many seconds it asks to be left alone, ``pause``
    how many are to pass before the next attempt. ``becomes`` is the error of a read that is given up.
    """

    def __init__(
        self,
        why: str,
        *,
        untouched: bool = False,
        wish: float | None = None,
        attempts: int = ATTEMPTS,
        becomes: type[SourceUnavailable] = SourceUnavailable,
    ) -> None:
        super().__init__(why)
        self.why = why
        self.untouched = untouched
        self.wish = wish
        self.pause = 0.0
        self.attempts = attempts
        self.becomes = becomes


class ReadRefused(NeedsPerson):
    """A 4xx to a reading request; ``status`` for a reader that knows what it means there."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """One request as messages name it. ``reading`` tells a search that is posted from a write."""

    source: str
    method: str
    path: str
    reading: bool

    def __str__(self) -> str:
        return f"{self.source}: {self.method} {self.path}"


Shape = Callable[[Call, object], str | None]
"""Says what is wrong with a decoded 200 answer of a source, ``None`` if nothing."""

_NOTHING = "nothing was read or written"
_SYS_ID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]*-\d+")


def path_template(url: str) -> str:
    """The path of a URL with ids taken out, as messages may show it."""
    segments = urlsplit(url).path.split("/")
    return "/".join(_hidden(before, segment) for before, segment in zip(["", *segments], segments, strict=False))


def _hidden(before: str, segment: str) -> str:
    if _SYS_ID.fullmatch(segment):
        return "{sys_id}"
    if segment.isdecimal() and before != "api":
        return "{id}"
    return "{key}" if _KEY.fullmatch(segment) else segment


class Sound(requests.Response):
    """A good answer, decoded already: whoever asks for its JSON gets the value that was judged."""

    def __init__(self, response: requests.Response, decoded: object) -> None:
        super().__init__()
        self.__dict__.update(response.__dict__)
        self._decoded = decoded

    def json(self, **_: object) -> Any:  # noqa: ANN401 - the base class's own signature
        """The decoded body."""
        return self._decoded


def judge(call: Call, response: requests.Response, wish: float | None, shape: Shape) -> requests.Response:
    """A good answer, decoded; else raise what it means. The body has been read already."""
    status = response.status_code
    if _taken_for_nobody(response.headers):
        raise CredentialsRefused(f"{call} answered {status}: the source does not accept the credentials; {_NOTHING}")
    if 200 <= status < 300 and not (status == 202 and call.reading):
        return _judge_body(call, response, shape)
    if status in {401, 407}:
        who = "the proxy" if status == 407 else "the source"
        raise CredentialsRefused(f"{call} answered {status}: {who} does not accept the credentials; {_NOTHING}")
    if status in {202, 408} or status >= 500:
        raise Failure(f"answered {status}", wish=wish)
    if status in {425, 429}:
        raise Failure(f"answered {status}", wish=wish, untouched=True)
    raise refusal(call, response)


def redirected(call: Call, location: str) -> BridgeError:
    """A redirect is never followed: credentials would go with it. ``location`` decides only which error it is."""
    words = urlsplit(location).path.lower() + urlsplit(location).netloc.lower()
    if any(word in words for word in ("login", "sso", "saml", "auth", "signin", "okta", "adfs")):
        return CredentialsRefused(f"{call} answered with a redirect to a sign-in page; {_NOTHING}")
    return NeedsPerson(f"{call} answered with a redirect, which is not followed; correct the url of the source")


def refusal(call: Call, response: requests.Response) -> BridgeError:
    """What another 4xx means."""
    status = response.status_code
    if status == 403 and _locked_out(response.headers):
        return CredentialsRefused(
            f"{call} answered 403: the account must pass a captcha or is locked; sign in with a browser"
        )
    if not call.reading:
        return WriteRefused(f"{call} answered {status}{_reason(response)}; the ticket was not changed")
    return ReadRefused(f"{call} answered {status}: {_MEANINGS.get(status, 'the request is not accepted')}", status)


_MEANINGS: Mapping[int, str] = {
    400: "the source does not understand the request; a field, table or project may be gone",
    403: "the account may not read this",
    404: "not there, or the account may not see it",
    410: "this part of the interface was removed",
}


def _taken_for_nobody(headers: Mapping[str, str]) -> bool:
    """Jira answers a caller with a wrong token as it answers a stranger, and says so in a header only."""
    return "AUTHENTICATED_FAILED" in headers.get("X-Seraph-LoginReason", "")


def _locked_out(headers: Mapping[str, str]) -> bool:
    return "X-Authentication-Denied-Reason" in headers or "DENIED" in headers.get("X-Seraph-LoginReason", "")


_REASONS: Mapping[str, str] = {
    "business rule": "a business rule aborted it",
    "acl": "a rule of access control forbids it",
    "security constraints": "a rule of access control forbids it",
    "data policy": "a data policy forbids it",
    "mandatory": "a mandatory field is missing",
    "no record found": "the record is not there, or the account may not see it",
}
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")


def _reason(response: requests.Response) -> str:
    """Why a write was refused, in our own words and the names of fields; what else the body says stays in it."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    named = [name for name in _keys(body.get("errors")) if _FIELD_NAME.fullmatch(name)]
    if named:
        return f" (fields refused: {', '.join(sorted(named))})"[:200]
    said = json.dumps(body.get("error")).lower()
    return next((f" ({ours})" for theirs, ours in _REASONS.items() if theirs in said), "")


def _keys(value: object) -> list[str]:
    return [str(key) for key in value] if isinstance(value, dict) else []


def _judge_body(call: Call, response: requests.Response, shape: Shape) -> requests.Response:
    if not response.content:
        if call.reading:
            raise Failure("answered without a body")
        return response
    if "json" not in response.headers.get("Content-Type", "").lower():
        raise _page_instead(call, response)
    try:
        body = json.loads(response.content)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise Failure("answered JSON that is cut or cannot be read") from None
    if deeper_than(body, DEEPEST_JSON):
        raise _too_deep()
    if cancelled(body):
        raise Failure("answered 200 with an error inside", attempts=CANCELLED_ATTEMPTS, becomes=PageTooSlow)
    if fault := shape(call, body):
        raise Failure(f"answered 200, but {fault}")
    return Sound(response, body)


def _too_deep() -> Failure:
    return Failure("answered JSON that is nested too deep", attempts=1, becomes=PageTooLarge)


def cancelled(body: object) -> bool:
    """Whether an error stands in an answer of 200, with or without rows before it."""
    return isinstance(body, dict) and bool(body.get("error") or body.get("errorMessages"))


def deeper_than(value: object, limit: int) -> bool:
    """Whether a decoded JSON value is nested deeper than ``limit`` levels."""
    level = [value] if type(value) in _CONTAINERS else []
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)  # type: ignore[attr-defined]  # a list
            if type(child) in _CONTAINERS
        ]
        if not level:
            return False
    return True


_CONTAINERS = frozenset({dict, list})
"""What JSON nests; every value of an answer is looked at, so that the look must be short."""


def _page_instead(call: Call, response: requests.Response) -> Exception:
    """What a web page in place of JSON means: asleep, in maintenance, or asking to sign in."""
    text = response.content[:65_536].decode("utf-8", "replace").lower()
    if "hibernat" in text or "maintenance" in text:
        return Failure("answered a page that says it is hibernating or in maintenance")
    if call.reading and any(word in text for word in ("login", "log in", "sign in", "saml", "password")):
        return CredentialsRefused(f"{call} answered a sign-in page instead of data; nothing was read")
    return Failure("answered a web page instead of JSON")
