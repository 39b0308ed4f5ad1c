"""Fields on which the rules and what is there do not agree, where a person is to say whose value stands: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.config.model import Configuration, Ownership
from itsm_bridge.model import ApprovalState, Choice, FieldChange, Held, Outcome
from itsm_bridge.rules import OWNED, Standing, Verdict, whose
from itsm_bridge.writeback.comparing import CONTESTED, differs
from itsm_bridge.writeback.notes import NOT_STORED
from itsm_bridge.writeback.plan import Judged
from itsm_bridge.writeback.standing import Values, last_change, ours_of, theirs_of

STANDS = "stands"
"""A person's value stands, as ``ownership:`` says."""

HELD = "held"
"""``ownership:`` or a person holds the field."""

LOST = frozenset({Outcome.CONFLICT, Outcome.OVERRIDDEN, Outcome.REJECTED})
"""Ends of a write that leave another value there; as a kind of conflict by their own names."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field of a ticket on which the rules and the source do not agree, and why nothing is done by itself.

    ``field`` is a key of ``ownership:``; ``ours`` and ``theirs`` are by field of a plan. ``by`` set what is there, at
    ``since``: empty and ``None`` where the history does not say. ``kind`` is a stable short name.
    """

    ticket: str
    field: str
    ours: Values
    theirs: Values
    by: str
    since: datetime | None
    kind: str
    why: str


def conflicts_of(
    configuration: Configuration, judged: Judged, held: Collection[Held], moved: Collection[str]
) -> Iterator[Conflict]:
    """Those of one ticket. ``held`` are its lines of the plan, ``moved`` the fields whose last write met a change."""
    if not (judged.standing or judged.writes or held or moved):
        return
    wish = judged.wish()
    for name in OWNED:
        ours, theirs = ours_of(configuration, judged.record, name, wish), theirs_of(configuration, judged.record, name)
        apart = tuple(field for field, value in ours.items() if _is_apart(field, theirs[field], value))
        reason = _reason(judged, name, apart, held, moved)
        if theirs and reason is not None:
            last = last_change(judged.record, name)
            by, since = ("", None) if last is None else (last.actor, last.at)
            yield Conflict(judged.record.ticket.id, name, ours, theirs, by, since, *reason)


def next_run(name: str, judged: Judged, wish: Verdict, changes: Collection[FieldChange], held: Collection[Held]) -> str:
    """What the next run does about a key of ``ownership:`` if nothing changes, in words; the lines are the ticket's."""
    fields = OWNED[name]
    lines = [change for change in changes if change.field in fields]
    if lines:
        return f"writes {values_text({one.field: one.after for one in lines})} (rule {lines[0].rule})"
    stuck = next((one.why for one in held if one.field in fields), None)
    if stuck is not None:
        return f"writes nothing: {stuck}"
    standing = judged.standing.get(name)
    if standing is not None and standing.mode is not Ownership.FORCE:
        return f"writes nothing: {whose(standing)}, and that stands"
    decided = wish.values.get("approval") if name == "approval" else None
    wanted = None if decided is None else decided.value
    if wanted not in {None, ApprovalState.REQUESTED} and differs(name, judged.record.ticket.approval, wanted):
        return "writes nothing: an approval is asked for, and never given, refused or withdrawn"
    return "writes nothing: the rules want nothing else than what is there"


def values_text(values: Mapping[str, str | int | None]) -> str:
    """Values by field, in words."""
    return ", ".join(f"{field} {'–' if value is None else value}" for field, value in values.items()) or "nothing"


def _is_apart(field: str, theirs: str | int | None, ours: str | int | None) -> bool:
    """Whether there is something that we would write: an approval only if it is to be asked for."""
    return differs(field, theirs, ours) and (field != "approval" or ours == ApprovalState.REQUESTED)


def _reason(
    judged: Judged, name: str, apart: Collection[str], held: Collection[Held], moved: Collection[str]
) -> tuple[str, str] | None:
    """The kind of a conflict and its reason; ``None`` where there is none, or where it is resolved."""
    standing = judged.standing.get(name)
    resolution = judged.resolved.get(name)
    if resolution is not None and resolution.choice is Choice.HOLD:
        return HELD, resolution.text
    if not apart or (standing is not None and standing.resolved):
        return None
    stuck = next((one for one in held if one.kind in {CONTESTED, NOT_STORED} and one.field in OWNED[name]), None)
    if stuck is not None:
        return stuck.kind, stuck.why
    if standing is not None:
        return _by_ownership(standing)
    return _by_outcome(judged, apart, moved)


def _by_ownership(standing: Standing) -> tuple[str, str]:
    if standing.mode is Ownership.HOLD:
        return HELD, f"{whose(standing)}, which is held (ownership: hold)"
    return STANDS, f"{whose(standing)}, which stands (ownership: yield)"


def _by_outcome(judged: Judged, apart: Collection[str], moved: Collection[str]) -> tuple[str, str] | None:
    for field in apart:
        last = judged.writes.get(field)
        if last is not None and last.outcome in LOST:
            return str(last.outcome), last.detail or f"our last write of {field} did not stay"
        if field in moved:
            return str(Outcome.CONFLICT), "it changed between a plan and its write; the next run decides anew"
    return None
