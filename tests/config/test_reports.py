"""The key ``reports`` of ``bridge.yaml``: what it may say, and each mistake in its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.editing import errors_of, place_of

from itsm_bridge.config import check, load
from itsm_bridge.config.model import OUTSIDE, WEIGHTS, Mail, People, Reports


def saying(config: Path, reports: str) -> Path:
    """The example with this key at its end."""
    path = config / "bridge.yaml"
    kept = path.read_text(encoding="utf-8").partition("\nreports:")[0]
    path.write_text(f"{kept}\nreports:{reports}\n", encoding="utf-8")
    return config


def test_an_example_without_the_key_reports_as_ever(shared: Path) -> None:
    assert load(shared / "example-config").reports == Reports()
    assert dict(Reports().scorecard) == dict(WEIGHTS)
    assert Reports().small == 10


def test_the_project_s_own_example_says_what_is_so_anyway() -> None:
    reports = load(Path(__file__).resolve().parents[2] / "config").reports
    assert (reports.small, dict(reports.scorecard), reports.people) == (10, dict(WEIGHTS), People.NAMES)
    assert (reports.classification, reports.contact) == (Reports().classification, "")


def test_an_empty_key_says_nothing(config: Path) -> None:
    assert load(saying(config, "")).reports == Reports()


def test_everything_can_be_said(config: Path) -> None:
    (config / "inputs").mkdir()
    for name in ("uptime", "cost"):
        (config / f"inputs/{name}.csv").write_text("vendor,month,value\n")
    reports = load(
        saying(
            config,
            """
  small: 5
  scorecard: {sla_attainment: 3, satisfaction: 0, reopen_share: 1}
  inputs: {uptime: inputs/uptime.csv, cost: inputs/cost.csv}
  vendors: {people: pseudonyms}
  classification: "Confidential & internal"
  contact: "Desk,  desk@example.org"
  mail: {server: "smtp.example:2525", from: "bridge@example.org", to: [lead@example.org],
         vendors: {OptIT: [a@optit.example, b@optit.example]}}""",
        )
    ).reports
    assert reports.small == 5
    assert dict(reports.scorecard) == {"sla_attainment": 3, "satisfaction": 0, "reopen_share": 1}
    assert dict(reports.inputs) == {"uptime": Path("inputs/uptime.csv"), "cost": Path("inputs/cost.csv")}
    assert reports.people is People.PSEUDONYMS
    assert (reports.classification, reports.contact) == ("Confidential & internal", "Desk, desk@example.org")
    assert reports.mail == Mail(
        "smtp.example",
        2525,
        "bridge@example.org",
        ("lead@example.org",),
        {"OptIT": ("a@optit.example", "b@optit.example")},
    )


def test_a_mail_server_without_a_port_is_asked_at_the_port_of_submission(config: Path) -> None:
    mail = load(saying(config, " {mail: {server: smtp.example, from: a@b, to: [c@d]}}")).reports.mail
    assert mail is not None
    assert (mail.host, mail.port) == ("smtp.example", 587)


@pytest.mark.parametrize(
    ("reports", "at", "code", "suggestion"),
    [
        pytest.param(" {smal: 5}", "smal", "C111", "small", id="a misspelt key"),
        pytest.param(" {small: 0}", "0", "C203", None, id="few that are none"),
        pytest.param(
            " {scorecard: {sla_attainmnt: 4}}", "sla_attainmnt", "C202", "sla_attainment", id="a misspelt figure"
        ),
        pytest.param(" {scorecard: {mttr_hours: 4}}", "mttr", "C202", None, id="a figure without a score"),
        pytest.param(" {scorecard: {uptime: -1}}", "-1", "C203", None, id="a weight below nothing"),
        pytest.param(" {scorecard: {uptime: 1.5}}", "1.5", "C201", None, id="a weight that is not whole"),
        pytest.param(" {scorecard: {uptime: 0, utilization: 0}}", "{uptime", "C208", None, id="weights of nothing"),
        pytest.param(" {scorecard: {}}", "{}", "C208", None, id="no weights"),
        pytest.param(" {inputs: {up_time: a.csv}}", "up_time", "C202", "uptime", id="a misspelt kind"),
        pytest.param(" {inputs: {uptime: ../a.csv}}", "../a.csv", "C204", None, id="a file above the folder"),
        pytest.param(" {inputs: {uptime: a/../../b.csv}}", "a/..", "C204", None, id="a file above by a detour"),
        pytest.param(" {inputs: {uptime: /etc/a.csv}}", "/etc", "C204", None, id="a file from the root"),
        pytest.param(" {inputs: {uptime: 'C:\\a.csv'}}", "'C:", "C204", None, id="a file of a drive"),
        pytest.param(" {inputs: {uptime: bridge.yaml}}", "bridge.yaml", "C204", None, id="a file that is no CSV"),
        pytest.param(" {inputs: {uptime: a.csv, cost: a.csv}}", "a.csv}", "C206", None, id="a file for two kinds"),
        pytest.param(" {vendors: {people: pseudonym}}", "pseudonym", "C202", "pseudonyms", id="a misspelt word"),
        pytest.param(" {mail: {server: a, from: a@b}}", "{server", "C208", None, id="mail to nobody"),
        pytest.param(" {mail: {from: a@b, to: [a@b]}}", "mail", "C112", None, id="mail by nobody"),
        pytest.param(
            " {mail: {server: 'smtp://a:25', from: a@b, to: [a@b]}}", "'smtp", "C204", "a:25", id="a server as address"
        ),
        pytest.param(
            " {mail: {server: 'a:70000', from: a@b, to: [a@b]}}", "'a:7", "C204", "a:587", id="a port that cannot be"
        ),
        pytest.param(" {mail: {server: a, from: a, to: [a@b]}}", "a, to", "C204", None, id="an address without @"),
        pytest.param(
            " {mail: {server: a, from: 'A B <a@b.c>', to: [a@b]}}", "'A B", "C204", "a@b.c", id="a name before it"
        ),
        pytest.param(
            ' {mail: {server: a, from: "a@b\\r\\nBcc: c@d", to: [a@b]}}', '"a@b', "C114", None, id="a second header"
        ),
        pytest.param(" {mail: {server: a, from: a@b, to: [c@d, C@d]}}", "C@d", "C206", None, id="an address twice"),
        pytest.param(" {mail: {server: a, from: a@b, to: []}}", "[]", "C208", None, id="a list of nobody"),
        pytest.param(
            " {mail: {server: a, from: a@b, vendors: {OptIt: [c@d]}}}", "OptIt", "C205", "OptIT", id="no vendor"
        ),
        pytest.param(
            " {mail: {server: a, from: a@b, to: [c@d], password: hunter2}}", "password", "C111", None, id="a secret"
        ),
        pytest.param(" {classification: ' '}", "' '", "C208", None, id="a blank classification"),
        pytest.param(f" {{contact: {'x' * 101}}}", "xxx", "C204", None, id="a contact that no margin holds"),
        pytest.param(' {contact: "a\u202eb"}', '"a', "C204", None, id="a contact that turns the text around"),
    ],
)
def test_a_mistake_is_named_in_its_place(
    config: Path, reports: str, at: str, code: str, suggestion: str | None
) -> None:
    found = errors_of(saying(config, reports))
    text = (config / "bridge.yaml").read_text(encoding="utf-8")
    line, column = place_of(text, text.index(at, text.index("\nreports:") + 9))
    assert [(one.line, one.column, one.code, one.suggestion) for one in found] == [(line, column, code, suggestion)]
    assert "hunter2" not in found[0].message
    assert check(config)[0] is None


def test_what_is_allowed_is_listed(config: Path) -> None:
    (found,) = errors_of(saying(config, " {inputs: {uptme: a.csv}}"))
    assert found.allowed == ("uptime", "patch_compliance", "cost", "satisfaction")


def test_what_the_example_has_in_comments_can_be_taken_out_of_them(config: Path) -> None:
    path = config / "bridge.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    start = lines.index(next(line for line in lines if line.startswith("reports:")))
    taken = [line.replace("# ", "", 1) if line.startswith("  # ") else line for line in lines[start:]]
    assert taken != lines[start:]
    path.write_text("\n".join([*lines[:start], *taken]), encoding="utf-8")
    reports = load(config).reports
    assert list(reports.inputs) == list(OUTSIDE)
    assert reports.mail is not None
    assert list(reports.mail.vendors) == ["OptIT"]
