"""A report that is built again for the same period: what it says otherwise than the first one."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import pandas as pd
from tests.analysis import made
from tests.analysis.made import NOW, ago, ticket

from itsm_bridge.config.model import Configuration
from itsm_bridge.model import TicketRecord
from itsm_bridge.report.build import publish
from itsm_bridge.report.contents import report_of
from itsm_bridge.report.earlier import corrections, earlier
from itsm_bridge.report.manifest import WrittenFile
from itsm_bridge.report.overview import made_from
from itsm_bridge.report.verifying import differing

FIRST = [ticket("INC1", ago(days=2), summary="=1+1"), ticket("INC2", ago(days=3)), ticket("INC3", ago(days=4))]
LATE = [ticket("INC1", ago(days=2), (ago(days=1), "state", "resolved"), summary="=1+1"), *FIRST[1:]]
LATER = [LATE[0], ticket("INC2", ago(days=3), environment="=ap"), ticket("INC4", ago(days=1))]


def published(
    configured: Configuration, out: Path, records: list[TicketRecord], read_after: int
) -> list[dict[str, str]]:
    """The corrections of a report in ``out``, whose source was read so many hours after the as-of instant."""
    freshness = {"snow": NOW + timedelta(hours=read_after)}
    done = publish(made.frames(records, configured, freshness=freshness), "d", out, ["csv"])
    assert done.failed == ()
    with (done.folder / "csv" / "corrections.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_late_change_is_a_correction_against_what_was_said_first(configured: Configuration, tmp_path: Path) -> None:
    assert published(configured, tmp_path, FIRST, 1) == []
    rows = published(configured, tmp_path, LATE, 30)
    found = {(row["table"], row["ticket"], row["what"]): (row["was"], row["is"]) for row in rows}
    assert found["summary", "", "Open tickets"] == ("3", "2")
    assert found["summary", "", "Resolved"] == ("0", "1")
    assert found["tickets", "snow:INC1", "state"] == ("new", "resolved")
    assert not [key for key in found if key[2] == "Age of the data"]
    assert {row["noticed_at"] for row in rows} == {"2026-11-21T00:00:00+05:30"}
    assert published(configured, tmp_path, LATE, 30) == rows, "built again from the same, it says the same"

    more = published(configured, tmp_path, LATER, 50)
    found = {(row["table"], row["ticket"], row["what"]): (row["was"], row["is"]) for row in more}
    assert found["tickets", "snow:INC1", "state"] == ("new", "resolved"), "what was told before is still told"
    assert found["tickets", "snow:INC2", "environment"] == ("punjab", "'=ap")
    assert found["tickets", "snow:INC3", "listed"] == ("yes", "")
    assert found["tickets", "snow:INC4", "listed"] == ("", "yes")
    noticed = {row["what"]: row["noticed_at"] for row in more}
    assert noticed["state"] < noticed["environment"]


def test_of_a_ticket_that_the_first_report_did_not_have_only_that_it_came_is_told(
    configured: Configuration, tmp_path: Path
) -> None:
    """The first report said nothing of its columns, so that none of them can have been otherwise there."""
    published(configured, tmp_path, FIRST, 1)
    published(configured, tmp_path, [*FIRST, ticket("INC4", ago(days=1))], 30)
    again = published(configured, tmp_path, [*FIRST, ticket("INC4", ago(days=1), environment="ap")], 50)
    assert [(row["what"], row["was"], row["is"]) for row in again if row["table"] == "tickets"] == [
        ("listed", "", "yes")
    ]


def test_what_is_as_it_was_first_is_no_correction_any_more(configured: Configuration, tmp_path: Path) -> None:
    published(configured, tmp_path, FIRST, 1)
    assert published(configured, tmp_path, LATE, 30)
    assert published(configured, tmp_path, FIRST, 50) == []


def first_read(folder: Path) -> str:
    (path,) = folder.glob("*/manifest.json")
    return str(json.loads(path.read_text(encoding="utf-8"))["first_read"])


def test_a_report_says_since_when_late_changes_are_known(configured: Configuration, tmp_path: Path) -> None:
    """In a folder that was emptied nothing of before is known, and the page does not read as if nothing had come."""
    published(configured, tmp_path, FIRST, 1)
    published(configured, tmp_path, LATE, 30)
    assert first_read(tmp_path) == "2026-11-19T19:00:00+05:30"
    emptied = tmp_path / "emptied"
    published(configured, emptied, LATE, 30)
    assert first_read(emptied) == "2026-11-21T00:00:00+05:30"


def test_the_first_page_says_against_what_late_changes_were_looked_for(configured: Configuration) -> None:
    frames = made.frames(FIRST, configured, freshness={"snow": NOW})
    first = report_of(frames, "d", "1")
    assert "no late changes known since it was first published here, as read on 19 Nov 18:00" in made_from(first)
    never = report_of(made.frames(FIRST, configured, freshness={"snow": None}), "d", "1")
    assert "no late changes known." in made_from(never)


def test_a_report_of_before_that_was_noted_counts_as_the_first(configured: Configuration, tmp_path: Path) -> None:
    published(configured, tmp_path, FIRST, 1)
    (path,) = tmp_path.glob("*/manifest.json")
    document = json.loads(path.read_text(encoding="utf-8"))
    del document["first_read"]
    path.write_text(json.dumps(document), encoding="utf-8")
    published(configured, tmp_path, LATE, 30)
    assert first_read(tmp_path) == "2026-11-19T19:00:00+05:30"


def test_a_report_up_to_another_instant_corrects_nothing(configured: Configuration, tmp_path: Path) -> None:
    sooner = made.frames(FIRST, configured, as_of=ago(hours=5))
    folder = publish(sooner, "d", tmp_path, ["csv"]).folder
    now = made.frames(LATE, configured)
    assert earlier(folder, sooner) is not None
    assert earlier(folder, now) is None


def test_a_folder_that_cannot_be_read_is_no_earlier_report(configured: Configuration, tmp_path: Path) -> None:
    seen = made.frames(FIRST, configured)
    assert earlier(tmp_path, seen) is None
    for text in ("{", "[]", "{}", '{"figures": {}, "as_of": 1, "files": []}', '{"figures": {"x": "y"}}'):
        (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
        assert earlier(tmp_path, seen) is None


def test_without_csv_files_only_figures_are_compared(configured: Configuration, tmp_path: Path) -> None:
    folder = publish(made.frames(FIRST, configured), "d", tmp_path, ["xlsx"]).folder
    now = made.frames(LATE, configured)
    before = earlier(folder, now)
    done = publish(now, "d", tmp_path / "else", ["csv"])
    assert before is not None
    table = corrections(before, done.report.rows, now)
    assert set(table["table"]) == {"summary"}
    assert "Open tickets" in set(table["what"])


def test_the_manifest_says_the_figures_and_the_checks(configured: Configuration, tmp_path: Path) -> None:
    done = publish(made.frames(FIRST, configured), "d", tmp_path, ["csv"])
    document = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    assert document["figures"] == done.figures
    assert document["figures"]["open_tickets"] == 3
    assert document["figures"]["ola_attainment"] is None
    assert document["checks"] == {"made": len(done.report.rows["checks"]), "failed": []}
    assert document["messages"] == list(done.report.said)


def test_a_file_with_other_rows_than_were_to_be_written_is_found(configured: Configuration, tmp_path: Path) -> None:
    done = publish(made.frames(FIRST, configured), "d", tmp_path, ["xlsx", "csv"])
    tables = {"tickets": 3, "sla_flips": 0, "summary": len(done.report.rows["summary"])}
    workbook = next(done.folder.glob("*.xlsx"))
    assert differing([WrittenFile(workbook, tables)]) == ()
    assert differing([WrittenFile(workbook, {"tickets": 4})]) == (f"{workbook.name}: tickets has 3 rows of 4",)
    listed = done.folder / "csv" / "tickets.csv"
    assert differing([WrittenFile(listed, {"tickets": 3})]) == ()
    assert differing([WrittenFile(listed, {"tickets": 2})]) == ("tickets.csv: tickets has 3 rows of 2",)
    assert isinstance(done.report.rows["tickets"], pd.DataFrame)
