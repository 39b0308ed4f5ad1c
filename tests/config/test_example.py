from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from tests.config.editing import ACCESS, EXAMPLE, edit, errors_of

from itsm_bridge.conditions import AllOf, AnyOf, FieldTest, Matcher, Operator
from itsm_bridge.config import FILES, Configuration, check, load
from itsm_bridge.config.model import (
    Assign,
    Capacity,
    Classify,
    Contacts,
    Duration,
    Escalate,
    FieldMapping,
    Intake,
    Jira,
    Knowledge,
    Leave,
    OnChange,
    OnReopen,
    Ownership,
    Policy,
    Position,
    Rate,
    RequireApproval,
    ServiceNow,
    SetPriority,
    Target,
    VendorStatus,
)
from itsm_bridge.model import State, TicketType


@pytest.fixture(scope="module")
def example() -> Configuration:
    return load(EXAMPLE)


def test_the_example_of_the_contract_loads_as_it_stands_with_nothing_to_say_about_it(shared: Path) -> None:
    configuration, findings = check(shared / "example-config")

    assert configuration is not None
    assert findings == ()


def test_the_bridge_is_read(example: Configuration) -> None:
    assert example.store == "sqlite:///var/itsm-bridge.db"
    assert example.zone == ZoneInfo("Asia/Kolkata")
    assert list(example.sources) == ["snow", "ops"]
    assert (example.limits.max_changes, example.limits.max_change_percent) == (200, 20.0)
    assert (example.limits.max_vanish_percent, example.limits.max_wait, example.limits.max_runtime) == (10.0, 120, 1800)
    assert example.ownership == dict.fromkeys(("priority", "approval", "vendor"), Ownership.YIELD)


def test_servicenow_is_read(example: Configuration) -> None:
    snow = example.sources["snow"]
    assert isinstance(snow, ServiceNow)
    assert (snow.name, snow.url) == ("snow", "https://egov.service-now.com")
    assert snow.tables == ("incident", "sc_req_item", "change_request")
    assert snow.scope == "assignment_group.nameSTARTSWITHeGov"
    assert snow.fields["environment"] == FieldMapping("u_environment", {})
    assert snow.states["incident"]["8"] is State.CANCELED
    assert snow.states["sc_req_item"]["-5"] is State.ON_HOLD
    assert snow.states["change_request"]["-5"] is State.NEW
    assert (snow.write.priority, snow.write.vendor) == ("impact_urgency", "assignment_group")
    assert snow.write.approval == "approver_records"
    assert snow.position == Position("bridge.yaml", 9, 3)


def test_jira_is_read(example: Configuration) -> None:
    ops = example.sources["ops"]
    assert isinstance(ops, Jira)
    assert (ops.url, ops.deployment, ops.projects) == ("https://egov.atlassian.net", "cloud", ("OPS", "ENV"))
    assert ops.fields["impact"] == FieldMapping("Impact", {"high": "1", "medium": "2", "low": "3"})
    assert ops.types["service request"] is TicketType.SERVICE_REQUEST
    assert ops.states == {"waiting for customer": State.ON_HOLD}
    assert ops.priorities == {"highest": 1, "high": 2, "medium": 3, "low": 4, "lowest": 5}
    assert (ops.write.priority, ops.write.vendor, ops.write.approval) == ("priority", "Vendor", "Approval")


def test_vendors_and_environments_are_read(example: Configuration) -> None:
    optit = example.vendors["OptIT"]
    assert (optit.status, optit.nda_signed, optit.internal) == (VendorStatus.ACTIVE, date(2026, 1, 12), False)
    assert (optit.capacity, optit.capacity.hours) == (Capacity(6, 40, 0.75), 180)
    assert (optit.calendar, optit.rate) == ("punjab-office", Rate("INR", 1800))
    assert optit.names == {"snow": "eGov OptIT", "ops": "OptIT"}
    assert optit.leave == (Leave(date(2026, 12, 24), date(2026, 12, 31), 3),)
    assert optit.contacts == Contacts("lead@optit.example", ("head@optit.example",))
    assert example.vendors["MacroSkies"].nda_signed is None
    assert example.vendors["eGov DevOps"].internal

    punjab = example.environments["punjab"]
    assert (punjab.state, punjab.services) == ("PB", ("microservices", "erp", "co-ex", "portal"))
    assert (punjab.contact, punjab.fallback) == ("punjab-spoc@egov.example", "eGov DevOps")
    assert [(one.vendor, one.services, one.start, one.end) for one in punjab.owners] == [
        ("OptIT", (), date(2026, 4, 1), None),
        ("GWL", ("portal",), date(2026, 7, 1), None),
    ]
    assert example.environments["bihar"].owners[0].end == date(2027, 1, 1)


