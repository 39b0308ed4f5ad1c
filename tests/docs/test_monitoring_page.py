"""The page about watching runs: its alerts are rules of Prometheus, about metrics that there are."""

from __future__ import annotations

import re

import yaml
from tests.docs.blocks import blocks_of

from itsm_bridge.operations.metrics import FAMILIES

(ALERTS,) = [block for block in blocks_of("docs/monitoring.md") if block.text.startswith("groups:")]


def test_every_alert_asks_for_metrics_that_are_written() -> None:
    (group,) = yaml.safe_load(ALERTS.text)["groups"]
    assert [sorted(rule) for rule in group["rules"]] == [["alert", "annotations", "expr", "labels"]] * 3
    for rule in group["rules"]:
        asked = re.findall(r"itsm_bridge_\w+", rule["expr"])
        assert asked
        assert set(asked) <= FAMILIES.keys(), rule["alert"]
