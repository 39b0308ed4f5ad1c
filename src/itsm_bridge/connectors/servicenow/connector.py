"""The ServiceNow connector: one instance, its task tables and approvers' records."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

import itsm_bridge.connectors.checks as checks
from itsm_bridge.config.model import Credentials, Limits, ServiceNow, Vendor
from itsm_bridge.connectors.base import Absence, Bookmark, Census, Check, DayCount, Identity, Page, Write
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.cells import text_of
from itsm_bridge.connectors.servicenow.columns import USERS
from itsm_bridge.connectors.servicenow.doctor import Doctor
from itsm_bridge.connectors.servicenow.notes import markers_on
from itsm_bridge.connectors.servicenow.oauth import OAuthSession, Tokens
from itsm_bridge.connectors.servicenow.query import UnsafeValue, read_scope, term
from itsm_bridge.connectors.servicenow.reader import Reader
from itsm_bridge.connectors.servicenow.survey import Survey
from itsm_bridge.connectors.servicenow.transport import TRANSPORTS, SnowTransport, shape
from itsm_bridge.connectors.servicenow.walking import PAGE
from itsm_bridge.connectors.servicenow.writer import Writer
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.errors import BridgeError, ConfigurationInvalid, CredentialsRefused
from itsm_bridge.model import Ticket, TicketRecord

_TABLE = re.compile(r"[a-z][a-z0-9_]*")


class ServiceNowConnector:
    """See ``Connector``. Nothing is sent before it is asked for."""

    def __init__(
        self,
        source: ServiceNow,
        account: str,
        vendors: Mapping[str, Vendor],
        *,
        session: GuardedSession,
        transport: SnowTransport,
        surroundings: Surroundings,
        page: int = PAGE,
    ) -> None:
        _require_names(source)
        self.name = source.name
        self._source, self._account, self._vendors = source, account, vendors
        self._session, self._transport, self._surroundings = session, transport, surroundings
        self._scope = read_scope(source.name, source.scope)
        self._reader = Reader(source, vendors, transport=transport, session=session, scope=self._scope, page=page)
        self._survey = Survey(source, transport, self._scope, self._reader.is_asked, page)
        self._writer = Writer(source, vendors, transport)

    def identity(self) -> Identity:
        """See ``Connector.identity``: our own record of ``sys_user``."""
        try:
            query = term("user_name", "=", self._account)
        except UnsafeValue as error:
            raise ConfigurationInvalid(f"{self.name}: the user name cannot be asked for: {error}") from None
        rows = self._transport.get(USERS, query, ("sys_id", "user_name", "time_zone"), 2).rows
        told = {text_of(row.get("sys_id")): text_of(row.get("user_name")) for row in rows}  # one may come twice
        names = list(told.values())
        if [name.casefold() for name in names] != [self._account.casefold()]:
            raise CredentialsRefused(f"{self.name}: the source does not show the account its own user record")
        zone = text_of(rows[0].get("time_zone")) or "UTC"
        return Identity(names[0], zone, self._session.now())

    def streams(self) -> Sequence[str]:
        """See ``Connector.streams``: the tables, the approvers' votes, then clocks and notes where they are read."""
        return self._reader.streams

    def fetch(self, stream: str, bookmark: Bookmark | None) -> Iterator[Page]:
        """See ``Connector.fetch``."""
        return self._reader.fetch(stream, bookmark)

    def census(self, stream: str) -> Iterator[Census]:
        """See ``Connector.census``."""
        return self._survey.census(stream) if stream in self._source.tables else iter(())

    def fetch_ids(self, stream: str, external_ids: Sequence[str]) -> Page:
        """See ``Connector.fetch_ids``. For votes, clocks and notes the ids are their own, or their tickets'."""
        return self._reader.fetch_ids(stream, external_ids)

    def absence(self, stream: str, external_id: str) -> Absence | None:
        """See ``Connector.absence``. For votes, clocks and notes the id is that of their own row."""
        if stream in self._source.tables:
            return self._survey.absence(stream, external_id)
        return self._survey.absence_of_row(stream, external_id)

    def count_by_day(self, stream: str, since: date) -> Sequence[DayCount]:
        """See ``Connector.count_by_day``: of the last 60 days at most."""
        if stream not in self._source.tables:
            return ()
        return self._survey.count_by_day(stream, since, self._session.now())

    def read(self, ticket: Ticket) -> TicketRecord:
        """See ``Connector.read``. Raises ``RecordRejected`` for a ticket that is gone, hidden or out of the scope."""
        return self._reader.read(ticket)

    def notes(self, ticket: Ticket) -> Collection[str]:
        """See ``Connector.notes``."""
        return markers_on(self._transport, self.name, ticket)

    def push(self, write: Write) -> None:
        """See ``Connector.push``."""
        self._writer.push(write)

    def doctor(self) -> Sequence[Check]:
        """See ``Connector.doctor``."""
        try:
            identity = self.identity()
        except BridgeError as error:
            return (Check("connection", "failure", error.message, error.hint),)
        doctor = Doctor(self._source, self._vendors, self._transport, self._scope, identity)
        clock = checks.clock(identity.server_time, self._surroundings.now())
        return (checks.connection(identity), clock, *doctor.checks())


def connect(
    source: ServiceNow,
    credentials: Credentials,
    vendors: Mapping[str, Vendor],
    limits: Limits,
    surroundings: Surroundings,
) -> ServiceNowConnector:
    """A connector over the configured transport. Raises ``ConfigurationInvalid`` for an unsafe url or scope."""
    session = session_of(source, credentials, limits.max_wait, surroundings)
    transport = TRANSPORTS[source.transport](session)
    return ServiceNowConnector(
        source, credentials.account, vendors, session=session, transport=transport, surroundings=surroundings
    )


def session_of(
    source: ServiceNow, credentials: Credentials, max_wait: float, surroundings: Surroundings
) -> GuardedSession:
    """By user and password, or by OAuth 2 where the credentials are those of a client."""
    name, url, oauth = source.name, source.url, credentials.oauth
    if oauth is None:
        auth = BasicAuth(credentials)
        return GuardedSession(name, url, auth, shape, max_wait=max_wait, surroundings=surroundings)
    tokens = Tokens(name, url, credentials, oauth, max_wait=max_wait, around=surroundings)
    return OAuthSession(name, url, tokens, max_wait=max_wait, surroundings=surroundings)


def _require_names(source: ServiceNow) -> None:
    bad = [table for table in source.tables if not _TABLE.fullmatch(table)]
    if bad:
        raise ConfigurationInvalid(f"{source.name}: {bad[0]!r} is not the name of a table", hint="itsm-bridge check")
