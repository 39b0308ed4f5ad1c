"""What changes if one configuration becomes another: stored history replayed under both, and what is open now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import UsageError
from itsm_bridge.history import timeline
from itsm_bridge.model import ApprovalState, State, TicketRecord
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.operations.deciding import decide
from itsm_bridge.rules import Decider, FieldDecision, classify
from itsm_bridge.rules.columns import ColumnDecider
from itsm_bridge.sla import cycles
from itsm_bridge.writeback import Plan, loads_of

FIELDS = ("impact", "urgency", "priority", "approval", "vendor")
"""What is compared, in this order."""

NOBODY = "nobody"
"""Whose load a ticket is that waits for an approval, or that no rule gives to anybody."""

BATCH = 2_000

Values = Mapping[str, FieldDecision]
"""What a ticket is decided to be, by field."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A field of a ticket that comes out otherwise, and the rules that decide it; empty where none does."""

    ticket: str
    field: str
    before: str | int | None
    after: str | int | None
    rule_before: str
    rule_after: str


@dataclass(frozen=True, slots=True)
class Flipped:
    """A clock with another verdict; ``None`` where one of the configurations has no such clock on the ticket."""

    ticket: str
    sla: str
    before: bool | None
    after: bool | None


@dataclass(frozen=True, slots=True)
class ConfigurationDifference:
    """All that differs. ``replayed`` tickets were created since ``since``; ``loads`` are those given to each vendor.

    ``pending`` is what the next run would plan for the open tickets, where that differs.
    """

    since: datetime
    replayed: int
    changed: tuple[Changed, ...]
    loads: Mapping[str, tuple[int, int]]
    flipped: tuple[Flipped, ...]
    pending: tuple[Changed, ...]


def difference(
    bridge: Bridge, old: Configuration, new: Configuration, since: timedelta, now: datetime
) -> ConfigurationDifference:
    """Replay the tickets created within ``since`` before ``now`` under both configurations.

    Each is decided as it was when it was new, with what is known today of what it is about, and with the votes that it
    got. So history says what the rules would have done, not what people did afterwards. Raises ``UsageError`` where a
    configuration lacks a source that the store has tickets of.
    """
    for configuration in (old, new):
        missing = bridge.configuration.sources.keys() - configuration.sources.keys()
        if missing:
            raise UsageError(f"{configuration.folder} has no source {', '.join(sorted(missing))}; nothing was compared")
    start = now - since
    records = (record for record in bridge.store.records() if start <= record.ticket.created_at < now)
    replays = _Replay(old), _Replay(new)
    clocks: dict[tuple[str, str, int], list[bool | None]] = {}
    changed: list[Changed] = []
    replayed = 0
    for batch in _batches(records, BATCH):
        replayed += len(batch)
        fresh = [as_new(record) for record in batch]
        before, after = (replay.decide(fresh) for replay in replays)
        for record, old_values, new_values in zip(fresh, before, after, strict=True):
            changed.extend(_compared(record.ticket.id, old_values, new_values))
        _count_clocks(clocks, batch, (old, new), now)
    return ConfigurationDifference(
        since=start,
        replayed=replayed,
        changed=tuple(changed),
        loads={name: (replays[0].loads[name], replays[1].loads[name]) for name in _vendors(old, new)},
        flipped=tuple(_flipped(clocks)),
        pending=_pending(bridge, old, new, now),
    )


def as_new(record: TicketRecord) -> TicketRecord:
    """A ticket as it was when it was new, but for what it is about, which is often put right later."""
    first = timeline(record, ("impact", "urgency", "priority", "approval", "vendor", "group", "assignee"))[0].values
    ticket = replace(
        record.ticket,
        state=State.NEW,
        updated_at=record.ticket.created_at,
        impact=_level(first["impact"]),
        urgency=_level(first["urgency"]),
        priority=_level(first["priority"]),
        approval=ApprovalState(first["approval"]) if first["approval"] in set(ApprovalState) else None,
        vendor=first["vendor"] or None,
        group=first["group"] or None,
        assignee=first["assignee"] or None,
        resolved_at=None,
        closed_at=None,
    )
    return TicketRecord(ticket, approvals=record.approvals)


