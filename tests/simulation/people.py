"""The people of a simulation: they save what they like, when they like, and never ask us."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from tests.simulation.faults import Faults
from tests.simulation.world import BRIDGE, Value, World, said

from itsm_bridge.model import ApprovalState, TicketType

STAFF = ("asha.k@egov.example", "ravi.s@egov.example", BRIDGE)
"""Somebody also works under the account of the bridge: an account does not tell who it was."""

VENDORS = ("OptIT", "GWL", "eGov DevOps", "MacroSkies")
APPROVERS = ("punjab-spoc@egov.example", "infra-head@egov.example")
"""Who approves changes; the second alone approves access."""

OBSTACLES = ("unreadable", "unwritable", "rewritten")


@dataclass
class People:
    """Everybody at work in one world; ``done`` counts their deeds."""

    world: World
    faults: Faults
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)

    def found(self, count: int) -> None:
        """The tickets that are there before anybody looks."""
        for _ in range(count):
            self.create()
            self.world.now += timedelta(seconds=self.chance.choice((1, 10, 90)))

    def create(self) -> None:
        kind = TicketType.CHANGE if self.chance.random() < 0.2 else TicketType.INCIDENT
        environment = self.chance.choice(("punjab", "ap"))
        summary = self.chance.choice(("the ledger is slow", "disk full on node 3"))
        obstacles = {}
        if self.chance.random() < 0.15:
            obstacle = self.chance.choice(OBSTACLES)
            obstacles = {obstacle: "vendor"}
            self.faults.fired[obstacle] += 1
        access = kind is TicketType.INCIDENT and self.chance.random() < 0.15
        self.world.create(kind, environment, summary, "access" if access else "", **obstacles)
        self.world.now += timedelta(seconds=2)  # what is changed in the second of its creation was created so
        self.done["create"] += 1

    def work(self) -> None:
        """What happens between two runs."""
        for _ in range(self.chance.choice((0, 1, 1, 2))):
            self.world.now += timedelta(seconds=self.chance.choice((1, 10, 90)))
            deed = self.chance.choice(("edit", "edit", "edit", "vote", "vote", "create", "close", "delete", "hide"))
            if deed == "create":
                self.create()
            elif self.world.tickets:
                external_id = self.chance.choice(list(self.world.tickets))
                if deed == "edit":
                    self.edit(external_id, back_dated=self.faults.fires("back_dated"))
                elif deed == "vote":
                    self.somebody_votes()
                elif deed == "close":
                    self._save(external_id, {"state": self.chance.choice(("closed", "on_hold", "in_progress"))})
                elif deed == "delete" and self.chance.random() < 0.3:
                    self.world.delete(external_id)
                    self.done["delete"] += 1
                elif deed == "hide" and self.chance.random() < 0.5:
                    self.world.tickets[external_id].hidden = True
                    self.world.say(f"{external_id} hidden")
                    self.done["hide"] += 1

    def edit(self, external_id: str, *, back_dated: bool = False) -> None:
        """One person saves one ticket."""
        what = self.chance.choice(("vendor", "rank", "rank", "both", "approval", "summary"))
        values: dict[str, Value] = {"summary": self.world.tickets[external_id].record.ticket.summary + "!"}
        if what == "approval" and self.world.tickets[external_id].record.ticket.type is TicketType.CHANGE:
            values = {"approval": self.chance.choice(("not_required", "rejected", "approved"))}
        elif what in {"vendor", "rank", "both"}:
            vendor: dict[str, Value] = {"vendor": self.chance.choice(VENDORS)}
            values = {"vendor": vendor, "rank": self._rank(), "both": vendor | self._rank()}[what]
        self._save(external_id, values, back_dated=back_dated)

    def somebody_votes(self) -> None:
        """One of those who were asked decides, where anybody was; now and then once more, or otherwise."""
        asked = [one for one in self.world.tickets if said(self.world.tickets[one].record.ticket, "approval")]
        if not asked:
            return
        external_id = self.chance.choice(asked)
        for _ in range(self.chance.choice((1, 1, 2))):
            self.world.now += timedelta(seconds=2)
            if self.world.name == "snow":
                self._vote_on_record(external_id)
            else:
                self._vote_in_field(external_id)

    def _vote_on_record(self, external_id: str) -> None:
        votes = self.world.tickets[external_id].record.approvals
        if votes:
            self.world.vote(external_id, self.chance.choice(votes).approval_id, self._vote())
            self.done["vote"] += 1

    def _vote_in_field(self, external_id: str) -> None:
        """Whoever comes second passes over another value, lest nothing change."""
        approver, vote = self.chance.choice(APPROVERS), self._vote()
        if said(self.world.tickets[external_id].record.ticket, "approval") == vote:
            self.world.edit(external_id, approver, {"approval": "requested"})
            self.world.now += timedelta(seconds=2)
        self.world.edit(external_id, approver, {"approval": str(vote)})
        self.done["vote"] += 1

    def _vote(self) -> ApprovalState:
        return ApprovalState.REJECTED if self.chance.random() < 0.2 else ApprovalState.APPROVED

    def _rank(self) -> dict[str, Value]:
        if self.world.name == "ops":
            return {"priority": self.chance.randint(1, 5)}
        names = self.chance.choice((("impact",), ("urgency",), ("impact", "urgency")))
        return {name: self.chance.randint(1, 3) for name in names}

    def somebody_edits(self) -> None:
        if self.world.tickets:
            self.edit(self.chance.choice(list(self.world.tickets)))

    def _save(self, external_id: str, values: dict[str, Value], *, back_dated: bool = False) -> None:
        lag = self.chance.uniform(1, 40) if self.faults.fires("lag") else 0
        self.world.edit(external_id, self.chance.choice(STAFF), values, lag=lag, back_dated=back_dated)
        self.done["edit"] += 1
