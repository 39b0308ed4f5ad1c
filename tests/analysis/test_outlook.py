from __future__ import annotations

import pandas as pd

from itsm_bridge.analysis.outlook import offers, shortages

NEEDS = ["vendor", "environment", "month", "people_needed", "people", "status"]


def test_the_worst_month_of_each_vendor_is_said_the_most_people_missing_first() -> None:
    rows = pd.DataFrame(
        [
            ("OptIT", "punjab", "2027-02", 6.9, 6.0, "active"),
            ("OptIT", "punjab", "2027-03", 7.4, 6.0, "active"),
            ("GWL", "ap", "2027-01", 3.0, 4.0, "active"),
            ("GWL", "punjab", "2027-01", 1.5, 4.0, "active"),
            ("eGov DevOps", "internal", "2027-01", 1.0, 5.0, "active"),
            ("", "", "2027-01", float("nan"), float("nan"), ""),
        ],
        columns=NEEDS,
    )
    assert shortages(rows) == (
        "punjab needs 7.4 people in 2027-03 at p90; OptIT has 6.",
        "ap and punjab need 4.5 people in 2027-01 at p90; GWL has 4.",
    )


def test_a_vendor_that_is_not_at_work_yet_has_nobody() -> None:
    rows = pd.DataFrame([("MacroSkies", "bihar", "2027-01", 1.26, 0.0, "onboarding")], columns=NEEDS)
    assert shortages(rows) == ("bihar needs 1.26 people in 2027-01 at p90; MacroSkies is onboarding and has none.",)


def test_who_has_enough_people_is_not_spoken_of() -> None:
    assert shortages(pd.DataFrame([("GWL", "ap", "2027-01", 3.0, 4.0, "active")], columns=NEEDS)) == ()
    assert shortages(pd.DataFrame([], columns=NEEDS)) == ()


def test_the_best_offer_for_each_overloaded_vendor_is_said() -> None:
    columns = ["vendor", "week", "hours_over", "environment", "candidate", "could_take_hours"]
    rows = pd.DataFrame(
        [
            ("OptIT", "2026-W46", 12.0, "ap", "GWL", 3.0),
            ("OptIT", "2026-W46", 12.0, "punjab", "GWL", 8.5),
            ("GWL", "2026-W46", 30.0, "ap", "", float("nan")),
        ],
        columns=columns,
    )
    assert offers(rows) == (
        "GWL had 30 hours of work more than people for it in 2026-W46; nobody could take any of it.",
        "OptIT had 12 hours of work more than people for it in 2026-W46; GWL could take 8.5 of them from punjab.",
    )
    assert offers(rows.head(0)) == ()