def _level(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


class _Replay:
    """One configuration, and the tickets that it has given to each vendor so far."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._decider = ColumnDecider(Decider(configuration))
        self.loads: Counter[str] = Counter()

    def decide(self, records: Sequence[TicketRecord]) -> list[Values]:
        """What each of some tickets is decided to be when it is created."""
        created = [record.ticket.created_at for record in records]
        outcomes = self._decider.decide(records, created, loads=self._loads)
        found: list[Values] = [outcomes.of(row) for row in range(len(records))]
        self.loads.update(map(_holder, found))
        return found

    def _loads(self, given: Mapping[str, int]) -> Mapping[str, float]:
        """The loads once some more tickets are given."""
        counts = {name: self.loads[name] + given.get(name, 0) for name in self._configuration.vendors}
        return loads_of(self._configuration, counts)


def _holder(values: Values) -> str:
    decided = values.get("vendor")
    return NOBODY if decided is None or decided.value is None else str(decided.value)


def _compared(ticket: str, before: Values, after: Values) -> Iterator[Changed]:
    nothing = FieldDecision(None, "", "")
    for name in FIELDS:
        old, new = before.get(name, nothing), after.get(name, nothing)
        if old.value != new.value:
            yield Changed(ticket, name, old.value, new.value, old.rule, new.rule)


def _vendors(old: Configuration, new: Configuration) -> list[str]:
    return [*dict.fromkeys((*old.vendors, *new.vendors)), NOBODY]


# --- clocks ------------------------------------------------------------------------------------------------------


def _count_clocks(
    clocks: dict[tuple[str, str, int], list[bool | None]],
    records: Sequence[TicketRecord],
    configurations: tuple[Configuration, Configuration],
    now: datetime,
) -> None:
    """Note for each clock of each ticket, the first, second and so on of its name, whether it is breached."""
    for place, configuration in enumerate(configurations):
        seen: Counter[tuple[str, str]] = Counter()
        for cycle in cycles(map(classify(configuration), records), configuration, now).cycles:
            key = (cycle.ticket, cycle.sla)
            clocks.setdefault((*key, seen[key]), [None, None])[place] = cycle.breached
            seen[key] += 1


def _flipped(clocks: Mapping[tuple[str, str, int], Sequence[bool | None]]) -> Iterator[Flipped]:
    for (ticket, sla, _), (before, after) in clocks.items():
        if before != after:
            yield Flipped(ticket, sla, before, after)


# --- what is open now --------------------------------------------------------------------------------------------


def _pending(bridge: Bridge, old: Configuration, new: Configuration, now: datetime) -> tuple[Changed, ...]:
    plans = [
        decide(replace(bridge, configuration=configuration), tuple(bridge.configuration.sources), now)
        for configuration in (old, new)
    ]
    before, after = (_lines(plan) for plan in plans)
    return tuple(
        Changed(key[0], key[1].partition(" ")[0], was.value, becomes.value, was.rule, becomes.rule)
        for key in dict.fromkeys((*before, *after))
        if (was := before.get(key, _KEPT)).value != (becomes := after.get(key, _KEPT)).value
    )


_KEPT = FieldDecision(None, "", "")


def _lines(plan: Plan) -> dict[tuple[str, str], FieldDecision]:
    return {
        (change.ticket, change.key): FieldDecision(change.after, change.rule, change.because) for change in plan.changes
    }


def _batches(records: Iterable[TicketRecord], size: int) -> Iterator[list[TicketRecord]]:
    batch: list[TicketRecord] = []
    for record in records:
        batch.append(record)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
