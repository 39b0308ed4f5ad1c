"""Made-up tickets, a small configuration, and the frames of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from itsm_bridge.analysis.agreements import Agreed
from itsm_bridge.analysis.assembly import assemble
from itsm_bridge.analysis.demand import Arriving
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.material import NOTHING_AGREED, Gone, Material, Problem, Sent
from itsm_bridge.analysis.period import Period
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration, OutsideFigure
from itsm_bridge.model import ApprovalState, Decision, HistoryEntry, NativeSla, State, Ticket, TicketRecord, TicketType
from itsm_bridge.rules import classify
from itsm_bridge.sla import Clockwork, Compared, Comparer
from itsm_bridge.store import Arrival, KnownTicket

NOW = datetime(2026, 11, 19, 12, 30, tzinfo=UTC)
"""Thursday of 2026-W47, 18:00 in Kolkata."""

WEEK_START = datetime(2026, 11, 15, 18, 30, tzinfo=UTC)

BRIDGE = """
store: sqlite:///var/bridge.db
timezone: Asia/Kolkata
sources:
  snow:
    kind: servicenow
    url: https://snow.example
    tables: [incident]
    fields: {environment: u_environment}
    states: {incident: {1: new, 2: in_progress, 3: on_hold, 6: resolved, 7: closed, 8: canceled}}
"""

VENDORS = """
vendors:
  GWL:
    status: active
    nda_signed: 2026-01-12
    skills: [kubernetes]
    capacity: {people: 4, hours_per_week: 40, focus: 0.5}
    calendar: office
    names: {snow: GWL}
    leave: [{from: 2026-11-09, to: 2026-11-10, people: 2}]
  OptIT:
    status: active
    nda_signed: 2026-01-12
    skills: [kubernetes]
    capacity: {people: 2, hours_per_week: 40, focus: 1}
    calendar: office
    names: {snow: OptIT}
  MacroSkies:
    status: onboarding
    skills: [kubernetes]
    capacity: {people: 2, hours_per_week: 40, focus: 0.5}
    calendar: office
    names: {snow: MacroSkies}
environments:
  punjab: {services: [portal], owners: [{vendor: GWL}]}
  ap: {services: [portal], owners: [{vendor: OptIT}]}
"""

SLA = """
calendars:
  always: {timezone: UTC, hours: 24x7}
  office:
    timezone: Asia/Kolkata
    hours: {mon-fri: ["09:00-17:00"]}
    holidays: {add: {2026-11-17: "A holiday"}}
slas:
  - name: resolution in a day
    measures: resolution
    kind: sla
    target: 24h
    calendar: always
    start: {priority: [1, 2, 3]}
    pause: {state: on_hold}
    stop: {state: [resolved, closed]}
    cancel: {state: canceled}
  - name: vendor contract
    measures: resolution
    kind: uc
    target: 8h
    calendar: vendor
    start: {vendor: {empty: false}}
    stop: {state: [resolved, closed]}
"""

RULES = """
classify:
  - name: punjab-from-host
    when: {environment: {empty: true}, text: {contains: "pb-"}}
    then: {environment: punjab}
priority:
  matrix: [[1, 2, 3], [2, 3, 4], [3, 4, 5]]
  rules:
    - {name: default, when: {}, then: {impact: 2, urgency: 2}}
"""

Change = tuple[datetime, str, str]


def configuration(folder: Path) -> Configuration:
    """The small configuration, written to ``folder`` and loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"bridge": BRIDGE, "vendors": VENDORS, "sla": SLA, "rules": RULES}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return load(folder)


def ago(**length: float) -> datetime:
    """So long before ``NOW``."""
    return NOW - timedelta(**length)


def ticket(number: str, created: datetime, *changes: Change, source: str = "snow", **initial: object) -> TicketRecord:
    """A ticket that was created with ``initial`` fields and changed since; changes are ``(at, field, new value)``."""
    start = {"state": "new", "vendor": "GWL", "environment": "punjab", "priority": 3, "approval": None}
    values: dict[str, Any] = {**start, **initial}
    history: list[HistoryEntry] = []
    for at, field, new in changes:
        old = "" if values[field] is None else str(values[field])
        place = f"{number}-{len(history)}"
        history.append(HistoryEntry(source, number, place, at, field, old, new, actor="agent"))
        values[field] = new or None
    return TicketRecord(_ticket(source, number, created, values, [at for at, _, _ in changes]), tuple(history))


