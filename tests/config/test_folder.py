from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.config.editing import ACCESS, edit, errors_of

from itsm_bridge.config import check, describe, load
from itsm_bridge.config.findings import LISTED_PER_FILE, nearest
from itsm_bridge.errors import ConfigurationInvalid, Finding, NotInitialised


def test_several_mistakes_in_all_four_files_are_found_in_one_pass(config: Path) -> None:
    edit(config, "bridge.yaml", "max_changes: 200", "max_chnages: 200")
    edit(config, "bridge.yaml", "deployment: cloud", "deployment: data_centre")
    edit(config, "bridge.yaml", "Asia/Kolkata", "Asia/Calcuta")
    edit(config, "vendors.yaml", "status: active", "status: actve")
    edit(config, "vendors.yaml", "fallback: eGov DevOps", "fallback: eGov")
    edit(config, "vendors.yaml", "focus: 0.75", "focus: 7")
    edit(config, "sla.yaml", "target: 4h", "target: 1d")
    edit(config, "sla.yaml", "{state: on_hold}", "{state: on-hold}")
    edit(config, "sla.yaml", "on_reopen: continue", "on_reopn: continue")
    edit(config, "rules.yaml", 'contains: "pb-"', 'contain: "pb-"')
    edit(config, "rules.yaml", "[punjab, ap, bihar]", "[panjab, ap, bihar]")
    edit(config, "rules.yaml", "policy: all", "policy: most")
    edit(config, "rules.yaml", "vendor: OptIT, approval", "vendr: OptIT, approval")

    found = [(one.file, one.code) for one in errors_of(config)]

    assert found == [
        ("bridge.yaml", "C204"),
        ("bridge.yaml", "C202"),
        ("bridge.yaml", "C111"),
        ("rules.yaml", "C211"),
        ("rules.yaml", "C205"),
        ("rules.yaml", "C202"),
        ("rules.yaml", "C210"),
        ("sla.yaml", "C204"),
        ("sla.yaml", "C202"),
        ("sla.yaml", "C111"),
        ("vendors.yaml", "C202"),
        ("vendors.yaml", "C203"),
        ("vendors.yaml", "C205"),
    ]


def test_a_broken_file_does_not_hide_the_mistakes_of_the_others(config: Path) -> None:
    edit(config, "vendors.yaml", "  GWL:\n", "  GWL: [\n")
    edit(config, "sla.yaml", "target: 4h", "target: 1d")

    found = errors_of(config)

    assert [(one.file, one.code) for one in found] == [("sla.yaml", "C204"), ("vendors.yaml", "C105")]


def test_two_mistakes_in_one_rule_are_both_found(config: Path) -> None:
    edit(config, "rules.yaml", "when: {type: change, environment: {not: internal}}", "when: {tipe: change, state: nw}")
    edit(config, "rules.yaml", "policy: all ", "policy: most ")

    assert [one.code for one in errors_of(config)] == ["C210", "C202", "C202"]


def test_a_misspelt_name_is_wrong_wherever_it_is_used(config: Path) -> None:
    edit(config, "bridge.yaml", "\n  snow:", "\n  snow-prod:")

    found = errors_of(config)

    assert [(one.file, one.code) for one in found] == [("bridge.yaml", "C204"), *[("vendors.yaml", "C205")] * 4]
    assert {one.suggestion for one in found[1:]} == {"snow-prod"}


def test_a_calendar_cannot_be_called_by_a_word_of_the_language(config: Path) -> None:
    edit(config, "sla.yaml", "  ap-office:", "  environment:")

    assert [(one.file, one.code) for one in errors_of(config)] == [("sla.yaml", "C204"), ("vendors.yaml", "C205")]


HIDDEN = {
    "a misspelt key of skills": ("vendors.yaml", "skills: [security", "skils: [security", "C111"),
    "skills that are no list": ("vendors.yaml", "skills: [security]", "skills: security", "C201"),
    "a misspelt key of services": ("vendors.yaml", "services: [ledger]", "servces: [ledger]", "C111"),
    "a misspelt key of tables": ("bridge.yaml", "projects: [OPS, ENV]", "project: [OPS, ENV]", "C111"),
    "a misspelt key of fields": ("bridge.yaml", "fields: {vip: VIP}", "feilds: {vip: VIP}", "C111"),
    "a misspelt key of service levels": ("sla.yaml", "slas:", "sla:", "C111"),
    "a service level that measures nothing": ("sla.yaml", "measures: recovery", "messures: recovery", "C111"),
}
"""A mistake at the place that declares a name; nothing is wrong with the places that use it."""


@pytest.mark.parametrize("what", HIDDEN)
def test_a_mistake_where_names_are_declared_makes_no_other_where_they_are_used(config: Path, what: str) -> None:
    file, old, new, code = HIDDEN[what]
    edit(config, "vendors.yaml", "skills: [kubernetes, postgres, erp, portal, security]", "skills: [security]")
    edit(config, "rules.yaml", "skills: [kubernetes]", "skills: [security]")
    edit(
        config,
        "vendors.yaml",
        "  bihar:\n    state: BR\n    services: [microservices]",
        "  bihar:\n    services: [ledger]",
    )
    edit(config, "rules.yaml", ACCESS, "{service: ledger, custom.vip: yes, project: OPS}")
    edit(config, "rules.yaml", "then: {service: erp}", "then: {service: ledger}")
    text = (config / "bridge.yaml").read_text(encoding="utf-8")
    begin = text.index("    fields:", text.index("projects:"))
    end = text.index("    types:")
    (config / "bridge.yaml").write_text(f"{text[:begin]}    fields: {{vip: VIP}}\n{text[end:]}", encoding="utf-8")
    edit(config, "sla.yaml", "measures: response", "measures: recovery")
    edit(config, "rules.yaml", "of: resolution, tell: lead", "of: recovery, tell: lead")
    assert not errors_of(config)
    edit(config, file, old, new)

    assert [(one.file, one.code) for one in errors_of(config)] == [(file, code)]


