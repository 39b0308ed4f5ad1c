"""What a ticket says against what it should say: whether they differ, and whether that is worth another write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from itsm_bridge.conditions import Facts
from itsm_bridge.config.model import ServiceNow, Source
from itsm_bridge.model import ApprovalState, Held, Ticket, TicketRecord
from itsm_bridge.rules import OWNED, Verdict, person_of
from itsm_bridge.store import LastWrite
from itsm_bridge.writeback.notes import NOT_STORED, REFUSALS_BEFORE_HOLD

PASSING_FACTS = frozenset({"age", "idle", "updated"})
"""Facts that change without anybody's doing; they do not make a refused value worth another try."""

FOUGHT_OVER = frozenset({"assignee", "reassigned", *(field for fields in OWNED.values() for field in fields)})
"""Facts that go to and fro with a field that somebody and we keep changing; they are no new inputs to it."""

CONTESTED = "contested"
"""The finding of a field that is not left as we write it."""

DAY = timedelta(days=1)

HALF = 32
"""Hexadecimal digits of one half of a digest of inputs."""


def current_value(ticket: Ticket, field: str) -> str | int | None:
    """What a ticket says now, in the bridge's names."""
    value: str | int | None = getattr(ticket, field)
    return str(value) if isinstance(value, ApprovalState) else value


def differs(field: str, current: str | int | None, wanted: str | int | None) -> bool:
    """Whether a field has to be written."""
    if field == "approval":  # a ticket without an approval needs none
        return (current or ApprovalState.NOT_REQUIRED) != (wanted or ApprovalState.NOT_REQUIRED)
    return current != wanted


def unasked_of(source: Source, record: TicketRecord, verdict: Verdict) -> tuple[str, ...]:
    """The approvers of a request without a record to vote on, where votes are records that we make.

    Somebody became an approver after the request, or the field was set without them: nobody would ever ask them.
    """
    decided = verdict.values.get("approval")
    by_records = isinstance(source, ServiceNow) and source.write.approval == "approver_records"
    if not by_records or decided is None or decided.value != ApprovalState.REQUESTED:
        return ()
    return unasked(record, verdict.approvers)


def unasked(record: TicketRecord, approvers: Iterable[str]) -> tuple[str, ...]:
    """Those of ``approvers`` who were not asked, or whose request was taken back."""
    asked = {person_of(vote.approver) for vote in record.approvals if vote.state is not ApprovalState.NOT_REQUIRED}
    return tuple(approver for approver in approvers if person_of(approver) not in asked)


def why_not_written(
    record: TicketRecord, field: str, wanted: str | int | None, last: LastWrite, digest: str
) -> Held | None:
    """Why a value is held that the rules want, for a person to look at; ``None`` to write it."""
    if _refused(last, wanted, digest):
        reason = last.detail or f"{record.ticket.source} did not store it"
        why = f"{wanted!r} was not stored in {last.refusals} tries ({reason}); held until the inputs change"
        return Held(record.ticket.id, field, why, NOT_STORED)
    if _contested(record, field, wanted, last, digest):
        why = f"{wanted!r} was written twice within a day and changed again each time; held until the inputs change"
        return Held(record.ticket.id, field, why, CONTESTED)
    return None


def _refused(last: LastWrite, wanted: str | int | None, digest: str) -> bool:
    """Whether a source has refused this value on these inputs often enough."""
    return last.refusals >= REFUSALS_BEFORE_HOLD and str(last.value) == str(wanted) and last.inputs_digest == digest


def _contested(record: TicketRecord, field: str, wanted: str | int | None, last: LastWrite, digest: str) -> bool:
    """Whether somebody, or a workflow, has overridden this value twice within a day, on inputs that are the same still.

    Where the history shows both, it is the time between them that counts, and no matter what we wrote. An override
    that no history shows counts as one of the day of the write. An override that came before we could read our value
    back counts too: that write did not end as one that the source stored.
    """
    if _uncontested(last.inputs_digest) != _uncontested(digest):
        return False
    if last.sends > 1 and str(last.value) == str(wanted) and _left_twice(record, field, str(wanted)):
        return True
    if last.written_at is None:
        return False
    changed = [entry.at for entry in record.history if entry.field == field and entry.old != entry.new]
    second = min((at for at in changed if at > last.written_at), default=None)
    first = max((at for at in changed if _between(last.written_before, at, last.written_at)), default=None)
    if first is not None and second is not None:
        return second - first <= DAY
    if not last.rewrites or str(last.value) != str(wanted):
        return False
    return second is None or second - last.written_at <= DAY


def _left_twice(record: TicketRecord, field: str, wanted: str) -> bool:
    """Whether the field came to a value and left it again, twice, and left it the second time within a day."""
    changed = sorted(
        (one for one in record.history if one.field == field and one.old != one.new), key=lambda one: one.at
    )
    came = next((place for place, one in enumerate(changed) if one.new == wanted), len(changed))
    left = [one.at for one in changed[came:] if one.old == wanted]
    return len(left) > 1 and left[-1] - left[-2] <= DAY


def _between(start: datetime | None, at: datetime, end: datetime) -> bool:
    return start is not None and start < at < end


def inputs_digest(configuration_digest: str, facts: Facts) -> str:
    """A digest of what a decision rests on, without the facts that change by themselves.

    It has two halves: all of that, and the same without the fields that a quarrel would change.
    """
    lasting = {name: [str(value) for value in values] for name, values in facts.items() if name not in PASSING_FACTS}
    uncontested = {name: values for name, values in lasting.items() if name not in FOUGHT_OVER}
    return _short(configuration_digest, lasting) + _short(configuration_digest, uncontested)


def _uncontested(digest: str) -> str:
    return digest[HALF:]


def _short(configuration_digest: str, facts: dict[str, list[str]]) -> str:
    text = json.dumps([configuration_digest, facts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HALF]
