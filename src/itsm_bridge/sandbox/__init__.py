"""Local stand-ins of Jira (Cloud v3) and ServiceNow (Table API), for the demo, for rehearsal and for tests.

They answer over HTTP on 127.0.0.1 and keep everything in memory. They know nothing of the rest of the program.
Everybody in the population signs in with the same secret as the bridge's account: with another ``user_name`` (or
address) and that secret a rehearsal can do what a person would do, and the audit names that person.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from .clock import Clock
from .jira.api import JiraApi
from .jira.site import Site
from .loads import load
from .population import populate
from .population.foundation import found_instance, found_site
from .population.people import Person, everybody
from .servicenow.api import TableApi
from .servicenow.tables import Instance
from .web import Server


@dataclass(frozen=True, slots=True)
class Account:
    """How the bridge signs in: ``user`` and ``password`` to ServiceNow, ``email`` and ``token`` to Jira."""

    user: str = "bridge"
    password: str = "sandbox-password"  # noqa: S105 - a made-up secret of a made-up service
    email: str = "bridge@egov.example"
    token: str = "sandbox-token"  # noqa: S105 - a made-up secret of a made-up service


class Sandbox:
    """Both stand-ins, running. A context manager; ``close`` ends them and waits for their threads."""

    def __init__(self, servicenow: Server, jira: Server, account: Account) -> None:
        self._servers = (servicenow, jira)
        self.servicenow_url = servicenow.url
        self.jira_url = jira.url
        self.account = account

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
    *, port_jira: int = 0, port_servicenow: int = 0, loads: Sequence[Path] = (), now: datetime, seed: int = 7
) -> Sandbox:
    """Fill both stand-ins and let them listen; port 0 takes any free one.

    ``now`` is the instant at which the population ends and the sandbox's clock begins. With ``loads`` the records of
    those files are served, and no made-up tickets. Raises ``ValueError`` for a file that cannot be read, ``OSError``
    for a port that is taken.
    """
    account = Account()
    clock = Clock(now)
    instance, site = Instance(), Site()
    service = Person(account.user, "ITSM bridge", account.email)
    people = everybody(service)
    found_instance(instance, people, now)
    found_site(site, people)
    for path in loads:
        load(instance, site, path)
    if not loads:
        populate(instance, site, service, now, seed)
    table_api = TableApi(instance, _secret(account.password), clock)
    jira_api = JiraApi(site, _secret(account.token), clock)
    servicenow = Server(table_api, port_servicenow, clock, "sandbox-servicenow")
    try:
        jira = Server(jira_api, port_jira, clock, "sandbox-jira")
    except OSError:
        servicenow.close()
        raise
    return Sandbox(servicenow, jira, account)


def _secret(wanted: str) -> Callable[[str, str], bool]:
    return lambda _user, given: hmac.compare_digest(given.encode(), wanted.encode())
