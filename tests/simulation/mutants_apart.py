"""Engines that are broken on purpose: approvals, files beside the store, saved plans, and two sources in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.simulation.files import FakeFiles

import itsm_bridge.operations.reading as reading
import itsm_bridge.operations.resuming as resuming
import itsm_bridge.operations.run as running
import itsm_bridge.rules.approval as approval
import itsm_bridge.rules.votes as votes
import itsm_bridge.store.audit as audit
import itsm_bridge.store.audit_files as audit_files
import itsm_bridge.writeback.comparing as comparing
import itsm_bridge.writeback.planfile as planfile
from itsm_bridge.model import ApprovalState
from itsm_bridge.store import Store
from itsm_bridge.store.whole_files import Files, draft_of

# by name, since mutants also change what a module has imported
planning: Any = import_module("itsm_bridge.writeback.plan")
pages: Any = import_module("itsm_bridge.store.pages")

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]
Anything = Any  # patches stand for functions of many shapes

TRUE_APPEND = audit.Chain.append
TRUE_PUT = pages.put
TRUE_READ = reading.read_sources
TRUE_RESUME = resuming.resume
TRUE_WRITE = running.write


# --- approvals


class Anyway:
    """Equal to everything."""

    def __eq__(self, _: object) -> bool:
        return True

    def __ne__(self, _: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]  # never a key


def one_approver_is_enough(patch: Patch) -> None:
    """Whoever approves first approves for all."""
    patch.setattr(votes, "needed_of", lambda *_: 1)


def anybody_approves(patch: Patch) -> None:
    """A plain field that says approved is believed, whoever set it."""
    patch.setattr(
        approval,
        "_by_field",
        lambda record, rule: approval._Ruling(record.ticket.approval or ApprovalState.REQUESTED, rule, ""),
    )


def we_approve(patch: Patch) -> None:
    """What the votes come to is written into the field."""
    patch.setattr(planning, "ApprovalState", SimpleNamespace(REQUESTED=Anyway()))


def votes_are_not_kept(patch: Patch) -> None:
    """The approvers' records are read and not stored."""
    patch.setattr(
        pages,
        "put",
        lambda connection, table, *given, **named: (
            0 if table is pages.approvals else TRUE_PUT(connection, table, *given, **named)
        ),
    )


def everybody_is_asked_again(patch: Patch) -> None:
    """Also those who were asked are."""
    patch.setattr(comparing, "unasked", lambda _, approvers: tuple(approvers))


def nobody_waits_for_an_approval(patch: Patch) -> None:
    """A ticket is given to a vendor while its approval is asked for."""
    patch.setattr(approval, "BLOCKING", frozenset())


# --- files beside the store


def sealed_before_the_commit(patch: Patch) -> None:
    """The end of the log is sealed before its rows are durable."""

    def append(chain: Anything, connection: Anything, entries: Anything, at: Anything) -> None:
        TRUE_APPEND(chain, connection, entries, at)
        chain.seal(connection, at)

    patch.setattr(audit.Chain, "append", append)


def half_a_seal_stays(patch: Patch) -> None:
    """A seal that was not written to its end is added to."""
    patch.setattr(FakeFiles, "cut", lambda *_: None)


def a_key_without_a_durable_name(patch: Patch) -> None:
    """The folder of the key is not synced."""
    patch.setattr(audit_files, "give_name", lambda draft, path, files: files.link(draft, path))


def a_plan_that_is_written_in_place(patch: Patch) -> None:
    """A file that is half written has its name already."""

    def write(path: Path, content: bytes, files: Files) -> None:
        files.remove(path)
        files.create(path, content)

    patch.setattr(planfile, "replace_whole", write)


def a_plan_without_a_durable_name(patch: Patch) -> None:
    """The folder of the plan file is not synced."""

    def write(path: Path, content: bytes, files: Files) -> None:
        draft = draft_of(path)
        files.create(draft, content)
        files.replace(draft, path)

    patch.setattr(planfile, "replace_whole", write)


