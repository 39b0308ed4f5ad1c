from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.config.editing import ACCESS, edit, errors_of, place_of


class Mistake(NamedTuple):
    """``old`` of the example becomes ``new``; the finding stands where ``at`` begins in ``new``."""

    old: str
    new: str
    at: str
    code: str
    suggestion: str | None = None
    severity: str = "error"


BRIDGE = {
    "a misspelt key": Mistake("timezone:", "timezon:", "timezon", "C111", "timezone"),
    "no zone": Mistake("timezone: Asia/Kolkata", "", "", "C112"),
    "an unknown zone": Mistake("Asia/Kolkata", "Asia/Kolkatta", "Asia", "C204", "Asia/Kolkata"),
    "a zone in small letters": Mistake("Asia/Kolkata", "asia/kolkata", "asia", "C204", "Asia/Kolkata"),
    "a folder of the zones": Mistake("Asia/Kolkata", "Asia", "Asia", "C204"),
    "a path for a zone": Mistake("Asia/Kolkata", "../../etc/passwd", "..", "C204"),
    "a store of another kind": Mistake("sqlite:///var/itsm-bridge.db", "mysql://db/x", "mysql", "C204"),
    "a password in the store": Mistake(
        "sqlite:///var/itsm-bridge.db", "postgresql+psycopg://bridge:hunter2@db/itsm", "postgresql", "C204"
    ),
    "an unknown kind of source": Mistake("kind: servicenow", "kind: service_now", "service_now", "C202", "servicenow"),
    "no kind": Mistake("    kind: servicenow\n", "", "", "C112"),
    "an unsafe address": Mistake("https://egov.service", "http://egov.service", "http", "C204"),
    "a user in the address": Mistake("https://egov.service", "https://me:hunter2@egov.service", "https", "C204"),
    "a query in the address": Mistake("service-now.com", "service-now.com/?token=hunter2", "", "C204"),
    "an address without a host": Mistake("https://egov.service-now.com", "https://", "https", "C204"),
    "a port that cannot be": Mistake("https://egov.service-now.com", "https://egov:99999", "https", "C204"),
    "a secret in the file": Mistake(
        "    kind: servicenow\n", "    kind: servicenow\n    password: hunter2\n", "password", "C111"
    ),
    "a table by its label": Mistake("[incident,", "[Incident Table,", "Incident", "C204"),
    "no table": Mistake("[incident, sc_req_item, change_request]", "[]", "[]", "C208"),
    "one table, not in a list": Mistake(
        "[incident, sc_req_item, change_request]", "incident", "incident", "C201", "[incident]"
    ),
    "a table twice": Mistake("sc_req_item, change", "sc_req_item, incident, change", "incident", "C206"),
    "a scope that escapes": Mistake("STARTSWITHeGov", "STARTSWITHeGov^NQactive=true", "", "C204"),
    "states of a table that is not read": Mistake(
        "      incident: {1", "      incidents: {1", "incidents", "C205", "incident"
    ),
    "a state that does not exist": Mistake("2: in_progress, 3: on_hold", "2: wip, 3: on_hold", "wip", "C202"),
    "a misspelt state": Mistake("6: resolved", "6: resolvd", "resolvd", "C202", "resolved"),
    "a state twice": Mistake("2: in_progress, 3: on_hold", "1: in_progress, 3: on_hold", "1", "C110"),
    "a custom field that looks like ours": Mistake(
        "environment: u_env", "enviroment: u_env", "enviroment", "C111", "environment", "warning"
    ),
    "a custom field with a space": Mistake("category: category", "sub category: category", "sub", "C204"),
    "a custom field by its long name": Mistake("category: category", "custom.vip: category", "custom", "C204", "vip"),
    "a field that follows from others": Mistake("category: category", "age: category", "age", "C202"),
    "an unknown way to write": Mistake("via: impact_urgency", "via: impact", "impact", "C202", "impact_urgency"),
    "an unknown deployment": Mistake("deployment: cloud", "deployment: server", "server", "C202"),
    "a project in small letters": Mistake("[OPS, ENV]", "[ops, ENV]", "ops", "C204"),
    "an impact off the scale": Mistake("{High: 1, Medium: 2, Low: 3}}", "{High: 0, Medium: 2}}", "0", "C203"),
    "an unknown type": Mistake("Incident: incident", "Incident: incidents", "incidents", "C202", "incident"),
    "a priority off the scale": Mistake("Lowest: 5", "Lowest: 6", "6", "C203"),
    "a priority that nothing stands for": Mistake(", Lowest: 5", "", "", "C212", None, "warning"),
    "approval by service management in a field": Mistake(
        "{via: field, field", "{via: service_management, field", "field", "C111"
    ),
    "approval in no field": Mistake('{via: field, field: "Approval"}', "{via: field}", "", "C112"),
    "a limit in words": Mistake("max_changes: 200", "max_changes: many", "many", "C201"),
    "a limit below nothing": Mistake("max_changes: 200", "max_changes: -1", "-1", "C203"),
    "more than everything": Mistake("max_vanish_percent: 10", "max_vanish_percent: 101", "101", "C203"),
    "a wait of a day": Mistake("max_wait: 2m", "max_wait: 1d", "1d", "C204", "24h"),
    "a wait in minutes": Mistake("max_wait: 2m", "max_wait: 2 minutes", "2 min", "C204", "2m"),
    "a wait of working days": Mistake("max_wait: 2m", "max_wait: 2 working_days", "2", "C204"),
    "a wait without a unit": Mistake("max_wait: 2m", "max_wait: 2", "2", "C204"),
    "an ownership that there is not": Mistake("priority: yield", "priority: yeild", "yeild", "C202", "yield"),
    "an owned field that there is not": Mistake("  vendor: yield", "  assignee: yield", "assignee", "C111"),
    "a table without states": Mistake("[incident,", "[problem, incident,", "", "C212"),
}

