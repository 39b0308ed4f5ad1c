"""What ``rules.yaml`` says: the rules, section by section, and their tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from itsm_bridge.conditions import Condition
from itsm_bridge.config.model.places import Duration, Position


@dataclass(frozen=True, slots=True)
class Classify:
    """Fields of ours that a ticket without them is read with."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Intake:
    """Whether a ticket is ours: ``accept``, ``decline``, or ``redirect`` to somebody.

    A ``note`` is for those who work on the ticket, with ``public`` for whoever asked, too.
    """

    verdict: str
    redirect_to: str | None
    note: str | None
    public: bool = False


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
