from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.editing import edit, errors_of

from itsm_bridge.conditions import FieldTest, Matcher, Operator
from itsm_bridge.config import load
from itsm_bridge.config.model import HolderKind

REASONS = "{from: hold_reason, map: {1: awaiting caller, 3: awaiting problem, 4: awaiting vendor, 5: awaiting change}}"
FIELD = ("      category: category\n", f"      category: category\n      hold_reason: {REASONS}\n")


def say(config: Path, *lines: str) -> None:
    """Put a section ``holders`` at the end of ``sla.yaml``."""
    with (config / "sla.yaml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["holders:", *(f"  - {line}" for line in lines), ""]))


def test_without_the_section_there_is_no_rule(config: Path) -> None:
    assert load(config).holders == ()


def test_rules_keep_their_order_and_place(config: Path) -> None:
    edit(config, "bridge.yaml", *FIELD)
    say(
        config,
        "{when: {custom.hold_reason: [awaiting vendor, Awaiting change]}, holder: vendor}",
        "{when: {}, holder: nobody}",
    )
    first, second = load(config).holders
    wanted = Matcher(Operator.ONE_OF, ("awaiting vendor", "awaiting change"))
    assert (first.when, first.holder) == (FieldTest("custom.hold_reason", (wanted,)), HolderKind.VENDOR)
    assert second.holder is HolderKind.NOBODY
    assert (first.position.file, second.position.line - first.position.line) == ("sla.yaml", 1)


def test_what_the_example_shows_in_a_comment_can_be_used(config: Path) -> None:
    edit(config, "bridge.yaml", *FIELD)
    assert REASONS in (config / "sla.yaml").read_text(encoding="utf-8")
    edit(config, "sla.yaml", "# holders:\n#   - {when", "holders:\n  - {when")
    assert errors_of(config) == []
    assert [rule.holder for rule in load(config).holders] == [HolderKind.VENDOR]


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("{when: {age: {gt: 4h}}, holder: vendor}", "C211", "it looks at age, which no history records"),
        ("{when: {not: {updated: {empty: true}}}, holder: vendor}", "C211", "updated"),
        ("{when: {any: [{text: {contains: x}}, {reopened: 1}]}, holder: vendor}", "C211", "reopened, text"),
        ("{when: {custom.hold_reason: x}, holder: vendor}", "C210", "mapped by no source"),
        ("{when: {}, holder: internal}", "C202", "is not a holder"),
        ("{when: {}, holder: GWL}", "C202", "is not a holder"),
        ("{when: {}}", "C112", "needs the key"),
        ("{holder: vendor}", "C112", "needs the key"),
        ("{when: {}, holder: vendor, why: because}", "C111", "has no key"),
        ("{when: {vendor: Nobody}, holder: vendor}", "C205", "no known vendor"),
    ],
)
def test_a_mistake_is_one_finding(config: Path, line: str, code: str, words: str) -> None:
    say(config, line)
    found = errors_of(config)
    assert [(one.file, one.code) for one in found] == [("sla.yaml", code)]
    assert words in found[0].message