def _ticket(source: str, number: str, created: datetime, values: Mapping[str, Any], at: list[datetime]) -> Ticket:
    plain = {name: value for name, value in values.items() if name not in {"state", "priority", "approval"}}
    return Ticket(
        source=source,
        external_id=number,
        number=number,
        type=TicketType.INCIDENT,
        project="incident",
        state=State(values["state"]),
        priority=None if values["priority"] is None else int(values["priority"]),
        approval=None if values["approval"] is None else ApprovalState(values["approval"]),
        created_at=created,
        updated_at=max([created, *at]),
        version=str(len(at)),
        **plain,
    )


def summarised(record: TicketRecord, text: str) -> TicketRecord:
    """The same ticket with another title."""
    return replace(record, ticket=replace(record.ticket, summary=text))


def decision(
    record: TicketRecord,
    field: str,
    value: str | int | None,
    at: datetime,
    outcome: str,
    *,
    because: str = "One owner.",
) -> Decision:
    """One decision about a ticket."""
    ticket = record.ticket
    return Decision(
        ticket.source,
        ticket.external_id,
        field,
        value,
        "owner",
        because,
        at,
        digest="d",
        inputs="{}",
        outcome=outcome,
    )


def known(record: TicketRecord) -> KnownTicket:
    """What a store says of a ticket."""
    ticket = record.ticket
    return KnownTicket(ticket.source, ticket.external_id, ticket.number, ticket.created_at)


def arrival(record: TicketRecord) -> Arrival:
    """The same of one that may have moved."""
    ticket = record.ticket
    where = ticket.environment, ticket.service
    return Arrival(ticket.source, ticket.external_id, ticket.created_at, *where, has_changed=bool(record.history))


def frames(
    records: Iterable[TicketRecord],
    configured: Configuration,
    *,
    as_of: datetime = NOW,
    unit: str = "week",
    decisions: Iterable[Decision] = (),
    sent: Iterable[Sent] = (),
    problems: Iterable[Problem] = (),
    freshness: Mapping[str, datetime | None] | None = None,
    gone: Mapping[tuple[str, str], Gone] | None = None,
    booked: Mapping[tuple[str, str], int] = MappingProxyType({}),
    natives: Iterable[NativeSla] = (),
    agreed: Agreed = NOTHING_AGREED,
    outside: Sequence[OutsideFigure] = (),
) -> Frames:
    """The frames of the period that holds ``as_of``, with the real rules and clocks."""
    held = list(records)
    made, measured, comparer, clockwork = list(decisions), list(natives), Comparer(configured), Clockwork(configured)

    def compare(some: Sequence[TicketRecord], at: datetime) -> Iterator[Compared]:
        for record, reckoned in zip(some, clockwork.reckonings(some, at), strict=True):
            of_ticket = [native for native in measured if native.external_id == record.ticket.external_id]
            yield comparer.compare(reckoned, of_ticket, at) if measured else Compared()

    material = Material(
        alive=lambda _since, _before: held,
        counted=lambda before: Counter(one.ticket.source for one in held if one.ticket.created_at < before),
        known=lambda ids: (known(one) for one in held if (one.ticket.source, one.ticket.external_id) in ids),
        read=classify(configured),
        clock=clockwork.columns,
        decisions=lambda _: made,
        sent=sent,
        problems=problems,
        freshness={"snow": as_of} if freshness is None else freshness,
        gone=gone or {},
        arriving=Arriving(
            lambda since, before: [arrival(one) for one in held if since <= one.ticket.created_at < before],
            lambda ids: [one for one in held if (one.ticket.source, one.ticket.external_id) in ids],
            classify(configured),
        ),
        booked=lambda _: booked,
        compare=compare,
        agreed=agreed,
        outside=outside,
    )
    period = Period.holding(as_of, unit, configured.zone)
    return assemble(material, configured, period, period.until(as_of))
