"""Plays a schedule: a sandbox, a store and real syncs between them, and what the store says afterwards."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import SecretStr
from tests.connectors.test_contract import CENTER, OPS, SNOW, VENDORS
from tests.end_to_end.people_at_work import PeopleAtWork
from tests.end_to_end.schedules import PLACES, Act, Round, Schedule
from tests.end_to_end.truths import Told, stored, truth_of

from itsm_bridge.config.model import Credentials, Limits
from itsm_bridge.connectors import Connector, connect
from itsm_bridge.connectors.http import BasicAuth, GuardedSession
from itsm_bridge.connectors.servicenow.connector import ServiceNowConnector
from itsm_bridge.connectors.servicenow.transport import TRANSPORTS, shape
from itsm_bridge.connectors.surroundings import Surroundings
from itsm_bridge.sandbox import Faults, Sandbox, Truth, start
from itsm_bridge.sandbox.web import Request
from itsm_bridge.store import Store
from itsm_bridge.sync import Pulled, pull

ZONE = ZoneInfo("Asia/Kolkata")
URL = "sqlite:///bridge.db"
BOOKKEEPING = frozenset({"last_seen"})
"""Columns that say only when something was last looked at."""
CONTENT = ("tickets", "history", "approvals", "ticket_numbers", "streams", "absences", "quarantine")


class Died(BaseException):
    """The process ends here, whatever it was doing."""


@dataclass
class Life:
    """One sandbox, one store, and the machine that the bridge runs on."""

    plan: Schedule
    sandbox: Sandbox
    store: Store
    file: Path
    people: PeopleAtWork
    slept: float = 0.0
    requests: int = 0
    pages: int = 0
    due: list[Act] = field(default_factory=list)
    dies_at: int = 0
    dying: bool = False
    slips: list[Exception] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """What there is before the first sync."""
        for act in self.plan.begin:
            self.people.play(act)

    def trouble(self, round_: Round) -> None:
        """One sync in which anything may happen; it may fail, or die."""
        self.sandbox.clock.advance(round_.pause)
        self.sandbox.faults = replace(
            self.sandbox.faults,
            index_lag=round_.index_lag,
            chance=round_.chance,
            burst=round_.burst,
            retry_after=round_.retry_after,
            seed=self.plan.seed,
        )
        self.due, self.requests, self.pages = list(round_.acts), 0, 0
        self.dies_at = round_.dies_at if round_.death == "in an answer" else 0
        watch = partial(self._watch, round_.dies_at if round_.death == "after a page" else 0)
        expired = partial(self._expired, round_.dies_at if round_.death == "out of time" else 0)
        try:
            pulled = pull(
                self.store,
                self.connector(),
                self.sandbox.clock(),
                zone=ZONE,
                limits=Limits(),
                full=round_.full,
                watch=watch,
                expired=expired,
            )
            self.ends[type(pulled.problem).__name__] += 1
        except Died:
            self.ends[round_.death] += 1
        self.dies_at, self.dying = 0, False
        if self.slips:
            raise self.slips[0]

    def peace(self) -> None:
        """No more trouble; what is hidden stays hidden, and what people had still to do is not done."""
        faults = self.sandbox.faults
        self.sandbox.faults = Faults(hidden=faults.hidden, page_rows=faults.page_rows)
        self.due = []

    def sync(self, *, full: bool) -> Pulled:
        """One sync in peace: a full one an hour later, or the first of the next day."""
        self.sandbox.clock.advance(timedelta(hours=1 if full else 24).total_seconds())
        return pull(self.store, self.connector(), self.sandbox.clock(), zone=ZONE, limits=Limits(), full=full)

    def connector(self) -> Connector:
        """A connector as a new process makes it, with small pages."""
        chance = random.Random(self.plan.seed)
        around = Surroundings(self.sandbox.clock, self._monotonic, self._sleep, chance.random)
        account = self.sandbox.account
        if self.plan.kind == "servicenow":
            source = replace(SNOW, url=self.sandbox.servicenow_url)
            who = Credentials("password", account.user, SecretStr(account.password))
            session = GuardedSession(source.name, source.url, BasicAuth(who), shape, max_wait=120, surroundings=around)
            make = TRANSPORTS[self.plan.transport]
            return ServiceNowConnector(
                source,
                account.user,
                VENDORS,
                session=session,
                transport=make(session),
                surroundings=around,
                page=self.plan.page,
            )
        if self.plan.kind == "jira_data_center":
            bearer = Credentials("bearer", "", SecretStr(account.token))
            return connect(replace(CENTER, url=self.sandbox.jira_url), bearer, VENDORS, Limits(), around)
        token = Credentials("token", account.email, SecretStr(account.token))
        return connect(replace(OPS, url=self.sandbox.jira_url), token, VENDORS, Limits(), around)

    # --- what happens meanwhile ---

    def before(self, _request: Request) -> None:
        """Before a request is answered: what people do by then, and whether the machine still lives to read it."""
        self.requests += 1
        while self.due and self.due[0].at <= self.requests:
            act = self.due.pop(0)
            try:
                self.people.play(act)
            except Exception as slip:  # noqa: BLE001 - in the server's thread: told by the main one
                self.slips.append(slip)
        self.dying = self.requests == self.dies_at

    def _monotonic(self) -> float:
        if self.dying:
            raise Died
        return self.slept

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.sandbox.clock.advance(seconds)

    def _watch(self, last: int, *_about: object) -> None:
        self.pages += 1
        if self.pages == last:
            raise Died

    def _expired(self, last: int) -> bool:
        return bool(last) and self.requests >= last


@contextmanager
def life(plan: Schedule, empty: Path, folder: Path) -> Iterator[Life]:
    """A life of that schedule. ``empty`` is the folder of an empty store and an empty list of tickets."""
    folder.mkdir()
    shutil.copy(empty / "bridge.db", folder)
    with (
        start(
            now=plan.start,
            clock="manual",
            loads=(empty / "nothing.json",),
            deployment_jira="data_center" if plan.kind == "jira_data_center" else "cloud",
            zone=plan.zone,
            faults=Faults(page_rows=plan.page, bomb_megabytes=33, bytes_per_second=1e9),
        ) as sandbox,
        Store.open(URL, folder) as store,
    ):
        projects = sandbox._people.site.projects
        projects["HR"] = {**projects["ENV"], "id": "10102", "key": "HR", "name": "Another team's"}
        sandbox._people.site.components["HR"] = sandbox._people.site.components["ENV"]
        one = Life(plan, sandbox, store, folder / "bridge.db", PeopleAtWork(sandbox, plan.kind))
        one.begin()
        sandbox.meanwhile(one.before)
        yield one


def nothing(folder: Path) -> Path:
    """A folder with an empty store and an empty list of tickets, to begin lives from."""
    (folder / "nothing.json").write_text("[]", encoding="utf-8")
    with Store.open(URL, folder, create=True):
        pass
    return folder


def is_read(truth: Truth, sandbox: Sandbox) -> bool:
    """Whether a ticket is in the scope that is read."""
    if truth.product == "servicenow":
        group = truth.fields.get("assignment_group", "")
        return truth.place in PLACES["servicenow"] and bool(group) and sandbox.name_of(group).startswith("eGov")
    return truth.place in PLACES["jira_cloud"]


def told_by_the_sandbox(one: Life) -> dict[str, Told]:
    """What is true of every ticket in the scope that may be seen, by id."""
    seen = [truth for truth in one.people.tickets(hidden=False) if is_read(truth, one.sandbox)]
    return {truth.id: truth_of(truth, one.sandbox.name_of) for truth in seen}


def told_by_the_store(one: Life) -> dict[str, Told]:
    """What the store says of every ticket that is not gone, by id."""
    gone = {row.external_id for row in one.store.absences() if row.gone_at is not None}
    records = {record.ticket.external_id: record for record in one.store.records()}
    return {number: stored(record) for number, record in records.items() if number not in gone}


def content(one: Life) -> Mapping[str, list[str]]:
    """Every row of every table that holds what was read."""
    with closing(sqlite3.connect(one.file)) as database:
        return {table: _rows(database, table) for table in CONTENT}


def _rows(database: sqlite3.Connection, table: str) -> list[str]:
    cursor = database.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
    kept = [place for place, about in enumerate(cursor.description) if about[0] not in BOOKKEEPING]
    return sorted(repr([row[place] for place in kept]) for row in cursor)