VENDORS = {
    "an unknown status": Mistake("status: active", "status: Active", "Active", "C202", "active"),
    "a day that is not in the calendar": Mistake("2026-01-12", "2026-02-30", "2026", "C204"),
    "a day the other way round": Mistake("2026-01-12", "12.01.2026", "12", "C204"),
    "no capacity": Mistake("    capacity: {people: 6, hours_per_week: 40, focus: 0.75}\n", "", "", "C112"),
    "a misspelt capacity": Mistake(
        "    capacity: {people: 6", "    capcity: {people: 6", "capcity", "C111", "capacity"
    ),
    "a focus in percent": Mistake("focus: 0.75", "focus: 75", "75", "C203"),
    "a number in words": Mistake("people: 6", "people: six", "six", "C201"),
    "an unknown calendar": Mistake("punjab-office", "punjab_office", "punjab_", "C205", "punjab-office"),
    "a currency by its sign": Mistake("currency: INR", 'currency: "Rs"', '"Rs"', "C204"),
    "a name in an unknown source": Mistake('{snow: "eGov OptIT"', '{snw: "eGov OptIT"', "snw", "C205", "snow"),
    "the name of another vendor": Mistake('snow: "eGov GWL"', 'snow: "egov optit"', '"egov', "C206"),
    "a leave that ends first": Mistake("to: 2026-12-31", "to: 2026-12-01", "to", "C207"),
    "a leave of more than all": Mistake(
        "- {from: 2026-12-24, to: 2026-12-31, people: 3}",
        "- {from: 2026-12-24, to: 2026-12-31, people: 7}",
        "{from",
        "C207",
    ),
    "yes for true": Mistake("internal: true", "internal: yes", "yes", "C201", "true"),
    "a key twice": Mistake("    skills: [kubernetes, portal]", "    status: ended", "status", "C110"),
    "a service that the environment lacks": Mistake(
        "services: [portal]", "services: [portals]", "portals", "C205", "portal"
    ),
    "an owner that is no vendor": Mistake("- {vendor: OptIT,", "- {vendor: OptIt,", "OptIt", "C205", "OptIT"),
    "a fallback that is no vendor": Mistake("fallback: eGov DevOps", "fallback: eGov", "eGov", "C205"),
    "an ownership without a day": Mistake(
        "{vendor: eGov DevOps, to:", "{vendor: eGov DevOps, from: 2027-01-01, to:", "to:", "C207"
    ),
    "an end that never comes": Mistake("to: 2027-01-01", "to: 9999-12-31", "9999", "C204"),
    "a list for a mapping": Mistake(
        'contacts: {lead: "lead@gwl.example", escalation: ["head@gwl.example"]}', "contacts: [lead]", "[lead]", "C201"
    ),
    "skills twice": Mistake("[kubernetes, portal]", "[kubernetes, Kubernetes]", "Kubernetes", "C206"),
    "an active vendor without a name": Mistake(', ops: "GWL"', "", "", "C212", None, "warning"),
}

