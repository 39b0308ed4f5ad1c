"""The guarded session: the only way out, for both clients and for our own requests.

One origin, no redirects, a wall-clock deadline, a cap on what is unpacked, patience with a busy source, and errors
that say what happened without quoting anybody. A read is repeated; a write is repeated only when the source surely
did nothing with it.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from itsm_bridge import __version__
from itsm_bridge.config.model import Credentials
from itsm_bridge.connectors.addresses import Origin, is_loopback, origin_of, require_safe
from itsm_bridge.connectors.answers import Call, Failure, PageTooLarge, Shape, judge, path_template, redirected
from itsm_bridge.connectors.breakage import broken
from itsm_bridge.connectors.deadline import Deadline, pool_classes
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.connectors.waiting import backoff, http_date, wished_wait
from itsm_bridge.errors import BridgeError, NeedsPerson, OutcomeUnknown, SourceUnavailable
from itsm_bridge.events import emit

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
DEADLINE_SECONDS = 180.0
GRACE_SECONDS = 2.5
"""How long a read may go on when the run should be over: time enough to look at a ticket that was just written.

A run that is told to stop has 5 seconds in all."""
LARGEST_ANSWER = 32 * 1024 * 1024
CHUNK = 65_536

_READING_POSTS = (
    *("/search/jql", "/search/approximate-count", "/rest/api/2/search"),
    *("/issue/bulkfetch", "/changelog/bulkfetch", "/oauth_token.do"),
)


class BasicAuth(AuthBase):
    """HTTP basic authentication, in UTF-8. The header is made when a request is, and shown nowhere."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        pair = f"{self._credentials.account}:{self._credentials.secret.get_secret_value()}"
        request.headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        return request

    def __repr__(self) -> str:
        return "BasicAuth(…)"


