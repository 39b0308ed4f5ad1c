"""The guide for those who write rules: its table is rules, and it names every field (see ``test_snippets``)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.config.editing import copy_example
from tests.docs.fragments import MERGED, put_beside, write

from itsm_bridge.conditions import FIELDS
from itsm_bridge.config import load

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
(TABLE,) = re.findall(r"^```csv\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_rows_of_the_table_are_rules(tmp_path: Path) -> None:
    (example,) = [example for example in EXAMPLES if "table:" in example]
    config = copy_example(tmp_path)
    write(config, example, MERGED)
    put_beside(config, {"owners.csv": TABLE})
    rules = load(config).rules.assignment
    assert [rule.name for rule in rules] == ["network-ap", "urgent-punjab", "everything-else"]


def test_the_guide_names_every_field() -> None:
    listed = GUIDE.split("The fields are ")[1].split("custom.<name>")[0]
    assert re.findall(r"`(\w+)`", listed) == list(FIELDS)
