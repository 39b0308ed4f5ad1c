"""Votes on approvals: who gave which last, and what all of them come to; made anew each time, never kept."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from itsm_bridge.config.model import Policy, RequireApproval
from itsm_bridge.errors import ConfigurationInvalid
from itsm_bridge.model import Approval, ApprovalState, HistoryEntry, TicketRecord

VOTES = frozenset({ApprovalState.APPROVED, ApprovalState.REJECTED})
"""What an approver says in a plain field; any other value is no vote."""


def roll_up(votes: Mapping[str, ApprovalState], approvers: Sequence[str], policy: Policy) -> ApprovalState:
    """What ``votes`` (by approver) come to under ``policy``; pure, and made anew from all votes each time.

    Only the votes of ``approvers`` count; addresses compare without regard to case. Approved as soon as enough have
    approved (``all``: everybody, ``any``: one, ``count``: so many, ``percent``: at least that share); rejected as soon
    as that can no longer be reached; else requested. Raises ``ConfigurationInvalid`` where there are no approvers, or
    where the policy asks for none of them or for more than there are: nothing is ever approved by nobody.
    """
    people = {person_of(approver) for approver in approvers}
    needed = needed_of(policy, len(people))
    cast = {person_of(voter): vote for voter, vote in votes.items()}
    approved = sum(cast.get(person) is ApprovalState.APPROVED for person in people)
    rejected = sum(cast.get(person) is ApprovalState.REJECTED for person in people)
    if approved >= needed:
        return ApprovalState.APPROVED
    return ApprovalState.REJECTED if len(people) - rejected < needed else ApprovalState.REQUESTED


def needed_of(policy: Policy, people: int) -> int:
    """How many of ``people`` have to approve. Raises ``ConfigurationInvalid`` where that is none, or more of them."""
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
    people = {person_of(approver) for approver in approvers}
    ordered = sorted(approvals, key=lambda vote: (vote.decided_at or vote.requested_at, vote.approval_id))
    return {person: vote for vote in ordered if (person := person_of(vote.approver)) in people}


def person_of(address: str) -> str:
    """An address in the form in which it is compared."""
    return address.strip().casefold()


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes in the history of a plain field, by casefolded address, and what they come to.

    ``people`` are the approvers by casefolded address, as the rule spells them.
    """

    people: Mapping[str, str]
    votes: Mapping[str, HistoryEntry]
    needed: int
    state: ApprovalState

    @classmethod
    def of(cls, record: TicketRecord, asked: RequireApproval) -> Ballot:
        """The votes of those who are asked. Raises ``ConfigurationInvalid`` for a policy that nobody can fulfil."""
        people = {person_of(approver): approver for approver in asked.approvers}
        votes = field_votes(record, people)
        states = {person: ApprovalState(vote.new) for person, vote in votes.items()}
        return cls(people, votes, needed_of(asked.policy, len(people)), roll_up(states, asked.approvers, asked.policy))

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
    people = set(map(person_of, approvers))
    votes: dict[str, HistoryEntry] = {}
    for entry, is_ask in _course(record, people):
        person = person_of(entry.actor)
        if is_ask:
            votes.clear()
        elif entry.new in VOTES and person in people:
            votes[person] = entry
        else:
            votes.pop(person, None)
    return votes


def asks_in(record: TicketRecord, approvers: Iterable[str]) -> list[HistoryEntry]:
    """The entries by which the plain field asks everybody anew."""
    return [entry for entry, is_ask in _course(record, set(map(person_of, approvers))) if is_ask]


def _course(record: TicketRecord, people: Collection[str]) -> Iterator[tuple[HistoryEntry, bool]]:
    """The changes of the plain field, the oldest first, and whether each asks everybody anew."""
    entries = sorted((entry for entry in record.history if entry.field == "approval"), key=lambda entry: entry.at)
    for entry, following in zip(entries, [*entries[1:], None], strict=False):
        yield entry, entry.new == ApprovalState.REQUESTED and not _passes(entry, following, people)


def _passes(entry: HistoryEntry, following: HistoryEntry | None, people: Collection[str]) -> bool:
    if entry.old != ApprovalState.APPROVED or following is None or following.new not in VOTES:
        return False
    return person_of(entry.actor) in people and person_of(entry.actor) == person_of(following.actor)
