"""What a report says of itself: for whom it is, who answers questions about it, and when the next issue is due."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from tests.analysis import made
from tests.analysis.made import NOW, ago, ticket

from itsm_bridge.analysis.frames import Frames
from itsm_bridge.config.model import Configuration
from itsm_bridge.operations.letters import letter
from itsm_bridge.report.build import publish
from itsm_bridge.report.contents import report_of
from itsm_bridge.report.copies import publish_copies
from itsm_bridge.report.dashboard import dashboard

ALL = ("xlsx", "csv", "html")
CONTACT = "Meera Pillai & the desk <desk@example.org>"
LABEL = "Confidential: R&D"


def seen(configured: Configuration, contact: str = CONTACT) -> Frames:
    """Meera Pillai works on tickets of OptIT too."""
    records = [
        ticket("INC1", ago(days=2), assignee="Asha Rao"),
        ticket("INC2", ago(days=2), vendor="OptIT", assignee="Meera Pillai"),
    ]
    frames = made.frames(records, configured)
    return replace(frames, reports=replace(frames.reports, contact=contact, classification=LABEL))


def first_page(path: Path) -> tuple[list[str], str]:
    """The texts of a workbook's first page, and the middle of its foot."""
    book = openpyxl.load_workbook(path)
    sheet = book["Overview"]
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None]
    (foot,) = {one.oddFooter.center.text for one in book.worksheets}
    return texts, str(foot)


def test_every_form_of_a_report_says_for_whom_it_is_who_answers_and_what_comes_next(
    configured: Configuration, tmp_path: Path
) -> None:
    folder = publish(seen(configured), "d" * 64, tmp_path, ALL).folder
    texts, foot = first_page(folder / "itsm-bridge_2026-W47.xlsx")
    assert f"{LABEL}. Questions: {CONTACT}. Next issue: Mon 23 Nov 2026." in texts
    assert foot.strip() == "Confidential: R&&D"  # a single & begins a code there
    page = (folder / "dashboard.html").read_text(encoding="utf-8")
    assert "Questions: Meera Pillai &amp; the desk &lt;desk@example.org&gt;. Next issue: Mon 23 Nov 2026." in page
    body = letter(folder, ("a@b.example",)).message("c@d.example", NOW).get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines()[-3:] == [
        f"Questions: {CONTACT}.", "Next issue: Mon 23 Nov 2026.", f"{LABEL}.",
    ]  # fmt: skip


def test_a_copy_is_for_its_vendor_and_its_contact_names_nobody_that_it_may_not(
    configured: Configuration, tmp_path: Path
) -> None:
    copies = publish_copies(seen(configured), configured, ["GWL", "OptIT"], tmp_path, ALL)
    copies.check()
    for vendor, contact in (("GWL", CONTACT.replace("Meera Pillai", "[other party]")), ("OptIT", CONTACT)):
        folder = copies.published[vendor].folder
        texts, foot = first_page(folder / "itsm-bridge_2026-W47.xlsx")
        assert f"For {vendor} only. Questions: {contact}. Next issue: Mon 23 Nov 2026." in texts
        assert foot.strip() == f"For {vendor} only"
        said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert (said["classification"], said["contact"]) == (f"For {vendor} only", contact)
        assert LABEL not in (folder / "dashboard.html").read_text(encoding="utf-8")


def test_a_contact_with_the_name_of_a_vendor_makes_it_no_word_that_all_copies_may_say(
    configured: Configuration, tmp_path: Path
) -> None:
    copies = publish_copies(seen(configured, "OptIT's desk"), configured, ["GWL"], tmp_path, ("csv",))
    copies.check()
    text = (copies.published["GWL"].folder / "manifest.json").read_text(encoding="utf-8")
    assert "[other party]'s desk" in text
    assert "OptIT" not in text


def test_nobody_is_named_where_the_configuration_names_nobody(configured: Configuration) -> None:
    report = report_of(made.frames([ticket("INC1", ago(days=2))], configured), "d", "0")
    assert report.colophon == "Internal: names people and tickets. Next issue: Mon 23 Nov 2026."
    assert "Questions: " not in dashboard(report)


@pytest.mark.parametrize(
    ("unit", "as_of", "due"),
    [
        pytest.param("week", "2026-11-19T12:00:00+05:30", "Mon 23 Nov 2026", id="within a week: the whole one"),
        pytest.param("week", "2026-11-22T23:59:59+05:30", "Mon 23 Nov 2026", id="in its last second"),
        pytest.param("month", "2026-11-19T12:00:00+05:30", "Tue 01 Dec 2026", id="within a month"),
        pytest.param("quarter", "2026-11-19T12:00:00+05:30", "Fri 01 Jan 2027", id="within a quarter"),
    ],
)
def test_the_next_issue_of_a_part_is_the_whole(configured: Configuration, unit: str, as_of: str, due: str) -> None:
    at = datetime.fromisoformat(as_of)
    assert report_of(made.frames([], configured, as_of=at, unit=unit), "d", "0").next_issue == due


@pytest.mark.parametrize(("unit", "due"), [("week", "Mon 30 Nov 2026"), ("month", "Fri 01 Jan 2027")])
def test_the_next_issue_of_a_whole_period_is_when_the_next_one_is_over(
    configured: Configuration, unit: str, due: str
) -> None:
    part = made.frames([], configured, unit=unit)
    whole = replace(part, until=part.period.end)
    assert report_of(whole, "d", "0").next_issue == due
