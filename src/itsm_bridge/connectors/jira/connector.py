"""The Jira Cloud connector: one site, the issues of its configured projects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from itsm_bridge.config.model import Credentials, Jira, Limits, Vendor
from itsm_bridge.connectors import checks
from itsm_bridge.connectors.base import Bookmark, Check, Identity, Page, Write
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.jira import jql
from itsm_bridge.connectors.jira.doctor import Doctor
from itsm_bridge.connectors.jira.reader import STREAM, Reader
from itsm_bridge.connectors.jira.site import Site, shape
from itsm_bridge.connectors.jira.writer import Writer
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import BridgeError, ConfigurationInvalid
from itsm_bridge.model import Ticket, TicketRecord


class JiraConnector:
    """See ``Connector``. Nothing is sent before it is asked for."""

    def __init__(self, source: Jira, vendors: Mapping[str, Vendor], site: Site, surroundings: Surroundings) -> None:
        if source.deployment != "cloud":
            raise ConfigurationInvalid(
                f"{source.name}: this version connects to Jira Cloud only", hint="itsm-bridge check"
            )
        jql.require_projects(source.name, source.projects)
        self.name = source.name
        self._source, self._vendors, self._site, self._surroundings = source, vendors, site, surroundings
        self._reader = Reader(source, vendors, site)
        self._writer = Writer(source, vendors, site, self._reader.fields)

    def identity(self) -> Identity:
        """See ``Connector.identity``."""
        return self._reader.identity()

    def streams(self) -> Sequence[str]:
        """See ``Connector.streams``: all projects are one."""
        return (STREAM,)

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:  # noqa: ARG002 - there is but one stream
        """See ``Connector.fetch``."""
        return self._reader.fetch(bookmark)

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` for an issue that is gone or hidden."""
        return self._reader.read(ticket)

    def push(self, write: Write) -> None:
        """See ``Connector.push``."""
        self._writer.push(write)
        self._reader.wrote(write.ticket.external_id)

    def doctor(self) -> Sequence[Check]:
        """See ``Connector.doctor``."""
        try:
            identity = self.identity()
        except BridgeError as error:
            return (Check("connection", "failure", error.message, error.hint),)
        clock = checks.clock(identity.server_time, self._surroundings.now())
        return (checks.connection(identity), clock, *Doctor(self._source, self._vendors, self._site).checks())


def connect(
    source: Jira,
    credentials: Credentials,
    vendors: Mapping[str, Vendor],
    limits: Limits,
    surroundings: Surroundings,
) -> JiraConnector:
    """A connector to Jira Cloud. Raises ``ConfigurationInvalid`` for an unsafe url, and for Data Center."""
    auth = BasicAuth(credentials)
    session = GuardedSession(source.name, source.url, auth, shape, max_wait=limits.max_wait, surroundings=surroundings)
    return JiraConnector(source, vendors, Site(session), surroundings)
