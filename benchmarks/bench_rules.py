"""The rules engine beside ``zen-engine``, ``rule-engine``, ``business-rules`` and plain closures.

100,000 made-up tickets go through one table of 200 rules, then of 1,000; the first rule that matches decides. Each peer
gets the tickets in the form it likes best, made beforehand, and is asked about as many as give it a second or two;
every answer is compared. ``the limit`` is the least that such an answer takes here: the table by value, as masks of
bits made beforehand, and one Aho-Corasick pass for all texts, with nothing around it. Rates are by processor time of
the whole process, so that a busy machine does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.rule_peers import Limit, business_rules, closures, rule_engines, zen_engine
from benchmarks.rule_table import FIELDS, LEVEL, TEXT, Row, table, tickets

from itsm_bridge.conditions import AllOf, Condition, FieldTest, Matcher, Operator
from itsm_bridge.conditions.columns import ColumnConditions
from itsm_bridge.config import load
from itsm_bridge.config.model import Assign, Configuration, Position, Rule
from itsm_bridge.model import State, Ticket, TicketRecord, TicketType
from itsm_bridge.rules import Decider
from itsm_bridge.rules.columns import ColumnDecider, columns_of

TICKETS, TABLES, REPEATS = 100_000, (200, 1_000), 5
ASKED = {"zen-engine": 2_000, "rule-engine": 600, "business-rules": 1_000, "closures": 10_000, "one by one": 5_000}
NOW = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[1]


# --- ours --------------------------------------------------------------------------------------------------------


def condition(row: Row) -> Condition:
    """A row in our language."""
    tests = [FieldTest(name, (Matcher(Operator.ONE_OF, tuple(values)),)) for name, values in row.values.items()]
    if row.texts:
        tests.append(FieldTest(TEXT, (Matcher(Operator.CONTAINS, tuple(row.texts)),)))
    if row.level is not None:
        tests.append(FieldTest(LEVEL, (Matcher(Operator.LTE, (row.level,)),)))
    return AllOf(tuple(tests))


def configuration(rows: list[Row]) -> Configuration:
    """The shipped configuration with the table as its assignment rules, and no other rules."""
    shipped = load(ROOT / "config")
    vendor = next(name for name, one in shipped.vendors.items() if one.internal)
    then = Assign(vendor, owner=False, among=(), by=None, skills=())
    rules = tuple(Rule(row.name, "", condition(row), then, Position("rules.yaml", 1, 1)) for row in rows)
    book = replace(shipped.rules, classify=(), intake=(), priority=(), approval=(), assignment=rules, escalation=())
    return replace(shipped, rules=replace(book, knowledge=()))


def records(facts: list[dict[str, Any]]) -> list[TicketRecord]:
    """The tickets as the bridge has them."""
    return [TicketRecord(_ticket(place, ticket)) for place, ticket in enumerate(facts)]


def _ticket(place: int, ticket: dict[str, Any]) -> Ticket:
    created = NOW - timedelta(minutes=place)
    fields: dict[str, Any] = {
        **ticket,
        "type": TicketType(ticket["type"]),
        "service": (ticket["service"],),
        "category": (ticket["category"],),
    }
    return Ticket(
        source="snow",
        external_id=str(place),
        number=f"INC{place}",
        project="incident",
        state=State.NEW,
        created_at=created,
        updated_at=created,
        version="1",
        **fields,
    )


def ours(rows: list[Row], population: list[TicketRecord]) -> dict[str, Callable[[], list[str]]]:
    """Our ways to an answer, all from tickets as the bridge has them."""
    settings = configuration(rows)
    decider = Decider(settings)
    decider.decide(population[0], NOW)
    by_columns, conditions = ColumnDecider(decider), ColumnConditions([condition(row) for row in rows])

    def decided() -> list[str]:
        vendors = by_columns.decide(population, NOW).values["vendor"]
        return [vendors.decisions[code].rule for code in vendors.codes.tolist()]

    def matched() -> list[str]:
        places = conditions.on(columns_of(population, NOW, settings.zone)).first(range(len(rows)))
        return [rows[place].name for place in places.tolist()]

    def single() -> list[str]:
        return [decider.decide(one, NOW).values["vendor"].rule for one in population[: ASKED["one by one"]]]

    return {"ours, all sections": decided, "ours, the table": matched, "ours, one by one": single}


# --- the race ----------------------------------------------------------------------------------------------------


def best_of(answer: Callable[[], list[str]], repeats: int = REPEATS) -> tuple[list[str], float]:
    """The answers, and the least seconds of processor time that they took."""
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        answers = answer()
        seconds.append(time.process_time() - began)
    return answers, min(seconds)


def race(rows: list[Row], facts: list[dict[str, Any]], population: list[TicketRecord]) -> dict[str, float]:
    """Tickets a second of each, after all have given the same answers."""
    columns = {name: [ticket[name] for ticket in facts] for name in FIELDS}
    limit = Limit(rows)
    expected, seconds = best_of(lambda: limit(columns))
    rates = {"the limit": len(expected) / seconds}
    for name, answer in ours(rows, population).items():
        answers, seconds = best_of(answer)
        rates[name] = _rate(name, answers, expected, seconds)
    peers = {
        "closures": closures,
        "zen-engine": zen_engine,
        "business-rules": business_rules,
        "rule-engine": rule_engines,
    }
    for name, prepare in peers.items():
        ask, some = prepare(rows), facts[: ASKED[name]]
        answers, seconds = best_of(lambda ask=ask, some=some: [ask(ticket) for ticket in some], 1)  # type: ignore[misc]  # bound at once
        rates[name] = _rate(name, answers, expected, seconds)
    return rates


def _rate(name: str, answers: Sequence[str], expected: Sequence[str], seconds: float) -> float:
    if list(answers) != list(expected[: len(answers)]):
        wrong = next(place for place, answer in enumerate(answers) if answer != expected[place])
        raise SystemExit(f"{name} answers {answers[wrong]} for ticket {wrong}, not {expected[wrong]}")
    return len(answers) / seconds


def main() -> None:
    """Print the rates and how they compare."""
    facts = tickets(TICKETS)
    population = records(facts)
    for size in TABLES:
        rates = race(table(size), facts, population)
        best_peer = max(rates[name] for name in ("zen-engine", "business-rules", "rule-engine"))
        print(f"{size:,} rules, identical answers")
        for name, rate in rates.items():
            print(f"  {name:<20}{rate:>12,.0f} tickets/s{rate / best_peer:>9,.1f} × the best peer")
        behind = rates["the limit"] / rates["ours, all sections"]
        print(f"  the limit is {behind:.1f} × ours; one ticket takes {1e6 / rates['ours, one by one']:.0f} µs")


if __name__ == "__main__":
    main()
