"""A report of a few made-up tickets with hostile titles."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.analysis import made
from tests.report.hostile import HOSTILE

from itsm_bridge.config.model import Configuration
from itsm_bridge.report.contents import Report, report_of
from itsm_bridge.store import Head


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Two vendors, two environments, a contract and a service level."""
    return made.configuration(tmp_path_factory.mktemp("project") / "config")


@pytest.fixture(scope="session")
def report(configured: Configuration) -> Report:
    """A report in which every text that a source can fill is hostile somewhere."""
    return hostile_report(configured)


def hostile_report(configured: Configuration) -> Report:
    """One open ticket for each hostile text, and some that were resolved."""
    records = [
        made.ticket(f"INC{place:04}", made.ago(days=2, minutes=place), summary=text, assignee=text)
        for place, text in enumerate(HOSTILE)
    ]
    records += [
        made.ticket("INC9001", made.ago(days=9), (made.ago(days=2), "state", "resolved"), environment="=1+1"),
        made.ticket("INC9002", made.ago(days=4), (made.ago(days=1), "vendor", "OptIT"), approval="requested"),
    ]
    decided = made.decision(records[0], "vendor", "=1+1", made.ago(hours=1), "held")
    return report_of(
        made.frames(records, configured, decisions=[decided]), configured.digest, "0.0.0", Head(1234, "3f2a" * 16)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a report goes."""
    return tmp_path / "reports" / "2026-W47"
