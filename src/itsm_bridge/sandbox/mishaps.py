"""Lets the faults of requests happen to an application: instead of its answer, or to its answer."""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import cache
from typing import Any

from .faults import SERVER_ERRORS, Faults, Kind, RetryAfter, Trouble
from .web import Application, Request, Response, Wire

SERVICENOW, JIRA, JIRA_SERVER = "servicenow", "jira", "jira_data_center"
_ID = re.compile(r"[0-9a-f]{32}|[A-Z][A-Z0-9]*-\d+|(?<=/)\d{4,}")
_LISTS = ("result", "issues", "issueChangeLogs", "values")
_HTML = "text/html;charset=UTF-8"
_LOGIN = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form action='/login.do'></form></body></html>"
_ASLEEP = (
    b"<!DOCTYPE html><html><head><title>Instance Hibernating page</title></head>"
    b"<body><h1>Your instance is hibernating</h1></body></html>"
)
_CANCELLED = {
    "message": "Transaction cancelled: maximum execution time exceeded",
    "detail": "Transaction cancelled: maximum execution time exceeded Check logs for error trace or enable "
    "glide.rest.debug property to verify REST request processing",
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A request to which something is about to happen."""

    request: Request
    faults: Faults
    product: str
    now: datetime


def _server_error(kind: Kind) -> Callable[[Scene], Response]:
    status = SERVER_ERRORS[kind]
    page = f"<html><body><h1>{status} {kind.removesuffix('_applied').replace('_', ' ')}</h1></body></html>".encode()
    return lambda _scene: Response(status, wire=Wire(content=page, content_type=_HTML))


_JIRA_EXTRA: Mapping[str, Mapping[str, str]] = {
    JIRA: {"RateLimit-Reason": "jira-burst-based"},
    JIRA_SERVER: {"X-RateLimit-FillRate": "10", "X-RateLimit-Interval-Seconds": "1"},
}
"""What each deployment of Jira says of a limit beside the usual."""


def _rate_limited(scene: Scene) -> Response:
    headers = _retry_after(scene)
    reset = scene.now + timedelta(seconds=scene.faults.wait_seconds)
    if scene.product == SERVICENOW:
        body: object = {"error": {"message": "Rate limit exceeded", "detail": None}, "status": "failure"}
        extra = {"X-RateLimit-Limit": "1000", "X-RateLimit-Rule": "bridge", "X-RateLimit-Reset": _epoch(reset)}
    else:
        body = {"errorMessages": ["Rate limit exceeded."], "errors": {}}
        extra = {"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "0"}
        extra |= _JIRA_EXTRA[scene.product]
    if scene.product == JIRA:
        extra["X-RateLimit-Reset"] = f"{reset:%Y-%m-%dT%H:%MZ}"
    return Response(429, body, headers | (extra if scene.faults.limit_headers else {}))


def _epoch(at: datetime) -> str:
    return str(int(at.timestamp()))


def _retry_after(scene: Scene) -> dict[str, str]:
    wait = scene.faults.wait_seconds
    forms = {
        RetryAfter.SECONDS: str(int(wait)),
        RetryAfter.FLOAT: f"{wait:.3f}",
        RetryAfter.DATE: format_datetime(scene.now + timedelta(seconds=wait), usegmt=True),
        RetryAfter.ZERO: "0",
        RetryAfter.NEGATIVE: "-5",
        RetryAfter.ABSURD: "1000000000000",
    }
    form = forms.get(scene.faults.retry_after)
    return {} if form is None else {"Retry-After": form}


def _page(content: bytes) -> Callable[[Scene], Response]:
    return lambda _scene: Response(200, wire=Wire(content=content, content_type=_HTML))


def _bomb(scene: Scene) -> Response:
    content = _packed(scene.faults.bomb_megabytes, _rows_of(scene.product))
    return Response(200, wire=Wire(content=content, encoding="gzip"))


@cache
def _packed(megabytes: int, name: str) -> bytes:
    """A small gzip stream of a JSON document that is ``megabytes`` long."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    parts = [packer.compress(f'{{"{name}": ["'.encode())]
    parts += [packer.compress(b"0" * 1_000_000) for _ in range(megabytes)]
    return b"".join([*parts, packer.compress(b'"]}'), packer.flush()])


def _deep(scene: Scene) -> Response:
    depth = scene.faults.depth
    content = f'{{"{_rows_of(scene.product)}": {"[" * depth}{"]" * depth}}}'.encode()
    return Response(200, wire=Wire(content=content))


def _rows_of(product: str) -> str:
    return "result" if product == SERVICENOW else "issues"


def _expired(_scene: Scene) -> Response:
    return Response(400, {"errorMessages": ["The provided next page token is invalid or expired."], "errors": {}})


INSTEAD: Mapping[Kind, Callable[[Scene], Response]] = {
    Kind.RATE_LIMITED: _rate_limited,
    **{kind: _server_error(kind) for kind in SERVER_ERRORS if kind is not Kind.GATEWAY_TIMEOUT_APPLIED},
    Kind.RESET_BEFORE: lambda _scene: Response(wire=Wire(reset=True)),
    Kind.LOGIN_PAGE: _page(_LOGIN),
    Kind.HIBERNATING: _page(_ASLEEP),
    Kind.REDIRECT: lambda scene: Response(302, headers={"Location": scene.faults.redirect_to}),
    Kind.GZIP_BOMB: _bomb,
    Kind.DEEP_JSON: _deep,
    Kind.EXPIRED_TOKEN: _expired,
}
"""Faults of which the application does not know: it is not even asked."""


def _repeated_token(scene: Scene, answer: Response) -> Response | None:
    body = answer.body
    if not isinstance(body, dict) or "nextPageToken" not in body:
        return None
    return replace(answer, body={**body, "nextPageToken": _token(scene.request)})


def _cancelled(_scene: Scene, answer: Response) -> Response | None:
    return None if _rows(answer) is None else Response(200, {"error": _CANCELLED, "status": "failure"})


def _cancelled_with_rows(_scene: Scene, answer: Response) -> Response | None:
    rows = _rows(answer)
    if rows is None or not rows[1]:
        return None
    some = rows[1][: (len(rows[1]) + 1) // 2]
    return replace(answer, body={"result": some, "error": _CANCELLED, "status": "failure"})


def _rows(answer: Response) -> tuple[str, list[Any]] | None:
    """The list that an answer consists of, and its name."""
    if answer.status != 200 or not isinstance(answer.body, dict):
        return None
    body = answer.body
    return next(((name, body[name]) for name in _LISTS if isinstance(body.get(name), list)), None)


def _with_rows(answer: Response, change: Callable[[list[Any]], list[Any]], least: int) -> Response | None:
    rows = _rows(answer)
    if rows is None or len(rows[1]) < least or not isinstance(answer.body, dict):
        return None
    return replace(answer, body={**answer.body, rows[0]: change(rows[1])})


def _duplicated(_scene: Scene, answer: Response) -> Response | None:
    return _with_rows(answer, lambda rows: [*rows, rows[0]], 1)


def _reordered(_scene: Scene, answer: Response) -> Response | None:
    return _with_rows(answer, lambda rows: rows[::-1], 2)


def _truncated(_scene: Scene, answer: Response) -> Response | None:
    if answer.body is None:
        return None
    content = json.dumps(answer.body, ensure_ascii=False).encode()
    return replace(answer, wire=Wire(content=content[: len(content) * 2 // 3]))


def _emptied(content: bytes) -> Callable[[Scene, Response], Response | None]:
    return lambda _scene, answer: None if answer.body is None else replace(answer, wire=Wire(content=content))


def _short(_scene: Scene, answer: Response) -> Response | None:
    return None if answer.body is None else replace(answer, wire=Wire(cut=True))


def _slow(scene: Scene, answer: Response) -> Response | None:
    return replace(answer, wire=Wire(bytes_per_second=scene.faults.bytes_per_second))


TO_ANSWERS: Mapping[Kind, Callable[[Scene, Response], Response | None]] = {
    Kind.GATEWAY_TIMEOUT_APPLIED: lambda scene, _answer: _server_error(Kind.GATEWAY_TIMEOUT_APPLIED)(scene),
    Kind.RESET_APPLIED: lambda _scene, _answer: Response(wire=Wire(reset=True)),
    Kind.REPEATED_TOKEN: _repeated_token,
    Kind.CANCELLED: _cancelled,
    Kind.CANCELLED_WITH_ROWS: _cancelled_with_rows,
    Kind.TRUNCATED_JSON: _truncated,
    Kind.EMPTY_OBJECT: _emptied(b"{}"),
    Kind.EMPTY_ARRAY: _emptied(b"[]"),
    Kind.SHORT_BODY: _short,
    Kind.SLOW_DRIP: _slow,
    Kind.HUNG_UP: lambda _scene, answer: replace(answer, wire=Wire(hang_up=True)),
    Kind.DUPLICATE_ROWS: _duplicated,
    Kind.REORDERED_ROWS: _reordered,
}
"""Faults of the answer, after the request had its effect; ``None`` where an answer does not lend itself to it."""

_OF_SERVICENOW = frozenset({Kind.CANCELLED, Kind.CANCELLED_WITH_ROWS, Kind.HIBERNATING})
_OF_TOKENS = frozenset({Kind.EXPIRED_TOKEN, Kind.REPEATED_TOKEN})
_EVERY_KIND = frozenset(Kind)


class Mishaps:
    """An application to which faults happen."""

    def __init__(self, application: Application, trouble: Trouble, product: str, now: Callable[[], datetime]) -> None:
        self._application = application
        self._trouble = trouble
        self._product = product
        self._now = now
        self._answers: dict[str, tuple[tuple[str, bytes], Response]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        """Answer one request, or fail to."""
        draw = self._trouble.draw(self._product, request, self._suited(request))
        if draw is None:
            return self._remembered(request, self._application(request))
        scene = Scene(request, self._trouble.faults, self._product, self._now())
        instead = INSTEAD.get(draw.kind)
        if instead is not None:
            self._trouble.note(draw.kind)
            return instead(scene)
        answer = self._application(request)
        spoilt = self._other(request) if draw.kind is Kind.MIXED_UP else TO_ANSWERS[draw.kind](scene, answer)
        self._remembered(request, answer)
        if spoilt is None:
            self._trouble.give_back(draw)
            return answer
        self._trouble.note(draw.kind)
        return spoilt

    def _suited(self, request: Request) -> frozenset[Kind]:
        suited = _EVERY_KIND
        if self._product != SERVICENOW:
            suited -= _OF_SERVICENOW
        return suited if _token(request) else suited - _OF_TOKENS

    def _remembered(self, request: Request, answer: Response) -> Response:
        """Keep the latest answer of each kind of request, so that it can be given to somebody else."""
        if answer.status == 200 and answer.body is not None:
            with self._lock:
                self._answers[_shape(request)] = ((request.target, request.body), answer)
        return answer

    def _other(self, request: Request) -> Response | None:
        """What was answered to another request, the same kind of request by preference."""
        mine = (request.target, request.body)
        with self._lock:
            alike = self._answers.get(_shape(request))
            others = [alike] if alike else []
            others += reversed(self._answers.values())
        return next((answer for asked, answer in others if asked != mine), None)


def _shape(request: Request) -> str:
    return f"{request.method} {_ID.sub('{}', request.path)}"


def _token(request: Request) -> str:
    """The page token that was sent, if any."""
    if "nextPageToken" in request.query:
        return request.query["nextPageToken"]
    if b"nextPageToken" not in request.body:
        return ""
    try:
        return str(request.json().get("nextPageToken") or "")
    except (ValueError, AttributeError):
        return ""
