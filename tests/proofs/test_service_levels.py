"""Service levels that never attach, never run or never pause; and those that look like it and do."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from pathlib import Path

import pytest
from tests.proofs.random_rules import DOMAINS, NOW, PLAIN, Fields, condition, environments, vendors
from tests.rules.made import example
from tests.sla.tickets import EXAMPLE_LEVELS, FAR, at, configured, either, filled, level, record, when

from itsm_bridge.conditions import AllOf, Condition, FieldTest, Matcher, Not, Operator, Value, compile_condition
from itsm_bridge.config import load
from itsm_bridge.config.model import Configuration, OnChange, Position, SlaDefinition
from itsm_bridge.errors import Finding
from itsm_bridge.model import State
from itsm_bridge.proofs import Budget, prove
from itsm_bridge.proofs.service_levels import service_levels
from itsm_bridge.sla import cycles

LONG = "ITSM_BRIDGE_LONG" in os.environ
KEYS = ("start", "stop", "pause", "resume", "reset", "cancel")
ON_HOLD, P1 = when(state="on_hold"), when(priority=1)
WORKING = when(state=["new", "in_progress"])
VIP = FieldTest("summary", (Matcher(Operator.CONTAINS, ("vip",)),))


def placed(definition: SlaDefinition, line: int = 1) -> SlaDefinition:
    """The same, each of its conditions in a column of its own, counted from 1."""
    places = tuple((key, Position("sla.yaml", line, column)) for column, key in enumerate(KEYS, start=1))
    return replace(definition, position=Position("sla.yaml", line, 99), places=places)


def found(*levels: SlaDefinition, budget: Budget | None = None) -> list[Finding]:
    configuration = configured(*(placed(one, line) for line, one in enumerate(levels, start=1)))
    return list(prove(configuration, NOW, budget=budget))


def only(definition: SlaDefinition) -> tuple[str, str, str]:
    """The only finding: its code, its severity, and the condition at which it stands."""
    (finding,) = found(definition)
    return finding.code, finding.severity, KEYS[finding.column - 1]


def shown(definition: SlaDefinition) -> dict[str, object]:
    """The ticket that shows the only finding."""
    (finding,) = found(definition)
    assert finding.witness is not None
    return {name: value for name, value in finding.witness if value is not None}


# --- S401: never attaches ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "why"),
    [
        (level(start=when(state="resolved")), "whenever start holds stop holds too"),
        (level(start=P1, stop=when(priority=[1, 2])), "whenever start holds stop holds too"),
        (level(start=ON_HOLD, cancel=Not(WORKING)), "whenever start holds cancel holds too"),
        (level(start=when(state="canceled"), stop=when(priority=5)), "the ticket is canceled"),
        (level(start=Not(filled("vendor")), calendar="vendor"), "in nobody's hands"),
        (level(start=when(state=["resolved", "on_hold"]), cancel=ON_HOLD), "stop or cancel holds too"),
        (level(start=AllOf((P1, when(priority=2)))), "its start contradicts itself"),
    ],
)
def test_a_level_that_never_attaches_is_told_why(definition: SlaDefinition, why: str) -> None:
    (finding,) = found(definition)

    assert (finding.code, finding.severity, finding.column) == ("S401", "error", 1)
    assert finding.message.startswith('"resolution" never attaches: ')
    assert why in finding.message
    assert finding.suggestion


def test_of_a_level_that_never_attaches_a_ticket_is_shown_that_it_starts_on() -> None:
    definition = level(start=AllOf((P1, VIP)), stop=when(priority=[1, 2]))

    assert shown(definition).keys() == {"priority", "summary", "state"}
    assert shown(definition)["priority"] == 1
    assert "vip" in str(shown(definition)["summary"])


def test_a_text_within_a_text_is_seen() -> None:
    def says(text: str) -> FieldTest:
        return FieldTest("text", (Matcher(Operator.CONTAINS, (text,)),))

    assert only(level(start=says("gold-vip"), stop=says("vip"))) == ("S401", "error", "start")
    assert found(level(start=says("vip"), stop=says("gold-vip"))) == []


def test_a_stop_that_some_of_the_started_pass_by_is_no_trap() -> None:
    assert found(level(start=P1, stop=AllOf((P1, when(state="resolved"))))) == []
    assert found(level(start=P1, stop=either(when(priority=2), when(state=["resolved", "closed"])))) == []


# --- S402: paused for ever ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "definition",
    [
        level(start=ON_HOLD, pause=ON_HOLD),
        level(start=P1, pause=filled("priority")),
        level(start=P1, pause=when(state=["new", "in_progress", "on_hold"])),
        level(start=AllOf((P1, VIP)), pause=either(VIP, ON_HOLD)),
        level(start=ON_HOLD, pause=ON_HOLD, resume=when(state="in_progress")),
    ],
)
def test_a_level_that_is_paused_from_the_start_and_for_ever_is_found(definition: SlaDefinition) -> None:
    (finding,) = found(definition)

    assert (finding.code, finding.severity, finding.column) == ("S402", "error", 3)
    assert '"resolution" is paused for ever: whenever it is attached pause holds' in finding.message


def test_a_pause_within_start_is_the_ordinary_case_and_no_finding() -> None:
    assert found(level(start=P1, pause=AllOf((P1, ON_HOLD)))) == []
    assert found(level(start=P1, pause=ON_HOLD, cancel=when(state="canceled"))) == []


def test_a_level_that_resumes_while_its_pause_still_holds_does_run() -> None:
    assert found(level(start=P1, pause=filled("priority"), resume=when(priority=1, state="in_progress"))) != []
    assert found(level(start=P1, pause=ON_HOLD, resume=WORKING)) == []


def test_a_pause_without_an_end_is_found_at_its_resume() -> None:
    definition = level(start=when(state=["new", "on_hold"]), pause=ON_HOLD, resume=when(state="in_progress"))

    assert only(definition) == ("S402", "error", "resume")
    assert shown(definition) == {"state": "on_hold"}


def test_a_resume_within_the_pause_keeps_the_clock_paused_when_the_pause_ends() -> None:
    within = level(start=P1, pause=ON_HOLD, resume=AllOf((ON_HOLD, when(approval="approved"))))
    beside = level(start=P1, pause=ON_HOLD, resume=either(WORKING, when(approval="approved")))

    assert only(within) == ("S402", "warning", "resume")
    assert found(beside) == []


# --- S403: never pauses ------------------------------------------------------------------------------------------


def test_start_and_pause_that_exclude_each_other_are_found_at_the_pause() -> None:
    definition = level(start=AllOf((P1, WORKING)), pause=ON_HOLD)

    (finding,) = found(definition)

    assert only(definition) == ("S403", "error", "pause")
    assert "a cycle is cancelled as soon as start no longer holds" in finding.message
    assert shown(definition)["state"] == "on_hold"


@pytest.mark.parametrize(
    ("definition", "severity", "why"),
    [
        (level(start=P1, stop=Not(WORKING), pause=ON_HOLD), "warning", "whenever start and pause hold stop holds too"),
        (level(start=P1, cancel=ON_HOLD, pause=ON_HOLD), "warning", "whenever start and pause hold cancel holds too"),
        (level(pause=when(state="canceled")), "warning", "the ticket is canceled"),
        (level(pause=Not(filled("vendor")), kind="uc"), "warning", "in nobody's hands"),
        (level(start=P1, pause=AllOf((ON_HOLD, WORKING))), "error", "its pause contradicts itself"),
    ],
)
def test_a_pause_that_comes_too_late_is_told_why(definition: SlaDefinition, severity: str, why: str) -> None:
    (finding,) = found(definition)

    assert (finding.code, finding.severity, finding.column) == ("S403", severity, 3)
    assert finding.message.startswith('"resolution" never pauses: ')
    assert why in finding.message


def test_a_resume_that_holds_whenever_pause_does_never_lets_it_pause() -> None:
    assert only(level(start=P1, pause=ON_HOLD, resume=when(state=["on_hold", "new"]))) == ("S403", "error", "resume")


def test_a_start_that_still_holds_for_some_of_the_paused_is_no_trap() -> None:
    assert found(level(start=AllOf((P1, WORKING)), pause=either(ON_HOLD, when(approval="requested")))) == []


# --- what goes for all -------------------------------------------------------------------------------------------


def test_where_the_time_before_counts_that_is_said() -> None:
    retroactive = OnChange.RETROACTIVE
    for definition, code in (
        (level(start=ON_HOLD, pause=ON_HOLD, on_change=retroactive), "S402"),
        (level(start=WORKING, pause=ON_HOLD, on_change=retroactive), "S403"),
    ):
        (finding,) = found(definition)
        assert (finding.code, finding.severity) == (code, "error")
        assert "but for the time before, which on_change: retroactive reckons" in finding.message


def test_a_state_that_nobody_maps_saves_no_level_that_does_not_ask_for_it() -> None:
    every_known = [state.value for state in State if state is not State.UNKNOWN]

    assert only(level(start=P1, stop=when(state=every_known))) == ("S401", "error", "start")
    assert found(level(start=when(state="unknown"), stop=when(state=every_known))) == []
    (finding,) = found(level(start=Not(when(state=every_known)), stop=when(priority=5)))
    assert finding.message == '"resolution" never attaches: whenever start holds the ticket\'s state is unknown'


def test_nothing_is_wrong_with_the_levels_of_the_example(shared: Path) -> None:
    assert found(*EXAMPLE_LEVELS) == []
    loaded = load(shared / "example-config")
    assert loaded.slas
    assert [one for one in prove(loaded, NOW) if one.code.startswith("S")] == []


def test_each_level_is_looked_at_by_itself() -> None:
    findings = found(level("a", start=when(state="closed")), level("b", start=P1), level("c", start=P1, stop=P1))

    assert [(one.line, one.message[:3]) for one in findings] == [(1, '"a"'), (3, '"c"')]


def test_what_depends_on_a_pattern_that_is_not_translated_stays_open_and_is_said() -> None:
    worded = FieldTest("summary", (Matcher(Operator.MATCHES, (r"\bvip\b",)),))

    (finding,) = found(level(start=AllOf((P1, worded)), stop=VIP))

    assert (finding.code, finding.severity, finding.line) == ("R309", "info", 1)


def test_patterns_are_followed_where_they_can_be() -> None:
    numbered = FieldTest("summary", (Matcher(Operator.MATCHES, ("vip-[0-9]+",)),))

    assert only(level(start=AllOf((P1, numbered)), stop=VIP)) == ("S401", "error", "start")


def test_a_budget_that_is_used_up_is_said() -> None:
    texts = either(*(FieldTest("summary", (Matcher(Operator.CONTAINS, (f"w{n}x",)),)) for n in range(20)))

    findings = found(level(start=AllOf((texts, P1)), stop=AllOf((P1, texts))), budget=Budget(rounds=0))

    assert [(one.code, one.severity) for one in findings] == [("R309", "info")]


# --- S404: judged in no period -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stop", [when(state="closed"), AllOf((Not(when(state="resolved")), when(state=["resolved", "closed"])))]
)
def test_a_level_that_only_closing_stops_is_told_with_a_resolved_ticket(stop: Condition) -> None:
    definition = level(start=P1, stop=stop)
    assert only(definition) == ("S404", "warning", "stop")
    assert shown(definition) == {"priority": 1, "state": "resolved"}


@pytest.mark.parametrize(
    "definition",
    [
        level(start=P1, stop=when(state=["resolved", "closed"])),
        level(start=P1, stop=when(state="in_progress")),
        level(start=P1, stop=either(when(state="closed"), when(assignee="desk"))),
        level(start=AllOf((P1, Not(when(state="resolved")))), stop=when(state="closed")),
        level(start=P1, stop=when(state="closed"), cancel=when(state="resolved")),
    ],
)
def test_a_level_that_may_stop_or_is_cancelled_by_then_is_no_trap(definition: SlaDefinition) -> None:
    assert found(definition) == []


# --- against every ticket of a small domain ----------------------------------------------------------------------

SMALL: Mapping[str, list[tuple[Value, ...]]] = {**DOMAINS, "state": [*DOMAINS["state"], ("resolved",), ("canceled",)]}
FIELDS = ("type", "state", "environment", "service", "category", "labels", "summary", "priority", "approval", "text")
MOST = 20_000 if LONG else 2_000
"""Tickets that one configuration may need to be looked at whole; larger ones are passed over."""


@dataclass(frozen=True)
class Seen:
    """What the conditions of one level say of one ticket on which it is attached."""

    pause: bool
    resume: bool
    resolved: bool = False


def is_judged_by_its_closing_alone(definition: SlaDefinition, tickets: list[Fields]) -> bool:
    """Whether ``stop`` holds for a closed ticket and for no resolved one, of those that ``start`` holds for."""
    start, stop = (compile_condition(part or AllOf(())) for part in (definition.start, definition.stop))
    stopped = {state for one in tickets for state in one["state"] if start(one) and stop(one)}
    return "closed" in stopped and "resolved" not in stopped


def attached_ones(definition: SlaDefinition, tickets: list[Fields]) -> list[Seen]:
    parts = (definition.start, definition.stop, definition.cancel, definition.pause, definition.resume)
    holding = [compile_condition(part) if part is not None else lambda _: False for part in parts]
    seen = []
    for fields in tickets:
        start, stop, cancel, pause, resume = (holds(fields) for holds in holding)
        if start and not (stop or cancel or fields["state"] == ("canceled",)):
            seen.append(Seen(pause, resume, resolved=fields["state"] == ("resolved",)))
    return seen


def expected(definition: SlaDefinition, tickets: list[Fields]) -> tuple[str, str] | None:
    """The code and the condition of the finding that looking at every ticket leads to."""
    attached = attached_ones(definition, tickets)
    if not attached:
        return "S401", "start"
    return of_pause(definition, attached) or of_closing(definition, attached, tickets)


def of_closing(definition: SlaDefinition, attached: list[Seen], tickets: list[Fields]) -> tuple[str, str] | None:
    is_trap = any(seen.resolved for seen in attached) and is_judged_by_its_closing_alone(definition, tickets)
    return ("S404", "stop") if is_trap else None


def of_pause(definition: SlaDefinition, attached: list[Seen]) -> tuple[str, str] | None:
    if definition.pause is None:
        return None
    if all(seen.pause and not seen.resume for seen in attached):
        return "S402", "pause"
    if not any(seen.pause for seen in attached):
        return "S403", "pause"
    return None if definition.resume is None else of_resume(attached)


def of_resume(attached: list[Seen]) -> tuple[str, str] | None:
    if not any(seen.pause and not seen.resume for seen in attached):
        return "S403", "resume"
    return None if any(seen.resume and not seen.pause for seen in attached) else ("S402", "resume")


def random_levels(seed: int) -> tuple[Configuration, list[str]]:
    chance = random.Random(seed)
    fields = chance.sample(FIELDS, chance.choice([1, 2, 2, 3]))
    if "text" in fields and "summary" in fields:
        fields.remove("summary")  # the tickets below have no description

    def some(often: float) -> Condition | None:
        return condition(chance, fields) if chance.random() < often else None

    levels = []
    for line in range(1, chance.randint(2, 4)):
        pause = some(0.8)
        made = level(
            f"level{line}",
            start=condition(chance, fields),
            stop=condition(chance, fields),
            pause=pause,
            resume=some(0.5) if pause else None,
            cancel=some(0.3),
        )
        levels.append(placed(made, line))
    base = replace(example(), environments=environments(chance), vendors=vendors(chance))
    return replace(base, slas=tuple(levels)), fields


def every_ticket(fields: list[str]) -> list[Fields]:
    asked = sorted({"state", *("summary" if name == "text" else name for name in fields)})
    if prod(len(SMALL[name]) for name in asked) > MOST:
        return []
    values = product(*(SMALL[name] for name in asked))
    tickets: list[Fields] = [{**PLAIN, **dict(zip(asked, some, strict=True))} for some in values]
    return [{**ticket, "text": ticket.get("summary", ())} for ticket in tickets]


def differing(seeds: range) -> Iterator[tuple[int, object, object]]:
    for seed in seeds:
        configuration, fields = random_levels(seed)
        tickets = every_ticket(fields)
        if tickets:
            drafts = service_levels(configuration, NOW, Budget())
            findings = {one.position.line: (one.code, KEYS[one.position.column - 1]) for one in drafts}
            wanted = {one.position.line: expected(one, tickets) for one in configuration.slas}
            TRIED.extend(wanted.values())
            if findings != {line: code for line, code in wanted.items() if code}:
                yield seed, findings, wanted


TRIED: list[tuple[str, str] | None] = []


def test_what_is_proved_is_what_looking_at_every_ticket_finds() -> None:
    TRIED.clear()

    assert list(differing(range(4_000 if LONG else 250))) == []

    kinds = {("S401", "start"), ("S402", "pause"), ("S402", "resume"), ("S403", "pause"), ("S403", "resume")}
    kinds.add(("S404", "stop"))
    assert set(TRIED) == {*kinds, None}


# --- against the clocks themselves -------------------------------------------------------------------------------


def test_the_clocks_do_what_was_proved_of_them() -> None:
    """Each ticket stays as it was created, so that it shows what its one set of values leads to."""
    known = [state for state in State if state is not State.UNKNOWN]
    values = product(known, (None, 1, 2, 3, 4, 5))
    records = [record("2026-06-01T10:00Z", state=state, priority=priority) for state, priority in values]
    codes = []
    for seed in range(120):
        chance = random.Random(seed)
        made = placed(
            level(
                start=condition(chance, ["state", "priority"]),
                stop=condition(chance, ["state", "priority"], depth=1),
                pause=condition(chance, ["state", "priority"], depth=1),
            )
        )
        configuration = configured(made)
        code = next((draft.code for draft in service_levels(configuration, NOW, Budget())), "")
        clocked = cycles(records, configuration, at(FAR)).cycles
        codes.append(code)
        assert (code == "S401") == (not clocked), seed
        if clocked:
            assert (code == "S402") == (not any(cycle.elapsed_seconds for cycle in clocked)), seed
            assert (code == "S403") == (not any(cycle.paused_seconds for cycle in clocked)), seed
    assert set(codes) == {"S401", "S402", "S403", "S404", ""}
