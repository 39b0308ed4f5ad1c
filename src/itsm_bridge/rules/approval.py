"""The fourth section: whether a ticket needs an approval, and what the votes so far come to.

Where a source keeps a record of each vote, those are rolled up by the rule's policy. Where the approval is one plain
field, as in Jira, its history is the only record of votes, and the same policy rolls up what each approver set last.
While some are missing the field may already say ``approved``. The bridge then gives the ticket to nobody and leaves
the field as it is: writing ``requested`` over it would be a new question, and end the votes that were given. Whoever
is missing sets the field once more, over whatever value they have to pass on the way.

A timeout (``timeout``, ``on_timeout``) is read but not carried out by this version: an approval that nobody answers
stays requested.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from itsm_bridge.conditions import shown
from itsm_bridge.config.model import Ownership, Policy, RequireApproval, Rule
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import Approval, ApprovalState, Held, HistoryEntry, TicketRecord
from itsm_bridge.rules.ownership import who
from itsm_bridge.rules.verdict import Case, CompiledRule, FieldDecision, Step, TraceEntry, because

SECTION = "approval"
BLOCKING = frozenset({ApprovalState.REQUESTED, ApprovalState.REJECTED})
"""An approval in one of these states keeps a ticket from being given to anybody."""
VOTES = frozenset({ApprovalState.APPROVED, ApprovalState.REJECTED})
"""What an approver says in a plain field; any other value is no vote."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What the rules say. ``since`` is the last vote that counts; ``objection`` why an ``approved`` does not count.

    ``unfinished`` is an ``approved`` in a plain field that some approvers gave, and not yet enough of them.
    """

    state: ApprovalState
    rule: Rule[RequireApproval] | None
    detail: str
    since: datetime | None = None
    objection: str = ""
    unfinished: bool = False

    @property
    def decision(self) -> FieldDecision:
        name, why = ("", self.detail) if self.rule is None else (self.rule.name, because(self.rule, f"({self.detail})"))
        return FieldDecision(self.state.value, name, why)


def decide(case: Case, rules: Sequence[CompiledRule[RequireApproval]]) -> Step:
    """The approval by the first rule that matches; ``not_required`` where none does.

    A person's own change of the field stands where that binds, but it never lets a ticket through that a rule stops:
    only the votes of the configured approvers do.
    """
    rule = next(case.matching(rules), None)
    ruling = _ruling(case.record, rule)
    approvers = rule.then.approvers if rule is not None and ruling.state is ApprovalState.REQUESTED else ()
    own = case.ticket.approval or ApprovalState.NOT_REQUIRED
    stands = own is not ruling.state and (ruling.unfinished or _binds(case, ruling))
    note = _note(ruling, stands=stands)
    trace = () if rule is None else (TraceEntry(SECTION, rule.name, decided=not stands, note=note),)
    effective = _effective(ruling, own) if stands else ruling.state
    return Step(
        values={} if stands else {"approval": ruling.decision},
        held=_held(case, ruling, own) if stands else (),
        approvers=approvers,
        facts={"approval": (effective.value,)},
        trace=trace,
        waits=_waits(effective, ruling) if effective in BLOCKING else "",
    )


def roll_up(votes: Mapping[str, ApprovalState], approvers: Sequence[str], policy: Policy) -> ApprovalState:
    """What ``votes`` (by approver) come to under ``policy``; pure, and made anew from all votes each time.

    Only the votes of ``approvers`` count; addresses compare without regard to case. Approved as soon as enough have
    approved (``all``: everybody, ``any``: one, ``count``: so many, ``percent``: at least that share); rejected as soon
    as that can no longer be reached; else requested. Raises ``ConfigurationInvalid`` where there are no approvers, or
    where the policy asks for none of them or for more than there are: nothing is ever approved by nobody.
    """
    people = {_person(approver) for approver in approvers}
    needed = _needed(policy, len(people))
    cast = {_person(voter): vote for voter, vote in votes.items()}
    approved = sum(cast.get(person) is ApprovalState.APPROVED for person in people)
    rejected = sum(cast.get(person) is ApprovalState.REJECTED for person in people)
    if approved >= needed:
        return ApprovalState.APPROVED
    return ApprovalState.REJECTED if len(people) - rejected < needed else ApprovalState.REQUESTED


def _needed(policy: Policy, people: int) -> int:
    amount = policy.amount or 0
    wanted = {"all": people, "any": 1, "count": amount, "percent": amount * people / 100}.get(policy.kind, 0)
    needed = math.ceil(wanted)
    if not 1 <= needed <= people:
        raise ConfigurationInvalid(
            f"an approval by {policy.kind} {policy.amount or ''} of {people} approvers can be given by nobody; "
            "nothing was decided"
        )
    return needed


def latest_votes(approvals: Iterable[Approval], approvers: Iterable[str]) -> dict[str, Approval]:
    """The last vote of each of ``approvers``, by casefolded address; who is asked again has not voted yet."""
    people = {_person(approver) for approver in approvers}
    ordered = sorted(approvals, key=lambda vote: (vote.decided_at or vote.requested_at, vote.approval_id))
    return {person: vote for vote in ordered if (person := _person(vote.approver)) in people}


def _person(address: str) -> str:
    return address.strip().casefold()


# --- what the rules say ------------------------------------------------------------------------------------------


def _ruling(record: TicketRecord, rule: Rule[RequireApproval] | None) -> _Ruling:
    if rule is None:
        return _Ruling(ApprovalState.NOT_REQUIRED, None, "no rule asks for an approval")
    return _by_votes(record, rule) if record.approvals else _by_field(record, rule)


def _by_votes(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    votes = latest_votes(record.approvals, rule.then.approvers)
    states = {person: vote.state for person, vote in votes.items()}
    approved = sum(state is ApprovalState.APPROVED for state in states.values())
    rejected = sum(state is ApprovalState.REJECTED for state in states.values())
    detail = f"{approved} of {len(set(map(_person, rule.then.approvers)))} approved, {rejected} rejected"
    since = max((vote.decided_at for vote in votes.values() if vote.decided_at is not None), default=None)
    return _Ruling(roll_up(states, rule.then.approvers, rule.then.policy), rule, detail, since)


def _by_field(record: TicketRecord, rule: Rule[RequireApproval]) -> _Ruling:
    """The ticket's own word, where its source keeps no votes: an approval counts only if enough approvers gave it."""
    ballot = _Ballot.of(record, rule.then)  # refuses a policy that nobody can fulfil
    own = record.ticket.approval
    if own is ApprovalState.REJECTED:
        return _Ruling(own, rule, "the ticket says rejected")
    if own is not ApprovalState.APPROVED:
        so_far = f"{ballot.text}; the field no longer says so" if ballot.votes else "nobody has voted"
        return _Ruling(ApprovalState.REQUESTED, rule, so_far)
    why = _objection(record, rule.then)
    if why:
        return _Ruling(ApprovalState.REQUESTED, rule, why, objection=why)
    since = max((vote.at for vote in ballot.votes.values()), default=None)
    if ballot.state is ApprovalState.APPROVED:
        return _Ruling(ballot.state, rule, f"approved by {ballot.names(ApprovalState.APPROVED)}", since)
    return _Ruling(ballot.state, rule, ballot.text, since, objection=ballot.text, unfinished=True)


