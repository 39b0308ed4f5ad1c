"""What ``bridge.yaml`` says: the sources, who we are to them, and how far one run may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from itsm_bridge.config.model.places import Position
from itsm_bridge.model import State, TicketType

if TYPE_CHECKING:
    from pydantic import SecretStr  # takes a tenth of a second, which only those who hold secrets need to spend


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """Where a source keeps one of our fields: its own name or id of the field, and its values where they differ.

    ``values`` maps the source's value, casefolded, to ours as text; empty where values are taken as they are.
    """

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ServiceNowWrite:
    """How decided fields are written to ServiceNow; ``None`` where a field is not written.

    ``priority`` is ``impact_urgency`` or ``priority``; ``vendor`` the reference field that takes the group;
    ``approval`` is ``approver_records`` or ``field``.
    """

    priority: str | None = None
    vendor: str | None = None
    approval: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceNow:
    """A ServiceNow instance. ``states`` maps table, then source state, to ours; ``scope`` is ANDed to every query.

    ``transport`` is ``pysnow`` or ``requests``; ``native_slas`` also reads ServiceNow's own clocks (``task_sla``),
    ``journals`` what people wrote on tickets (``sys_journal_field``). A choice is read by its value, with
    ``choice_labels`` by its English label; a renamed one is seen in tickets that change, or by ``sync --full``.
    """

    name: str
    url: str
    tables: tuple[str, ...]
    scope: str
    fields: Mapping[str, FieldMapping]
    states: Mapping[str, Mapping[str, State]]
    write: ServiceNowWrite
    position: Position
    transport: str = "pysnow"
    native_slas: bool = False
    journals: bool = False
    choice_labels: bool = False

    @property
    def writable(self) -> tuple[str, ...]:
        """The fields that the bridge may write, in its own names."""
        priority = {"impact_urgency": ("impact", "urgency"), "priority": ("priority",), None: ()}[self.write.priority]
        return priority + _given(vendor=self.write.vendor, approval=self.write.approval)


@dataclass(frozen=True, slots=True)
class JiraWrite:
    """How decided fields are written to Jira; each is the name or id of the field that takes the value, or ``None``.

    ``votes``: approvals are those of Jira Service Management, which are read and never answered.
    """

    priority: str | None = None
    vendor: str | None = None
    approval: str | None = None
    votes: bool = False


@dataclass(frozen=True, slots=True)
class Jira:
    """A Jira site. ``states`` (status name), ``types`` and ``priorities`` have casefolded keys.

    ``worklogs`` also reads the time that people booked, ``native_slas`` the clocks of Jira Service Management, which
    come with its approvals too.
    """

    name: str
    url: str
    deployment: str
    projects: tuple[str, ...]
    fields: Mapping[str, FieldMapping]
    types: Mapping[str, TicketType]
    states: Mapping[str, State]
    priorities: Mapping[str, int]
    write: JiraWrite
    position: Position
    worklogs: bool = False
    native_slas: bool = False

    @property
    def writable(self) -> tuple[str, ...]:
        """The fields that the bridge may write, in its own names."""
        return _given(priority=self.write.priority, vendor=self.write.vendor, approval=self.write.approval)


def _given(**targets: str | None) -> tuple[str, ...]:
    return tuple(field for field, target in targets.items() if target is not None)


Source = ServiceNow | Jira


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """An OAuth 2 refresh token. ``file`` is where it came from and where its successor goes, if it came from one.

    ``variable`` is the name of the setting, for messages.
    """

    variable: str
    value: SecretStr = field(repr=False)
    file: Path | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OAuth:
    """An application that signs in by OAuth 2: with ``refresh`` by that token, without by its own id and secret."""

    client_id: str = field(repr=False)
    refresh: RefreshToken | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to one source; from the environment, never from the files, and never shown.

    ``kind`` is ``password`` (``account`` is a user name and ``secret`` its password) or ``token`` (an address and its
    API token). Both are sent as HTTP basic authentication. ``bearer`` is a personal access token of Jira Data Center,
    which needs no ``account``. With ``oauth`` an application signs in that acts as ``account``, and ``secret`` is its
    own.
    """

    kind: str
    account: str = field(repr=False)
    secret: SecretStr = field(repr=False)
    oauth: OAuth | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one run may go; times in seconds."""

    max_changes: int = 200
    max_change_percent: float = 20.0
    max_vanish_percent: float = 10.0
    max_wait: int = 120
    max_runtime: int = 1800


class Ownership(StrEnum):
    """Who decides a field once a person has changed it."""

    YIELD = "yield"
    FORCE = "force"
    HOLD = "hold"
