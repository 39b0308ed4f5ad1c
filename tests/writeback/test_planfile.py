from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.writeback.world import CREATED, NOW, a_ticket

from itsm_bridge import __version__
from itsm_bridge.config import Configuration
from itsm_bridge.errors import GuardTripped, UsageError
from itsm_bridge.model import TicketRecord
from itsm_bridge.writeback import (
    Plan,
    SavedPlan,
    check_configuration,
    make_plan,
    read_plan_file,
    restrict,
    write_plan_file,
)
from itsm_bridge.writeback.planfile import _checksum

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monday's plan.json"


@pytest.fixture
def plan(configuration: Configuration) -> Plan:
    """One ticket of Punjab, given to OptIT at impact and urgency 2."""
    return planned(configuration)


def planned(configuration: Configuration, **given: object) -> Plan:
    return make_plan(configuration, [TicketRecord(a_ticket(**given))], {}, NOW)  # type: ignore[arg-type]  # by name


def saved(plan: Plan, path: Path) -> SavedPlan:
    write_plan_file(plan, path)
    return read_plan_file(path)


def edited(path: Path, edit: Edit, *, sealed: bool = False) -> None:
    """Change what a file says; ``sealed`` by somebody who knows how the checksum is made."""
    document = json.loads(path.read_text(encoding="utf-8"))
    edit(document)
    if sealed:
        document["checksum"] = _checksum({name: value for name, value in document.items() if name != "checksum"})
    path.write_text(json.dumps(document), encoding="utf-8")


def give_to_gwl(document: dict[str, Any]) -> None:
    (line,) = (one for one in document["changes"] if one["field"] == "vendor")
    line["to"] = "GWL"


def test_a_saved_plan_is_read_back_whole_and_belongs_to_its_owner(plan: Plan, path: Path) -> None:
    found = saved(plan, path)
    assert path.stat().st_mode & 0o077 == 0
    assert restrict(plan, found) == (plan, ())
    assert found.updated == {"snow:INC0000001": CREATED}


def test_how_a_plan_file_is_laid_out_does_not_matter(plan: Plan, path: Path) -> None:
    found = saved(plan, path)
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")), sort_keys=True)
    path.write_text(text, encoding="utf-8")
    assert read_plan_file(path) == found


def test_a_ticket_that_moved_since_the_plan_was_saved_is_left_out(
    configuration: Configuration, plan: Plan, path: Path
) -> None:
    today = planned(configuration, version="7")
    kept, moved = restrict(today, saved(plan, path))
    assert (kept.tickets, moved) == ((), ("snow:INC0000001",))


@pytest.mark.parametrize(
    "edit",
    [
        give_to_gwl,
        lambda document: document["changes"].pop(),
        lambda document: document["versions"].update({"snow:INC0000002": "0"}),
        lambda document: document.update(configuration="of another day"),
        lambda document: document.update(checksum=""),
        lambda document: document.update(checksum=None),
    ],
)
def test_a_file_that_was_edited_is_refused(edit: Edit, plan: Plan, path: Path) -> None:
    write_plan_file(plan, path)
    edited(path, edit)
    with pytest.raises(UsageError, match="edited or damaged; nothing was written") as refused:
        read_plan_file(path)
    assert refused.value.hint == f"itsm-bridge plan --out '{path.parent}/monday'\"'\"'s plan.json'"


def test_a_file_that_is_cut_anywhere_is_refused(plan: Plan, path: Path) -> None:
    write_plan_file(plan, path)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 7):  # the last two bytes are the closing brace and a line's end
        path.write_bytes(whole[:length])
        with pytest.raises(UsageError, match="not a plan file, or not all of one; nothing was written"):
            read_plan_file(path)


