"""The small configuration, loaded once."""

from __future__ import annotations

import pytest
from tests.analysis import made

from itsm_bridge.config.model import Configuration


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """Two vendors, two environments, a contract and a service level."""
    return made.configuration(tmp_path_factory.mktemp("project") / "config")
