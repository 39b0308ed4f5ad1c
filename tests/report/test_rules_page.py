"""The rules as a page: everything is on it, nothing of others is markup, and it loads nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.rules.made import NOW, assign, environment, example, is_, owner, record, rule, with_rules

from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.report.rules_page import rules_page, ticket_page
from itsm_bridge.rules import Decider, explain, overview, owner_map

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e'


class Tags(HTMLParser):
    """The tags, attributes and text of a page, and whether each tag is closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in {"meta", "br"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def of_rules(configuration: Configuration, *seen: TicketRecord) -> str:
    decider = Decider(configuration)
    verdicts = [decider.decide(one, NOW) for one in seen]
    return rules_page(
        configuration.digest, NOW, owner_map(configuration, date(2026, 11, 2)), overview(configuration, verdicts)
    )


def of_ticket(configuration: Configuration, seen: TicketRecord) -> str:
    return ticket_page(explain(Decider(configuration), seen, NOW))


def test_every_rule_stands_on_the_page_with_its_place_and_its_counts() -> None:
    configuration = example()
    page = Tags(of_rules(configuration, record(environment="punjab"), record(environment="ap")))
    book = configuration.rules
    for section in (book.classify, book.intake, book.priority, book.approval, book.assignment):
        assert all(one.name in page.text for one in section)
    verdict = Decider(configuration).decide(record(environment="ap"), NOW)
    hits = {one.rule.name: one for one in overview(configuration, [verdict]).rules}
    assert (hits["owner"].matched, hits["owner"].decided, hits["security-stays-in"].matched) == (1, 1, 0)
    assert "The rules over 2 open tickets" in page.text


def test_the_owner_map_names_who_follows_and_marks_a_gap() -> None:
    configuration = example()
    gap = environment("bihar", owner("MacroSkies", start=date(2027, 1, 1)), services=("portal",))
    page = Tags(of_rules(replace(configuration, environments={**configuration.environments, "bihar": gap})))
    assert "nobody: a gap" in page.text
    assert "MacroSkies from 2027-01-01" in page.text


def test_tickets_that_nobody_is_given_are_named_with_the_reason() -> None:
    configuration = with_rules(example(), assignment=(rule("only", is_("category", "dns"), assign(vendor="GWL")),))
    page = Tags(of_rules(configuration, record(number="INC7")))
    assert ":INC7" in page.text
    assert "nearest is only" in page.text


@pytest.mark.parametrize("field", ["summary", "description", "environment", "number", "reporter"])
def test_text_of_others_is_never_markup(field: str) -> None:
    foreign = rule(HOSTILE, is_(field, HOSTILE), assign(vendor="GWL"), HOSTILE)
    configuration = with_rules(example(), assignment=(foreign,))
    changed: dict[str, Any] = {field: HOSTILE}
    hostile = record(**changed)
    for markup in (of_ticket(configuration, hostile), of_rules(configuration, hostile)):
        page = Tags(markup)
        assert not page.tags & {"script", "img", "a", "link", "iframe", "svg"}
        assert page.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
        assert "\x1b" not in markup
        assert "\u202e" not in markup


def test_a_page_loads_nothing_and_runs_nothing() -> None:
    page = of_ticket(example(), record(environment="punjab"))
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page


def test_a_tickets_page_shows_each_condition_with_the_value_seen_and_the_outcome() -> None:
    page = Tags(of_ticket(example(), record(environment="punjab")))
    assert "environment is not empty: seen 'punjab'" in page.text
    assert "OptIT" in page.text
