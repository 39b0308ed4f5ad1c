"""``changes`` of a calendar: what is said once stays until the next change, and each mistake has its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from tests.config.editing import edit, errors_of, place_of

from itsm_bridge.config import load
from itsm_bridge.config.model import CalendarDefinition

INTERNAL = '    hours: {mon-fri: ["09:30-18:30"]}\n    holidays: {country: IN}\n'
EARLY = '{mon-fri: ["08:00-16:00"]}'


def with_changes(config: Path, changes: str, first: str = INTERNAL) -> Path:
    edit(config, "sla.yaml", INTERNAL, f"{first}    changes: {changes}\n")
    return config


def internal(config: Path) -> CalendarDefinition:
    return load(config).calendars["internal"]


def test_what_a_change_does_not_give_stays(config: Path) -> None:
    calendar = internal(
        with_changes(config, f"{{2027-04-01: {{hours: {EARLY}}}, 2028-01-01: {{holidays: {{country: NP}}}}}}")
    )
    assert [terms.start for terms in calendar.changes] == [date(2027, 4, 1), date(2028, 1, 1)]
    assert [terms.week[0] for terms in calendar.terms] == [((34200, 66600),), ((28800, 57600),), ((28800, 57600),)]
    assert [terms.holidays.country for terms in calendar.terms] == ["IN", "IN", "NP"]


def test_holidays_that_a_change_gives_replace_all_that_were(config: Path) -> None:
    edit(config, "sla.yaml", "holidays: {country: IN}\n", "holidays: {country: IN, add: {2027-05-03: ours}}\n")
    edit(config, "sla.yaml", "  punjab-office:", "    changes: {2027-04-01: {holidays: {}}}\n  punjab-office:")
    (change,) = internal(config).changes
    assert (change.holidays.country, dict(change.holidays.add)) == (None, {})


def test_a_calendar_may_become_always_open_and_cease_to_be(config: Path) -> None:
    changes = (
        f"{{2027-04-01: {{hours: 24x7, holidays: {{}}}}, 2028-01-01: {{hours: {EARLY}, holidays: {{country: IN}}}}}}"
    )
    calendar = internal(with_changes(config, changes))
    assert [terms.always for terms in calendar.terms] == [False, True, False]


@pytest.mark.parametrize(
    ("changes", "at", "code"),
    [
        pytest.param("{}", "{}", "C208", id="no changes"),
        pytest.param("{2027-04-01: {}}", "{}}", "C208", id="an empty change"),
        pytest.param("{2027-04-01: }", "}", "C201", id="nothing at all"),
        pytest.param("{2027-04-01: {hours: {}}}", "{}}", "C208", id="no hours"),
        pytest.param("{2027-04-01: {hors: 24x7}}", "hors", "C111", id="a misspelt key"),
        pytest.param("{april: {holidays: {}}}", "april", "C204", id="no day"),
        pytest.param("{2027-02-30: {holidays: {}}}", "2027", "C204", id="a day that there is not"),
        pytest.param("{2027-04-01: {timezone: UTC}}", "timezone", "C111", id="another zone"),
        pytest.param(
            "{2027-04-01: {holidays: {}}, 2027-03-01: {holidays: {country: IN}}}",
            "2027-03",
            "C207",
            id="an earlier one",
        ),
        pytest.param(
            f"{{2027-04-01: {{hours: {EARLY}}}, 2027-05-01: {{hours: {EARLY}}}}}", "2027-05", "C207", id="same"
        ),
        pytest.param("{2027-04-01: {hours: 24x7}}", "2027-04", "C207", id="holidays that stay while always open"),
        pytest.param("{2027-04-01: {hours: 24x7, holidays: {country: IN}}}", "holidays", "C207", id="both"),
        pytest.param("{2027-04-01: {holidays: {country: XX}}}", "XX", "C205", id="an unknown country"),
        pytest.param('{2027-04-01: {hours: {mon: ["09:00-09:00"]}}}', '"09:00-09:00', "C204", id="a span of nothing"),
    ],
)
def test_a_mistake_in_a_change_is_placed(config: Path, changes: str, at: str, code: str) -> None:
    with_changes(config, changes)
    text = (config / "sla.yaml").read_text(encoding="utf-8")
    (error,) = errors_of(config)
    assert (error.file, error.code) == ("sla.yaml", code)
    assert (error.line, error.column) == place_of(text, text.index(at, text.index("changes:")))


def test_a_change_that_changes_nothing_is_a_warning(config: Path) -> None:
    (error,) = errors_of(with_changes(config, "{2027-04-01: {holidays: {country: IN}}}"))
    assert (error.severity, error.message) == ("warning", "nothing changes on 2027-04-01")


def test_other_hours_on_a_day_fit_the_terms_of_that_day(config: Path) -> None:
    first = INTERNAL + '    overrides: {2027-03-31: ["10:00-12:00"]}\n'
    with_changes(config, "{2027-04-01: {hours: 24x7, holidays: {}}}", first)
    assert errors_of(config) == []
    edit(config, "sla.yaml", "{2027-03-31: [", "{2027-04-01: [")
    (error,) = errors_of(config)
    assert error.message.startswith("overrides in a calendar that is always open")
