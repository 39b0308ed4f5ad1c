"""OAuth 2 at ServiceNow: tokens from ``/oauth_token.do``, a new one once when the old one is refused.

The grant is the refresh token where there is one, else the client's own credentials. A refresh token that the source
replaced is on disk before anything is done with what came with it: the old one may be worth nothing by then.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from requests.auth import AuthBase

from itsm_bridge.config.model import Credentials, OAuth, RefreshToken
from itsm_bridge.config.regular_files import read_regular
from itsm_bridge.connectors.answers import Call, ReadRefused
from itsm_bridge.connectors.http import GuardedSession
from itsm_bridge.connectors.servicenow.transport import shape
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.connectors.texts import whole
from itsm_bridge.errors import CredentialsRefused, NeedsPerson, StorageFailed

PATH = "/oauth_token.do"
MARGIN = 60.0
"""Seconds before the end of an access token at which a new one is fetched."""

_LONGEST_FILE = 65_536


class _Nobody(AuthBase):
    """Signs nothing, and keeps ``requests`` from looking for a password elsewhere: the body holds what is needed."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _token_shape(_: Call, body: object) -> str | None:
    """What is wrong with a 200 of the token's address."""
    token = body.get("access_token") if isinstance(body, dict) else None
    return None if _is_token(token) else "it holds no access token"


def _is_token(value: object) -> bool:
    """Whether a text can stand in a header as a token."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value) and " " not in value


class Tokens(AuthBase):
    """The access token of one source, fetched when it is first needed. Shown nowhere."""

    def __init__(
        self, source: str, url: str, credentials: Credentials, oauth: OAuth, *, max_wait: float, around: Surroundings
    ) -> None:
        self._source, self._credentials, self._oauth = source, credentials, oauth
        self._monotonic: Callable[[], float] = around.monotonic
        self._session = GuardedSession(
            source, url, _Nobody(), _token_shape, max_wait=max_wait, surroundings=around, largest=_LONGEST_FILE
        )
        self._session.identify("requests")
        self._access, self._end = "", float("inf")
        self._refresh = oauth.refresh.value.get_secret_value() if oauth.refresh else ""

    def __repr__(self) -> str:
        return "Tokens(…)"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign one request."""
        if not self._access or self._monotonic() >= self._end:
            self.renew()
        request.headers["Authorization"] = f"Bearer {self._access}"
        return request

    @property
    def is_held(self) -> bool:
        """Whether there is an access token, good or not."""
        return bool(self._access)

    def renew(self) -> None:
        """Fetch an access token. Raises ``CredentialsRefused`` where the source gives none."""
        self._access = ""
        body = self._asked()
        self._keep(body.get("refresh_token"))
        self._access = body["access_token"]
        lasts = whole(str(body.get("expires_in")))
        self._end = float("inf") if lasts is None else self._monotonic() + max(lasts - MARGIN, lasts / 2)

    def _asked(self) -> dict[str, Any]:
        try:
            answer = self._session.request("POST", self._session.base + PATH, data=self._form())
        except ReadRefused as refusal:
            what = "refresh token" if self._oauth.refresh else "credentials of the client"
            raise CredentialsRefused(
                f"{self._source}: POST {PATH} answered {refusal.status}: the {what} may have ended, or the client may "
                "not use this grant; nothing was read or written"
            ) from None
        body: dict[str, Any] = answer.json()
        return body

    def _form(self) -> dict[str, str]:
        form = {"client_id": self._oauth.client_id, "client_secret": self._credentials.secret.get_secret_value()}
        if self._oauth.refresh is None:
            return {"grant_type": "client_credentials", **form}
        self._refresh = self._from_file(self._oauth.refresh) or self._refresh
        return {"grant_type": "refresh_token", **form, "refresh_token": self._refresh}

    def _from_file(self, refresh: RefreshToken) -> str:
        """What the file says now: another process may have replaced it since we read it."""
        if refresh.file is None:
            return ""
        with suppress(OSError, UnicodeDecodeError):
            content = read_regular(refresh.file, _LONGEST_FILE)
            token = content.head.decode("utf-8-sig").rstrip("\r\n") if content else ""
            return token if _is_token(token) else ""
        return ""

    def _keep(self, token: object) -> None:
        """Store a refresh token that replaces ours. Raises before the new access token could be used."""
        refresh = self._oauth.refresh
        if refresh is None or token in (None, "", self._refresh):
            return
        if not isinstance(token, str) or not _is_token(token):
            raise NeedsPerson(f"{self._source}: POST {PATH} gave a refresh token that is none; nothing was done")
        if refresh.file is None:
            raise NeedsPerson(
                f"{self._source}: the source replaces its refresh tokens, and the one of {refresh.variable} cannot be "
                f"replaced; put a new one into a file of its own, named by {refresh.variable}_FILE; nothing was done"
            )
        try:
            _replace(refresh.file, token)
        except OSError as error:
            raise StorageFailed(
                f"{self._source}: the new refresh token could not be stored in the file that {refresh.variable}_FILE "
                f"names ({error.strerror or 'unknown reason'}); it is lost, create another one; nothing was done"
            ) from None
        self._refresh = token


def _replace(file: Path, token: str) -> None:
    """Put ``token`` in place of a file's content, whole or not at all, readable by us alone, and on the disk."""
    target = file.resolve()  # a link goes on leading to the file
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # made with 0600
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(token.encode())
            new.flush()
            os.fsync(new.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class OAuthSession(GuardedSession):
    """A guarded session that signs in anew, once, where the source no longer accepts its token."""

    def __init__(self, source: str, url: str, tokens: Tokens, *, max_wait: float, surroundings: Surroundings) -> None:
        super().__init__(source, url, tokens, shape, max_wait=max_wait, surroundings=surroundings)
        self._tokens = tokens

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - as in the base class
        """See ``GuardedSession.request``. What was refused for its token was not done, so that it may be repeated."""
        try:
            return super().request(method, url, *args, **kwargs)
        except CredentialsRefused:
            if not self._tokens.is_held:
                raise  # there is none to be had
            self._tokens.renew()
        return super().request(method, url, *args, **kwargs)