def _objection(record: TicketRecord, asked: RequireApproval) -> str:
    """Why the field's ``approved`` is no approver's; empty where its last word is that of one."""
    last = next((entry for entry in reversed(record.history) if entry.field == "approval"), None)
    if last is None or last.new != ApprovalState.APPROVED or not last.actor.strip():
        return "approved by nobody known"
    if _person(last.actor) not in set(map(_person, asked.approvers)):
        return f"approved by {shown(last.actor)}, who is not an approver"
    return ""


@dataclass(frozen=True, slots=True)
class _Ballot:
    """The votes in the history of a plain field, by casefolded address, and what they come to.

    ``people`` are the approvers by casefolded address, as the rule spells them.
    """

    people: Mapping[str, str]
    votes: Mapping[str, HistoryEntry]
    needed: int
    state: ApprovalState

    @classmethod
    def of(cls, record: TicketRecord, asked: RequireApproval) -> _Ballot:
        people = {_person(approver): approver for approver in asked.approvers}
        votes = field_votes(record, people)
        states = {person: ApprovalState(vote.new) for person, vote in votes.items()}
        return cls(people, votes, _needed(asked.policy, len(people)), roll_up(states, asked.approvers, asked.policy))

    def names(self, state: ApprovalState) -> str:
        """Who voted so, in the order of the rule."""
        return ", ".join(
            name for key, name in self.people.items() if key in self.votes and self.votes[key].new == state
        )

    @property
    def text(self) -> str:
        """How far the votes are: ``1 of 2 have approved: …; missing: …``."""
        approved, rejected = self.names(ApprovalState.APPROVED), self.names(ApprovalState.REJECTED)
        count = sum(vote.new == ApprovalState.APPROVED for vote in self.votes.values())
        silent = [name for key, name in self.people.items() if key not in self.votes]
        wanted = self.needed - count
        choice = f"{wanted} of " if len(silent) > wanted else ""
        parts = [
            f"{count} of {self.needed} have approved" + (f": {approved}" if approved else ""),
            f"rejected: {rejected}" if rejected else "",
            f"missing: {choice}{', '.join(silent)}" if silent else "",
        ]
        return "; ".join(filter(None, parts))


