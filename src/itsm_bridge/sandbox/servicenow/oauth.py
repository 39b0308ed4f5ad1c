"""``/oauth_token.do``: access tokens for the service account, by client credentials or by a refresh token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from itsm_bridge.sandbox.web import Request, Response

TOKEN_PATH = "/oauth_token.do"  # noqa: S105 - a path
LIFETIME = timedelta(minutes=30)


class TokenDesk:
    """Hands out tokens of one user. A refresh token serves once: with the access token comes the next one."""

    def __init__(self, user: str, client: tuple[str, str], refresh_token: str, now: Callable[[], datetime]) -> None:
        self._user = user
        self._client = client
        self._refresh_token = refresh_token
        self._now = now
        self._access: dict[str, datetime] = {}
        self._made = 0

    def user_of(self, token: str) -> str:
        """Whose access token it is; nobody's when it is unknown or has expired."""
        expires = self._access.get(token)
        return self._user if expires is not None and self._now() < expires else ""

    def expire(self) -> None:
        """Let every access token be void from now on."""
        self._access.clear()

    def answer(self, request: Request) -> Response:
        """Answer a request for a token."""
        if request.method != "POST":
            return _refused(405, "invalid_request")
        asked = dict(parse_qsl(request.body.decode(errors="replace")))
        client = request.sign_in or (asked.get("client_id", ""), asked.get("client_secret", ""))
        if not hmac.compare_digest(":".join(client).encode(), ":".join(self._client).encode()):
            return _refused(401, "invalid_client")
        grant = asked.get("grant_type")
        if grant == "client_credentials":
            return self._granted({})
        if grant != "refresh_token":
            return _refused(400, "unsupported_grant_type")
        if not hmac.compare_digest(asked.get("refresh_token", "").encode(), self._refresh_token.encode()):
            return _refused(401, "invalid_grant")
        self._refresh_token = self._make("refresh")
        return self._granted({"refresh_token": self._refresh_token})

    def _granted(self, more: dict[str, str]) -> Response:
        token = self._make("access")
        self._access[token] = self._now() + LIFETIME
        granted = {"access_token": token, **more, "scope": "useraccount", "token_type": "Bearer"}
        return Response(200, {**granted, "expires_in": int(LIFETIME.total_seconds()) - 1})

    def _make(self, what: str) -> str:
        self._made += 1
        return hashlib.blake2b(f"{what} {self._made} {self._client[1]}".encode(), digest_size=32).hexdigest()


def _refused(status: int, error: str) -> Response:
    return Response(status, {"error": error, "error_description": "access_denied"})
