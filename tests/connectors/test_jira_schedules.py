"""What Jira holds is what is read, after any order of edits, moves, deletions and faults, once all is quiet."""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from tests.connectors import cloud
from tests.connectors.fakes import NOON, World

from itsm_bridge.config.model import Credentials, JiraWrite, Limits
from itsm_bridge.connectors import Connector, connect
from itsm_bridge.connectors.base import Bookmark, Page
from itsm_bridge.errors import BridgeError
from itsm_bridge.model import TicketRecord
from itsm_bridge.sandbox import Sandbox, start
from itsm_bridge.sandbox.faults import Faults, Kind

STREAM = "issues"
SOURCE = replace(cloud.SOURCE, fields={}, write=JiraWrite("priority", "Vendor", "Approval"))
FAULTS = (
    Kind.RATE_LIMITED, Kind.BAD_GATEWAY, Kind.RESET_BEFORE, Kind.TRUNCATED_JSON, Kind.EMPTY_OBJECT, Kind.SHORT_BODY,
    Kind.HUNG_UP, Kind.DUPLICATE_ROWS, Kind.REORDERED_ROWS, Kind.HIBERNATING, Kind.EXPIRED_TOKEN, Kind.REPEATED_TOKEN,
)  # fmt: skip


@dataclass
class Kept:
    """What a store would hold."""

    records: dict[str, TicketRecord] = field(default_factory=dict)
    bookmark: Bookmark | None = None

    def take(self, page: Page) -> None:
        for record in page.records:
            known = self.records.get(record.ticket.external_id)
            if known is None or known.ticket.updated_at <= record.ticket.updated_at:
                self.records[record.ticket.external_id] = record


def sync(connector: Connector, kept: Kept, meanwhile: Any = lambda: None) -> None:  # noqa: ANN401 - any act
    """Read what has changed, then hold all ids against what is kept, as a synchronisation does."""
    for page in connector.fetch(STREAM, kept.bookmark):
        kept.take(page)
        kept.bookmark = page.bookmark
        meanwhile()
    versions: dict[str, str] = {}
    for step in connector.census(STREAM):
        versions |= step.versions
        meanwhile()
    stored = {number: record.ticket.version for number, record in kept.records.items()}
    kept.take(connector.fetch_ids(STREAM, [one for one in versions if stored.get(one) != versions[one]]))
    for number in stored.keys() - versions.keys():
        if connector.absence(STREAM, number) is not None:
            del kept.records[number]


def people(running: Sandbox, chance: random.Random) -> None:
    """A few people at work."""
    running.clock.advance(chance.choice([0, 1, 20, 70]))
    issues = [one for one in running.truth(hidden=True) if one.product == "jira"]
    for one in chance.sample(issues, 3):
        running.edit(one.id, {"priority": {"id": str(chance.randint(1, 5))}, "summary": f"edit {chance.random()}"})
    act = chance.random()
    victim = chance.choice(issues)
    if act < 0.3:
        running.delete(victim.id)
    elif act < 0.5:
        running.move(victim.id, "ENV" if victim.place == "OPS" else "OPS")
    elif act < 0.6:
        running.hide(victim.id)
    else:
        running.create("OPS", {"summary": "new"})


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("deployment", ["cloud", "data_center"])
def test_after_two_quiet_rounds_nothing_is_missing_and_nothing_too_much(deployment: str, seed: int) -> None:
    chance = random.Random(seed)
    zone = chance.choice(["Asia/Kolkata", "America/New_York", "UTC", "Pacific/Chatham"])
    kind = "data_center" if deployment == "data_center" else "cloud"
    with start(now=NOON, seed=seed, clock="manual", zone=zone, deployment_jira=kind) as running:  # type: ignore[arg-type]
        token = SecretStr(running.account.token)
        who = (
            Credentials("bearer", "", token)
            if kind == "data_center"
            else Credentials("token", running.account.email, token)
        )
        source = replace(SOURCE, deployment=kind, url=running.jira_url)

        def connector() -> Connector:
            return connect(source, who, {}, Limits(), World().surroundings)

        kept = Kept()
        for _ in range(3):
            running.faults = replace(
                running.faults,
                index_lag=chance.choice([0.0, 30.0, 200.0]),
                chance=dict.fromkeys(chance.sample(FAULTS, 3), 0.03),
                seed=chance.randrange(1_000),
            )
            with contextlib.suppress(BridgeError):
                sync(connector(), kept, lambda: people(running, chance))
        running.faults = Faults(hidden=running.faults.hidden)
        running.clock.advance(timedelta(hours=1).total_seconds())
        sync(connector(), kept)
        sync(connector(), kept)
        there = {one.id for one in running.truth() if one.product == "jira"}
        truth = {one.ticket.external_id: one for one in connector().fetch_ids(STREAM, sorted(there)).records}
        before = dict(kept.records)
        sync(connector(), kept)
    assert truth.keys() == there
    assert kept.records == truth
    assert before == kept.records