def field_votes(record: TicketRecord, approvers: Iterable[str]) -> dict[str, HistoryEntry]:
    """What each of ``approvers`` set the plain field ``approval`` to last, by casefolded address, where it is a vote.

    A vote is ``approved`` or ``rejected``; anything else that an approver sets takes their own vote back. A change to
    ``requested`` asks everybody anew, unless it is only how an approver votes on a field that says ``approved``
    already: the same person's vote is the very next change. Changes by others are no votes.
    """
    people = set(map(_person, approvers))
    entries = sorted((entry for entry in record.history if entry.field == "approval"), key=lambda entry: entry.at)
    votes: dict[str, HistoryEntry] = {}
    for entry, following in zip(entries, [*entries[1:], None], strict=False):
        person = _person(entry.actor)
        if entry.new == ApprovalState.REQUESTED and not _passes(entry, following, people):
            votes.clear()
        elif entry.new in VOTES and person in people:
            votes[person] = entry
        else:
            votes.pop(person, None)
    return votes


def _passes(entry: HistoryEntry, following: HistoryEntry | None, people: Collection[str]) -> bool:
    if entry.old != ApprovalState.APPROVED or following is None or following.new not in VOTES:
        return False
    return _person(entry.actor) in people and _person(entry.actor) == _person(following.actor)


# --- what a person says ------------------------------------------------------------------------------------------


def _binds(case: Case, ruling: _Ruling) -> bool:
    """Whether a person's change of the field stands against the rules: unless an approver has voted since."""
    standing = case.standing.get("approval")
    return standing is not None and (ruling.since is None or ruling.since < standing.at)


def _effective(ruling: _Ruling, own: ApprovalState) -> ApprovalState:
    """The stricter of the two; where no rule asks for an approval, the person's."""
    if ruling.rule is None:
        return own
    return own if own in BLOCKING and ruling.state not in BLOCKING else ruling.state


def _held(case: Case, ruling: _Ruling, own: ApprovalState) -> tuple[Held, ...]:
    """A line where a person's word stands against a rule's; without a rule only under ``hold``."""
    if ruling.unfinished:
        again = ", and who is missing can clear it and set it again"
        how = again if ruling.state is ApprovalState.REQUESTED else ""
        return (Held(case.ticket.id, "approval", f"{ruling.objection}; the field stays {own.value}{how}"),)
    standing = case.standing["approval"]
    if ruling.rule is None and standing.mode is not Ownership.HOLD:
        return ()
    why = ruling.objection or f"{own.value} since a change by {who(standing)}; the rules say {ruling.state.value}"
    return (Held(case.ticket.id, "approval", why),)


def _waits(state: ApprovalState, ruling: _Ruling) -> str:
    by = "" if ruling.rule is None else f" (rule {ruling.rule.name})"
    objection = f"; {ruling.objection}" if ruling.objection else ""
    if state is ApprovalState.REJECTED:
        return f"its approval was rejected{by}{objection}"
    whom = "" if ruling.rule is None else f" by {', '.join(ruling.rule.then.approvers)}"
    return f"waits for approval{whom}{by}{objection}"


def _note(ruling: _Ruling, *, stands: bool) -> str:
    note = f"approval = {ruling.state.value} ({ruling.detail})"
    return f"would set {note}, but the field is left as it is" if stands else note
