"""The guide for those who write rules: every example in it is loaded as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.config.editing import copy_example
from tests.rules.made import NOW

from itsm_bridge.cli import COMMANDS
from itsm_bridge.conditions import FIELDS
from itsm_bridge.config import check, describe, load
from itsm_bridge.rules import run_tests

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
(TABLE,) = re.findall(r"^```csv\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def with_example(tmp_path: Path, example: str) -> Path:
    """The shipped configuration with the example's sections in place of its own, and without tests of the others."""
    config = copy_example(tmp_path)
    shipped = yaml.safe_load((config / "rules.yaml").read_text(encoding="utf-8")) | {"tests": []}
    others = {section: rules for section, rules in shipped.items() if section not in yaml.safe_load(example)}
    text = yaml.safe_dump(others, allow_unicode=True, sort_keys=False)
    (config / "rules.yaml").write_text(text + example, encoding="utf-8")
    (config / "owners.csv").write_text(TABLE, encoding="utf-8")
    return config


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split(":")[0])
def test_an_example_loads_as_it_stands_and_its_tests_pass(tmp_path: Path, example: str) -> None:
    config = with_example(tmp_path, example)
    assert [describe(finding) for finding in check(config)[1] if finding.severity != "info"] == []
    configuration = load(config)
    assert all(result.passed for result in run_tests(configuration, NOW))
    sections = yaml.safe_load(example)
    assert all(getattr(configuration.rules, "priority" if name == "priority" else name) for name in sections)


def test_the_rows_of_the_table_are_rules(tmp_path: Path) -> None:
    (example,) = [example for example in EXAMPLES if "table:" in example]
    rules = load(with_example(tmp_path, example)).rules.assignment
    assert [rule.name for rule in rules] == ["network-ap", "urgent-punjab", "everything-else"]


def test_the_guide_names_every_field() -> None:
    listed = GUIDE.split("The fields are ")[1].split("custom.<name>")[0]
    assert re.findall(r"`(\w+)`", listed) == list(FIELDS)


def test_the_guide_speaks_of_commands_that_there_are() -> None:
    assert set(re.findall(r"itsm-bridge (\w+)", GUIDE)) <= COMMANDS.keys()
