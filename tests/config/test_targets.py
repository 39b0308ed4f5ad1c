"""What a service level may promise, and what is said about everything else."""

from __future__ import annotations

import pytest

from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import Target
from itsm_bridge.config.targets import FORMS, parse_target

TEN, FOUR = 10 * 3600, 16 * 3600


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("90s", Target(seconds=90)),
        ("4h", Target(seconds=14_400)),
        ("3 working_days", Target(working_days=3)),
        ("1 working_day by 10:00", Target(working_days=1, by=TEN)),
        ("3 working_days by 16:00", Target(working_days=3, by=FOUR)),
        ("0 working_days by 00:00", Target(working_days=0, by=0)),
        ("1 working_days by close", Target(working_days=1, by_close=True)),
        ("2 working_days by 16:00 if before 10:00", Target(working_days=2, by=FOUR, before=TEN)),
        ("0 working_days by close if before 10:00", Target(working_days=0, by_close=True, before=TEN)),
        ("due", Target(field="due")),
    ],
)
def test_a_target_is_read(text: str, target: Target) -> None:
    assert parse_target(text) == target


def test_all_forms_that_a_finding_names_can_be_read() -> None:
    assert [parse_target(form).is_instant for form in FORMS] == [False, True, True, True, True, True]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1d", "1 working_days"),
        ("3 days by 16:00", "3 working_days by 16:00"),
        ("2 business_days by 4pm if before 10am", "2 working_days by 16:00 if before 10:00"),
        ("1 working_days by end of day", "1 working_days by close"),
        ("1 working_days by 12am", "1 working_days by 00:00"),
        ("due date", "due"),
        ("by due date", "due"),
        ("due_at", "due"),
    ],
)
def test_what_was_probably_meant_is_said(text: str, meant: str) -> None:
    with pytest.raises(LiteralError) as refused:
        parse_target(text)

    assert refused.value.suggestion == meant
    parse_target(meant)


@pytest.mark.parametrize(
    "text",
    [
        "3 working_days by 25:00",
        "3 working_days by 16:00 if before noon",
        "3 working_days if before 10:00",
        "3 working_days by",
        "by 16:00",
        "some working_days by 16:00",
        "4 hours by 16:00",
        "due by 16:00",
    ],
)
def test_what_is_no_target_is_refused_with_the_forms_that_there_are(text: str) -> None:
    with pytest.raises(LiteralError, match=r"write (such as )?(4h|90s).*3 working_days"):
        parse_target(text)


def test_a_time_of_day_goes_with_working_days() -> None:
    with pytest.raises(LiteralError, match="a time of day goes with working_days"):
        parse_target("4h by 16:00")
