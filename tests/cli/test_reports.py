"""How ``report`` ends: by mail, for vendors, with a copy that was stopped, and with a check that differs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.analysis.made import configuration, ticket
from tests.cli.programs import BARE, Done, run
from tests.operations.post_office import PostOffice, post_office

from itsm_bridge.connectors.base import Page
from itsm_bridge.operations.bridge import open_bridge

AS_OF = datetime(2026, 1, 15, 12, 30, tzinfo=UTC)
WEEK = "2026-W03"
TO, OPTITS = ("lead@egov.example",), ("lead@optit.example",)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a configuration and a store; nobody gets mail."""
    return filled(tmp_path, assignee="Omar Haddad")


def filled(project: Path, assignee: str) -> Path:
    """A ticket of GWL, and one of OptIT that somebody works on."""
    tickets = (
        ticket("INC1", AS_OF - timedelta(days=2)),
        ticket("INC2", AS_OF - timedelta(days=1), vendor="OptIT", assignee=assignee),
    )
    with open_bridge(configuration(project / "config"), lambda: AS_OF, create=True) as bridge:
        bridge.store.save_page("snow", "incident", Page(tickets, {"at": "1"}), AS_OF)
        bridge.store.mark_synced("snow", AS_OF)
    return project


def addressed(project: Path, port: int) -> None:
    """Let reports go to a leader, and OptIT's copy to OptIT."""
    mail = f'{{server: "127.0.0.1:{port}", from: b@egov.example, to: {list(TO)}, vendors: {{OptIT: {list(OPTITS)}}}}}'
    with (project / "config/bridge.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\nreports:\n  mail: {mail}\n")


def report(project: Path, *words: str, mistake: str = "") -> Done:
    """Run the program as cron would; ``mistake`` is what a programmer got wrong."""
    place = words.index("report")
    words = (*words[:place], "report", "--as-of", AS_OF.isoformat(), *words[place + 1 :])
    if not mistake:
        return run(*words, cwd=project)
    program = f"{mistake}\nfrom itsm_bridge.__main__ import main\nmain()"
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program, *words],
        cwd=project, env=BARE, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def document(ended: Done) -> dict[str, Any]:
    """What was built; that of the error follows it."""
    said, _ = json.JSONDecoder().raw_decode(ended.stdout)
    return dict(said)


def last_line(ended: Done) -> str:
    return ended.stderr.splitlines()[-1]


def test_a_report_is_sent_once_with_the_copy_that_lies_beside_it(project: Path, office: PostOffice) -> None:
    addressed(project, office.port)
    assert report(project, "report", "--vendor", "OptIT").returncode == 0
    for _ in range(2):
        ended = report(project, "report", "--mail")
        assert (ended.returncode, ended.stderr) == (0, "")
    assert [to for _, to, _ in office.mails] == [TO, OPTITS]


def test_a_mail_that_cannot_be_sent_ends_with_5_and_the_report_is_in_its_place(
    project: Path, office: PostOffice
) -> None:
    addressed(project, office.port)
    office.broken = True
    ended = report(project, "--json", "report", "--mail")
    assert ended.returncode == 5
    assert f"it answered 451; the report {WEEK} is published, and was not sent" in last_line(ended)
    assert len(document(ended)["not_sent"]) == 1
    assert (project / "reports" / WEEK / "manifest.json").is_file()
    office.broken = False
    assert report(project, "report", "--mail").returncode == 0
    assert [to for _, to, _ in office.mails] == [TO]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--mail",), "nobody to send it to"),
        (("--mail", "--vendor", "GWL"), "not one of --vendor alone"),
        (("--vendor", "OptTI"), "there is no vendor 'OptTI'; did you mean 'OptIT'?"),
    ],
)
def test_what_cannot_be_meant_ends_with_2_and_nothing_is_built(project: Path, words: tuple[str, ...], why: str) -> None:
    ended = report(project, "report", *words)
    assert ended.returncode == 2
    assert why in last_line(ended)
    assert not (project / "reports").exists()


def test_a_mail_without_a_workbook_ends_with_2(project: Path, office: PostOffice) -> None:
    addressed(project, office.port)
    ended = report(project, "report", "--mail", "--format", "csv")
    assert (ended.returncode, office.mails) == (2, [])
    assert "--mail needs xlsx" in last_line(ended)


def test_copies_of_vendors_are_built_alone(project: Path) -> None:
    ended = report(project, "report", "--vendor", "gwl", "--vendor", "OptIT", "--format", "csv")
    assert (ended.returncode, ended.stderr) == (0, "")
    places = sorted(
        path.relative_to(project / "reports").as_posix() for path in project.glob("reports/**/manifest.json")
    )
    assert places == [f"{WEEK}/vendors/{vendor}/manifest.json" for vendor in ("GWL", "OptIT")]
    assert f"{WEEK}, copy for GWL: " in ended.stdout


def test_a_copy_that_is_stopped_ends_with_6_and_the_others_are_published(tmp_path: Path) -> None:
    """Somebody of OptIT is called like words of a sentence about tickets: which of the two they are cannot be told."""
    project = filled(tmp_path, assignee="Old And")
    ended = report(project, "--json", "report", "--vendor", "GWL", "--vendor", "OptIT")
    assert ended.returncode == 6
    assert "the copy for GWL was not published" in last_line(ended)
    assert "Old And" not in ended.stdout + ended.stderr
    said = document(ended)
    assert [one["vendor"] for one in said["stopped"]] == ["GWL"]
    assert [one["vendor"] for one in said["copies"]] == ["OptIT"]
    assert [path.name for path in (project / "reports" / WEEK / "vendors").iterdir()] == ["OptIT"]


def test_a_check_that_differs_ends_with_3_and_the_report_is_in_its_place(project: Path) -> None:
    mistake = (
        "from itsm_bridge.analysis import sla_trend\n"
        "from itsm_bridge.analysis.judged import Judged\n"
        "whole = Judged.frame\n"
        "Judged.frame = lambda self, spans: whole(self, spans).assign(met=True)"
    )
    ended = report(project, "report", "--format", "csv", mistake=mistake)
    assert ended.returncode == 3
    assert "2 checks of the published report differ, first: sla_trend: met in the week: expected 0, found" in last_line(
        ended
    )
    assert (project / "reports" / WEEK / "manifest.json").is_file()


def test_a_report_of_a_source_that_was_long_not_read_says_so_and_is_published(project: Path) -> None:
    later = (AS_OF + timedelta(hours=25)).isoformat()
    ended = report(project, "report", "--as-of", later, "--format", "html")
    assert (ended.returncode, ended.stderr) == (0, "")
    page = (project / "reports" / WEEK / "dashboard.html").read_text(encoding="utf-8")
    assert "OUT OF DATE" in page
    assert "warning: out of date, not read to its end in the 24 hours before: snow; itsm-bridge sync" in ended.stdout
    told = document(report(project, "--json", "report", "--as-of", later, "--format", "csv"))
    assert (told["out_of_date"], told["failed_checks"]) == (["snow"], [])
    copy = report(project, "report", "--as-of", later, "--vendor", "GWL", "--vendor", "OptIT", "--format", "csv")
    assert copy.stdout.count("warning: out of date") == 1
    fresh = report(project, "report", "--format", "csv")
    assert (fresh.returncode, "out of date" in fresh.stdout) == (0, False)
