"""Days off from calendar files: which days, by which names, and each mistake in its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.editing import copy_example, edit, errors_of

from itsm_bridge.config import check, load
from itsm_bridge.config.findings import Findings
from itsm_bridge.config.holiday_files import HolidayFiles
from itsm_bridge.config.recurrence import FIRST, LAST
from itsm_bridge.errors import ConfigurationInvalid

COUNTRY_ALONE = "holidays: {country: IN}\n"


def file_of(*events: str) -> str:
    """A calendar file with one event for each text, whose lines are divided by ``|``."""
    bodies = "".join("BEGIN:VEVENT\n" + event.replace("|", "\n") + "\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{bodies}END:VCALENDAR\n"


def read(folder: Path, content: str | bytes) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    """The days by name, and line, code and severity of what is wrong."""
    (folder / "days.ics").write_bytes(content if isinstance(content, bytes) else content.encode())
    findings = Findings()
    days = HolidayFiles(folder, findings).days("days.ics") or {}
    assert all(one.file == "days.ics" and "\n" not in one.message for one in findings.listed())
    found = [(one.line, one.code, one.severity) for one in findings.listed()]
    return {day.isoformat(): name for day, name in sorted(days.items())}, found


@pytest.mark.parametrize(
    ("event", "days"),
    [
        pytest.param("DTSTART;VALUE=DATE:20260126|SUMMARY:Republic Day", ["2026-01-26"], id="one day"),
        pytest.param("DTSTART:20260126", ["2026-01-26"], id="a day without its type"),
        pytest.param("DTSTART;VALUE=DATE:20260126|DTEND;VALUE=DATE:20260126", ["2026-01-26"], id="an end on its day"),
        pytest.param(
            "DTSTART;VALUE=DATE:20261230|DTEND;VALUE=DATE:20270102",
            ["2026-12-30", "2026-12-31", "2027-01-01"],
            id="up to its end",
        ),
        pytest.param("DTSTART;VALUE=DATE:20260126|DURATION:P2D", ["2026-01-26", "2026-01-27"], id="a duration"),
        pytest.param(
            "DTSTART;VALUE=DATE:20260126|RRULE:FREQ=YEARLY;COUNT=2", ["2026-01-26", "2027-01-26"], id="repeated"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261231|DURATION:P2D|RRULE:FREQ=YEARLY;COUNT=2",
            ["2026-12-31", "2027-01-01", "2027-12-31", "2028-01-01"],
            id="several days repeated",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260126|RDATE;VALUE=DATE:20260301,20260302|RDATE;VALUE=DATE:20260401",
            ["2026-01-26", "2026-03-01", "2026-03-02", "2026-04-01"],
            id="further days",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20260126|RRULE:FREQ=YEARLY;COUNT=3|EXDATE;VALUE=DATE:20270126",
            ["2026-01-26", "2028-01-26"],
            id="less some",
        ),
        pytest.param("DTSTART;VALUE=DATE:20260126|STATUS:CANCELLED", [], id="cancelled"),
        pytest.param(
            "DTSTART;VALUE=DATE:20260126|BEGIN:VALARM|TRIGGER:-PT1H|DURATION:P9D|END:VALARM",
            ["2026-01-26"],
            id="an alarm within",
        ),
    ],
)
def test_an_event_takes_its_days(tmp_path: Path, event: str, days: list[str]) -> None:
    found, wrong = read(tmp_path, file_of(event))
    assert (list(found), wrong) == (days, [])


def test_a_day_is_called_by_the_first_event_or_else_by_the_file(tmp_path: Path) -> None:
    days, _ = read(
        tmp_path,
        file_of(
            "DTSTART;VALUE=DATE:20260126|SUMMARY;LANGUAGE=en:Republic Day\\, and a lo\n ng name",
            "DTSTART;VALUE=DATE:20260126|SUMMARY:Another",
            "DTSTART;VALUE=DATE:20260127",
        ),
    )
    assert days == {"2026-01-26": "Republic Day, and a long name", "2026-01-27": "days"}


def test_a_moved_occurrence_leaves_its_day(tmp_path: Path) -> None:
    days, wrong = read(
        tmp_path,
        file_of(
            "UID:a|DTSTART;VALUE=DATE:20260126|RRULE:FREQ=YEARLY;COUNT=3",
            "UID:a|RECURRENCE-ID;VALUE=DATE:20270126|DTSTART;VALUE=DATE:20270125",
            "UID:a|RECURRENCE-ID;VALUE=DATE:20280126|DTSTART;VALUE=DATE:20280126|STATUS:CANCELLED",
        ),
    )
    assert (list(days), wrong) == (["2026-01-26", "2027-01-25"], [])


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_any_programs_lines_are_read(tmp_path: Path, ending: str, mark: str) -> None:
    days, wrong = read(tmp_path, mark + file_of("DTSTART;VALUE=DATE:20260126").replace("\n", ending))
    assert (list(days), wrong) == (["2026-01-26"], [])


WRONG: dict[str, tuple[str | bytes, tuple[int, str, str]]] = {
    "no calendar": ("hello\n", (1, "C105", "error")),
    "a line before the calendar": ("VERSION:2.0\n", (1, "C105", "error")),
    "an event without a calendar": ("BEGIN:VEVENT\nEND:VEVENT\n", (1, "C105", "error")),
    "an event that never ends": (file_of("DTSTART:20260126").partition("END:")[0], (3, "C105", "error")),
    "an end of something else": ("BEGIN:VCALENDAR\nEND:VEVENT\n", (2, "C105", "error")),
    "nothing at all": ("", (1, "C208", "warning")),
    "a calendar without events": ("BEGIN:VCALENDAR\nEND:VCALENDAR\n", (1, "C208", "warning")),
    "a broken line": (file_of("DTSTART:20260126|what is this"), (5, "C105", "error")),
    "no start": (file_of("SUMMARY:x"), (3, "C112", "error")),
    "a day that there is not": (file_of("DTSTART;VALUE=DATE:20260230"), (4, "C204", "error")),
    "a start that is no day": (file_of("DTSTART:tomorrow"), (4, "C204", "error")),
    "a start that is a length": (file_of("DTSTART:P1D"), (4, "C204", "error")),
    "an end before the start": (file_of("DTSTART:20260126|DTEND:20260120"), (5, "C207", "error")),
    "an end years later": (file_of("DTSTART:20260126|DTEND:20360126"), (5, "C203", "error")),
    "a length that is none": (file_of("DTSTART:20260126|DURATION:20260126"), (5, "C204", "error")),
    "a rule that is none": (file_of("DTSTART:20260126|RRULE:FREQ=SOMETIMES"), (5, "C204", "error")),
    "a rule of hours": (file_of("DTSTART:20260126|RRULE:FREQ=HOURLY"), (5, "C204", "error")),
    "all later occurrences moved": (
        file_of("UID:a|DTSTART:20260126|RECURRENCE-ID;RANGE=THISANDFUTURE:20260126"),
        (6, "C204", "error"),
    ),
    "a further day that is none": (file_of("DTSTART:20260126|RDATE:20260127,x"), (5, "C204", "error")),
    "a day in the far future": (file_of("DTSTART:99990126"), (4, "C203", "error")),
    "a meeting": (file_of("DTSTART:20260126T100000Z|DTEND:20260126T110000Z"), (3, "C290", "warning")),
    "a meeting of minutes": (file_of("DTSTART:20260126|DURATION:PT30M"), (3, "C290", "warning")),
    "another encoding": (file_of("DTSTART:20260126|SUMMARY:x").encode().replace(b"x", b"\xe9"), (5, "C104", "error")),
    "a control character": (file_of("DTSTART:20260126|SUMMARY:\x07"), (5, "C114", "error")),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, what: str) -> None:
    content, place = WRONG[what]
    _, wrong = read(tmp_path, content)
    assert wrong == [place]


def test_a_mistake_in_one_event_leaves_the_others(tmp_path: Path) -> None:
    days, wrong = read(tmp_path, file_of("DTSTART:x", "DTSTART:20260126T100000", "DTSTART:20260126"))
    assert (list(days), len(wrong)) == (["2026-01-26"], 2)


# --- in a configuration ----------------------------------------------------------------------------------------------


def with_file(tmp_path: Path, holidays: str, **files: str) -> Path:
    config = copy_example(tmp_path)
    edit(config, "sla.yaml", COUNTRY_ALONE, f"holidays: {holidays}\n")
    for name, content in files.items():
        (config / f"{name}.ics").write_text(content, encoding="utf-8")
    return config


def test_a_calendar_takes_the_days_of_one_file_or_of_several(tmp_path: Path) -> None:
    config = with_file(
        tmp_path,
        "{ics: [one.ics, two.ics], remove: [2026-01-27]}",
        one=file_of("DTSTART:20260126|SUMMARY:One"),
        two=file_of("DTSTART:20260126|DURATION:P2D|SUMMARY:Two"),
    )
    listed = load(config).calendars["internal"].holidays.listed
    assert listed == {date(2026, 1, 26): "One", date(2026, 1, 27): "Two"}
    edit(config, "sla.yaml", "[one.ics, two.ics]", "one.ics")
    assert load(config).calendars["internal"].holidays.listed == {date(2026, 1, 26): "One"}


@pytest.mark.parametrize("name", ["../one.ics", "/one.ics", "a/one.ics", "one.csv", "..\\\\one.ics"])
def test_a_calendar_file_lies_beside_the_configuration(tmp_path: Path, name: str) -> None:
    (error,) = errors_of(with_file(tmp_path, f'{{ics: "{name}"}}'))
    assert (error.file, error.code) == ("sla.yaml", "C204")
    assert "beside sla.yaml" in error.message


def test_a_missing_file_is_a_mistake_where_it_is_named(tmp_path: Path) -> None:
    found = errors_of(with_file(tmp_path, "{ics: one.ics}"))
    assert {(one.file, one.code) for one in found} == {("one.ics", "C101"), ("sla.yaml", "C102")}


def test_a_mistake_in_a_file_refuses_the_configuration(tmp_path: Path) -> None:
    config = with_file(tmp_path, "{ics: one.ics}", one=file_of("DTSTART:x"))
    (error,) = errors_of(config)
    assert (error.file, error.line) == ("one.ics", 4)
    with pytest.raises(ConfigurationInvalid):
        load(config)


def test_a_meeting_in_a_file_is_a_warning_alone(tmp_path: Path) -> None:
    config = with_file(tmp_path, "{ics: one.ics}", one=file_of("DTSTART:20260126T100000", "DTSTART:20260127"))
    assert [one.severity for one in errors_of(config)] == ["warning"]
    assert list(load(config).calendars["internal"].holidays.listed) == [date(2026, 1, 27)]


def test_a_changed_file_changes_the_digest_of_the_configuration(tmp_path: Path) -> None:
    config = with_file(tmp_path, "{ics: one.ics}", one=file_of("DTSTART:20260126"))
    before = load(config).digest
    edit(config, "one.ics", "20260126", "20260127")
    assert load(config).digest != before


# --- hostile files ---------------------------------------------------------------------------------------------------


def test_rules_without_end_are_reckoned_to_the_last_year(tmp_path: Path) -> None:
    days, wrong = read(tmp_path, file_of("DTSTART;VALUE=DATE:16000101|DURATION:P366D|RRULE:FREQ=DAILY"))
    assert (len(days), wrong) == (LAST - FIRST, [])


def test_very_many_repeating_events_are_a_mistake(tmp_path: Path) -> None:
    never = "DTSTART;VALUE=DATE:16000101|RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    _, wrong = read(tmp_path, file_of(*[never] * 1200))
    assert [(code, severity) for _, code, severity in wrong] == [("C203", "error")]


@pytest.mark.parametrize(
    "content",
    [
        "BEGIN:VCALENDAR\n" * 60_000,
        "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 60_000,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:" + "x\n " * 300_000,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART" + ";A=B" * 200_000 + ":20260126",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:" + "20260126," * 100_000,
        'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;A="' + "\\" * 900_000,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260126\nRRULE:FREQ=DAILY;BYDAY=" + "MO," * 300_000,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260126\nRRULE:FREQ=DAILY;COUNT=" + "9" * 900_000,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:" + "9" * 900_000,
    ],
    ids=["calendars", "events", "folds", "parameters", "starts", "quotes", "weekdays", "digits", "a long day"],
)
def test_a_hostile_file_is_a_finding(tmp_path: Path, content: str) -> None:
    _, wrong = read(tmp_path, content)
    assert wrong


PIECES = st.sampled_from(
    [
        "BEGIN:VCALENDAR\n",
        "END:VCALENDAR\n",
        "BEGIN:VEVENT\n",
        "END:VEVENT\n",
        "DTSTART:",
        "DTEND;VALUE=DATE:",
        "DURATION:",
        "RRULE:FREQ=",
        "RDATE:",
        "EXDATE:",
        "RECURRENCE-ID:",
        "20260126",
        "20260126T100000Z",
        "P1D",
        "-P1W",
        "DAILY;",
        "YEARLY;COUNT=2",
        ",",
        ";",
        ":",
        "\n",
        "\n ",
        '"',
        "\\",
        "^",
    ]
)


@given(st.lists(PIECES | st.text(max_size=3), max_size=30).map("".join), st.binary(max_size=20))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str, more: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    read(folder, text.encode("utf-8", "surrogatepass"))
    read(
        folder, f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{text}\nEND:VEVENT\nEND:VCALENDAR\n".encode("utf-8", "replace") + more
    )


def test_a_hostile_file_leaves_check_with_findings(tmp_path: Path) -> None:
    config = with_file(tmp_path, "{ics: one.ics}", one="BEGIN:VCALENDAR\n" * 60_000)
    configuration, findings = check(config)
    assert configuration is None
    assert {one.file for one in findings if one.severity == "error"} == {"one.ics"}