def test_a_file_of_another_version_of_the_program_is_refused(plan: Plan, path: Path) -> None:
    write_plan_file(plan, path)
    edited(path, lambda document: document.update(program="0.0.1"), sealed=True)
    with pytest.raises(UsageError, match=f"made by version 0.0.1 of the program, this is {__version__}; nothing was"):
        read_plan_file(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"changes": [1]}',
        '{"changes": [], "versions": 3}',
        "\x00",
        "[" * 100_000,
        '{"program": "' + __version__ + '", "checksum": "\\ud800"}',
        '{"program": "' + __version__ + '", "checksum": "", "x": "\\ud800"}',
    ],
)
def test_what_is_no_plan_file_is_refused(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="nothing was written"):
        read_plan_file(path)


@pytest.mark.parametrize(
    "edit",
    [
        lambda document: document["changes"][0].update(to=["a", "list"]),
        lambda document: document["changes"][0].update(ticket="snow:INC0000009"),
        lambda document: document["updated"].clear(),
        lambda document: document["updated"].update({"snow:INC0000001": "yesterday"}),
        lambda document: document.update(versions="snow"),
        lambda document: document["changes"].append(None),
    ],
)
def test_a_forged_file_that_makes_no_sense_is_refused(edit: Edit, plan: Plan, path: Path) -> None:
    write_plan_file(plan, path)
    edited(path, edit, sealed=True)
    with pytest.raises(UsageError, match="not a plan file"):
        read_plan_file(path)


def test_a_forged_file_brings_in_no_change_that_the_rules_do_not_make(plan: Plan, path: Path) -> None:
    write_plan_file(plan, path)
    edited(path, give_to_gwl, sealed=True)
    kept, moved = restrict(plan, read_plan_file(path))
    assert (kept.tickets, moved) == ((), ("snow:INC0000001",))


@pytest.mark.parametrize(
    "edit",
    [
        lambda document: document["updated"].update(dict.fromkeys(document["updated"], "2026-11-20T04:30:00")),
        lambda document: document.update(configuration=7),
    ],
    ids=["an instant without a zone", "a digest that is no text"],
)
def test_a_forged_file_of_another_shape_is_refused_before_anything_and_not_met_after_the_writes(
    plan: Plan, path: Path, edit: Edit
) -> None:
    write_plan_file(plan, path)
    edited(path, edit, sealed=True)
    with pytest.raises(UsageError, match="not a plan file"):
        read_plan_file(path)


def test_a_ticket_of_which_the_file_says_more_or_less_than_todays_rules_is_left_out_whole(
    plan: Plan, path: Path
) -> None:
    found = saved(plan, path)
    (ticket,) = plan.tickets
    assert len(ticket.changes) > 1
    less = replace(plan, tickets=(replace(ticket, changes=ticket.changes[1:]),))
    assert restrict(less, found) == (replace(plan, tickets=()), ("snow:INC0000001",))
    assert restrict(plan, saved(less, path)) == (replace(plan, tickets=()), ("snow:INC0000001",))


def test_a_ticket_that_the_file_does_not_name_is_no_part_of_it(
    configuration: Configuration, plan: Plan, path: Path
) -> None:
    both = [TicketRecord(a_ticket(number)) for number in ("INC0000001", "INC0000002")]
    kept, moved = restrict(make_plan(configuration, both, {}, NOW), saved(plan, path))
    assert ([one.ticket.number for one in kept.tickets], moved) == (["INC0000001"], ())


def test_a_plan_of_another_configuration_is_stopped_with_the_commands_to_go_on(plan: Plan, path: Path) -> None:
    found = saved(plan, path)
    check_configuration(found, plan.digest)
    with pytest.raises(GuardTripped, match=r"made under another configuration .*; nothing was written") as stopped:
        check_configuration(found, "0" * 64)
    assert "(" + plan.digest[:8] + ", now 00000000)" in stopped.value.message
    assert f"itsm-bridge plan --out {found.name}" in stopped.value.hint
    assert stopped.value.hint.endswith(f"itsm-bridge apply {found.name}")


def test_the_same_rules_at_another_hour_make_the_same_plan(
    configuration: Configuration, plan: Plan, path: Path
) -> None:
    later = make_plan(configuration, [TicketRecord(a_ticket())], {}, NOW + timedelta(hours=1))
    assert restrict(later, saved(plan, path))[1] == ()
