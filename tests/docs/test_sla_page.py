"""The page about service levels: its calendar is loaded as it stands, and its targets are all that there are."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import yaml
from tests.config.editing import copy_example, errors_of

from itsm_bridge.config import load
from itsm_bridge.config.calendar_decoding import CALENDAR, HOLIDAYS
from itsm_bridge.config.targets import FORMS, parse_target

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sla.md").read_text(encoding="utf-8")
(TABLE,) = re.findall(r"^\| `target:` .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
TARGETS = [form for row in TABLE.splitlines()[2:] if row for form in re.findall(r"`([^`]+)`", row.split("|")[1])]
(EXAMPLE,) = re.findall(r"^```yaml\n(calendars:.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMPANY = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20260702\nSUMMARY:Outing\nEND:VEVENT\nEND:VCALENDAR\n"


def test_every_target_of_the_table_can_be_read() -> None:
    assert len([parse_target(target) for target in TARGETS]) == 9


def test_every_form_of_a_target_stands_in_the_table() -> None:
    assert set(FORMS) <= set(TARGETS)


def test_the_calendar_of_the_page_loads_and_says_what_the_page_says(tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    (config / "company.ics").write_text(COMPANY, encoding="utf-8")
    sla = config / "sla.yaml"
    written = EXAMPLE.removeprefix("calendars:\n")
    sla.write_text(
        sla.read_text(encoding="utf-8").replace("calendars:\n", f"calendars:\n{written}", 1), encoding="utf-8"
    )
    assert errors_of(config) == []
    office = load(config).calendars["head-office"]
    assert office.holidays.listed == {date(2026, 7, 2): "Outing"}
    assert [terms.holidays.subdivision for terms in office.terms] == ["ENG", "ENG", "SCT"]


def test_the_example_names_every_key_of_a_calendar() -> None:
    (office,) = yaml.safe_load(EXAMPLE)["calendars"].values()
    assert office.keys() == {key.name for key in CALENDAR.keys}
    assert office["holidays"].keys() == {key.name for key in HOLIDAYS.keys}
