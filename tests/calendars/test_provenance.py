"""What a calendar's digest depends on, and what not."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.calendars.offices import definition

from itsm_bridge.calendars import Calendar, holidays_version, provenance, zone_data_version
from itsm_bridge.config.model import CalendarDefinition, CalendarTerms, Holidays, Position

OFFICE = replace(
    definition("Asia/Kolkata", "09:00-17:00", ["2026-11-30"], {"2026-10-19": "09:00-12:00"}),
    holidays=Holidays("IN", "PB", {date(2026, 11, 30): "ours"}, frozenset(), {date(2026, 11, 11): "listed"}),
)
DAYS = OFFICE.holidays


def digest(office: CalendarDefinition) -> str:
    return Calendar(office).digest


OTHER = {
    "zone": replace(OFFICE, zone=ZoneInfo("Asia/Colombo")),
    "hours": replace(OFFICE, week=definition("UTC", "09:00-17:01").week),
    "always": replace(OFFICE, always=True),
    "country": replace(OFFICE, holidays=replace(DAYS, country="NP", subdivision=None)),
    "subdivision": replace(OFFICE, holidays=replace(DAYS, subdivision="AP")),
    "a day added": replace(OFFICE, holidays=replace(DAYS, add={date(2026, 12, 1): "ours"})),
    "a day removed": replace(OFFICE, holidays=replace(DAYS, remove=frozenset({date(2026, 12, 25)}))),
    "a listed day": replace(OFFICE, holidays=replace(DAYS, listed={date(2026, 11, 12): "listed"})),
    "an override": replace(OFFICE, overrides={date(2026, 10, 19): ()}),
    "a change": replace(OFFICE, changes=(CalendarTerms(date(2027, 1, 1), True, OFFICE.week, DAYS),)),
}


@pytest.mark.parametrize("what", OTHER)
def test_whatever_changes_an_answer_changes_the_digest(what: str) -> None:
    assert digest(OTHER[what]) != digest(OFFICE)
    assert len({digest(other) for other in OTHER.values()}) == len(OTHER)


def test_names_and_places_change_no_digest() -> None:
    renamed = replace(DAYS, add={date(2026, 11, 30): "another name"}, listed={date(2026, 11, 11): "other"})
    moved = replace(OFFICE, name="other", position=Position("sla.yaml", 9, 9), holidays=renamed)
    assert digest(moved) == digest(OFFICE)
    assert len(digest(OFFICE)) == 64


def test_the_week_of_a_calendar_that_is_always_open_changes_no_digest() -> None:
    assert digest(replace(OTHER["always"], week=())) == digest(OTHER["always"])


@pytest.fixture
def versions() -> Iterator[None]:
    """Versions that are asked for anew in each test."""
    for version in (holidays_version, zone_data_version):
        version.cache_clear()
    yield
    for version in (holidays_version, zone_data_version):
        version.cache_clear()


@pytest.mark.usefixtures("versions")
def test_another_version_of_the_data_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before, plain = digest(OFFICE), definition("UTC", "09:00-17:00")
    before_plain = digest(plain)
    monkeypatch.setattr(provenance, "holidays_version", lambda: "0.0")
    assert digest(OFFICE) != before
    assert digest(plain) == before_plain
    monkeypatch.setattr(provenance, "zone_data_version", lambda: "1999z")
    assert digest(plain) != before_plain


@pytest.mark.usefixtures("versions")
def test_the_version_of_zone_data_is_that_of_the_data_in_use(tmp_path: Path) -> None:
    import tzdata

    paths = zoneinfo.TZPATH
    try:
        zoneinfo.reset_tzpath([str(tmp_path)])
        assert zone_data_version() == tzdata.IANA_VERSION
        (tmp_path / "UTC").write_bytes(b"TZif...")
        zone_data_version.cache_clear()
        unnamed = zone_data_version()
        assert unnamed.startswith("sha256:")
        (tmp_path / "UTC").write_bytes(b"TZif---")
        zone_data_version.cache_clear()
        assert zone_data_version() != unnamed
        (tmp_path / "+VERSION").write_text("2024a\n")
        zone_data_version.cache_clear()
        assert zone_data_version() == "2024a"
        (tmp_path / "tzdata.zi").write_text("# version 2025b\nR d 1916\n")
        zone_data_version.cache_clear()
        assert zone_data_version() == "2025b"
    finally:
        zoneinfo.reset_tzpath(paths)


@pytest.mark.usefixtures("versions")
def test_the_version_of_holidays_is_that_of_the_package() -> None:
    assert holidays_version() == importlib.import_module("holidays").__version__


def test_a_digest_loads_no_holidays() -> None:
    code = (
        "import sys\n"
        "from tests.calendars.test_provenance import OFFICE, digest\n"
        "assert digest(OFFICE)\n"
        "assert 'holidays' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])  # noqa: S603 - our own code
