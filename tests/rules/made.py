"""Configurations and tickets made by hand, so that rules are tested without a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from itsm_bridge.conditions import AllOf, AnyOf, Condition, FieldTest, Matcher, Operator, Value
from itsm_bridge.config.model import (
    Action,
    Assign,
    CalendarDefinition,
    Capacity,
    Classify,
    Configuration,
    Contacts,
    Duration,
    Environment,
    Holidays,
    Intake,
    Limits,
    Owner,
    Ownership,
    Policy,
    Position,
    RequireApproval,
    Rule,
    RuleBook,
    RuleTest,
    SetPriority,
    Vendor,
    VendorStatus,
)
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, State, Ticket, TicketRecord, TicketType

A = TypeVar("A", bound=Action)

HERE = Position("rules.yaml", 1, 1)
NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
CREATED = datetime(2026, 11, 2, 4, 30, tzinfo=UTC)
ALWAYS = AllOf(())


# --- conditions ---------------------------------------------------------------------------------------------------


def on(field: str, operator: Operator, *operands: Value) -> FieldTest:
    return FieldTest(field, (Matcher(operator, operands),))


def is_(field: str, *operands: Value) -> FieldTest:
    return on(field, Operator.ONE_OF, *operands)


def empty(field: str, *, wanted: bool = True) -> FieldTest:
    return on(field, Operator.EMPTY, wanted)


def contains(field: str, *texts: str) -> FieldTest:
    return on(field, Operator.CONTAINS, *texts)


def all_of(*parts: Condition) -> AllOf:
    return AllOf(parts)


# --- rules ---------------------------------------------------------------------------------------------------------


def rule(name: str, when: Condition, then: A, because: str = "") -> Rule[A]:
    return Rule(name, because, when, then, HERE)


def assign(
    *,
    vendor: str | None = None,
    owner: bool = False,
    among: Sequence[str] = (),
    by: str | None = None,
    skills: Sequence[str] = (),
) -> Assign:
    return Assign(vendor, owner, tuple(among), by, tuple(skills))


def levels(impact: int | None = None, urgency: int | None = None, priority: int | None = None) -> SetPriority:
    return SetPriority(impact, urgency, priority)


def approval_by(*approvers: str, kind: str = "all", amount: float | None = None) -> RequireApproval:
    return RequireApproval(approvers, Policy(kind, amount), Duration(seconds=8 * 3600), "escalate")


def vendor(name: str, **changed: Any) -> Vendor:  # noqa: ANN401  # any field of a vendor
    known = Vendor(
        name=name,
        status=VendorStatus.ACTIVE,
        nda_signed=date(2026, 1, 12),
        internal=False,
        skills=("kubernetes",),
        capacity=Capacity(5, 40, 0.75),
        calendar="internal",
        rate=None,
        names={"snow": f"eGov {name}", "ops": name},
        leave=(),
        contacts=Contacts(),
        position=HERE,
    )
    return replace(known, **changed)


def owner(name: str, *services: str, start: date | None = None, end: date | None = None) -> Owner:
    return Owner(name, services, start, end, HERE)


def environment(
    name: str, *owners: Owner, services: Sequence[str] = ("microservices",), fallback: str | None = None
) -> Environment:
    return Environment(name, None, tuple(services), None, owners, fallback, HERE)


# --- the example configuration -------------------------------------------------------------------------------------

VENDORS = {
    "OptIT": vendor("OptIT", skills=("kubernetes", "postgres", "erp")),
    "GWL": vendor("GWL", nda_signed=date(2026, 2, 2), skills=("kubernetes", "portal")),
    "MacroSkies": vendor("MacroSkies", status=VendorStatus.ONBOARDING, nda_signed=None),
    "eGov DevOps": vendor(
        "eGov DevOps", internal=True, nda_signed=None, skills=("kubernetes", "postgres", "erp", "portal", "security")
    ),
}

ENVIRONMENTS = {
    "punjab": environment(
        "punjab",
        owner("OptIT", start=date(2026, 4, 1)),
        owner("GWL", "portal", start=date(2026, 7, 1)),
        services=("microservices", "erp", "co-ex", "portal"),
        fallback="eGov DevOps",
    ),
    "ap": environment(
        "ap", owner("GWL", start=date(2026, 6, 1)), services=("microservices", "portal"), fallback="eGov DevOps"
    ),
    "bihar": environment(
        "bihar",
        owner("eGov DevOps", end=date(2027, 1, 1)),
        owner("MacroSkies", start=date(2027, 1, 1)),
        fallback="eGov DevOps",
    ),
    "internal": environment("internal", owner("eGov DevOps"), services=("microservices", "erp", "portal")),
}

OFFICE = CalendarDefinition(
    "internal",
    ZoneInfo("Asia/Kolkata"),
    always=False,
    week=(((34_200, 66_600),),) * 5 + ((),) * 2,
    holidays=Holidays(None, None, {}, frozenset()),
    overrides={},
    position=HERE,
)
"""From 09:30 to 18:30 from Monday to Friday."""

APPROVERS = ("punjab-spoc@egov.example", "infra-head@egov.example")

RULES = RuleBook(
    classify=(
        rule(
            "punjab-from-host",
            all_of(empty("environment"), contains("text", "pb-")),
            Classify({"environment": "punjab"}),
            "Hosts named pb-* are the Punjab cluster.",
        ),
        rule(
            "erp-by-word",
            all_of(empty("service"), contains("text", "finance", "ledger", "e-governance erp")),
            Classify({"service": "erp"}),
        ),
    ),
    intake=(
        rule(
            "not-ours-desktop",
            is_("category", "hardware", "desktop"),
            Intake("redirect", "Office IT desk", "Desktop requests are served by the Office IT desk."),
            "Desktop support belongs to the office IT desk.",
        ),
    ),
    matrix=((1, 2, 3), (2, 3, 4), (3, 4, 5)),
    priority=(
        rule(
            "citizen-outage",
            all_of(
                is_("type", "incident"),
                is_("environment", "punjab", "ap", "bihar"),
                AnyOf((contains("text", "outage", "site down", "unreachable"), is_("category", "availability"))),
            ),
            levels(1, 1),
            "Citizens cannot use a state service.",
        ),
        rule("default", ALWAYS, levels(2, 2)),
    ),
    approval=(
        rule(
            "production-change",
            all_of(is_("type", "change"), on("environment", Operator.NOT, "internal")),
            approval_by(*APPROVERS),
            "A production change needs the state's lead and the infrastructure head.",
        ),
        rule("access-grant", is_("category", "access"), approval_by(APPROVERS[1], kind="any")),
    ),
    assignment=(
        rule(
            "security-stays-in",
            is_("category", "security", "access"),
            assign(vendor="eGov DevOps"),
            "Security work is never outsourced.",
        ),
        rule(
            "owner",
            empty("environment", wanted=False),
            assign(owner=True),
            "Every environment has one accountable owner.",
        ),
        rule("shared-pool", ALWAYS, assign(among=("OptIT", "GWL"), by="load", skills=("kubernetes",))),
    ),
    escalation=(),
    knowledge=(),
    tests=(
        RuleTest(
            "a Punjab outage is a P1 of OptIT",
            {
                "type": ("incident",),
                "environment": ("punjab",),
                "service": ("erp",),
                "summary": ("ERP outage in Punjab",),
                "created": (CREATED,),
            },
            {"priority": 1, "vendor": "OptIT", "approval": "not_required"},
            HERE,
        ),
        RuleTest(
            "a production change waits for its approvers",
            {"type": ("change",), "environment": ("ap",), "service": ("portal",), "summary": ("Upgrade the portal",)},
            {"approval": "requested", "vendor": None},
            HERE,
        ),
    ),
)


def example() -> Configuration:
    """``example-config``, as far as rules look at it."""
    return Configuration(
        folder=Path("config"),
        digest="0" * 64,
        store="sqlite:///var/itsm-bridge.db",
        zone=ZoneInfo("Asia/Kolkata"),
        sources={},
        limits=Limits(),
        ownership=dict.fromkeys(("priority", "approval", "vendor"), Ownership.YIELD),
        vendors=VENDORS,
        environments=ENVIRONMENTS,
        calendars={"internal": OFFICE},
        slas=(),
        rules=RULES,
    )


def with_rules(configuration: Configuration, **sections: Any) -> Configuration:  # noqa: ANN401  # any section
    return replace(configuration, rules=replace(configuration.rules, **sections))


def with_vendor(configuration: Configuration, name: str, **changed: Any) -> Configuration:  # noqa: ANN401  # any field
    vendors: Mapping[str, Vendor] = {
        **configuration.vendors,
        name: replace(configuration.vendors[name], **changed),
    }
    return replace(configuration, vendors=vendors)


# --- tickets -------------------------------------------------------------------------------------------------------


def ticket(**changed: Any) -> Ticket:  # noqa: ANN401  # any field of a ticket
    known = Ticket(
        source="snow",
        external_id="0123456789abcdef0123456789abcdef",
        number="INC0010023",
        type=TicketType.INCIDENT,
        project="incident",
        state=State.NEW,
        created_at=CREATED,
        updated_at=CREATED,
        version="1",
        environment="punjab",
        service=("erp",),
        summary="The ledger is slow",
    )
    return replace(known, **changed)


def record(
    *history: HistoryEntry,
    approvals: Sequence[Approval] = (),
    **changed: Any,  # noqa: ANN401  # any field of a ticket
) -> TicketRecord:
    return TicketRecord(ticket(**changed), history, tuple(approvals))


def entry(field: str, old: str, new: str, *, minutes: int = 10, actor: str = "asha") -> HistoryEntry:
    """A change so many minutes after the creation."""
    made = ticket()
    at = CREATED + timedelta(minutes=minutes)
    return HistoryEntry(made.source, made.external_id, f"{field}-{minutes}", at, field, old, new, actor=actor)


def vote(approver: str, state: ApprovalState, *, minutes: int = 10) -> Approval:
    made = ticket()
    at = CREATED + timedelta(minutes=minutes)
    decided = None if state is ApprovalState.REQUESTED else at
    return Approval(made.source, made.external_id, f"{approver}-{minutes}", approver, state, CREATED, decided)
