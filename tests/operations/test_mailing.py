from __future__ import annotations

import json
import smtplib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.analysis.made import NOW, WEEK_START, ago, configuration, ticket
from tests.operations.post_office import PostOffice

from itsm_bridge.config import mail_credentials
from itsm_bridge.config.model import Mail
from itsm_bridge.connectors.base import Page
from itsm_bridge.errors import ConfigurationInvalid, SourceUnavailable, StorageFailed
from itsm_bridge.operations.bridge import Bridge, open_bridge
from itsm_bridge.operations.due import publish_due
from itsm_bridge.operations.issued import Issued
from itsm_bridge.operations.letters import letter, lines
from itsm_bridge.operations.mailing import RECORD, Outbox, expect, is_loopback, send, send_due

WEEK = "2026-W46"
TO = ("leader@egov.example", "office@egov.example")


@pytest.fixture
def bridge(tmp_path: Path, office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    for name in ("USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"ITSM_BRIDGE_MAIL__{name}", raising=False)
    configured = configuration(tmp_path / "config")
    reports = replace(configured.reports, mail=Mail("127.0.0.1", office.port, "bridge@egov.example", TO))
    with open_bridge(replace(configured, reports=reports), lambda: NOW, create=True) as opened:
        opened.store.save_page("snow", "incident", Page((ticket("INC1", ago(days=9), vendor=None),), {"at": "1"}), NOW)
        opened.store.mark_synced("snow", ago(hours=2))
        yield opened


def mail_of(bridge: Bridge) -> Mail:
    assert bridge.configuration.reports.mail is not None
    return bridge.configuration.reports.mail


def mailing(bridge: Bridge, mail: Mail | None) -> Bridge:
    """The same, with other mail."""
    reports = replace(bridge.configuration.reports, mail=mail)
    return replace(bridge, configuration=replace(bridge.configuration, reports=reports))


def publish(bridge: Bridge, *periods: str, to: str = "2026-11-16T00:00:00+05:30") -> None:
    """What a run leaves of a whole period, as far as a mail needs it."""
    for period in periods or (WEEK,):
        expect(bridge, period)
        folder = bridge.reports / period
        folder.mkdir(parents=True)
        (folder / f"itsm-bridge_{period}.xlsx").write_bytes(b"workbook of " + period.encode())
        files = [{"path": f"itsm-bridge_{period}.xlsx"}, {"path": "csv/tickets.csv"}]
        document = {
            "title": f"Service report {period}",
            "period": period,
            "as_of": "2026-11-16T00:00:00+05:30",
            "to": to,
        }
        (folder / "manifest.json").write_text(json.dumps({**document, "files": files, "messages": ["It is quiet."]}))


def test_a_run_sends_what_it_publishes_once_with_its_summary_and_its_workbook(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("itsm_bridge.operations.due.KINDS", ("week",))
    assert publish_due(bridge, NOW) == Issued((WEEK,))
    assert send_due(bridge, NOW) == ()
    assert publish_due(bridge, NOW) == Issued()
    assert send_due(bridge, NOW) == ()
    assert len(office.mails) == 1
    sender, to, _ = office.mails[0]
    assert (sender, to) == ("bridge@egov.example", TO)
    message = office.message(0)
    assert message["Subject"] == "Service report, week 2026-W46 (09 Nov 2026 to 15 Nov 2026)"
    body = message.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert "* 1 ticket is open" in said
    assert "snow:INC1" in said
    assert said.splitlines()[-2:] == ["Next issue: Mon 23 Nov 2026.", "Internal: names people and tickets."]
    (attached,) = message.iter_attachments()
    workbook = bridge.reports / WEEK / f"itsm-bridge_{WEEK}.xlsx"
    assert attached.get_filename() == workbook.name
    assert attached.get_content() == workbook.read_bytes()


def test_a_mail_that_fails_hides_no_report_and_the_next_run_sends_it(bridge: Bridge, office: PostOffice) -> None:
    office.broken = True
    publish(bridge, WEEK, "2026-10", "2026-Q3")
    problems = send_due(bridge, NOW)
    assert [type(problem) for problem in problems] == [SourceUnavailable] * 3
    assert "it answered 451; the report 2026-W46 is published, and was not sent" in problems[2].message
    assert (bridge.reports / WEEK / "manifest.json").is_file()
    office.broken = False
    assert send_due(bridge, NOW) == ()
    assert len(office.mails) == 3


def test_a_server_that_is_not_there_is_a_problem_of_the_mail_alone(bridge: Bridge) -> None:
    publish(bridge)
    nowhere = replace(mail_of(bridge), port=1)
    (problem,) = send(bridge, nowhere, bridge.reports / WEEK, NOW)
    assert isinstance(problem, SourceUnavailable)
    assert "127.0.0.1:1: Connection refused" in problem.message


def test_an_address_that_is_refused_is_told_and_tried_again(bridge: Bridge, office: PostOffice) -> None:
    office.refused = frozenset({TO[1]})
    publish(bridge)
    (problem,) = send(bridge, mail_of(bridge), bridge.reports / WEEK, NOW)
    assert "it refused 1 of 2 addresses" in problem.message
    assert office.mails[0][1] == TO[:1]
    assert WEEK in Outbox.of(bridge.reports).due()


def test_a_report_that_was_not_finished_is_not_sent_in_place_of_the_whole_one(
    bridge: Bridge, office: PostOffice
) -> None:
    publish(bridge, WEEK, to="2026-11-16T00:00:01+05:30")
    assert Outbox.of(bridge.reports).due() == (WEEK,)
    assert send_due(bridge, NOW) == ()
    assert office.mails == []


def test_without_mail_in_the_configuration_nothing_is_kept_or_sent(bridge: Bridge, office: PostOffice) -> None:
    plain = mailing(bridge, None)
    publish(plain)
    assert send_due(plain, NOW) == ()
    assert office.mails == []
    assert not (bridge.reports / RECORD).exists()


def test_we_sign_in_where_the_environment_says_who_we_are(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    publish(bridge)
    (tmp_path / "secret").write_text("geheim\n")
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__PASSWORD_FILE", str(tmp_path / "secret"))
    assert send(bridge, mail_of(bridge), bridge.reports / WEEK, NOW) == ()
    assert office.users == [("bridge", "geheim")]


def test_credentials_that_are_not_accepted_are_never_repeated(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(bridge)
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__PASSWORD", "wrong-one")
    (problem,) = send(bridge, mail_of(bridge), bridge.reports / WEEK, NOW)
    assert office.users
    assert "it does not accept the credentials" in problem.message
    assert "wrong-one" not in problem.message
    assert office.mails == []


def test_a_name_without_a_password_is_a_mistake_and_a_password_without_a_name_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__USERNAME", "bridge")
    with pytest.raises(ConfigurationInvalid, match="ITSM_BRIDGE_MAIL__PASSWORD is not set"):
        mail_credentials(tmp_path)
    monkeypatch.delenv("ITSM_BRIDGE_MAIL__USERNAME")
    assert mail_credentials(tmp_path) is None


def test_another_machine_must_offer_starttls(
    bridge: Bridge, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loopback under a name that is not known as one stands in for it: the server here offers no STARTTLS."""
    publish(bridge)
    monkeypatch.setattr("itsm_bridge.operations.mailing.is_loopback", lambda _: False)
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__USERNAME", "bridge")
    monkeypatch.setenv("ITSM_BRIDGE_MAIL__PASSWORD", "geheim")
    (problem,) = send(bridge, mail_of(bridge), bridge.reports / WEEK, NOW)
    assert "it offers no STARTTLS" in problem.message
    assert (office.users, office.mails) == ([], [])


@pytest.mark.parametrize(
    ("host", "here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("LOCALHOST", True),
     ("10.0.0.1", False), ("localhost.example", False), ("smtp.example", False)],
)  # fmt: skip
def test_only_this_machine_is_spoken_to_without_tls(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def copied(bridge: Bridge, folder: str, vendor: str) -> Path:
    """A copy for a vendor below the week's report, as its builder leaves it."""
    place = bridge.reports / WEEK / "vendors" / folder
    place.mkdir(parents=True)
    (place / "copy.xlsx").write_bytes(b"copy of " + vendor.encode())
    files = [{"path": "copy.xlsx"}, {"path": "../../itsm-bridge_2026-W46.xlsx"}, {"path": "csv/x.csv"}]
    edges = {"as_of": "2026-11-16T00:00:00+05:30", "to": "2026-11-16T00:00:00+05:30"}
    document = {"title": f"Report for {vendor}", "period": WEEK, "vendor": vendor, "files": files, **edges}
    (place / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return place


def test_a_vendor_gets_its_own_copy_and_nothing_else(bridge: Bridge, office: PostOffice) -> None:
    publish(bridge)
    copied(bridge, "OptIT", "GWL")  # the folder's name does not decide whose copy it is
    copied(bridge, "GWL-1", "OptIT")
    vendors = {"OptIT": ("lead@optit.example",), "GWL": ("lead@gwl.example",), "MacroSkies": ("m@m.example",)}
    both = mailing(bridge, replace(mail_of(bridge), vendors=vendors))
    assert send(both, mail_of(both), bridge.reports / WEEK, NOW) == ()
    sent = {to: office.message(place) for place, (_, to, _) in enumerate(office.mails)}
    assert set(sent) == {TO, ("lead@optit.example",), ("lead@gwl.example",)}
    for to, vendor in ((("lead@optit.example",), "OptIT"), (("lead@gwl.example",), "GWL")):
        (attached,) = sent[to].iter_attachments()
        assert attached.get_content() == b"copy of " + vendor.encode()
        assert sent[to]["Subject"] == f"Report for {vendor}"
    assert send(both, mail_of(both), bridge.reports / WEEK, NOW) == ()
    assert len(office.mails) == 3


HOSTILE = "Report\r\nBcc: thief@example.org\n\nBody\x00\u2028X-Evil: 1"


def test_no_name_or_title_begins_a_header_or_a_line_of_its_own(bridge: Bridge, office: PostOffice) -> None:
    publish(bridge)
    place = bridge.reports / WEEK / "manifest.json"
    document = json.loads(place.read_text(encoding="utf-8"))
    hostile = {"title": HOSTILE, "messages": [HOSTILE], "decisions_needed": [["Decide", HOSTILE, HOSTILE]]}
    hostile |= {"contact": HOSTILE, "classification": HOSTILE}
    place.write_text(json.dumps(document | hostile), encoding="utf-8")
    assert send(bridge, mail_of(bridge), bridge.reports / WEEK, NOW) == ()
    message = office.message(0)
    assert office.mails[0][1] == TO
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["Subject"] == "Report Bcc: thief@example.org Body X-Evil: 1"
    body = message.get_body(("plain",))
    assert body is not None
    assert not [line for line in body.get_content().splitlines() if line.startswith(("Bcc", "X-Evil", "Body"))]


def test_a_mail_has_the_same_id_as_long_as_the_report_is_the_same(bridge: Bridge) -> None:
    publish(bridge)
    one, other = (letter(bridge.reports / WEEK, TO).message("a@egov.example", at) for at in (NOW, WEEK_START))
    assert one["Message-ID"] == other["Message-ID"]
    assert one["Date"] != other["Date"]


def test_a_long_list_of_decisions_is_cut_in_the_mail_and_counted() -> None:
    said = list(lines({"title": "T", "decisions_needed": [["Decide", f"INC{n}", "why"] for n in range(40)]}))
    assert "Decisions needed (40):" in said
    assert "* Decide: INC14: why" in said
    assert "* Decide: INC15: why" not in said
    assert "  and 25 more, on the sheet decisions_needed" in said


def test_a_report_without_a_workbook_is_not_sent_and_a_broken_record_stops_nothing_else(bridge: Bridge) -> None:
    publish(bridge)
    place = bridge.reports / WEEK / "manifest.json"
    place.write_text(json.dumps({"files": []}), encoding="utf-8")
    with pytest.raises(StorageFailed, match="holds no workbook"):
        letter(place.parent, TO)
    (bridge.reports / RECORD).write_text("{", encoding="utf-8")
    (problem,) = send_due(bridge, NOW)
    assert isinstance(problem, StorageFailed)


def test_the_library_takes_no_line_end_in_a_header() -> None:
    """What the last line of defence does by itself, if a text should ever reach it."""
    from email.message import EmailMessage

    with pytest.raises(ValueError, match="linefeed or carriage return"):
        EmailMessage()["To"] = "a@b.example\r\nBcc: thief@example.org"
    assert smtplib.SMTP_PORT == 25
