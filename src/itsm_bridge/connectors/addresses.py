"""Addresses of sources: which are safe to send credentials to, and when two are the same place."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from itsm_bridge.errors import ConfigurationInvalid

Origin = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}


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


def require_safe(url: str, source: str) -> None:
    """Refuse an address that would send credentials in the clear, or that holds some."""
    parts = urlsplit(url)
    hint = "itsm-bridge check"
    if parts.username is not None or parts.password is not None:
        raise ConfigurationInvalid(f"{source}: the url holds a user name or a password; take it out", hint=hint)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ConfigurationInvalid(f"{source}: the url must begin with https://", hint=hint)
