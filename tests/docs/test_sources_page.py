"""The page about sources names every key that the configuration reads, and no other; and every secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from itsm_bridge.config.bridge_file import JIRA, SERVICENOW
from itsm_bridge.config.credential_settings import Variables
from itsm_bridge.config.records import Record

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
PARTS: Mapping[str, Record[Any]] = {"ServiceNow": SERVICENOW, "Jira": JIRA}


@pytest.mark.parametrize("product", PARTS)
def test_the_page_explains_every_key_of_a_source(product: str) -> None:
    (part,) = [part for part in PAGE.split("\n## ") if part.startswith(f"{product}\n")]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == ["kind", *(key.name for key in PARTS[product].keys)]


def test_the_page_names_every_variable() -> None:
    named = set(re.findall(r"ITSM_BRIDGE_\w+?__(\w+)", PAGE))
    known = {name.upper() for name in Variables.model_fields}
    assert named <= known
    assert {name for name in known if not name.endswith("_FILE")} - {"REFRESH_TOKEN"} <= named
