"""Recurring issues: what counts as the same title, and the figures of what is reported again and again."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analysis.lives import Population, often, populations, records
from tests.analysis.made import NOW, ago, frames, summarised, ticket

from itsm_bridge.analysis import recurring
from itsm_bridge.analysis.wording import STOP_WORDS, WORDS, pattern
from itsm_bridge.config.model import Configuration
from itsm_bridge.history import timeline
from itsm_bridge.model import OPEN_STATES, TicketRecord
from itsm_bridge.sla import Clockwork

WINDOW = timedelta(weeks=12)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Disk 90% full on pb-web-01", "DISK 95 % FULL on pb-web-02!!", "disk full"),
        ("Re: [URGENT] Can't log in - 12 Nov 2026 10:30 IST", "can\u2019t log in", "log"),
        ("INC0012345 VPN down since Monday", "VPN down", "vpn down"),
        ("Job 550e8400-e29b-41d4-a716-446655440000 failed", "Job 2026-11-12T10:00:00Z failed", "job failed"),
        ("Login fails at https://portal.example/x?a=b", "login FAILS (portal.punjab.gov.in)", "login fails"),
        ("Mail to a.b@example.org bounces", "mail to c@d bounces", "mail bounces"),
        ("Cafe\u0301 printer jam", "CAF\u00c9 printer jam", "caf\u00e9 printer jam"),
        ("\uff30rinter jam", "Printer\u200b jam", "printer jam"),
        ("सर्वर १२ बंद", "सर्वर बंद", "सर्वर बंद"),
        ("Stra\u00dfe closed", "STRASSE closed", "strasse closed"),
    ],
)
def test_titles_about_the_same_have_one_pattern(one: str, other: str, same: str) -> None:
    assert (pattern(one), pattern(other)) == (same, same)


@pytest.mark.parametrize(
    ("one", "other"), [("Disk full", "Disk failed"), ("Printer jam", "Paper jam"), ("node.js error", "java error")]
)
def test_titles_about_something_else_have_another(one: str, other: str) -> None:
    assert pattern(one) != pattern(other)


@pytest.mark.parametrize("text", ["", "   ", "12345", "2026-11-12 10:30", "!!! ???", "INC0001 / CHG-2", "the of and"])
def test_a_title_without_words_has_none(text: str) -> None:
    assert pattern(text) == ""


@pytest.mark.parametrize(
    "text",
    ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u202egnp.exe", "a" * 1_000_000, "\ufdfa" * 20_000, "\0x"],
)
def test_a_hostile_title_is_only_words(text: str) -> None:
    found = pattern(text)
    assert all(character.isalpha() or character in " -_" for character in found)
    assert len(found) <= 200_000


noise = st.one_of(
    st.integers(0, 10**9).map(str),
    st.dates().map(str),
    st.datetimes().map(lambda at: at.isoformat()),
    st.datetimes().map(lambda at: f"{at:%d %b}, {at.year} {at:%H:%M}"),
    st.uuids().map(str).filter(lambda text: any(map(str.isdigit, text))),
    st.ip_addresses().map(str).filter(lambda text: any(map(str.isdigit, text))),
    st.integers(1, 99).map(lambda number: f"pb-web-{number}.example.org"),
)
words = st.lists(st.sampled_from(["disk", "Full", "the", "printer", "on", "jam", "संदेश", "log-in", "a/b"]), max_size=8)


@given(words, st.lists(st.tuples(st.integers(0, 8), noise), max_size=4))
def test_numbers_dates_and_ids_in_a_title_do_not_change_its_pattern(
    title: list[str], inserted: list[tuple[int, str]]
) -> None:
    other = list(title)
    for place, text in inserted:
        other.insert(place, text)
    assert pattern(" ".join(other)) == pattern(" ".join(title))


@given(st.text(max_size=60))
def test_a_pattern_is_its_own_pattern_and_has_no_digit_and_no_word_that_says_nothing(text: str) -> None:
    found = pattern(text)
    assert pattern(found) == found
    assert not any(map(str.isdecimal, found))
    assert not STOP_WORDS.intersection(found.split(" "))
    assert len(found.split(" ")) <= WORDS


@given(st.text(max_size=60))
def test_large_and_small_letters_are_the_same(text: str) -> None:
    assert pattern(text.casefold()) == pattern(text)


def test_two_versions_of_one_issue_have_one_pattern_in_jira_s_own_titles(shared: Path) -> None:
    issues = json.loads((shared / "data/jira/issues_with_changelog.json").read_text(encoding="utf-8"))
    titles = [issue["fields"]["summary"] for issue in issues]
    counts = Counter(map(pattern, titles))
    assert {text: count for text, count in counts.items() if count > 1} == {
        "create new draft event": 2,
        "update existing event": 2,
        "report people checked event": 2,
    }


def test_repeats_are_found_in_the_titles_of_a_stock_instance(shared: Path) -> None:
    answer = json.loads((shared / "data/servicenow/incidents.json").read_text(encoding="utf-8"))
    rows = answer["result"] if isinstance(answer, dict) else answer
    counts = Counter(pattern(row["short_description"]) for row in rows)
    assert [counts[text] for text in ("create table record", "updated table record", "reset password")] == [9, 4, 2]
    assert counts["email server down"] == 2


def rows_of(made: list[TicketRecord], configured: Configuration, unit: str = "week") -> list[dict[Any, Any]]:
    return recurring.TABLE.rows(frames(made, configured, unit=unit)).to_dict("records")


def test_what_was_reported_twice_is_one_row_with_its_figures(configured: Configuration) -> None:
    first = ticket("INC1", ago(days=50), (ago(days=47), "state", "resolved"), summary="Disk 90% full", category=("os",))
    second = ticket("INC2", ago(hours=10), summary="disk full!", category=("os",))
    other = ticket("INC3", ago(hours=9), summary="disk full!", category=("db",))
    (row,) = rows_of([second, other, first], configured)
    assert (row["environment"], row["category"], row["pattern"]) == ("punjab", "os", "disk full")
    assert (row["tickets"], row["breached"], row["judged"], row["breach_share"]) == (2, 1, 1, 1.0)
    assert (row["example"], row["title"], row["open_hours"]) == ("snow:INC2", "disk full!", 3 * 24 + 10)
    assert (row["first_at"], row["last_at"], row["small"]) == (ago(days=50), ago(hours=10), True)


def test_only_the_twelve_weeks_before_the_as_of_instant_are_looked_at(configured: Configuration) -> None:
    inside = [ticket(f"INC{day}", ago(days=day), summary="vpn down") for day in (1, 83)]
    at_the_edge = ticket("INC84", NOW - WINDOW, summary="vpn down")
    before = ticket("INC85", NOW - WINDOW - timedelta(seconds=1), summary="vpn down")
    for unit in ("week", "month", "quarter"):
        (row,) = rows_of([*inside, at_the_edge, before], configured, unit=unit)
        assert (row["tickets"], row["first_at"]) == (3, NOW - WINDOW)


def test_what_was_reported_once_or_has_no_words_is_no_repeat(configured: Configuration) -> None:
    made = [ticket("INC1", ago(days=1), summary="a lone case"), *(ticket(f"INC{n}", ago(days=2)) for n in (2, 3))]
    assert rows_of(made, configured) == []


def test_a_ticket_in_time_is_not_judged_and_its_share_is_missing(configured: Configuration) -> None:
    (row,) = rows_of([ticket(f"INC{n}", ago(hours=n), summary="vpn down") for n in (1, 2)], configured)
    assert (row["breached"], row["judged"]) == (0, 0)
    assert row["breach_share"] != row["breach_share"]


def by_hand(made: list[TicketRecord], configured: Configuration) -> dict[tuple[str, str, str], list[object]]:
    """Counts, open hours and clocks of each repeat, out of the records themselves."""
    found: defaultdict[tuple[str, str, str], list[tuple[float, bool, bool]]] = defaultdict(list)
    clockwork = Clockwork(configured)
    for record in made:
        text = pattern(record.ticket.summary)
        if record.ticket.created_at >= NOW - WINDOW and text:
            moments = timeline(record, frozenset({"state"}))
            ends = [*(moment.at for moment in moments[1:]), NOW]
            open_for = sum(
                (end - moment.at).total_seconds() / 3600
                for moment, end in zip(moments, ends, strict=True)
                if moment.values["state"] in OPEN_STATES
            )
            clocks = [one for one in clockwork.cycles([record], NOW).cycles if one.kind == "sla"]
            past = any(one.breached and one.stage != "cancelled" for one in clocks)
            judged = past or any(one.stage == "completed" for one in clocks)
            key = (record.ticket.environment or "", "", text)
            found[key].append((open_for, past, judged))
    return {
        key: [
            len(some),
            sum(one[1] for one in some),
            sum(one[2] for one in some),
            round(sum(one[0] for one in some), 2),
        ]
        for key, some in found.items()
        if len(some) > 1
    }


@settings(deadline=None, max_examples=often(10))
@given(populations, st.integers(0, 2**32))
def test_random_tickets_give_what_a_count_of_the_records_gives(
    configured: Configuration, population: Population, seed: int
) -> None:
    chance = random.Random(seed)
    titles = ["Disk 90% full", "disk FULL", "vpn down", "VPN down 12:30", "", "17"]
    made = [summarised(record, chance.choice(titles)) for record in records(population)]
    rows = rows_of(made, configured)
    got = {
        (row["environment"], row["category"], row["pattern"]): [
            row["tickets"], row["breached"], row["judged"], row["open_hours"]
        ]
        for row in rows
    }  # fmt: skip
    assert got == by_hand(made, configured)
    chance.shuffle(made)
    again = rows_of(made, configured)
    assert json.dumps(again, default=str) == json.dumps(rows, default=str)
