"""The guarded session: the only way out, for both clients and for our own requests.

One origin, no redirects, a wall-clock deadline, a cap on what is unpacked, patience with a busy source, and errors
that say what happened without quoting anybody. A read is repeated; a write is repeated only when the source surely
did nothing with it.
"""

from __future__ import annotations

import base64
import io
import ipaddress
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from itsm_bridge import __version__
from itsm_bridge.config.model import Credentials
from itsm_bridge.connectors.answers import Call, Failure, PageTooLarge, Shape, judge, path_template, redirected
from itsm_bridge.connectors.deadline import Deadline, pool_classes
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.connectors.waiting import backoff, http_date, wished_wait
from itsm_bridge.errors import BridgeError, ConfigurationInvalid, NeedsPerson, OutcomeUnknown, SourceUnavailable

CONNECT_SECONDS = 5.0
READ_SECONDS = 60.0
DEADLINE_SECONDS = 180.0
LARGEST_ANSWER = 32 * 1024 * 1024
CHUNK = 65_536

Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_READING_POSTS = ("/search/jql", "/rest/api/2/search", "/issue/bulkfetch", "/changelog/bulkfetch", "/oauth_token.do")


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


def origin_of(url: str) -> Origin:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme.lower(), (parts.hostname or "").lower(), _port(parts)


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or _PORTS.get(parts.scheme.lower(), 0)
    except ValueError:
        return -1


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _require_safe(url: str, source: str) -> None:
    """Refuse an address that would send credentials in the clear, or that holds some."""
    parts = urlsplit(url)
    hint = "itsm-bridge check"
    if parts.username is not None or parts.password is not None:
        raise ConfigurationInvalid(f"{source}: the url holds a user name or a password; take it out", hint=hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConfigurationInvalid(f"{source}: the url must begin with https://", hint=hint)


class _GuardedAdapter(HTTPAdapter):
    """The lowest layer: nothing leaves for another origin, nothing is read beyond the deadline and the cap."""

    def __init__(self, origin: Origin, deadline: Deadline, largest: int) -> None:
        self._origin, self._deadline, self._largest = origin, deadline, largest
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as they come
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = pool_classes(self._deadline)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on as they come
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = pool_classes(self._deadline)
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        if origin_of(request.url or "") != self._origin:
            raise NeedsPerson(f"refused to send a request to another address than {self._origin[1]}; nothing was sent")
        self._deadline.start()
        kwargs |= {"stream": True, "timeout": (CONNECT_SECONDS, READ_SECONDS)}
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
    """A ``requests.Session`` for one thread, which either returns a whole, sound answer or raises one of ``errors``.

    ``max_wait`` is the longest time in seconds that one request may spend waiting for a busy source. ``server_time``
    is the source's clock at its last answer.
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
        _require_safe(url, source)
        super().__init__()
        self.source, self.base = source, url.rstrip("/")
        self.server_time: datetime | None = None
        self._shape, self._max_wait, self._surroundings = shape, max_wait, surroundings
        self._largest = largest
        self.auth = auth
        self.trust_env = not is_loopback(urlsplit(url).hostname or "")
        self.headers.update({"Accept-Encoding": "gzip", "Accept": "application/json"})
        self._deadline = Deadline(surroundings.monotonic, DEADLINE_SECONDS, READ_SECONDS)
        adapter = _GuardedAdapter(origin_of(url), self._deadline, largest)
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
        return json.loads(response.content) if response.content else None

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - pysnow and python-jira pass what they like; timeouts and redirects are ours
        """Send, with patience; see the class."""
        name, address = _text(method).upper(), _text(url)
        reading = name in {"GET", "HEAD"} or urlsplit(address).path.endswith(_READING_POSTS)
        call = Call(self.source, name, path_template(address), reading)
        kwargs["allow_redirects"] = False
        return self._patiently(call, lambda: self._once(call, address, *args, **kwargs))

    def _patiently(self, call: Call, attempt: Callable[[], requests.Response]) -> requests.Response:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(
                lambda error: isinstance(error, Failure) and (call.reading or error.untouched)
            ),
            wait=self._wait,
            stop=self._is_enough,
            sleep=self._surroundings.sleep,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except Failure as failure:
            raise self._given_up(call, failure) from None

    def _wait(self, state: tenacity.RetryCallState) -> float:
        return backoff(state.attempt_number, _failure(state).wish, self._surroundings.chance)

    def _is_enough(self, state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        return state.attempt_number >= _failure(state).attempts or waited > self._max_wait

    def _given_up(self, call: Call, failure: Failure) -> BridgeError:
        if not call.reading and not failure.untouched:
            return OutcomeUnknown(f"{call} {failure.why}; only reading the ticket tells whether it was written")
        nothing = "nothing of this answer was kept" if call.reading else "nothing was written"
        asked = ""
        if failure.wish is not None and failure.wish > self._max_wait:
            asked = f" and asks to wait {failure.wish:.0f} s, longer than max_wait allows ({self._max_wait:.0f} s)"
        return failure.becomes(f"{call} {failure.why}{asked}; {nothing}")

    def _once(self, call: Call, url: str, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - passed on as they come
        """One attempt. What the lower layers raise may quote a URL, so that nothing of it is passed on."""
        try:
            response = super().request(call.method, url, *args, **kwargs)
        except _Redirect as redirect:
            raise redirected(call, redirect.location) from None
        except _TooLarge:
            raise Failure(f"answered more than {self._largest} bytes", attempts=1, becomes=PageTooLarge) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _broken(call, error) from None
        self.cookies.update(response.cookies)
        self.server_time = http_date(response.headers.get("Date")) or self.server_time
        now = http_date(response.headers.get("Date")) or self._surroundings.now()
        judge(call, response, wished_wait(response.headers, now), self._shape)
        return response


def _may_be_repeated(call: Call, error: BaseException) -> bool:
    return isinstance(error, Failure) and (call.reading or error.untouched)


def _failure(state: tenacity.RetryCallState) -> Failure:
    error = state.outcome.exception() if state.outcome else None
    return error if isinstance(error, Failure) else Failure("")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _broken(call: Call, error: Exception) -> Exception:
    """What a broken connection means, by its cause. ``untouched`` where no byte of the request can have arrived."""
    if isinstance(error, requests.exceptions.SSLError):
        return SourceUnavailable(f"{call} failed: the source's certificate is not valid here; nothing was sent")
    if isinstance(error, requests.exceptions.ProxyError):
        return Failure("failed: the proxy cannot be reached or refuses", untouched=True, attempts=2)
    unreached = isinstance(error, requests.exceptions.ConnectTimeout) or _never_connected(error)
    if unreached:
        return Failure("failed: no connection (address unknown, refused or no answer)", untouched=True)
    if isinstance(error, requests.exceptions.Timeout | TimeoutError | urllib3.exceptions.TimeoutError):
        return Failure("did not answer in time")
    if isinstance(error, ValueError):
        return Failure("could not be asked: an address or a header is garbled", attempts=1)
    return Failure("broke off before the answer was complete")


def _never_connected(error: BaseException) -> bool:
    """Whether the cause is that no connection was made (``requests`` hides it in the arguments)."""
    seen = error
    for _ in range(4):
        if isinstance(seen, urllib3.exceptions.NewConnectionError):
            return True
        inner = getattr(seen, "reason", None) or (seen.args[0] if seen.args else None)
        if not isinstance(inner, BaseException):
            return False
        seen = inner
    return False
