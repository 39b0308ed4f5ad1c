"""Jira and ServiceNow: how each is read into the normalized model, and how decided fields are written back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from itsm_bridge.config.model import Credentials, Jira, Limits, ServiceNow, Source, Vendor
from itsm_bridge.connectors import jira, servicenow
from itsm_bridge.connectors.base import Connector
from itsm_bridge.connectors.surroundings import Surroundings

Connect = Callable[..., Connector]
"""``(source, credentials, vendors, limits, surroundings)``, each for its own kind of source."""

CONNECTORS: Mapping[type[Source], Connect] = {
    Jira: jira.connect,
    ServiceNow: servicenow.connect,
}
"""How each kind of source is connected to. A new kind is one package and one line here."""

__all__ = ["CONNECTORS", "Connector", "Surroundings", "connect"]


def connect(
    source: Source,
    credentials: Credentials,
    vendors: Mapping[str, Vendor],
    limits: Limits,
    surroundings: Surroundings | None = None,
) -> Connector:
    """A connector to ``source``; nothing is sent yet.

    ``surroundings`` stands in for clocks, sleep and chance. Raises ``ConfigurationInvalid`` for an address that is
    not safe, a scope that would widen a query, or a deployment that is not offered.
    """
    return CONNECTORS[type(source)](source, credentials, vendors, limits, surroundings or Surroundings())