SLA = {
    "an unknown zone of a calendar": Mistake("timezone: UTC", "timezone: IST", "IST", "C204"),
    "hours in words": Mistake("hours: 24x7", "hours: 24/7", "24/7", "C201", "24x7"),
    "no hours": Mistake(", hours: 24x7", "", "", "C112"),
    "a whole day's name": Mistake("mon-fri: [", "monday: [", "monday", "C204", "mon"),
    "a day in two places": Mistake('sat: ["10:00-14:00"]', 'fri: ["19:00-20:00"]', "fri", "C206"),
    "a span with dots": Mistake('"09:30-18:30"', '"9.30-18.30"', '"9', "C204", "09:30-18:30"),
    "a span with a long dash": Mistake('"09:30-18:30"', '"09:30\N{EN DASH}18:30"', '"09', "C204", "09:30-18:30"),
    "an hour that no clock shows": Mistake('"09:30-18:30"', '"09:30-25:00"', '"09', "C204"),
    "a span of nothing": Mistake('"09:30-18:30"', '"09:30-09:30"', '"09', "C204", "00:00-24:00"),
    "spans that overlap": Mistake('"14:00-18:30"', '"13:00-18:30"', '"13', "C207"),
    "a night that runs into the morning": Mistake(
        'hours: {mon-fri: ["09:30-18:30"]}', 'hours: {sun: ["22:00-10:00"], mon: ["09:30-18:30"]}', '"09:30', "C207"
    ),
    "a country that there is not": Mistake("{country: IN}", "{country: XX}", "XX", "C205"),
    "a country in small letters": Mistake("{country: IN}", "{country: in}", "in}", "C205", "IN"),
    "a subdivision that there is not": Mistake("subdivision: PB", "subdivision: PQ", "PQ", "C205"),
    "a subdivision of no country": Mistake("{country: IN, subdivision: AP}", "{subdivision: AP}", "AP", "C207"),
    "holidays where it is always open": Mistake(
        "hours: 24x7}", "hours: 24x7, holidays: {country: IN}}", "holidays", "C207"
    ),
    "a bare day": Mistake("target: 16h", "target: 2d", "2d", "C204", "2 working_days"),
    "three bare days": Mistake("target: 16h", "target: 3 days", "3 days", "C204", "3 working_days"),
    "a week": Mistake("target: 16h", "target: 1 week", "1 week", "C204", "7 working_days"),
    "a target of nothing": Mistake("target: 15m", "target: 0m", "0m", "C203"),
    "a target without a unit": Mistake("target: 15m", "target: 15", "15", "C204"),
    "a target by a time that no clock shows": Mistake(
        "target: 16h", "target: 3 working_days by 25:00", "3 working", "C204"
    ),
    "a target by a time of another style": Mistake(
        "target: 16h", "target: 1 working_days by 4pm", "1 working", "C204", "1 working_days by 16:00"
    ),
    "a bare day with a time": Mistake(
        "target: 16h", "target: 2 days by 16:00", "2 days", "C204", "2 working_days by 16:00"
    ),
    "an hour with a time of day": Mistake("target: 16h", "target: 4h by 16:00", "4h", "C204"),
    "no working day, and no time": Mistake("target: 16h", "target: 0 working_days", "0", "C203"),
    "a due date that another's time would move": Mistake("target: 15m", "target: due", "due", "C207"),
    "a due date that a written carry would move": Mistake(
        "target: 15m", "target: due\n    on_change: carry", "carry", "C207", "restart"
    ),
    "a due date that a pause would move": Mistake(
        "target: 15m", "target: due\n    on_change: restart\n    pause: {state: on_hold}", "pause", "C207"
    ),
    "no target": Mistake("    target: 16h\n", "", "", "C112"),
    "a period without a day": Mistake(
        "target: 15m", "target: 15m\n    to: 2026-04-01\n    from: 2026-04-01", "2026-04-01", "C207"
    ),
    "a period that ends before it begins": Mistake(
        "target: 15m", "target: 15m\n    from: 2026-04-01\n    to: 2026-03-01", "2026-03-01", "C207"
    ),
    "a period from no day of the calendar": Mistake(
        "target: 15m", "target: 15m\n    from: 2026-02-30", "2026-02-30", "C204"
    ),
    "any without a list": Mistake(
        "{any: [{state: on_hold}, {approval: requested}]}", "{any: {state: on_hold}}", "{state", "C201"
    ),
    "any of nothing": Mistake("{any: [{state: on_hold}, {approval: requested}]}", "{any: []}", "[]", "C208"),
    "no stop": Mistake("    stop: {state: [in_progress, resolved, closed]}\n", "", "", "C112"),
    "an unknown calendar of a level": Mistake("calendar: always", "calendar: allways", "allways", "C205", "always"),
    "an unknown kind of level": Mistake("kind: uc", "kind: uk", "uk", "C202"),
    "a level's name twice": Mistake("name: P1 resolution", "name: p1 response", "p1", "C206"),
    "a level's name twice from a day on": Mistake(
        "name: P1 resolution", "name: P1 response\n    from: 2026-04-01", "P1", "C206"
    ),
    "a priority that there is not": Mistake("priority: [2, 3, 4, 5]", "priority: [2, 3, 4, 6]", "6", "C203"),
    "a misspelt state of a clock": Mistake("{state: canceled}", "{state: cancelled}", "cancelled", "C202", "canceled"),
    "a resume without a pause": Mistake("warn: [50%", "resume: {state: new}\n    warn: [50%", "resume", "C207"),
    "a share without its sign": Mistake("warn: [50%", "warn: [50", "50", "C204", "50%"),
    "clocks of the sources that are none": Mistake("native: [Priority 1 response]", "native: []", "[]", "C208"),
    "a clock of the sources without its list": Mistake(
        "native: [Priority 1 response]",
        "native: Priority 1 response",
        "Priority 1 response",
        "C201",
        "[Priority 1 response]",
    ),
    "a clock of the sources twice": Mistake("native: [Priority 1 response]", "native: [P1, p1]", "p1", "C206"),
    "an unknown way to reopen": Mistake("on_reopen: new_cycle", "on_reopen: new", "new", "C202"),
    "a clock on what moves by itself": Mistake(
        "start: {priority: 1}", "start: {age: {gt: 4h}}", "age", "C211", None, "warning"
    ),
}