def test_calendars_are_read(example: Configuration) -> None:
    assert example.calendars["always"].always
    assert example.calendars["always"].week == (((0, 86_400),),) * 7
    office = example.calendars["punjab-office"]
    split = ((34_200, 48_600), (50_400, 66_600))
    assert (office.always, office.zone) == (False, ZoneInfo("Asia/Kolkata"))
    assert office.week == (split, split, split, split, split, ((36_000, 50_400),), ())
    assert (office.holidays.country, office.holidays.subdivision) == ("IN", "PB")
    assert office.holidays.add == {date(2026, 11, 30): "Founders' day"}
    assert office.holidays.remove == {date(2026, 12, 25)}
    assert office.overrides == {date(2026, 10, 19): ((34_200, 48_600),)}


def test_service_levels_are_read(example: Configuration) -> None:
    response, first, standard, vendor = example.slas
    assert (response.name, response.measures, response.kind) == ("P1 response", "response", "sla")
    assert (response.target, response.calendar, response.warn) == (Target(seconds=900), "always", (50.0, 75.0))
    assert response.start == FieldTest("priority", (Matcher(Operator.ONE_OF, (1,)),))
    assert (response.native, vendor.native) == (("Priority 1 response",), ())
    assert first.native == ("Priority 1 resolution", "Time to resolution")
    assert (response.on_reopen, response.on_change) == (OnReopen.CONTINUE, OnChange.CARRY)
    assert (first.on_change, standard.on_reopen) == (OnChange.RETROACTIVE, OnReopen.NEW_CYCLE)
    assert standard.pause == AnyOf(
        (
            FieldTest("state", (Matcher(Operator.ONE_OF, ("on_hold",)),)),
            FieldTest("approval", (Matcher(Operator.ONE_OF, ("requested",)),)),
        )
    )
    assert (vendor.kind, vendor.calendar) == ("uc", "vendor")
    assert vendor.start == FieldTest("vendor", (Matcher(Operator.EMPTY, (False,)),))


def test_rules_are_read(example: Configuration) -> None:
    rules = example.rules
    assert rules.matrix == ((1, 2, 3), (2, 3, 4), (3, 4, 5))
    assert [rule.then for rule in rules.classify] == [Classify({"environment": "punjab"}), Classify({"service": "erp"})]
    assert rules.intake[0].then == Intake(
        "redirect", "Office IT desk", "Desktop requests are served by the Office IT desk."
    )
    assert [rule.then for rule in rules.priority] == [SetPriority(1, 1, None), SetPriority(2, 2, None)]
    assert rules.priority[1].when == AllOf(())
    assert rules.approval[0].because == "A production change needs the state's lead and the infrastructure head."
    assert rules.approval[0].then == RequireApproval(
        ("punjab-spoc@egov.example", "infra-head@egov.example"), Policy("all"), Duration(seconds=28_800), "escalate"
    )
    assert rules.approval[1].then.policy == Policy("any")
    assert [rule.then for rule in rules.assignment] == [
        Assign("eGov DevOps", owner=False, among=(), by=None, skills=()),
        Assign(None, owner=True, among=(), by=None, skills=()),
        Assign(None, owner=False, among=("OptIT", "GWL"), by="load", skills=("kubernetes",)),
    ]
    assert [rule.then for rule in rules.escalation] == [
        Escalate(50.0, "resolution", "lead", note=False),
        Escalate(100.0, "resolution", "escalation", note=True),
    ]
    assert rules.knowledge[0].then == Knowledge("KB0010042", "SOP: reclaim disk space on a node.")


def test_the_tests_of_rules_are_read(example: Configuration) -> None:
    first, second = example.rules.tests[:2]
    assert first.ticket == {
        "type": ("incident",),
        "environment": ("punjab",),
        "service": ("erp",),
        "summary": ("ERP outage in Punjab",),
        "created": (datetime(2026, 11, 2, 4, 30, tzinfo=UTC),),
    }
    assert first.expect == {"priority": 1, "vendor": "OptIT", "approval": "not_required"}
    assert second.expect == {"approval": "requested", "vendor": None}


def test_nothing_of_it_can_be_changed(example: Configuration) -> None:
    mappings = (example.sources, example.vendors, example.vendors["OptIT"].names, example.ownership, example.calendars)

    assert all(isinstance(mapping, MappingProxyType) for mapping in mappings)


# --- variants that the example does not show ---------------------------------------------------------------------


def test_jira_may_be_data_center_and_approvals_those_of_service_management(config: Path) -> None:
    edit(config, "bridge.yaml", "deployment: cloud", "deployment: data_center")
    edit(config, "bridge.yaml", '{via: field, field: "Approval"}', "{via: service_management}")
    ops = load(config).sources["ops"]
    assert isinstance(ops, Jira)
    assert ops.deployment == "data_center"
    assert (ops.write.approval, ops.write.votes) == (None, True)
    assert "approval" not in ops.writable


def test_a_flat_map_of_states_serves_every_table(config: Path) -> None:
    text = (config / "bridge.yaml").read_text(encoding="utf-8")
    begin, end = text.index("      incident: {1"), text.index("    write:  ")
    (config / "bridge.yaml").write_text(text[:begin] + "      1: new\n      2: in_progress\n" + text[end:])

    snow = load(config).sources["snow"]

    assert isinstance(snow, ServiceNow)
    assert snow.states == {table: {"1": State.NEW, "2": State.IN_PROGRESS} for table in snow.tables}


