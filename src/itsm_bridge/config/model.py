"""What the configuration says, parsed once: frozen types without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import Condition
from itsm_bridge.model import State, TicketType

if TYPE_CHECKING:
    from pydantic import SecretStr  # takes a tenth of a second, which only those who hold secrets need to spend


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a configuration file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of business time: exact seconds, or whole working days of a calendar (one of the two)."""

    seconds: int | None = None
    working_days: int | None = None


# --- bridge.yaml -------------------------------------------------------------------------------------------------


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

    ``worklogs`` also reads the time that people booked.
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


# --- vendors.yaml ------------------------------------------------------------------------------------------------


class VendorStatus(StrEnum):
    """How far a partner is on board; only an ``ACTIVE`` one is given work."""

    SHORTLISTED = "shortlisted"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    OFFBOARDING = "offboarding"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Capacity:
    """Who is there: people * hours_per_week * focus (the share of time for tickets) = hours a week."""

    people: float
    hours_per_week: float
    focus: float

    @property
    def hours(self) -> float:
        """Hours of ticket work in a full week."""
        return self.people * self.hours_per_week * self.focus


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour costs."""

    currency: str
    per_hour: float


@dataclass(frozen=True, slots=True)
class Leave:
    """People away from ``first`` to ``last``, both days inclusive."""

    first: date
    last: date
    people: float


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whom to tell about a vendor's tickets."""

    lead: str | None = None
    escalation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """A partner, or one of our own teams (``internal``). ``names`` maps a source to what that source calls it."""

    name: str
    status: VendorStatus
    nda_signed: date | None
    internal: bool
    skills: tuple[str, ...]
    capacity: Capacity
    calendar: str
    rate: Rate | None
    names: Mapping[str, str]
    leave: tuple[Leave, ...]
    contacts: Contacts
    position: Position


@dataclass(frozen=True, slots=True)
class Owner:
    """A vendor's ownership of an environment, ``start`` inclusive, ``end`` exclusive; no ``services`` means all."""

    vendor: str
    services: tuple[str, ...]
    start: date | None
    end: date | None
    position: Position


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment and who is accountable for it, day by day."""

    name: str
    state: str | None
    services: tuple[str, ...]
    contact: str | None
    owners: tuple[Owner, ...]
    fallback: str | None
    position: Position


# --- sla.yaml ----------------------------------------------------------------------------------------------------

Span = tuple[int, int]
"""Opening hours in seconds after local midnight, half-open; an end over 86,400 runs into the next day."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """Public holidays of a country (ISO 3166-1) and its subdivision, with additions and removals of our own."""

    country: str | None
    subdivision: str | None
    add: Mapping[date, str]
    remove: frozenset[date]


@dataclass(frozen=True, slots=True)
class CalendarDefinition:
    """Opening hours in an IANA zone. ``week`` has seven entries, Monday first; ``always`` is 24x7 and ignores them."""

    name: str
    zone: ZoneInfo
    always: bool
    week: tuple[tuple[Span, ...], ...]
    holidays: Holidays
    overrides: Mapping[date, tuple[Span, ...]]
    position: Position


class OnReopen(StrEnum):
    """What a reopened ticket does to a completed clock."""

    CONTINUE = "continue"
    NEW_CYCLE = "new_cycle"
    IGNORE = "ignore"


class OnChange(StrEnum):
    """What moving to another definition of the same ``measures`` does to the time already used."""

    CARRY = "carry"
    RESTART = "restart"
    RETROACTIVE = "retroactive"


@dataclass(frozen=True, slots=True)
class SlaDefinition:
    """One service level. ``calendar`` is a calendar's name, ``environment`` or ``vendor``; ``warn`` is in percent."""

    name: str
    measures: str
    kind: str
    target: Duration
    calendar: str
    start: Condition
    stop: Condition | None
    pause: Condition | None
    resume: Condition | None
    reset: Condition | None
    cancel: Condition | None
    on_reopen: OnReopen
    on_change: OnChange
    warn: tuple[float, ...]
    position: Position


# --- rules.yaml --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Classify:
    """Fields of ours that a ticket without them is read with."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Intake:
    """Whether a ticket is ours: ``accept``, ``decline``, or ``redirect`` to somebody."""

    verdict: str
    redirect_to: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class SetPriority:
    """Impact and urgency (1 to 3) for the matrix, or a priority (1 to 5) past it."""

    impact: int | None
    urgency: int | None
    priority: int | None


@dataclass(frozen=True, slots=True)
class Policy:
    """How votes become a verdict: ``all``, ``any``, or with an ``amount`` a ``count`` or ``percent``."""

    kind: str
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class RequireApproval:
    """Who must approve, and what happens when nobody answers in time (business time of the environment)."""

    approvers: tuple[str, ...]
    policy: Policy
    timeout: Duration | None
    on_timeout: str | None


@dataclass(frozen=True, slots=True)
class Assign:
    """To whom: a ``vendor`` by name, the environment's ``owner``, or one ``among`` several ``by`` load or rotation."""

    vendor: str | None
    owner: bool
    among: tuple[str, ...]
    by: str | None
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalate:
    """Tell a contact when a share (percent) of a clock is used."""

    at: float
    of: str
    tell: str | None
    note: bool


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Attach an article."""

    article: str
    note: str | None


Action = Classify | Intake | SetPriority | RequireApproval | Assign | Escalate | Knowledge
A_co = TypeVar("A_co", bound=Action, covariant=True)


@dataclass(frozen=True, slots=True)
class Rule(Generic[A_co]):
    """When a condition holds, then an action; ``because`` is for people."""

    name: str
    because: str
    when: Condition
    then: A_co
    position: Position


@dataclass(frozen=True, slots=True)
class RuleTest:
    """One of ``tests:``: a ticket as facts by field, and what must be decided about it (``None``: nothing)."""

    name: str
    ticket: Mapping[str, tuple[object, ...]]
    expect: Mapping[str, str | int | None]
    position: Position


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All of ``rules.yaml``, section by section in the order in which they run. ``matrix`` is impact by urgency."""

    classify: tuple[Rule[Classify], ...]
    intake: tuple[Rule[Intake], ...]
    matrix: tuple[tuple[int, ...], ...]
    priority: tuple[Rule[SetPriority], ...]
    approval: tuple[Rule[RequireApproval], ...]
    assignment: tuple[Rule[Assign], ...]
    escalation: tuple[Rule[Escalate], ...]
    knowledge: tuple[Rule[Knowledge], ...]
    tests: tuple[RuleTest, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration folder. ``digest`` is the SHA-256 of the files as read; mappings keep the files' order."""

    folder: Path
    digest: str
    store: str
    zone: ZoneInfo
    sources: Mapping[str, Source]
    limits: Limits
    ownership: Mapping[str, Ownership]
    vendors: Mapping[str, Vendor]
    environments: Mapping[str, Environment]
    calendars: Mapping[str, CalendarDefinition]
    slas: tuple[SlaDefinition, ...]
    rules: RuleBook
