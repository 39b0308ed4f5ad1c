"""What a connection that broke means, by its cause: whether anything can have arrived, and whether to ask again."""

from __future__ import annotations

import requests
import urllib3

from itsm_bridge.connectors.answers import Call, Failure
from itsm_bridge.errors import SourceUnavailable


def broken(call: Call, error: Exception) -> Exception:
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
