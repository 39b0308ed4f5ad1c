from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.config.editing import edit, errors_of, place_of

from itsm_bridge.config.model import Owner, Position
from itsm_bridge.config.vendors_file import gaps_of
from itsm_bridge.errors import Finding

PUNJAB = """    owners:
      - {vendor: OptIT, from: 2026-04-01}
      - {vendor: GWL, services: [portal], from: 2026-07-01}
"""
EACH_DAY = "{vendor: OptIT, from: 2026-04-01}"


def found_with(config: Path, *owners: str) -> list[Finding]:
    """The findings where these are the owners of Punjab (microservices, erp, co-ex, portal)."""
    edit(config, "vendors.yaml", PUNJAB, "\n".join(["    owners:", *(f"      - {one}" for one in owners), ""]))
    return errors_of(config)


@pytest.mark.parametrize(
    ("owners", "message"),
    [
        (
            (EACH_DAY, "{vendor: GWL, from: 2026-07-01}"),
            '"OptIT" and "GWL" both own the environment on 2026-07-01',
        ),
        (
            ("{vendor: GWL, from: 2026-07-01, to: 2026-07-03}", EACH_DAY),
            '"GWL" and "OptIT" both own the environment on 2026-07-01',
        ),
        (
            ("{vendor: OptIT}", "{vendor: GWL, to: 2026-04-01}"),
            '"OptIT" and "GWL" both own the environment on 2026-03-31',
        ),
        (("{vendor: OptIT}", "{vendor: GWL}"), '"OptIT" and "GWL" both own the environment on every day'),
        (
            (
                EACH_DAY,
                "{vendor: GWL, services: [portal, erp], from: 2026-07-01, to: 2026-08-01}",
                "{vendor: eGov DevOps, services: [co-ex, portal], from: 2026-07-31}",
            ),
            '"GWL" and "eGov DevOps" both own portal on 2026-07-31',
        ),
    ],
)
def test_two_owners_on_one_day_are_a_mistake(config: Path, owners: tuple[str, ...], message: str) -> None:
    found = found_with(config, *owners)

    assert [(one.code, one.severity, one.message) for one in found] == [("R305", "error", message)]
    text = (config / "vendors.yaml").read_text(encoding="utf-8")
    assert (found[0].line, found[0].column) == place_of(text, text.index(owners[-1]))


@pytest.mark.parametrize(
    "owners",
    [
        (EACH_DAY, "{vendor: GWL, services: [portal], from: 2026-07-01}"),
        ("{vendor: OptIT, from: 2026-04-01, to: 2026-07-01}", "{vendor: GWL, from: 2026-07-01}"),
        ("{vendor: OptIT, to: 2026-07-01}", "{vendor: GWL, from: 2026-07-01}"),
        (EACH_DAY, "{vendor: GWL, services: [portal]}", "{vendor: eGov DevOps, services: [erp]}"),
        ("{vendor: OptIT, services: [microservices, erp]}", "{vendor: GWL, services: [co-ex, portal]}"),
        (EACH_DAY, "{vendor: OptIT, from: 2026-07-01}"),
    ],
)
def test_exactly_one_owner_on_each_day_is_none(config: Path, owners: tuple[str, ...]) -> None:
    assert found_with(config, *owners) == []


@pytest.mark.parametrize(
    ("owners", "messages"),
    [
        (
            ("{vendor: OptIT, from: 2026-04-01, to: 2026-06-30}", "{vendor: GWL, from: 2026-07-01}"),
            ["nobody owns punjab on 2026-06-30, nor until 2026-07-01"],
        ),
        (
            ("{vendor: OptIT, to: 2026-06-30}", "{vendor: GWL, from: 2026-07-01}"),
            ["nobody owns punjab on 2026-06-30, nor until 2026-07-01"],
        ),
        (("{vendor: OptIT, to: 2027-01-01}",), ["nobody owns punjab on 2027-01-01, or ever after"]),
        (
            (
                "{vendor: GWL, services: [portal, co-ex], from: 2026-04-01}",
                "{vendor: OptIT, services: [microservices, erp], from: 2026-07-01}",
            ),
            ["nobody owns microservices, erp of punjab on 2026-04-01, nor until 2026-07-01"],
        ),
        (
            ("{vendor: GWL, services: [portal, co-ex, erp]}",),
            ["nobody owns microservices of punjab on any day"],
        ),
    ],
)
def test_a_day_without_an_owner_is_a_mistake(config: Path, owners: tuple[str, ...], messages: list[str]) -> None:
    found = found_with(config, *owners)

    assert [(one.code, one.severity) for one in found] == [("R304", "error")] * len(messages)
    assert [one.message for one in found] == messages


def test_an_environment_without_owners_has_none_on_any_day_whatever_its_fallback(config: Path) -> None:
    edit(config, "vendors.yaml", PUNJAB, "")

    assert [(one.code, one.message) for one in errors_of(config)] == [("R304", "nobody owns punjab on any day")]


def test_a_mistake_in_an_owner_is_not_reported_as_a_day_without_one(config: Path) -> None:
    found = found_with(config, "{vendor: OptIT, services: [microservices, erp, co-ex, portl], from: 2026-04-01}")

    assert [one.code for one in found] == ["C205"]


FIRST = date(2026, 1, 1)
DAYS = st.none() | st.integers(0, 12).map(lambda day: FIRST + timedelta(days=day))
OWNERS = st.builds(
    Owner,
    st.sampled_from("AB"),
    st.sampled_from([(), ("portal",), ("erp",), ("portal", "erp")]),
    DAYS,
    DAYS,
    st.just(Position("vendors.yaml", 1, 1)),
).filter(lambda owner: owner.start is None or owner.end is None or owner.start < owner.end)


@given(st.lists(OWNERS, max_size=5).map(tuple), st.sampled_from(["portal", "erp", ""]))
def test_the_gaps_are_the_days_from_the_first_from_on_that_nobody_owns(owners: tuple[Owner, ...], service: str) -> None:
    gaps = list(gaps_of(owners, service))
    ours = [one for one in owners if not one.services or service in one.services]
    first = min([one.start for one in owners if one.start] + [one.start or date.min for one in ours], default=date.min)
    for day in (FIRST + timedelta(days=number) for number in range(-2, 16)):
        owned = any((one.start or date.min) <= day < (one.end or date.max) for one in ours)
        assert any(start <= day < end for start, end in gaps) is (day >= first and not owned)
