"""The Jira connector: one site, the issues of its configured projects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date

import itsm_bridge.connectors.checks as checks
import itsm_bridge.connectors.jira.jql as jql
from itsm_bridge.config.model import Credentials, Jira, Limits, Vendor
from itsm_bridge.connectors.base import Absence, Bookmark, Census, Check, DayCount, Identity, Page, Write
from itsm_bridge.connectors.http import BasicAuth, BearerAuth, GuardedSession
from itsm_bridge.connectors.jira.cloud import Cloud
from itsm_bridge.connectors.jira.comments import Comments
from itsm_bridge.connectors.jira.data_center import DataCenter
from itsm_bridge.connectors.jira.deployment import Deployment
from itsm_bridge.connectors.jira.doctor import Doctor
from itsm_bridge.connectors.jira.reader import STREAM, Reader
from itsm_bridge.connectors.jira.service_desk import Desks
from itsm_bridge.connectors.jira.site import CloudSite, DataCenterSite, shape
from itsm_bridge.connectors.jira.survey import Survey
from itsm_bridge.connectors.jira.writer import Writer
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import BridgeError
from itsm_bridge.model import Ticket, TicketRecord

DEPLOYMENTS: Mapping[str, Callable[[Jira, GuardedSession], Deployment]] = {
    "cloud": lambda source, session: Cloud(source, CloudSite(session)),
    "data_center": lambda source, session: DataCenter(source, DataCenterSite(session)),
}


class JiraConnector:
    """See ``Connector``. Nothing is sent before it is asked for."""

    def __init__(
        self, source: Jira, vendors: Mapping[str, Vendor], session: GuardedSession, surroundings: Surroundings
    ) -> None:
        jql.require_projects(source.name, source.projects)
        self.name = source.name
        deployment = DEPLOYMENTS[source.deployment](source, session)
        self._surroundings = surroundings
        self._reader = Reader(source, vendors, deployment)
        self._survey = Survey(source, deployment, self._reader)
        comments = Comments(deployment.site, Desks(deployment.site))
        self._writer = Writer(source, vendors, deployment.site, self._reader.fields, comments)
        self._doctor = Doctor(source, vendors, deployment.site)

    def identity(self) -> Identity:
        """See ``Connector.identity``."""
        return self._reader.identity()

    def streams(self) -> Sequence[str]:
        """See ``Connector.streams``: all projects are one."""
        return (STREAM,)

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:  # noqa: ARG002 - there is but one stream
        """See ``Connector.fetch``."""
        return self._reader.fetch(bookmark)

    def census(self, stream: str) -> Iterator[Census]:  # noqa: ARG002 - the same
        """See ``Connector.census``."""
        return self._survey.census()

    def fetch_ids(self, stream: str, external_ids: Sequence[str]) -> Page:  # noqa: ARG002 - the same
        """See ``Connector.fetch_ids``."""
        return self._reader.fetch_ids(external_ids)

    def absence(self, stream: str, external_id: str) -> Absence | None:  # noqa: ARG002 - the same
        """See ``Connector.absence``."""
        return self._survey.absence(external_id)

    def count_by_day(self, stream: str, since: date) -> Sequence[DayCount]:  # noqa: ARG002 - the same
        """See ``Connector.count_by_day``."""
        return self._survey.count_by_day(since)

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` for an issue that is gone or hidden."""
        return self._reader.read(ticket)

    def notes(self, ticket: Ticket) -> Collection[str]:
        """See ``Connector.notes``."""
        return self._writer.notes(ticket)

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
        return (checks.connection(identity), clock, *self._doctor.checks())


def connect(
    source: Jira,
    credentials: Credentials,
    vendors: Mapping[str, Vendor],
    limits: Limits,
    surroundings: Surroundings,
) -> JiraConnector:
    """A connector to Jira. Raises ``ConfigurationInvalid`` for an unsafe url."""
    auth = BearerAuth(credentials) if credentials.kind == "bearer" else BasicAuth(credentials)
    session = GuardedSession(source.name, source.url, auth, shape, max_wait=limits.max_wait, surroundings=surroundings)
    return JiraConnector(source, vendors, session, surroundings)