class BearerAuth(AuthBase):
    """A personal access token, which says alone who we are; shown nowhere."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        request.headers["Authorization"] = "Bearer " + self._credentials.secret.get_secret_value()
        return request

    def __repr__(self) -> str:
        return "BearerAuth(…)"


class GuardedAdapter(HTTPAdapter):
    """The lowest layer: nothing leaves for another origin, nothing is read beyond the deadline and the cap."""

    def __init__(self, origin: Origin, deadline: Deadline, largest: int, connect: float = CONNECT_SECONDS) -> None:
        self._origin, self._deadline, self._largest, self._connect = origin, deadline, largest, connect
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they come
        """Connections that ask the deadline."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._deadline)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on as they come
        """The same through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = pool_classes(self._deadline)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        """Send, and read the whole answer."""
        if origin_of(request.url or "") != self._origin:
            raise NeedsPerson(f"refused to send a request to another address than {self._origin[1]}; nothing was sent")
        self._deadline.start()
        kwargs |= {"stream": True, "timeout": (self._connect, READ_SECONDS)}
        response = super().send(request, *args, **kwargs)
        try:
            body = self._read(response)
        except BaseException:
            response.close()
            raise
        response.raw.release_conn()
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        return response

    def _read(self, response: requests.Response) -> bytes:
        """The whole body, unpacked."""
        if response.is_redirect:
            raise _Redirect(response.headers.get("Location", ""))
        body = bytearray()
        for chunk in response.raw.stream(CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._largest:
                raise _TooLarge
        return bytes(body)


class _Redirect(Exception):
    def __init__(self, location: str) -> None:
        super().__init__()
        self.location = location


class _TooLarge(Exception):
    pass


class GuardedSession(requests.Session):
    """A ``requests.Session`` which either returns a whole, sound answer or raises one of ``errors``.

    It sends one request at a time, whichever thread asks.
    ``max_wait`` is the longest time in seconds that one request may spend waiting for a busy source; none waits beyond
    the end of the run, and a read under way is broken off soon after it. ``server_time`` is the source's clock at its
    last answer.
    """

    def __init__(
        self,
        source: str,
        url: str,
        auth: AuthBase,
        shape: Shape,
        *,
        max_wait: float,
        surroundings: Surroundings,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        require_safe(url, source)
        super().__init__()
        self.source, self.base = source, url.rstrip("/")
        self.server_time: datetime | None = None
        self._shape, self._max_wait, self._surroundings = shape, max_wait, surroundings
        self._largest = largest
        self.auth = auth
        self.trust_env = not is_loopback(urlsplit(url).hostname or "")
        self.headers.update({"Accept-Encoding": "gzip", "Accept": "application/json"})
        self._reading = False
        self._turn = threading.Lock()
        self._deadline = Deadline(
            surroundings.monotonic,
            seconds=DEADLINE_SECONDS,
            silence=READ_SECONDS,
            grace=GRACE_SECONDS,
            unwanted=self._is_unwanted,
        )
        adapter = GuardedAdapter(origin_of(url), self._deadline, largest)
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def __repr__(self) -> str:
        return f"GuardedSession({self.source!r})"

    def now(self) -> datetime:
        """The source's clock at its last answer; ours before the first."""
        return self.server_time or self._surroundings.now()

    def identify(self, client: str) -> None:
        """Name ourselves to the source, and the client that speaks for us."""
        self.headers["User-Agent"] = f"itsm-bridge/{__version__} ({client})"

    def ask(self, method: str, path: str, *, params: Mapping[str, str | int] | None = None, body: object = None) -> Any:  # noqa: ANN401 - JSON, checked by whoever asked
        """The decoded JSON answer to our own request, ``None`` where there is no body."""
        data = None if body is None else json.dumps(body)
        headers = None if body is None else {"Content-Type": "application/json"}
        response = self.request(method, self.base + path, params=params, data=data, headers=headers)
        return response.json() if response.content else None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - pysnow and python-jira pass what they like; timeouts and redirects are ours
        """Send, with patience; see the class."""
        name, address = _text(method).upper(), _text(url)
        reading = name in {"GET", "HEAD"} or urlsplit(address).path.endswith(_READING_POSTS)
        call = Call(self.source, name, path_template(address), reading)
        kwargs["allow_redirects"] = False
        with self._turn:
            return self._patiently(call, lambda: self._once(call, address, *args, **kwargs))

    def _patiently(self, call: Call, attempt: Callable[[], requests.Response]) -> requests.Response:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(functools.partial(_may_be_repeated, call)),
            wait=self._wait,
            before_sleep=self._tell,
            stop=self._is_enough,
            sleep=functools.partial(self._sleep, call),
            reraise=True,
        )
        try:
            return retrying(attempt)
        except Failure as failure:
            raise self._given_up(call, failure) from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        failure = _failure(state)
        failure.pause = backoff(state.attempt_number, failure.wish, self._surroundings.chance)
        return failure.pause

    def _tell(self, state: tenacity.RetryCallState) -> None:
        failure, tried = _failure(state), state.attempt_number
        emit("source.waits", source=self.source, seconds=failure.pause, attempt=tried, reason=failure.why)

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        too_long = waited > self._max_wait or state.upcoming_sleep >= self._surroundings.left()
        return too_long or state.attempt_number >= _failure(state).attempts

    def _sleep(self, call: Call, seconds: float) -> None:
        """Wait, unless the run ends meanwhile: whoever stops it wants no further attempt."""
        self._surroundings.sleep(seconds)
        if self._surroundings.left() <= 0:
            raise SourceUnavailable(f"{call}: the run was stopped while it waited for the source; progress is kept")

    def _is_unwanted(self) -> bool:
        """Whether to break off what is under way; never a write, whose end somebody would have to look up."""
        return self._reading and self._surroundings.left() < -GRACE_SECONDS

    def _given_up(self, call: Call, failure: Failure) -> BridgeError:
        if not call.reading and not failure.untouched:
            return OutcomeUnknown(f"{call} {failure.why}; only reading the ticket tells whether it was written")
        nothing = "nothing of this answer was kept" if call.reading else "nothing was written"
        asked = ""
        if failure.wish is not None and failure.wish > self._max_wait:
            asked = f" and asks to wait {failure.wish:.0f} s, longer than max_wait allows ({self._max_wait:.0f} s)"
        elif failure.pause >= self._surroundings.left():
            asked = ", and the time of this run ends before it may be asked again"
        return failure.becomes(f"{call} {failure.why}{asked}; {nothing}")

    def _once(self, call: Call, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        """One attempt. What the lower layers raise may quote a URL, so that nothing of it is passed on."""
        self._reading = call.reading
        try:
            response = super().request(call.method, url, *args, **kwargs)
        except _Redirect as redirect:
            raise redirected(call, redirect.location) from None
        except _TooLarge:
            raise Failure(f"answered more than {self._largest} bytes", attempts=1, becomes=PageTooLarge) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise broken(call, error) from None
        self.cookies.update(response.cookies)
        self.server_time = http_date(response.headers.get("Date")) or self.server_time
        now = http_date(response.headers.get("Date")) or self._surroundings.now()
        return judge(call, response, wished_wait(response.headers, now), self._shape)


def _may_be_repeated(call: Call, error: BaseException) -> bool:
    return isinstance(error, Failure) and (call.reading or error.untouched)


def _failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, Failure) else Failure("")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
