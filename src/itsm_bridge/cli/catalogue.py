"""What every code of a finding means, as data: ``help CODE`` and ``docs/codes.md`` print it; held against the loader.

An example is a change of the shipped configuration: where ``right`` stands in ``file``, ``wrong`` gives the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Example:
    """A slip in one file: what was written, and what should have been. In words where it is not text of a file."""

    file: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code means, how it comes about, and what to do."""

    title: str
    cause: str
    fix: str
    example: Example


def _entry(title: str, cause: str, fix: str, file: str, wrong: str, right: str) -> Entry:
    return Entry(title, cause, fix, Example(file, wrong, right))


CODES: Final[dict[str, Entry]] = {
    "C101": _entry(
        "a file is missing",
        "The folder holds some of the four files, or a file names another that is not there.",
        "Put the file into the folder, or give the right folder with -C. A file without content may stay empty only "
        "where nothing in it is required.",
        "sla.yaml",
        "(the file is not there)",
        "(the file is there)",
    ),
    "C102": _entry(
        "a file cannot be read",
        "The user who runs the bridge may not read it, or a folder or a device stands under its name.",
        "Give that user the right to read it, or remove what stands in its place.",
        "sla.yaml",
        "(a folder of that name)",
        "(a file that we may read)",
    ),
    "C103": _entry(
        "a file is larger than 1 MB",
        "No configuration grows so large by hand: another file was probably copied over it.",
        "Put the configuration back; keep long lists of rules in a CSV table.",
        "sla.yaml",
        "(more than 1 MB)",
        "(at most 1 MB)",
    ),
    "C104": _entry(
        "a file is not UTF-8",
        "An editor saved it in another encoding, such as Windows-1252.",
        "Save it as UTF-8, in the editor's menu for saving, or with iconv.",
        "sla.yaml",
        "(saved as Latin-1: Büro)",
        "(saved as UTF-8: Büro)",
    ),
    "C105": _entry(
        "not YAML",
        "A quote or a bracket is not closed, the indentation does not fit, or text with a colon has no quotes. What "
        "comes after it in this file cannot be read, so correct this first.",
        "Look at the marked place and just before it: close what is open, align keys of one level, quote odd text.",
        "vendors.yaml",
        "skills: [kubernetes, portal",
        "skills: [kubernetes, portal]",
    ),
    "C106": _entry(
        "nested too deeply",
        "Lists or mappings stand within each other more than 30 levels deep.",
        "Take levels out; nothing in a configuration needs so many.",
        "rules.yaml",
        "[" * 33 + "]" * 33,
        "[hardware, desktop]",
    ),
    "C107": _entry(
        "several documents in one file",
        "A line --- begins a second document, and only the first would count.",
        "Remove the line, or move what follows into its own file.",
        "sla.yaml",
        "---\nslas:",
        "slas:",
    ),
    "C108": _entry(
        "an anchor, an alias or a merge key",
        "&name, *name and << make one place depend on another in ways that are easily overlooked.",
        "Write the value out where it is used.",
        "vendors.yaml",
        "skills: &all [kubernetes, portal]",
        "skills: [kubernetes, portal]",
    ),
    "C109": _entry(
        "a tag",
        "!name asks YAML for another kind of value.",
        "Write the plain value.",
        "vendors.yaml",
        "status: !str onboarding",
        "status: onboarding",
    ),
    "C110": _entry(
        "a key stands twice",
        "Of two equal keys in one mapping one would be lost without a word.",
        "Keep one of them, or join what they hold.",
        "rules.yaml",
        "{category: access, category: security, not:",
        "{category: access, not:",
    ),
    "C111": _entry(
        "an unknown key",
        "A key is misspelt, or stands at the wrong level. As a warning: a field that looks like one of ours.",
        "Take the key that was meant, or one of those that are allowed there.",
        "bridge.yaml",
        "timezon: Asia/Kolkata",
        "timezone: Asia/Kolkata",
    ),
    "C112": _entry(
        "a key is missing",
        "Something is named without a part that it cannot do without.",
        "Add the key that the message names, below the marked place.",
        "rules.yaml",
        "then: {among: [OptIT, GWL], skills: [kubernetes]}",
        "then: {among: [OptIT, GWL], by: load, skills: [kubernetes]}",
    ),
    "C113": _entry(
        "a key is no text",
        "A list, a mapping or nothing stands before a colon.",
        "Write a name before the colon; put odd text in quotes.",
        "vendors.yaml",
        '{lead: "lead@macroskies.example", "": x}',
        '{lead: "lead@macroskies.example"}',
    ),
    "C114": _entry(
        "a control character",
        "A character that steers a terminal stands in the file, often after copying from elsewhere.",
        "Delete the character, or the escape that stands for it.",
        "rules.yaml",
        'then: {redirect: "Office\\u001b IT desk"',
        'then: {redirect: "Office IT desk"',
    ),
    "C201": _entry(
        "another kind of value",
        "Text stands where a number, a list or a mapping is wanted, or the other way round. yes and no are text here.",
        "Write the kind of value that the message names: [a, b] is a list, {a: b} a mapping, true and false a choice.",
        "vendors.yaml",
        "internal: yes",
        "internal: true",
    ),
    "C202": _entry(
        "none of the allowed words",
        "A word is misspelt, or belongs to another key.",
        "Take one of the words that the message lists.",
        "vendors.yaml",
        "status: onbording",
        "status: onboarding",
    ),
    "C203": _entry(
        "out of range",
        "A number, a percentage or a duration is smaller or larger than makes sense there.",
        "Stay within the bounds that the message names.",
        "vendors.yaml",
        "focus: 60",
        "focus: 0.6",
    ),
    "C204": _entry(
        "not in the form that is wanted",
        "A duration, a day, a time, a zone or an address is written in another way. A bare day (1d) is refused: it "
        "could be 24 hours, the opening hours of a day, or a working day.",
        "Write it as the message shows: 4h, 3 working_days, 2026-04-01, 09:30, Asia/Kolkata, https://….",
        "sla.yaml",
        "target: 2d",
        "target: 16h",
    ),
    "C205": _entry(
        "an unknown name",
        "A vendor, environment, calendar, skill, source or the like is named that no file declares.",
        "Correct the spelling, or declare it. As a warning: a service that no environment lists.",
        "vendors.yaml",
        "fallback: eGov DevOp",
        "fallback: eGov DevOps",
    ),
    "C206": _entry(
        "a name stands twice",
        "Two things of one kind have the same name, also where only capitals differ.",
        "Rename one of them, or remove it.",
        "vendors.yaml",
        "skills: [kubernetes, portal, Portal]",
        "skills: [kubernetes, portal]",
    ),
    "C207": _entry(
        "two values contradict each other",
        "Each is right by itself, and together they cannot be meant: an end before its start, two choices of which "
        "one can hold, a value without the one that it needs.",
        "Decide which of the two is meant, and remove or correct the other.",
        "vendors.yaml",
        "to: 2026-12-01, people: 3",
        "to: 2026-12-31, people: 3",
    ),
    "C208": _entry(
        "nothing is given",
        "A list, a mapping or a text is empty where something has to stand, such as approvers.",
        "Name at least one, or leave the key out where that is allowed.",
        "rules.yaml",
        "approvers: [], policy: any",
        'approvers: ["infra-head@egov.example"], policy: any',
    ),
    "C210": _entry(
        "an unknown field of a ticket",
        "A condition, an action or a test names a field that a ticket does not have, or that no source maps.",
        "Correct the spelling, or map the field below fields: in bridge.yaml and call it custom.name.",
        "rules.yaml",
        "when: {categroy: [hardware, desktop]}",
        "when: {category: [hardware, desktop]}",
    ),
    "C211": _entry(
        "an operator that does not fit",
        "There is no such operator, or it cannot be asked of this field: contains of a number, gt of text.",
        "Take one of the operators that the message lists; for equality write the value itself.",
        "rules.yaml",
        'text: {contain: "disk full"}',
        'text: {contains: "disk full"}',
    ),
    "C212": _entry(
        "something is left out",
        "Some values have nothing that stands for them: states of a table that is read, names of a vendor in a source "
        "that gives it tickets, a priority that can be decided and not written.",
        "Add the missing entries, so that each value can be read and written.",
        "bridge.yaml",
        "tables: [incident, problem, sc_req_item, change_request]",
        "tables: [incident, sc_req_item, change_request]",
    ),
    "C280": _entry(
        "credentials that cannot be used",
        "A variable of the environment is missing, given twice, empty, or names a file that cannot be read. check "
        "alone needs no credentials; commands that speak to a source do.",
        "Set what the message names, in the environment or in .env beside the folder; only its owner may read it.",
        "environment",
        "(no ITSM_BRIDGE_OPS__TOKEN)",
        "(ITSM_BRIDGE_OPS__EMAIL and ITSM_BRIDGE_OPS__TOKEN)",
    ),
    "C290": _entry(
        "given, and not carried out",
        "An entry of a calendar's holiday file is no whole day, so nothing follows from it.",
        "Make it a day in the calendar program, or leave it: it is a warning.",
        "holidays.ics",
        "DTSTART:20260126T100000Z\nDTEND:20260126T110000Z",
        "DTSTART;VALUE=DATE:20260126",
    ),
    "R301": _entry(
        "a rule can never decide anything",
        "Earlier rules take every ticket that it matches, or its condition contradicts itself.",
        "Put the rule above those that hide it, correct its condition, or remove it.",
        "rules.yaml",
        "then: {vendor: eGov DevOps}\n  - name: second\n    when: {category: security}\n    then: {vendor: GWL}",
        "then: {vendor: eGov DevOps}",
    ),
    "R302": _entry(
        "two rules cross and want different things",
        "Some tickets match both, some only the one and some only the other; on the first the upper rule decides.",
        "Say in the lower rule what is the upper one's, such as category: {not: [security, access]}.",
        "rules.yaml",
        "when: {environment: {empty: false}}",
        "when: {environment: {empty: false}, category: {not: [security, access]}}",
    ),
    "R303": _entry(
        "tickets that no rule decides",
        "A section ends without a rule for everything else; the finding shows such a ticket.",
        "End the section with when: {}, or give the environment a fallback.",
        "rules.yaml",
        "- name: shared-pool\n    when: {type: task}",
        "- name: shared-pool\n    when: {}",
    ),
    "R304": _entry(
        "no owner on some day",
        "An environment or a service has no owner from some day on, or between two. Runs go on: such tickets go to "
        "the fallback, or are listed as unrouted.",
        "Name an owner for those days below owners: in vendors.yaml; to: is the first day that is not included.",
        "vendors.yaml",
        "{vendor: eGov DevOps, to: 2026-12-31}",
        "{vendor: eGov DevOps, to: 2027-01-01}",
    ),
    "R305": _entry(
        "two owners on one day",
        "Two owners of the same environment or service overlap, so that nobody is accountable. Nothing runs.",
        "End the first with to: on the day on which the second begins.",
        "vendors.yaml",
        "{vendor: MacroSkies, from: 2026-12-31}",
        "{vendor: MacroSkies, from: 2027-01-01}",
    ),
    "R306": _entry(
        "a vendor or a rule without work",
        "No rule and no ownership ever gives an active vendor a ticket, or a rule finds no vendor that can take one.",
        "Name the vendor in a rule or as an owner, or end its status; name vendors that are active and skilled.",
        "rules.yaml",
        "among: [OptIT, GWL], by: load, skills: [security]",
        "among: [OptIT, GWL], by: load, skills: [kubernetes]",
    ),
    "R309": _entry(
        "a question stays open",
        "The proofs cannot follow a condition, such as a regular expression with word boundaries, or stop after their "
        "budget of steps. It is information: nothing is known to be wrong.",
        "Nothing has to be done; contains, starts_with and lists of values can be followed.",
        "rules.yaml",
        "(a question that takes more steps than its budget)",
        "(the same rules, with the budget that check has)",
    ),
    "S401": _entry(
        "a service level that never attaches",
        "stop or cancel holds whenever start does, so that no clock begins.",
        "Let start name what makes the clock owed, such as a priority, and stop what ends it.",
        "sla.yaml",
        "start: {state: resolved}",
        "start: {priority: [2, 3, 4, 5]}",
    ),
    "S402": _entry(
        "a clock that is paused for ever",
        "pause holds whenever start does, or resume never holds once the clock is paused.",
        "Let pause name what ends again, such as state: on_hold.",
        "sla.yaml",
        "pause: {priority: 1}",
        "pause: {state: on_hold}",
    ),
    "S403": _entry(
        "a clock that never pauses",
        "start and pause exclude each other, so that the clock is cancelled instead; or it ends before it can pause.",
        "Take from start whatever a pause changes, such as states.",
        "sla.yaml",
        "start: {priority: 1, state: [new, in_progress]}\n    pause:",
        "start: {priority: 1}\n    pause:",
    ),
    "S404": _entry(
        "a clock that some closed tickets are not judged by",
        "stop holds for closed tickets and for none that is resolved. A report judges a clock in the period in which "
        "it ends, if its ticket was open at some time in it: one that was resolved before is in no report of that.",
        "Let stop hold for resolved tickets too.",
        "sla.yaml",
        "stop: {state: closed}",
        "stop: {state: [resolved, closed]}",
    ),
}
"""Every code of a finding."""
