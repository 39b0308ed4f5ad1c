"""The table of rules and the tickets that ``bench_rules`` races on: seeded, so that they are the same in every run."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from itsm_bridge.model import TicketType

CHANCE = random.Random(7)
WORDS = [
    "".join(CHANCE.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(CHANCE.randint(3, 10))) for _ in range(3000)
]
DOMAINS: dict[str, list[str]] = {
    "type": [kind.value for kind in TicketType],
    "environment": [f"state-{place}" for place in range(14)],
    "service": [f"service-{place}" for place in range(12)],
    "category": [f"category-{place}" for place in range(30)],
    "group": [f"team-{place}" for place in range(25)],
    "reporter": [f"person-{place}" for place in range(400)],
}
TEXT, LEVEL = "summary", "priority"
FIELDS = (*DOMAINS, TEXT, LEVEL)


@dataclass(frozen=True)
class Row:
    """One rule of the table: one of some values for some fields, some texts to contain, a highest priority."""

    name: str
    values: dict[str, list[str]]
    texts: list[str]
    level: int | None


def table(size: int) -> list[Row]:
    """Rows of three or four conditions, and a last one that takes the rest."""
    rows = []
    for place in range(size - 1):
        fields = CHANCE.sample(FIELDS, CHANCE.choice((3, 3, 4)))
        values = {name: CHANCE.sample(DOMAINS[name], CHANCE.randint(1, 4)) for name in fields if name in DOMAINS}
        texts = CHANCE.sample(WORDS, CHANCE.randint(2, 6)) if TEXT in fields else []
        rows.append(Row(f"rule-{place}", values, texts, CHANCE.randint(1, 4) if LEVEL in fields else None))
    return [*rows, Row("rest", {}, [], None)]


def tickets(count: int) -> list[dict[str, Any]]:
    """Tickets as plain mappings: one value a field, all in lower case."""
    return [
        {name: CHANCE.choice(domain) for name, domain in DOMAINS.items()}
        | {TEXT: " ".join(CHANCE.choices(WORDS, k=CHANCE.randint(6, 14))), LEVEL: CHANCE.randint(1, 5)}
        for _ in range(count)
    ]