@pytest.mark.parametrize(
    ("content", "codes"), [("", ["C112"]), ("slas: [", ["C105"]), ("- 1\n", ["C201"]), ("slas: {}\n", ["C112", "C201"])]
)
def test_an_empty_or_broken_file_of_service_levels_makes_no_mistakes_elsewhere(
    config: Path, content: str, codes: list[str]
) -> None:
    (config / "sla.yaml").write_text(content, encoding="utf-8")

    found = errors_of(config)

    assert {one.file for one in found} == {"sla.yaml"}
    assert [one.code for one in found] == codes


def test_a_mistake_elsewhere_in_a_vendor_hides_no_skills(config: Path) -> None:
    edit(config, "vendors.yaml", "focus: 0.75", "focus: 75")
    edit(config, "rules.yaml", "skills: [kubernetes]", "skills: [kubernets]")

    assert [(one.file, one.code) for one in errors_of(config)] == [("rules.yaml", "C205"), ("vendors.yaml", "C203")]


def test_without_service_levels_nothing_is_measured(config: Path) -> None:
    text = (config / "sla.yaml").read_text(encoding="utf-8")
    (config / "sla.yaml").write_text(text[: text.index("slas:")], encoding="utf-8")

    assert [(one.file, one.code) for one in errors_of(config)] == [("rules.yaml", "C205")] * 2


def test_a_missing_file_is_a_mistake_that_says_so(config: Path) -> None:
    (config / "sla.yaml").unlink()

    assert [describe(one) for one in errors_of(config)] == ["sla.yaml:1:1: sla.yaml is missing"]


def test_an_empty_file_lacks_what_it_must_hold(config: Path) -> None:
    (config / "bridge.yaml").write_text("# nothing yet\n", encoding="utf-8")

    found = errors_of(config)

    assert [(one.file, one.code) for one in found] == [("bridge.yaml", "C112")] * 2


def test_an_empty_rule_book_is_allowed(config: Path) -> None:
    (config / "rules.yaml").write_text("", encoding="utf-8")

    rules = load(config).rules

    assert (rules.assignment, rules.tests) == ((), ())
    assert rules.matrix == ((1, 2, 3), (2, 3, 4), (3, 4, 5))


def test_without_a_folder_or_files_there_is_nothing_to_check(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NotInitialised, match="there is no configuration in") as raised:
            load(folder)
        assert "itsm-bridge init" in raised.value.hint


def test_loading_raises_every_error_and_counts_them(config: Path) -> None:
    edit(config, "bridge.yaml", "timezone:", "timezon:")
    edit(config, "sla.yaml", "target: 4h", "target: 1d")

    with pytest.raises(ConfigurationInvalid) as raised:
        load(config)

    assert [one.code for one in raised.value.findings] == ["C111", "C204"]
    assert raised.value.message == "the configuration has 2 mistakes in 2 files; nothing was done"


def test_a_warning_does_not_stop_the_loading(config: Path) -> None:
    edit(config, "vendors.yaml", ', ops: "GWL"', "")

    configuration, findings = check(config)

    assert configuration is not None
    assert "warning" in {one.severity for one in findings}
    assert load(config).vendors["GWL"].names == {"snow": "eGov GWL"}


def test_thousands_of_mistakes_are_counted_not_listed(config: Path) -> None:
    lines = "\n".join(f"key{number}: 1" for number in range(3_000))
    with (config / "sla.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{lines}\n")

    found = errors_of(config)

    assert len(found) == LISTED_PER_FILE + 1
    assert "the rest is not listed" in found[-1].message


def test_a_finding_reads_as_one_line_with_its_remedy() -> None:
    finding = Finding("rules.yaml", 7, 12, "C210", "error", '"txet" is no field', "text", ("text", "type"))

    assert describe(finding) == 'rules.yaml:7:12: "txet" is no field; did you mean "text"; allowed: text, type'


@pytest.mark.parametrize("severity", ["warning", "info"])
def test_a_finding_that_is_no_error_says_so(severity: str) -> None:
    finding = Finding("rules.yaml", 18, 40, "C290", severity, "this version does less")

    assert describe(finding) == f"rules.yaml:18:40: {severity}: this version does less"


def test_a_finding_cannot_steer_the_terminal() -> None:
    finding = Finding("rules.yaml", 1, 1, "C202", "error", "a\x1b[31m\nb\u202ec\u2028", "\x07")

    assert describe(finding) == 'rules.yaml:1:1: a\\x1b[31m\\nb\\u202ec\\u2028; did you mean "\\x07"'


def test_the_nearest_name_is_found_without_regard_to_case() -> None:
    assert nearest("optit", ("OptIT", "GWL")) == "OptIT"
    assert nearest("zzz", ("OptIT", "GWL")) is None
    assert nearest("x" * 100_000, ("OptIT",)) is None


def test_importing_the_package_stays_cheap() -> None:
    heavy = "{'pandas', 'holidays', 'pydantic', 'requests', 'sqlalchemy'} & set(sys.modules)"
    code = f"import sys, itsm_bridge.config; print({heavy})"

    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - ours

    assert output.stdout.strip() == "set()"
