"""Which secrets are set, and where: never what they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from itsm_bridge.config.credential_settings import AUDIT, DOTENV, MAIL, OfTheLog, Unusable, Variables, dotenv, variables
from itsm_bridge.config.model import Jira, Source

_OF: Final = {"servicenow": ("username", "password", "client_id", "client_secret", "refresh_token")}
_JIRA: Final = {"cloud": ("email", "token"), "data_center": ("token", "username", "password")}


def secret_origins(sources: Mapping[str, Source], project: Path, *, mail: bool) -> Iterator[tuple[str, str]]:
    """Each variable that could hold a secret, and its origin; empty where it is not set."""
    for name, source in sources.items():
        wanted = _JIRA[source.deployment] if isinstance(source, Jira) else _OF["servicenow"]
        yield from _origins(f"ITSM_BRIDGE_{name.upper()}__", wanted, project, Variables)
    if mail:
        yield from _origins(MAIL, ("username", "password"), project, Variables)
    yield from _origins(AUDIT, ("key",), project, OfTheLog)


def _origins(prefix: str, names: tuple[str, ...], project: Path, kind: type[Variables]) -> Iterator[tuple[str, str]]:
    layers = [("environment", variables(prefix, kind=kind))]
    try:
        layers += [(DOTENV, layer) for layer in dotenv(project / DOTENV, prefix, kind)]
    except Unusable as problem:
        yield prefix, f"unusable: {problem}"
    for name in names:
        found = (
            f"{place} ({prefix}{name.upper()}_FILE)" if attribute.endswith("_file") else place
            for place, layer in layers
            for attribute in (name, f"{name}_file")
            if getattr(layer, attribute) is not None
        )
        yield prefix + name.upper(), next(found, "")