RULES = {
    "an unknown section": Mistake("assignment:", "assignments:", "assignments", "C111", "assignment"),
    "a misspelt key of a rule": Mistake("because: Hosts", "becuase: Hosts", "becuase", "C111", "because"),
    "a rule without a name": Mistake("  - name: erp-by-word\n    when:", "  - when:", "when", "C112"),
    "a rule without a when": Mistake("    when: {category: [security, access]}\n", "", "", "C112"),
    "an empty when": Mistake("when: {}", "when:", "", "C201", "{}"),
    "a rule's name twice": Mistake("name: shared-pool", "name: Default", "Default", "C206"),
    "a misspelt field": Mistake('text: {contains: "pb-"}', 'txet: {contains: "pb-"}', "txet", "C210", "text"),
    "a custom field that nothing maps": Mistake(ACCESS, "{custom.vip: yes}", "custom.vip", "C210"),
    "a misspelt operator": Mistake('contains: "pb-"', 'contain: "pb-"', "contain", "C211", "contains"),
    "an operator of another language": Mistake('contains: "pb-"', 'in: ["pb-"]', "in", "C211"),
    "a comparison of text": Mistake('contains: "pb-"', "gt: 4", "gt", "C211"),
    "a search in a number": Mistake("{priority: [1, 2]}", "{priority: {contains: 1}}", "contains", "C211"),
    "an operator of nothing": Mistake("environment: {not: internal}", "environment: {}", "{}", "C208"),
    "nothing for a value": Mistake("{type: change, env", "{type: null, env", "null", "C208"),
    "an empty list of values": Mistake("[hardware, desktop]", "[]", "[]", "C208"),
    "a condition as text": Mistake(f"when: {ACCESS}", "when: category is access", "category", "C201"),
    "an unknown type in a condition": Mistake("type: incident\n", "type: incidnt\n", "incidnt", "C202", "incident"),
    "an unknown environment in a condition": Mistake("[punjab, ap, bihar]", "[panjab, ap]", "panjab", "C205", "punjab"),
    "an unknown service in a condition": Mistake(
        "service: {empty: true}", "service: portl", "portl", "C205", "portal", "warning"
    ),
    "empty with a word": Mistake(
        "{environment: {empty: false}, ", "{environment: {empty: no}, ", "no", "C201", "false"
    ),
    "not with a matcher": Mistake("{not: internal}", "{not: {contains: x}}", "{contains", "C201"),
    "a broken pattern": Mistake('contains: "pb-"', 'matches: "pb-("', '"pb-("', "C204"),
    "a pattern that looks ahead": Mistake('contains: "pb-"', 'matches: "(?=pb)"', '"(?=', "C204"),
    "an age in days": Mistake(ACCESS, "{age: {gt: 3d}}", "3d", "C204", "72h"),
    "an age in working days": Mistake(ACCESS, "{age: {gt: 3 working_days}}", "3", "C204"),
    "an instant without a zone": Mistake(
        ACCESS, "{created: {gt: 2026-04-01T10:00}}", "2026", "C204", "2026-04-01T10:00Z"
    ),
    "a bare day for an instant": Mistake(ACCESS, "{created: {gt: 2026-04-01}}", "2026", "C204"),
    "a weekday that there is not": Mistake(ACCESS, "{weekday: moon}", "moon", "C202", "mon"),
    "a time that there is not": Mistake(ACCESS, "{time: {gte: 25:00}}", "25:00", "C204"),
    "a field that a rule cannot fill": Mistake("{environment: punjab}\n", "{state: new}\n", "state", "C210"),
    "an environment that there is not": Mistake(
        "then: {environment: punjab}", "then: {environment: panjab}", "panjab", "C205", "punjab"
    ),
    "two verdicts": Mistake(
        '{redirect: "Office IT desk",', '{redirect: "Office IT desk", decline: true,', "decline", "C207"
    ),
    "no verdict": Mistake('{redirect: "Office IT desk", note:', "{note:", "{note", "C208"),
    "a matrix of two rows": Mistake("    - [3, 4, 5]\n", "", "", "C203"),
    "a matrix with a hole": Mistake("[2, 3, 4]", "[2, 3]", "", "C203"),
    "a matrix off the scale": Mistake("[3, 4, 5]", "[3, 4, 6]", "6", "C203"),
    "an impact that there is not": Mistake("{impact: 1, urgency: 1}", "{impact: 4, urgency: 1}", "4", "C203"),
    "a priority beside an impact": Mistake("{impact: 1, urgency: 1}", "{impact: 1, priority: 1}", "priority", "C207"),
    "no approvers": Mistake('["punjab-spoc@egov.example", "infra-head@egov.example"]', "[]", "[]", "C208"),
    "approvers left out": Mistake('{approvers: ["infra-head@egov.example"], policy', "{policy", "", "C112"),
    "an approver twice": Mistake('"infra-head@egov.example"]\n', '"PUNJAB-spoc@egov.example"]\n', '"PUNJAB', "C206"),
    "an unknown policy": Mistake("policy: all", "policy: al", "al", "C202", "all"),
    "more approvals than approvers": Mistake("policy: all", "policy: 3", "3", "C203"),
    "more than all of them": Mistake("policy: all", "policy: 150%", "150%", "C203"),
    "a timeout of a day": Mistake("timeout: 8h", "timeout: 1 day", "1 day", "C204", "1 working_days"),
    "an audience without a note": Mistake(
        ', note: "Desktop requests are served by the Office IT desk."', ", public: true", "public", "C207"
    ),
    "a timeout that does nothing": Mistake(", on_timeout: reject", "", "", "C207"),
    "a timeout's end without its time": Mistake("timeout: 24h, on", "on", "on_timeout", "C207"),
    "a vendor that there is not": Mistake(
        "{vendor: eGov DevOps}", "{vendor: eGov Devops}", "eGov", "C205", "eGov DevOps"
    ),
    "two answers to whom": Mistake("{owner: true}", "{owner: true, vendor: GWL}", "vendor", "C207"),
    "an owner that is not": Mistake("{owner: true}", "{owner: false}", "false", "C202"),
    "a choice without a way": Mistake(", by: load", "", "", "C112"),
    "a skill that nobody has": Mistake(
        "skills: [kubernetes]", "skills: [kubernets]", "kubernets", "C205", "kubernetes"
    ),
    "a measure that there is not": Mistake(
        "of: resolution, tell: lead", "of: resolve, tell: lead", "resolve", "C205", "response"
    ),
    "an escalation to nobody": Mistake(", tell: lead", "", "", "C208"),
    "a test's name twice": Mistake(
        "name: a production change waits", "name: a Punjab outage is a P1 of OptIT #", "a P", "C206"
    ),
    "a test of an unknown field": Mistake('summary: "ERP', 'sumary: "ERP', "sumary", "C210", "summary"),
    "a test of an instant without a zone": Mistake("10:00:00+05:30", "10:00:00", "", "C204", "2026-11-02T10:00:00Z"),
    "a test of what follows": Mistake("type: change, environment: ap", "text: x, environment: ap", "text", "C202"),
    "a test of two states": Mistake("type: change, environment: ap", "state: [new, closed]", "[new", "C201"),
    "an expectation of nothing that is decided": Mistake(
        "{priority: 1, vendor", "{prioritty: 1, vendor", "prioritty", "C210", "priority"
    ),
    "an expected vendor that there is not": Mistake(
        "vendor: OptIT, approval", "vendor: OptIX, approval", "OptIX", "C205", "OptIT"
    ),
    "an expected approval that there is not": Mistake("not_required", "not required", "not r", "C202", "not_required"),
    "a test that expects nothing": Mistake("{approval: requested, vendor: null}", "{}", "{}", "C208"),
}

TABLE = {
    (file, what): mistake
    for file, mistakes in {"bridge.yaml": BRIDGE, "vendors.yaml": VENDORS, "sla.yaml": SLA, "rules.yaml": RULES}.items()
    for what, mistake in mistakes.items()
}


@pytest.mark.parametrize(("file", "what"), TABLE, ids=[f"{file}-{what}".replace(" ", "-") for file, what in TABLE])
def test_one_mistake_is_one_finding_with_its_place_and_remedy(config: Path, file: str, what: str) -> None:
    mistake = TABLE[file, what]
    begins = (config / file).read_text(encoding="utf-8").index(mistake.old)
    edit(config, file, mistake.old, mistake.new)

    found = errors_of(config)

    assert [(one.file, one.code, one.severity) for one in found] == [(file, mistake.code, mistake.severity)]
    assert found[0].suggestion == mistake.suggestion
    assert "hunter2" not in repr(found)
    if mistake.at:
        text = (config / file).read_text(encoding="utf-8")
        assert (found[0].line, found[0].column) == place_of(text, text.index(mistake.at, begins))
