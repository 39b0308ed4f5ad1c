"""The dashboard: the numbers of the tables, each environment on its own, nothing of others as markup."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from tests.analysis import made
from tests.analysis.made import ago, ticket
from tests.report.hostile import HOSTILE
from tests.report.markup import Markup

from itsm_bridge.analysis.columns import Column, Kind, Table, shaped
from itsm_bridge.analysis.tables import TABLES
from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.report.build import publish
from itsm_bridge.report.contents import Beside, Report, report_of
from itsm_bridge.report.dashboard import dashboard
from itsm_bridge.report.estate import Estate
from itsm_bridge.store import Head

DAY = date(2026, 11, 19)

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "</td></tr></table><iframe src=//evil.example>",
    "</title></svg><a href=javascript:alert(1)>x</a>",
    "</style><style>*{display:none}</style>",
    '" onmouseover="alert(1)" x="',
    "<!-- <b>",
    "]]><![CDATA[<b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;",
    "<details open ontoggle=alert(1)>",
    "javascript:alert(1)",
    "\x1b]0;pwned\x07<b>",
    "half \ud83d <b>",
    "\u202e<b>\u2028\u2029",
)


def records() -> list[TicketRecord]:
    """Tickets of both environments and both vendors, some late, one of an environment that nobody configured."""
    return [
        ticket("INC1", ago(days=40), priority=1),
        ticket("INC2", ago(days=3), (ago(days=1), "state", "resolved"), vendor="OptIT", environment="ap"),
        ticket("INC3", ago(hours=20), priority=2, approval="requested", summary="May we?"),
        ticket("INC4", ago(hours=3), (ago(hours=2), "state", "resolved"), environment="ap", vendor="OptIT"),
        ticket("INC5", ago(days=9), (ago(days=8), "vendor", "OptIT"), (ago(days=2), "state", "on_hold")),
        ticket("INC6", ago(days=8), environment="odisha", vendor=None, priority=None),
        ticket("INC7", ago(days=12), (ago(days=11), "state", "in_progress"), (ago(days=10), "state", "resolved")),
        ticket("INC8", ago(days=7), (ago(days=6), "state", "resolved"), vendor="OptIT", environment="ap"),
    ]


def reported(configured: Configuration, some: list[TicketRecord], *, estate: bool = True, unit: str = "week") -> Report:
    known = Estate.of(configured, DAY) if estate else Estate()
    seen = made.frames(some, configured, unit=unit)
    return report_of(seen, configured.digest, "0.0.0", Head(1234, "3f2a" * 16), Beside(estate=known))


@pytest.fixture(scope="module")
def shown(configured: Configuration) -> Report:
    return reported(configured, records())


@pytest.fixture(scope="module")
def page(shown: Report) -> Markup:
    return Markup(dashboard(shown))


def section(markup: str, anchor: str) -> Markup:
    """The part of a page below one anchor."""
    found = re.search(rf'<section[^>]*id="{anchor}".*?</section>', markup, re.DOTALL)
    assert found is not None
    return Markup(found.group(0))


def number(said: str) -> float:
    """A number as the page says it."""
    plain = said.replace(",", "").replace("−", "-").replace("±", "").removesuffix(" points")
    return float(plain.removesuffix("%")) / 100 if plain.endswith("%") else float(plain)


# --- the same numbers --------------------------------------------------------------------------------------------


def test_csv_workbook_and_page_have_the_same_totals(shown: Report, tmp_path: Path) -> None:
    published = publish(shown.frames, "d", tmp_path, ["xlsx", "csv", "html"], beside=Beside(estate=shown.estate))
    page = Markup((published.folder / "dashboard.html").read_text(encoding="utf-8"))
    book = openpyxl.load_workbook(published.folder / "itsm-bridge_2026-W47.xlsx")
    for table, column, total in (
        ("traction", "created", sum(number(row["Created"]) for row in page.table("traction"))),
        ("traction", "resolved", sum(number(row["Resolved"]) for row in page.table("traction"))),
        ("sla_attainment", "judged", judged_on(page)),
        (
            "sla_breach_shares",
            "business_seconds",
            3600 * sum(number(row["Hours"]) for row in page.table("sla_breach_shares")),
        ),
    ):
        with (published.folder / "csv" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
            in_csv = sum(float(row[column]) for row in csv.DictReader(file))
        header, *rows = book[table].iter_rows(values_only=True)
        in_book = sum(row[header.index(column)] for row in rows)
        assert in_csv == in_book > 0
        assert total == pytest.approx(in_csv, abs=400)
        if column != "business_seconds":
            assert total == in_csv


def judged_on(page: Markup) -> float:
    return sum(number(row["Judged"]) for kind in ("sla", "uc") for row in page.table(f"sla_attainment:{kind}"))


def test_every_figure_of_the_summary_is_on_the_page_with_its_change(shown: Report, page: Markup) -> None:
    said = page.table("summary")
    for row, expected in zip(said, shown.rows["summary"].to_dict("records"), strict=True):
        assert row["Figure"] == expected["figure"]
        assert row["In a word"] == expected["verdict"]
        if pd.isna(expected["value"]):
            assert row["Value"] == "no data"
        else:
            assert number(row["Value"]) == pytest.approx(
                expected["value"], abs=0.0501 if expected["unit"] != "share" else 0.000501
            )


def test_each_week_of_traction_is_the_sum_of_its_rows(shown: Report, page: Markup) -> None:
    weekly = shown.rows["traction"].groupby("week").sum(numeric_only=True)
    for row in page.table("traction"):
        expected = weekly.loc[row["Week"]] if row["Week"] in weekly.index else dict.fromkeys(weekly.columns, 0)
        assert number(row["Open before"]) == expected["open_start"]
        assert number(row["Moved in"]) == expected["moved_in"]
        assert number(row["Open after"]) == expected["open_end"]
    for row, whole in zip(page.table("traction:open"), page.table("traction"), strict=True):
        assert row["Together"] == whole["Open after"]


def test_open_work_of_the_environments_adds_up_to_that_of_all(shown: Report) -> None:
    markup = dashboard(shown)
    whole = number(section(markup, "work").table("open_tickets:work")[-1]["Together"])
    parts = [section(markup, f"env-{name}").table("open_tickets:work") for name in ("punjab", "odisha")]
    assert whole == sum(number(rows[-1]["Together"]) for rows in parts) == len(shown.rows["open_tickets"]) > 0
    assert "No ticket is open." in section(markup, "env-ap").text


def test_the_parts_of_a_vendors_capacity_add_up_to_its_utilization(shown: Report) -> None:
    markup = dashboard(shown)
    used = {row["Vendor"]: number(row["Load, h"]) for row in section(markup, "bandwidth").table("bandwidth")}
    parts = [
        row
        for name in ("env-punjab", "env-ap", "env-odisha")
        if "bandwidth:part" in dict(section(markup, name).tables)
        for row in section(markup, name).table("bandwidth:part")
    ]
    assert parts
    for vendor in {row["Vendor"] for row in parts}:
        assert sum(number(row["Load, h"]) for row in parts if row["Vendor"] == vendor) == pytest.approx(
            used[vendor], abs=0.2
        )


def test_work_that_came_for_somebody_without_capacity_is_said(configured: Configuration) -> None:
    taught = ticket("INC0", ago(days=40), (ago(days=39), "state", "in_progress"), (ago(days=30), "state", "resolved"))
    page = Markup(dashboard(reported(configured, [taught, ticket("INC1", ago(days=8), vendor="MacroSkies")])))
    assert "Over capacity: MacroSkies (it has none)." in page.text
    assert "Nobody got more work" in Markup(dashboard(reported(configured, [taught]))).text


def test_a_list_is_cut_and_says_where_the_rest_is(configured: Configuration) -> None:
    many = [ticket(f"INC{place:03}", ago(days=5, minutes=place), approval="requested") for place in range(47)]
    found = section(dashboard(reported(configured, many)), "decisions")
    assert len(found.table("decisions_needed")) == 20
    assert "The first 20 of 47; all are in csv/decisions_needed.csv." in found.text


def test_the_page_asks_for_the_decisions_that_the_workbook_asks_for(shown: Report) -> None:
    markup = dashboard(shown)
    needed = shown.rows["decisions_needed"]
    assert [row["About"] for row in section(markup, "decisions").table("decisions_needed")] == list(needed["subject"])
    about = set(shown.rows["open_tickets"].set_index("ticket").query("environment == 'punjab'").index) | {"punjab"}
    found = section(markup, "env-punjab").table("decisions_needed")
    assert [row["About"] for row in found] == [one for one in needed["subject"] if one in about] != []


def test_the_page_says_how_long_a_decision_waits_not_how_old_its_ticket_is(shown: Report) -> None:
    needed = shown.rows["decisions_needed"]
    days = [
        "–" if pd.isna(since) else f"{(shown.frames.until - since).total_seconds() / 86_400:,.1f}"
        for since in needed["since"]
    ]
    found = section(dashboard(shown), "decisions").table("decisions_needed")
    assert [row["Waits, days"] for row in found] == days
    assert len(set(days)) > 1


def test_attainment_is_shown_week_by_week_and_a_time_before_the_first_ticket_has_no_data(
    configured: Configuration,
) -> None:
    markup = dashboard(reported(configured, records(), unit="month"))
    whole, by_vendor = (table for name, table in section(markup, "levels").tables if name == "sla_trend")
    assert whole[:2] == [["Week", "SLA", "Share", "contracts", "Share"], ["W32", "no data", "–", "no data", "–"]]
    assert whole[-7:] == [
        ["W41", "0 of 1", "0.0%", "0 of 0", "–"],
        *([f"W{week}", "0 of 1", "0.0%", "0 of 1", "0.0%"] for week in (42, 43, 44)),
        ["W45", "0 of 2", "0.0%", "0 of 1", "0.0%"],
        ["W46", "1 of 4", "25.0%", "2 of 4", "50.0%"],
        ["W47", "1 of 4", "25.0%", "2 of 4", "50.0%"],
    ]
    assert [by_vendor[0], by_vendor[-1]] == [
        ["Week", "GWL", "Share", "OptIT", "Share"],
        ["W47", "0 of 1", "0.0%", "1 of 3", "33.3%"],
    ]


def test_vendors_have_lines_where_enough_was_judged_and_few_are_hollow_points(configured: Configuration) -> None:
    """GWL has a dozen a week; OptIT and the last week have one."""
    week = range(7, 12 * 7 + 1, 7)
    made = [
        ticket(f"INC{days}-{n}", ago(days=days, hours=n + 1), (ago(days=days, hours=n), "state", "resolved"))
        for days in week for n in range(12)
    ]  # fmt: skip
    made += [ticket("INC1", ago(hours=9), (ago(hours=8), "state", "resolved"), vendor="OptIT")]
    found = dashboard(reported(configured, made))
    levels = found[found.index('<section id="levels">') : found.index('<section id="risks">')]
    whole, vendors = (
        next(panel for panel in levels.split("<figure") if f"{name}-title" in panel)
        for name in ("all-weeks-kept", "all-weeks-vendors")
    )
    assert whole.count('hollow"') == 2  # the last week, of SLA and contracts
    assert "W47, SLA: 100%" in whole
    assert "1 vendor with too few judged clocks in most weeks for a line" in vendors
    assert vendors.count("<polyline") == 1
    assert "W46, GWL: 100%" in vendors
    assert "OptIT: " not in vendors
    assert 'hollow"' not in vendors


# --- environments ------------------------------------------------------------------------------------------------


def test_every_environment_has_its_section_with_its_owner(configured: Configuration, shown: Report) -> None:
    markup = dashboard(shown)
    for name, owner in (("punjab", "GWL"), ("ap", "OptIT")):
        found = section(markup, f"env-{name}")
        assert f"Owner today {owner}" in found.text
        assert "Next owner no change planned" in found.text
    assert set(configured.environments) == {"punjab", "ap"}


def test_an_environment_that_is_not_configured_is_shown_and_told(page: Markup) -> None:
    row = next(row for row in page.table("environments") if row["Environment"] == "odisha")
    assert "not in vendors.yaml" in row["Stands"]
    assert row["Owner today"] == "–"


def test_a_level_that_runs_past_its_target_makes_its_environment_overdue(page: Markup) -> None:
    stands = {row["Environment"]: row["Stands"] for row in page.table("environments")}
    assert "Overdue: " in stands["punjab"]
    assert "On track" not in stands["odisha"]


def test_an_environment_shows_its_own_tickets_only(shown: Report) -> None:
    markup = dashboard(shown)
    assert "snow:INC6" in section(markup, "env-odisha").text
    assert "snow:INC6" not in section(markup, "env-punjab").text
    assert "INC" not in section(markup, "env-ap").text.replace("INC2", "").replace("INC4", "")


# --- a page for everybody ----------------------------------------------------------------------------------------


def test_every_chart_has_a_title_a_description_its_table_and_its_definition(shown: Report, page: Markup) -> None:
    pictures = [attributes for tag, attributes in page.shape if tag == "svg" and "role" in attributes]
    assert len(pictures) > 20
    assert all("aria-labelledby" in attributes for attributes in pictures)
    assert set(page.labelled) <= set(page.ids)
    panels = re.findall(r"<figure.*?</figure>", dashboard(shown), re.DOTALL)
    assert len(panels) > 20
    for panel in panels:
        assert re.search(
            r'<details><summary>[^<]*efinition</summary>.*<p class="soft">.{20,}</p></details>', panel, re.DOTALL
        )
        assert '<svg class="chart' not in panel or "<table" in panel.partition("<details>")[2]


def test_ids_are_unique_and_every_link_within_the_page_arrives(page: Markup) -> None:
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_tickets_link_to_the_configured_source_and_nowhere_else(page: Markup) -> None:
    outside = {link for link in page.links if not link.startswith("#")}
    assert "https://snow.example/incident.do?sys_id=INC3" in outside
    assert all(link.startswith("https://snow.example/") for link in outside)


def test_a_page_without_an_estate_names_no_owner_and_links_nowhere(configured: Configuration) -> None:
    page = Markup(dashboard(reported(configured, records(), estate=False)))
    assert all(link.startswith("#") for link in page.links)
    assert "Owner today GWL" not in page.text
    assert "vendors.yaml" not in " ".join(row["Stands"] for row in page.table("environments"))


def test_nothing_runs_and_nothing_is_loaded(shown: Report) -> None:
    markup = dashboard(shown)
    assert "default-src 'none'" in markup
    assert not {"script", "img", "link", "iframe", "object", "use", "image"} & {tag for tag, _ in Markup(markup).shape}
    assert "url(" not in markup
    assert "@import" not in markup


def test_the_same_report_gives_the_same_page(configured: Configuration) -> None:
    assert dashboard(reported(configured, records())) == dashboard(reported(configured, list(reversed(records()))))


def test_what_is_out_of_date_is_said_in_words(configured: Configuration) -> None:
    seen = made.frames(records(), configured, freshness={"snow": ago(hours=30)})
    assert "OUT OF DATE" in Markup(dashboard(report_of(seen, "d", "0"))).text


def test_an_empty_store_gives_a_page_that_says_so(configured: Configuration) -> None:
    page = Markup(dashboard(reported(configured, [])))
    assert "There is no data" in page.text
    assert "itsm-bridge sync" in page.text
    assert not page.tables
    assert configured.digest in page.text


def test_the_page_says_what_it_is_made_from(shown: Report, page: Markup) -> None:
    assert shown.digest in page.text
    assert f"1,234 rows, head {'3f2a' * 16}" in page.text
    assert "2026-11-19T18:00:00+05:30" in page.text


# --- text of others ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["summary", "environment", "vendor", "assignee", "service", "category"])
def test_hostile_text_adds_no_element_and_no_attribute(configured: Configuration, field: str) -> None:
    more = () if field in {"environment", "vendor"} else HOSTILE  # where each text is a section or a series of its own
    texts = tuple(dict.fromkeys((*ATTACKS, *(text for text in more if text.strip()))))
    hostile, harmless = (
        Markup(dashboard(reported(configured, in_field(field, some))))
        for some in (texts, [f"x{place:03}" for place in range(len(texts))])
    )
    assert sorted(hostile.shape) == sorted(harmless.shape)
    assert {link for link in hostile.links if not link.startswith(("#", "https://snow.example/"))} == set()


def in_field(field: str, texts: Sequence[str]) -> list[TicketRecord]:
    """A ticket for each text, which stands in the field, all of them alike otherwise."""
    made_so = [
        ticket(f"INC{place:03}", ago(hours=30), approval="requested", **{"category": f"c{place}", field: text})
        for place, text in enumerate(texts)  # each in a category of its own, lest some repeat themselves
    ]
    assert len(made_so) >= len(ATTACKS)
    return made_so


def test_what_is_invisible_is_shown_and_what_is_long_is_cut(configured: Configuration) -> None:
    markup = dashboard(reported(configured, in_field("environment", (*ATTACKS, *HOSTILE[-12:]))))
    markup.encode("utf-8")
    assert not set("\x00\x07\x1b\u202e\u200b\ufeff\ud83d") & set(markup)
    assert "x" * 1000 not in markup


def test_a_hostile_number_cannot_leave_the_address_of_its_source(configured: Configuration) -> None:
    estate = Estate.of(configured, DAY)
    address = estate.address("snow", '"/../..//evil.example?#', "x", "in/cident")
    assert address == "https://snow.example/in%2Fcident.do?sys_id=%22%2F..%2F..%2F%2Fevil.example%3F%23"
    assert estate.address("elsewhere", "1", "1", "p") == ""
    unsafe = replace(configured.sources["snow"], url="javascript:alert(1)")
    assert replace(estate, sources={"snow": unsafe}).address("snow", "1", "1", "p") == ""


# --- tables that others build ------------------------------------------------------------------------------------

T, C, N, P, A = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.PERCENT, Kind.INSTANT

OTHERS: dict[str, tuple[dict[str, Kind], list[tuple[object, ...]]]] = {
    "approvals": (
        {"ticket": T, "approver": T, "state": T, "requested_at": A, "decided_at": A, "business_seconds": C},
        [
            ("snow:INC3", "<b>lead</b>", "requested", ago(hours=19), None, 27_000),
            ("snow:INC1", "head", "approved", ago(hours=30), ago(hours=29), 3600),
        ],
    ),
    "quality": (
        {
            "vendor": T, "environment": T, "resolved": C, "first_contact_share": P, "reopen_share": P,
            "reassignments": C, "ping_pong": C, "mtta_hours": N, "mttr_hours": N, "mttr_median_hours": N,
            "mttr_p90_hours": N,
        },
        [
            ("OptIT", "ap", 12, 0.75, 0.125, 3, 1, 1.5, 20.25, 16.5, 40.0),
            ("GWL", "punjab", 0, None, None, 0, 0, *4 * (None,)),
        ],
    ),
    "recurring": (
        {"environment": T, "category": T, "pattern": T, "tickets": C, "breached": C, "example": T},
        [("punjab", "database", "disk full on #", 8, 2, "snow:INC1")],
    ),
    "scorecard": (
        {"vendor": T, "figure": T, "value": N, "weight": N, "score": N},
        [
            ("GWL", "sla_attainment", 0.9, 40, 90.0),
            ("GWL", "uc_attainment", 0.5, 20, 30.0),
            ("GWL", "total", 70.0, 60, 70.0),
            ("OptIT", "sla_attainment", None, 40, None),
            ("OptIT", "total", None, 0, None),
        ],
    ),
    "forecast": (
        {
            "vendor": T, "environment": T, "month": T, "arrivals_p50": N, "arrivals_p90": N, "hours_p50": N,
            "hours_p90": N, "capacity_hours": N, "people_needed": N,
        },
        [
            ("GWL", "punjab", "2026-12", 10, 14, 50, 70, 100, 0.6),
            ("GWL", "ap", "2026-12", 4, 6, 20, 30, 100, 0.3),
            ("GWL", "punjab", "2027-01", 11, 16, 55, 80, 90, 0.7),
        ],
    ),
    "relief": (
        {"vendor": T, "skill": T, "candidate": T, "spare_hours": N},
        [("GWL", "kubernetes", "OptIT", 12.5)],
    ),
}  # fmt: skip


@pytest.fixture
def with_others(shown: Report, monkeypatch: pytest.MonkeyPatch) -> Report:
    rows = dict(shown.rows)
    for name, (columns, values) in OTHERS.items():
        described = tuple(Column(column, kind, f"What {column} is.") for column, kind in columns.items())
        monkeypatch.setitem(TABLES, name, Table(name, name, f"What {name} is.", described, lambda _: pd.DataFrame()))
        rows[name] = shaped(pd.DataFrame(values, columns=list(columns)), described)
    return replace(shown, rows=rows)


def test_a_section_is_there_when_its_tables_are(page: Markup, with_others: Report) -> None:
    after = Markup(dashboard(with_others))
    absent = {name for name in OTHERS if name not in page.ids}
    assert absent <= set(after.ids)
    assert absent >= set(OTHERS) - set(TABLES)


@pytest.fixture
def others(with_others: Report) -> str:
    return dashboard(with_others)


def test_approvals_that_wait_are_listed_and_those_that_are_answered_are_not(others: str) -> None:
    rows = section(others, "approvals").table("approvals")
    assert [(row["Ticket"], row["Approver"], row["Waiting, business time"]) for row in rows] == [
        ("snow:INC3", "<b>lead</b>", "7 h 30 min")
    ]
    assert "No approval waits" in section(others, "env-ap").text


def test_quality_is_shown_as_its_table_has_it(others: str) -> None:
    (row,) = section(others, "quality").table("quality")
    assert (row["Resolved"], row["First contact"], row["MTTR, h"], row["Median, h"]) == ("12", "75.0%", "20.25", "16.5")


def test_a_score_is_the_total_of_its_table_and_no_data_is_no_score(others: str) -> None:
    found = section(others, "scorecard")
    assert "GWL 70.0 of 100" in found.text
    assert found.text.count("of 100") == 2  # the bar, and its words on hovering
    assert len(found.table("scorecard")) == 5


def test_a_forecast_counts_a_vendors_capacity_once_and_adds_up_its_environments(others: str) -> None:
    rows = section(others, "forecast").table("forecast")
    assert [
        (row["Month"], number(row["Hours p50"]), number(row["Hours p90"]), number(row["Capacity, h"])) for row in rows
    ] == [
        ("2026-12", 70, 100, 100),
        ("2027-01", 55, 80, 90),
    ]
    assert "Capacity, h" not in section(others, "env-ap").table("forecast")[0]


def test_recurring_issues_and_relief_are_listed(others: str) -> None:
    (row,) = section(others, "recurring").table("recurring")
    assert (row["Tickets"], row["Breached"], row["For example"]) == ("8", "2", "snow:INC1")
    (row,) = section(others, "relief").table("relief")
    assert row == {"vendor": "GWL", "skill": "kubernetes", "candidate": "OptIT", "spare hours": "12.5"}


def test_sections_of_empty_tables_say_that_there_is_nothing(with_others: Report) -> None:
    bare = replace(with_others, rows={**with_others.rows, **{name: with_others.rows[name].head(0) for name in OTHERS}})
    page = Markup(dashboard(bare))
    for said in (
        "No approval waits",
        "No ticket was resolved",
        "nothing to score",
        "not enough history",
        "Nothing came more",
    ):
        assert said in page.text
