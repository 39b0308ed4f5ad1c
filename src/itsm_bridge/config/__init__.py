"""What the files of a configuration folder say, read strictly into frozen types; and secrets, from the environment.

``check`` finds every mistake of all four files in one pass, ``load`` raises them. Nothing here speaks to a source.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from itsm_bridge.config.credential_names import names as variables_of
from itsm_bridge.config.findings import describe
from itsm_bridge.config.folder import FILES, check, load
from itsm_bridge.config.literals import LiteralError, parse_duration, parse_instant
from itsm_bridge.config.model import Configuration, Credentials, Source
from itsm_bridge.config.outside_files import read_outside

if TYPE_CHECKING:
    from pydantic import SecretStr

__all__ = [
    "FILES",
    "Configuration",
    "Credentials",
    "LiteralError",
    "audit_key",
    "check",
    "credentials",
    "describe",
    "load",
    "mail_credentials",
    "parse_duration",
    "parse_instant",
    "ping_url",
    "read_outside",
    "variables_of",
]


def credentials(source: Source, project: Path) -> Credentials:
    """Who we are to ``source``: ``ITSM_BRIDGE_<SOURCE>__…`` of the environment, or of ``.env`` in ``project``.

    Raises ``ConfigurationInvalid`` with the names of the variables that are wanted; a value is never shown.
    """
    from itsm_bridge.config.credential_settings import read  # noqa: PLC0415 - pydantic takes a quarter of a second

    return read(source, project)


def audit_key(project: Path) -> str | None:
    """The key of the audit log, ``ITSM_BRIDGE_AUDIT_KEY`` as above; ``None`` where it lies beside the store.

    Raises ``ConfigurationInvalid`` for one that cannot be used; it is never shown.
    """
    from itsm_bridge.config.credential_settings import read_audit_key  # noqa: PLC0415 - the same

    return read_audit_key(project)


def mail_credentials(project: Path) -> Credentials | None:
    """Who we are to the mail server, ``ITSM_BRIDGE_MAIL__USERNAME`` and ``…__PASSWORD``; ``None`` where neither is set.

    Raises ``ConfigurationInvalid`` for one without the other, and for one that cannot be used; neither is ever shown.
    """
    from itsm_bridge.config.credential_settings import read_mail  # noqa: PLC0415 - the same

    return read_mail(project)


def ping_url(project: Path) -> SecretStr | None:
    """Where runs are pinged, ``ITSM_BRIDGE_PING_URL`` as above; ``None`` where it is not set.

    Who knows it can say that all is well, so it is never shown. Raises ``ConfigurationInvalid``.
    """
    from itsm_bridge.config.credential_settings import read_ping  # noqa: PLC0415 - the same

    return read_ping(project)
