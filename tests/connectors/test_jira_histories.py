"""Changelogs as answers really bring them."""

from __future__ import annotations

import pytest
from tests.connectors import center, cloud

from itsm_bridge.config.model import Jira

HIGHER = cloud.item("priority", "High", "Medium")
OF_CENTER = center.item("priority", "High", "Medium")


@pytest.mark.parametrize(
    ("site", "source", "history"),
    [
        (cloud.Cloud(), cloud.SOURCE, cloud.history(7, HIGHER)),
        (center.Center(), center.SOURCE, center.history(7, OF_CENTER)),
    ],
    ids=["cloud", "data center"],
)
def test_a_history_that_comes_twice_in_an_answer_is_one_change(
    site: cloud.Cloud, source: Jira, history: dict[str, object]
) -> None:
    site.add(center.issue(1) if source is center.SOURCE else cloud.issue(1))
    site.histories["10001"] = [history, history]
    with cloud.connected(site, source) as connector:
        connector.identity()
        (record,) = connector.fetch_ids("issues", ["10001"]).records
    assert [(entry.entry_id, entry.old, entry.new) for entry in record.history] == [("7:priority", "2", "3")]
