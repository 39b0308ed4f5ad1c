"""Local stand-ins of Jira (Cloud v3) and ServiceNow (Table API), for the demo, for rehearsal and for tests.

They answer over HTTP on 127.0.0.1 and keep everything in memory. They know nothing of the rest of the program.
Everybody in the population signs in with the same secret as the bridge's account: with another ``user_name`` (or
address) and that secret a rehearsal can do what a person would do, and the audit names that person.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from .between import Between
from .clock import Clock, Pace
from .faults import Faults, Kind, RetryAfter, Strike, Trouble
from .jira.api import Deployment, JiraApi, SignIn
from .jira.site import Site
from .loads import load
from .mishaps import JIRA, JIRA_SERVER, SERVICENOW, Mishaps
from .people import SOMEBODY, People
from .population import populate
from .population.foundation import found_instance, found_site
from .population.people import Person, everybody
from .servicenow.api import TableApi
from .servicenow.oauth import TokenDesk
from .servicenow.tables import Instance
from .truths import Change, Truth, Vote
from .web import Request, Server

__all__ = [
    "Account",
    "Change",
    "Clock",
    "Deployment",
    "Faults",
    "Kind",
    "Pace",
    "RetryAfter",
    "Sandbox",
    "Strike",
    "Truth",
    "Vote",
    "start",
]


@dataclass(frozen=True, slots=True)
class Account:
    """How the bridge signs in: ``user`` and ``password`` to ServiceNow, ``email`` and ``token`` to Jira Cloud.

    To Jira Data Center: ``token`` as a bearer token, or ``user`` and ``password``. ServiceNow also gives access tokens
    to ``client_id`` and ``client_secret``, alone or with ``refresh_token`` (which serves once).
    """

    user: str = "bridge"
    password: str = "sandbox-password"  # noqa: S105 - a made-up secret of a made-up service
    email: str = "bridge@egov.example"
    token: str = "sandbox-token"  # noqa: S105 - a made-up secret of a made-up service
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - a made-up secret of a made-up service
    refresh_token: str = "sandbox-refresh-token"  # noqa: S105 - a made-up secret of a made-up service


class Sandbox:
    """Both stand-ins, running. A context manager; ``close`` ends them and waits for their threads.

    ``clock`` is the sandbox's own; ``edit``, ``create``, ``delete``, ``move``, ``hide`` and ``unhide`` play people
    without HTTP (see ``People``), and ``truth`` tells what is.
    """

    def __init__(
        self,
        servers: tuple[Server, Server],
        account: Account,
        deployment: Deployment,
        clock: Clock,
        people: People,
        *,
        between: Between,
    ) -> None:
        self._servers = servers
        self._people = people
        self._between = between
        self.servicenow_url = servers[0].url
        self.jira_url = servers[1].url
        self.account = account
        self.deployment = deployment
        self.clock = clock

    @property
    def faults(self) -> Faults:
        """What goes wrong; it may be replaced while the sandbox runs."""
        return self._people.trouble.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._people.trouble.set(faults)

    @property
    def fired(self) -> Counter[str]:
        """How often each fault happened so far, by kind."""
        return self._people.trouble.fired

    def strike(self, kind: Kind, times: int = 1, path: str = "") -> None:
        """Let a fault happen to the next ``times`` requests whose "METHOD target" has a match of ``path``."""
        self._people.trouble.strike(Strike(kind, times, path))

    def edit(
        self, ticket: str, values: Mapping[str, object], actor: str = SOMEBODY, at: datetime | None = None
    ) -> None:
        """Change fields of a ticket; for Jira a ``status`` is a transition, in ServiceNow ``at`` may back-date it."""
        self._people.edit(ticket, values, actor, at)

    def create(
        self, place: str, values: Mapping[str, object], actor: str = SOMEBODY, at: datetime | None = None
    ) -> str:
        """Make a ticket in a table or a project, and say its sys_id or id; in ServiceNow ``at`` may back-date it."""
        return self._people.create(place, values, actor, at)

    def delete(self, ticket: str, actor: str = SOMEBODY) -> None:
        """Remove a ticket for good."""
        self._people.delete(ticket, actor)

    def move(self, ticket: str, to: str, actor: str = SOMEBODY) -> None:
        """Move an issue to another project, or let a task become one of another table."""
        self._people.move(ticket, to, actor)

    def hide(self, ticket: str) -> None:
        """Take the bridge's permission to see a ticket, a whole table or a whole project away."""
        self._people.hide(ticket)

    def unhide(self, ticket: str) -> None:
        """Give the permission back."""
        self._people.unhide(ticket)

    def ask(self, task: str, approver: str, actor: str = SOMEBODY) -> None:
        """Ask somebody for the approval of a ServiceNow task."""
        self._people.ask(task, approver, actor)

    def vote(self, task: str, approver: str, answer: str) -> None:
        """Let an approver who was asked say ``approved`` or ``rejected``."""
        self._people.vote(task, approver, answer)

    def meanwhile(self, act: Callable[[Request], None]) -> None:
        """Let ``act`` happen before each request is answered, from now on; it may edit, hide, strike and so on."""
        self._between.act = act

    def name_of(self, record: str) -> str:
        """Who or what an account's id or a sys_id in a ticket stands for: a person's address, any other's name."""
        return self._people.name_of(record)

    def truth(self, *, hidden: bool = False) -> list[Truth]:
        """Every ticket of both products as it is now; with ``hidden`` also those that the bridge may not see."""
        return self._people.truth(hidden=hidden)

    def close(self) -> None:
        """Stop listening and hang up."""
        for server in self._servers:
            server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def start(
    *,
    port_jira: int = 0,
    port_servicenow: int = 0,
    loads: Sequence[Path] = (),
    now: datetime,
    seed: int = 7,
    deployment_jira: Deployment = "cloud",
    faults: Faults | None = None,
    clock: Pace = "real",
    zone: str = "Asia/Kolkata",
    since: datetime | None = None,
) -> Sandbox:
    """Fill both stand-ins and let them listen; port 0 takes any free one.

    ``now`` is the instant at which the population ends and the sandbox's clock begins; a ``"manual"`` clock stands
    still until ``sandbox.clock.advance``. With ``loads`` the records of those files are served, and no made-up tickets.
    ``zone`` is the time zone of the bridge's Jira account; ``since`` leaves those made-up tickets out that were created
    before and are done. Raises ``ValueError`` for a file that cannot be read, ``OSError`` for a port that is taken.
    """
    account, timekeeper, trouble = Account(), Clock(now, pace=clock), Trouble(faults)
    instance, site = _filled(account, loads, now, seed, since)
    site.zone, site.remembers = ZoneInfo(zone), True
    tokens = TokenDesk(account.user, (account.client_id, account.client_secret), account.refresh_token, timekeeper)
    table_api = TableApi(instance, _secret(account.password), timekeeper, tokens=tokens, trouble=trouble)
    sign_in = _sign_in(account, deployment_jira)
    jira_api = JiraApi(site, sign_in, timekeeper, deployment=deployment_jira, trouble=trouble)
    servicenow_side = Mishaps(table_api, trouble, SERVICENOW, timekeeper)
    between = Between()
    servicenow = Server(between.before(servicenow_side), port_servicenow, timekeeper, "sandbox-servicenow")
    try:
        product = JIRA if deployment_jira == "cloud" else JIRA_SERVER
        jira_side = Mishaps(jira_api, trouble, product, timekeeper)
        jira = Server(between.before(jira_side), port_jira, timekeeper, "sandbox-jira")
    except OSError:
        servicenow.close()
        raise
    people = People(instance, site, table_api, jira_api, trouble, timekeeper)
    return Sandbox((servicenow, jira), account, deployment_jira, timekeeper, people, between=between)


def _filled(
    account: Account, loads: Sequence[Path], now: datetime, seed: int, since: datetime | None
) -> tuple[Instance, Site]:
    """Both systems with everything that tickets refer to, and their tickets."""
    instance, site = Instance(), Site()
    service = Person(account.user, "ITSM bridge", account.email)
    people = everybody(service)
    found_instance(instance, people, now)
    found_site(site, people)
    for path in loads:
        load(instance, site, path)
    if not loads:
        populate(instance, site, service, now, seed, since)
    return instance, site


def _sign_in(account: Account, deployment: Deployment) -> SignIn:
    if deployment == "cloud":
        return SignIn(_secret(account.token))
    mine = _secret(account.token)
    return SignIn(_secret(account.password), lambda token: account.email if mine("", token) else None)


def _secret(wanted: str) -> Callable[[str, str], bool]:
    return lambda _user, given: hmac.compare_digest(given.encode(), wanted.encode())