def a_plan_that_is_named_before_it_is_on_the_disk(patch: Patch) -> None:
    """What is written is not flushed."""
    patch.setattr(FakeFiles, "_flush", lambda *_: None)


# --- saved plans


def a_file_for_any_version(patch: Patch) -> None:
    """A ticket that changed since is written all the same."""

    def as_announced(ticket: Anything, saved: Anything) -> Anything:
        said = saved.tickets.get(ticket.ticket.id)
        return ticket if said is not None and planfile.announced(ticket) == said else None

    patch.setattr(planfile, "_as_announced", as_announced)


def a_file_is_only_a_hint(patch: Patch) -> None:
    """All that is due is written."""
    patch.setattr(running, "restrict", lambda plan, _: (plan, ()))


def what_a_file_skips_is_not_told(patch: Patch) -> None:
    """Nobody hears of tickets that moved."""
    patch.setattr(running, "left_out", lambda *_: ())


# --- two sources


def one_failure_hides_the_other_source(patch: Patch) -> None:
    """Of a reading in which one fails, only that is reported."""

    def read(*given: Anything, **named: Anything) -> Anything:
        pulled = TRUE_READ(*given, **named)
        return tuple(part for part in pulled if part.problem is not None) or pulled

    patch.setattr(running, "read_sources", read)


def a_failed_leftover_is_not_told(patch: Patch) -> None:
    """A source that fails at the start of a run is left out silently."""
    patch.setattr(running, "resume", lambda *given: replace(TRUE_RESUME(*given), problems=()))


def one_failed_write_ends_all(patch: Patch) -> None:
    """What stops the writes to one source stops those to the other."""

    def write(bridge: Anything, plan: Anything, *given: Anything, **named: Anything) -> Anything:
        applied = TRUE_WRITE(bridge, plan, *given, **named)
        if not applied.problems:
            return applied
        return replace(applied, outcomes=tuple(o for o in applied.outcomes if o.plan.ticket.source in applied.problems))

    patch.setattr(running, "write", write)


def one_ledger_for_all(patch: Patch) -> None:
    """The writes to one source are looked up among those to another."""
    true = Store.unresolved_intents
    patch.setattr(Store, "unresolved_intents", lambda store, name: true(store, "snow" if name == "ops" else name))


MUTANTS_APART: Mapping[str, Mutant] = {
    "one approver is enough": one_approver_is_enough,
    "anybody approves": anybody_approves,
    "we approve": we_approve,
    "votes are not kept": votes_are_not_kept,
    "everybody is asked again": everybody_is_asked_again,
    "nobody waits for an approval": nobody_waits_for_an_approval,
    "sealed before the commit": sealed_before_the_commit,
    "half a seal stays": half_a_seal_stays,
    "a key without a durable name": a_key_without_a_durable_name,
    "a plan that is written in place": a_plan_that_is_written_in_place,
    "a plan without a durable name": a_plan_without_a_durable_name,
    "a plan that is named before it is on the disk": a_plan_that_is_named_before_it_is_on_the_disk,
    "a file for any version": a_file_for_any_version,
    "a file is only a hint": a_file_is_only_a_hint,
    "what a file skips is not told": what_a_file_skips_is_not_told,
    "one failure hides the other source": one_failure_hides_the_other_source,
    "a failed leftover is not told": a_failed_leftover_is_not_told,
    "one failed write ends the report of all": one_failed_write_ends_all,
    "one ledger for all": one_ledger_for_all,
}
"""By name."""

CAUGHT_BY_APART: Mapping[str, tuple[int, bool]] = {
    "one approver is enough": (1, True),
    "anybody approves": (11, False),
    "we approve": (26, False),
    "a file for any version": (2, False),
    "a file is only a hint": (11, False),
    "what a file skips is not told": (11, False),
    "one failure hides the other source": (9, True),
    "a failed leftover is not told": (84, False),
    "one failed write ends the report of all": (59, False),
    "half a seal stays": (27, False),
    "a plan without a durable name": (27, True),
    "sealed before the commit": (3, False),
    "a key without a durable name": (7, True),
}
"""A schedule (seed, race) that caught a mutant, where the first ones do not: tried first, to save time."""