def test_what_may_be_left_out_has_its_default(config: Path) -> None:
    text = (config / "bridge.yaml").read_text(encoding="utf-8")
    without_limits = text[: text.index("limits:")].replace("store: sqlite:///var/itsm-bridge.db", "")
    (config / "bridge.yaml").write_text(without_limits.replace("    deployment: cloud", "    # deployment"))

    changed, original = load(config), load(EXAMPLE)

    assert (changed.limits, changed.ownership) == (original.limits, original.ownership)
    assert changed.store == "sqlite:///var/itsm-bridge.db"
    assert changed.sources["ops"].deployment == "cloud"  # type: ignore[union-attr]  # it is a Jira


def test_a_value_left_blank_is_a_value_left_out(config: Path) -> None:
    edit(config, "vendors.yaml", "nda_signed: 2026-01-12", "nda_signed:")
    edit(config, "vendors.yaml", "fallback: eGov DevOps", "fallback: ~")

    configuration = load(config)

    assert configuration.vendors["OptIT"].nda_signed is None
    assert configuration.environments["punjab"].fallback is None


@pytest.mark.parametrize(
    ("written", "policy"),
    [("all", Policy("all")), ("any", Policy("any")), ("2", Policy("count", 2)), ("50%", Policy("percent", 50.0))],
)
def test_every_policy_of_approval_is_read(config: Path, written: str, policy: Policy) -> None:
    edit(config, "rules.yaml", "policy: all", f"policy: {written}")

    assert load(config).rules.approval[0].then.policy == policy


@pytest.mark.parametrize(
    ("written", "intake"),
    [
        ("{accept: true}", Intake("accept", None, None)),
        ("{decline: true, note: No.}", Intake("decline", None, "No.")),
        ("{redirect: Elsewhere}", Intake("redirect", "Elsewhere", None)),
    ],
)
def test_every_verdict_of_intake_is_read(config: Path, written: str, intake: Intake) -> None:
    text = (config / "rules.yaml").read_text(encoding="utf-8")
    begin = text.index('{redirect: "Office')
    end = text.index("\n", begin)
    (config / "rules.yaml").write_text(text[:begin] + written + text[end:], encoding="utf-8")

    assert load(config).rules.intake[0].then == intake


def test_a_night_shift_runs_into_the_next_day(config: Path) -> None:
    edit(config, "sla.yaml", '{mon-fri: ["09:30-18:30"]}', '{sun: ["22:00-06:00"], "mon,wed": ["06:00-24:00"]}')

    week = load(config).calendars["internal"].week

    assert week[6] == ((79_200, 108_000),)
    assert week[0] == week[2] == ((21_600, 86_400),)
    assert week[1] == ()


def test_a_target_may_be_in_working_days(config: Path) -> None:
    edit(config, "sla.yaml", "target: 16h", "target: 3 working_days")

    assert load(config).slas[2].target == Target(working_days=3)


def test_service_names_of_the_sources_become_custom_fields(config: Path) -> None:
    edit(config, "bridge.yaml", "category: category", "category: category\n      vip: u_vip")
    edit(config, "rules.yaml", ACCESS, "{custom.vip: true}")

    configuration = load(config)

    assert configuration.sources["snow"].fields["vip"] == FieldMapping("u_vip", {})
    assert configuration.rules.approval[1].when == FieldTest("custom.vip", (Matcher(Operator.ONE_OF, ("true",)),))


def test_no_is_norway_and_not_false(config: Path) -> None:
    edit(config, "sla.yaml", "holidays: {country: IN}", "holidays: {country: NO}")

    assert load(config).calendars["internal"].holidays.country == "NO"


def test_loopback_needs_no_https(config: Path) -> None:
    edit(config, "bridge.yaml", "https://egov.service-now.com", "http://127.0.0.1:8081/")

    assert load(config).sources["snow"].url == "http://127.0.0.1:8081"


def test_the_same_files_have_the_same_digest_wherever_they_lie(config: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(config, tmp_path / "elsewhere")

    assert load(config).digest == load(elsewhere).digest
    (elsewhere / "notes.txt").write_text("no part of it")
    assert load(config).digest == load(elsewhere).digest


@pytest.mark.parametrize("file", FILES)
def test_one_changed_byte_changes_the_digest(config: Path, file: str) -> None:
    before = load(config).digest
    with (config / file).open("a", encoding="utf-8") as changed:
        changed.write("\n")

    assert load(config).digest != before


def test_windows_line_ends_and_a_byte_order_mark_mean_nothing(config: Path) -> None:
    for file in FILES:
        content = (config / file).read_bytes().replace(b"\n", b"\r\n")
        (config / file).write_bytes(b"\xef\xbb\xbf" + content)

    changed, original = load(config), load(EXAMPLE)

    assert (changed.vendors, changed.rules, changed.slas) == (original.vendors, original.rules, original.slas)


def test_a_configuration_may_be_mounted_by_links(config: Path, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    for file in FILES:
        (links / file).symlink_to(config / file)

    assert not errors_of(links)
