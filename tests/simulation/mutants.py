"""Engines that are broken on purpose, a patch each: the oracle must tell every one of them from the true one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
import tests.simulation.world as worlds

import itsm_bridge.operations.resuming as resuming
import itsm_bridge.operations.run as running
import itsm_bridge.store.absent as absent
import itsm_bridge.sync.pulling as pulling
import itsm_bridge.sync.sweep as sweeping
import itsm_bridge.writeback.judging as judging
import itsm_bridge.writeback.leftovers as leftovers
import itsm_bridge.writeback.notes as notes
from itsm_bridge.connectors.base import Write
from itsm_bridge.errors import BridgeError, OutcomeUnknown, WriteRefused
from itsm_bridge.model import Outcome, TicketRecord
from itsm_bridge.store import Store
from itsm_bridge.writeback import Leftovers

# by name, since mutants also change what a module has imported, or what a function of the package hides
applying: Any = import_module("itsm_bridge.writeback.apply")
planning: Any = import_module("itsm_bridge.writeback.plan")
standing: Any = import_module("itsm_bridge.writeback.standing")
pages: Any = import_module("itsm_bridge.store.pages")

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
Anything = Any  # patches stand for functions of many shapes

NO_INTENT = -1
NO_LEFTOVERS = Leftovers(0, ())
TRUE_CLOSE = Store.close_intent
TRUE_SEND = applying._Writing._send
TRUE_TICKET = applying._Writing.ticket
TRUE_PAGE = pages.save_page


def _with(target: object, name: str, value: Anything) -> Mutant:
    return lambda patch: patch.setattr(target, name, value)


# --- the write


def no_intent(patch: Patch) -> None:
    """Writes are not announced."""

    def close(store: Store, intent: int, *given: Anything, **named: Anything) -> None:
        if intent != NO_INTENT:
            TRUE_CLOSE(store, intent, *given, **named)

    patch.setattr(Store, "open_intent", lambda *_: NO_INTENT)
    patch.setattr(Store, "close_intent", close)


def announced_afterwards(patch: Patch) -> None:
    """The intent is noted when the write is through."""

    def send(writing: Anything, plan: Anything, fresh: Anything, board: Anything, connector: Anything) -> Anything:
        marker = writing.marker()
        left = tuple(note for note in plan.notes if note.marker not in board.markers)
        try:
            connector.push(Write(fresh.ticket, plan.values, plan.approvers, marker, left))
        except WriteRefused as problem:
            return judging.Sent(writing._announce(plan, marker), refusal=problem.message)
        except OutcomeUnknown as problem:
            return judging.Sent(writing._announce(plan, marker), unclear=problem.message)
        return judging.Sent(writing._announce(plan, marker))

    patch.setattr(applying._Writing, "_send", send)


def no_read_back(patch: Patch) -> None:
    """What was sent is taken for stored."""

    def ticket(writing: Anything, plan: Anything, connector: Anything) -> Anything:
        fresh = connector.read(plan.ticket)
        before = judging.Board.of(plan.ticket, connector, wanted=bool(plan.notes))
        if (moved := judging.moved(plan, fresh)) is not None:
            return moved
        sent = writing._send(plan, fresh, before, connector)
        outcome = judging.all_of(plan, Outcome.VERIFIED)
        writing.store.close_intent(sent.intent, outcome.fields, writing.clock(), writing.clock(), "", None)
        return outcome

    patch.setattr(applying._Writing, "ticket", ticket)


def no_fresh_read(patch: Patch) -> None:
    """The write rests on what the store says."""

    class Stale:
        def __init__(self, connector: Anything, record: TicketRecord) -> None:
            self.connector, self.first = connector, [record]

        def read(self, ticket: Anything) -> TicketRecord:
            return self.first.pop() if self.first else self.connector.read(ticket)

        def __getattr__(self, name: str) -> Anything:
            return getattr(self.connector, name)

    def ticket(writing: Anything, plan: Anything, connector: Anything) -> Anything:
        return TRUE_TICKET(writing, plan, Stale(connector, TicketRecord(plan.ticket)))

    patch.setattr(applying._Writing, "ticket", ticket)


def blind_retry(patch: Patch) -> None:
    """A write of which nobody knows is sent again at once."""

    def send(writing: Anything, plan: Anything, fresh: Anything, board: Anything, connector: Anything) -> Anything:
        sent = TRUE_SEND(writing, plan, fresh, board, connector)
        if sent.unclear:
            left = tuple(note for note in plan.notes if note.marker not in board.markers)
            connector.push(Write(fresh.ticket, plan.values, plan.approvers, "again", left))
        return sent

    patch.setattr(applying._Writing, "_send", send)


def half_of_it(patch: Patch) -> None:
    """The last field of a plan is left out."""
    values = planning.TicketPlan.values.fget
    patch.setattr(
        planning.TicketPlan,
        "values",
        property(lambda plan: dict(list(values(plan).items())[:-1] or values(plan).items())),
    )


# --- the judgment


def always_verified(patch: Patch) -> None:
    """Every outcome is the best."""
    patch.setattr(applying, "judge", lambda plan, *_: judging.all_of(plan, Outcome.VERIFIED))


def read_back_lost_is_verified(patch: Patch) -> None:
    """A ticket that cannot be read back is taken for written."""
    patch.setattr(applying, "says_so", lambda *_: True)


def first_collision_only(patch: Patch) -> None:
    """Of several values that were replaced one is told."""
    true = judging.replaced
    patch.setattr(judging, "replaced", lambda *given: true(*given).partition(";")[0])


def collision_hidden_by_another_finding(patch: Patch) -> None:
    """A replaced value is not told beside one that was not stored."""
    detail, collision = judging._detail, judging._collision
    patch.setattr(judging, "_collision", lambda plan, after: "" if told else collision(plan, after))
    told: list[str] = []

    def remembering(*given: Anything) -> str:
        told[:] = [one for one in [detail(*given)] if one]
        return told[0] if told else ""

    patch.setattr(judging, "_detail", remembering)


# --- leftovers


def oldest_leftover_only(patch: Patch) -> None:
    """Intents that a dead run left are closed without a look at the source."""

    def resolve(store: Store, connectors: Mapping[str, Anything], clock: Anything) -> Leftovers:
        for name in connectors:
            for intent in store.unresolved_intents(name):
                store.close_intent(intent.id, Outcome.VERIFIED, clock(), clock())
        return NO_LEFTOVERS

    patch.setattr(resuming, "resolve_leftovers", resolve)


def unknown_note_again(patch: Patch) -> None:
    """A note of which nobody knows is sent again where it is not seen."""
    true = planning.why_not_sent
    patch.setattr(
        planning,
        "why_not_sent",
        lambda ticket, last, digest: None if last and last.outcome is Outcome.UNKNOWN else true(ticket, last, digest),
    )


# --- people


def people_ignored_for_a_while(patch: Patch) -> None:
    """What people save within an hour of our write does not count."""
    true = applying.written_at
    for module in (applying, leftovers):
        patch.setattr(module, "written_at", lambda *given: true(*given) + timedelta(hours=1))


def echo_by_user(patch: Patch) -> None:
    """What our account changed was us, whoever used it."""
    true = standing.standing_fields
    patch.setattr(standing, "standing_fields", lambda *given, **named: true(*given, **named, accounts=(worlds.BRIDGE,)))


def same_second_lost(patch: Patch) -> None:
    """A change in the second of our write counts as before it."""
    true = standing.standing_fields
    patch.setattr(standing, "standing_fields", lambda *given, **_: true(*given))


# --- reading


def cursor_before_rows(patch: Patch) -> None:
    """The bookmark is durable before the rows are."""

    def save(store: Store, source: str, stream: str, page: Anything, at: Anything) -> Anything:
        with store._database.writing() as connection:
            pages.put(
                connection,
                pages.bookmarks,
                [{"source": source, "stream": stream, "data": page.bookmark, "saved_at": at}],
            )
        with store._database.writing() as connection:
            return TRUE_PAGE(connection, source, stream, page, at)

    patch.setattr(Store, "save_page", save)


def rows_of_a_page_lost(patch: Patch) -> None:
    """The last row of a full page is dropped."""
    patch.setattr(
        pages, "save_page", lambda c, s, t, page, at: TRUE_PAGE(c, s, t, replace(page, records=page.records[:2]), at)
    )


def no_history_kept(patch: Patch) -> None:
    """History is read and not stored."""
    true = pages.put
    patch.setattr(
        pages,
        "put",
        lambda connection, table, *given, **named: (
            0 if table is pages.history else true(connection, table, *given, **named)
        ),
    )


def cut_walk_counts_as_whole(patch: Patch) -> None:
    """A walk that broke off is taken for the end, and its bookmark for where the source is now."""
    true = pulling._read_streams

    def read(course: Anything) -> None:
        try:
            true(course)
        except BridgeError:
            with course.store._database.writing() as connection:
                data = {"at": course.connector.world.now.isoformat()}
                row = {"source": course.source, "stream": "tickets", "data": data, "saved_at": course.now}
                pages.put(connection, pages.bookmarks, [row])

    patch.setattr(pulling, "_read_streams", read)


def sweep_by_id_alone(patch: Patch) -> None:
    """A sweep looks for ids, not for versions."""

    class Same(dict):  # type: ignore[type-arg]  # a mutant
        def get(self, key: str, default: Anything = None) -> Anything:
            return Anyhow() if key in self else default

    class Anyhow:
        def __eq__(self, _: object) -> bool:
            return True

        def __ne__(self, _: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment]  # never a key

    patch.setattr(sweeping, "_without", lambda known, _: Same(known))


MUTANTS: Mapping[str, Mutant] = {
    "no intent": no_intent,
    "announced afterwards": announced_afterwards,
    "no read-back": no_read_back,
    "no fresh read": no_fresh_read,
    "moved tickets are written": _with(applying, "moved", lambda *_: None),
    "blind retry": blind_retry,
    "half of it": half_of_it,
    "the mark of another write": lambda patch: patch.setattr(
        applying,
        "Write",
        lambda ticket, values, approvers, _, left: Write(ticket, values, approvers, uuid4().hex, left),
    ),
    "always verified": always_verified,
    "nothing left to do": read_back_lost_is_verified,
    "no look at the history": _with(judging, "_collision", lambda *_: ""),
    "first collision only": first_collision_only,
    "collision hidden by another finding": collision_hidden_by_another_finding,
    "no look at the history of a dead run's write": _with(leftovers, "replaced", lambda *_: ""),
    "leftovers never resolved": _with(resuming, "resolve_leftovers", lambda *_: NO_LEFTOVERS),
    "leftovers taken for written": _with(leftovers, "_is_there", lambda *_: True),
    "leftovers closed unread": oldest_leftover_only,
    "collisions of dead runs untold": _with(resuming, "untold_collisions", lambda *_: ()),
    "notes never looked for again": _with(resuming, "look_for_notes", lambda *_: 0),
    "a note unknown is sent again": unknown_note_again,
    "who needs no approval is nobody": _with(judging, "_was_saved", lambda *_: False),
    "people ignored": _with(planning, "standing_of", lambda *_: {}),
    "people ignored for an hour": people_ignored_for_a_while,
    "echo by user": echo_by_user,
    "same second lost": same_second_lost,
    "marker not looked up": _with(applying.Board, "of", classmethod(lambda cls, *_, **__: cls())),
    "marker of chance": _with(notes, "marker_of", lambda *_: uuid4().hex[:16]),
    "unseen note sent again": _with(planning, "why_not_sent", lambda *_: None),
    "a note unknown is a note sent": _with(planning, "DONE", frozenset({*planning.DONE, Outcome.UNKNOWN})),
    "never held": _with(planning, "why_not_written", lambda *_: None),
    "held at once": _with(
        planning, "why_not_written", lambda record, field, *_: planning.Held(record.ticket.id, field, "")
    ),
    "always differs": _with(planning, "differs", lambda *_: True),
    "decisions not kept": _with(running, "remember", lambda *_: None),
    "cursor before rows": cursor_before_rows,
    "a row of a page lost": rows_of_a_page_lost,
    "no history kept": no_history_kept,
    "no overlap": _with(worlds, "OVERLAP", timedelta(0)),
    "a cut walk counts as whole": cut_walk_counts_as_whole,
    "no sweep": _with(pulling, "is_due", lambda *_: False),
    "sweep by id alone": sweep_by_id_alone,
    "what came back stays away": _with(absent, "returned", lambda *_: None),
}
"""By name. ``no overlap`` breaks the connector, all others the engine."""

CAUGHT_BY: Mapping[str, tuple[int, bool]] = {
    "no look at the history of a dead run's write": (136, True),
    "same second lost": (12, False),
    "no fresh read": (2, False),
    "who needs no approval is nobody": (440, True),
    "first collision only": (94, True),
    "collision hidden by another finding": (38, True),
    "no look at the history": (1, True),
    "a cut walk counts as whole": (4, False),
    "cursor before rows": (278, True),
    "no sweep": (74, True),
    "sweep by id alone": (29, False),
    "what came back stays away": (20, False),
    "marker not looked up": (0, False),
    "a row of a page lost": (30, True),
    "unseen note sent again": (15, False),
    "collisions of dead runs untold": (6, True),
    "people ignored for an hour": (4, True),
    "notes never looked for again": (2, False),
    "held at once": (3, False),
    "echo by user": (5, True),
    "a note unknown is sent again": (15, False),
}
"""A schedule (seed, race) that caught a mutant, where the first ones do not: tried first, to save time."""
