"""The configuration that tests of the rules start from."""

from __future__ import annotations

import pytest
from tests.rules.made import example

from itsm_bridge.config.model import Configuration


@pytest.fixture
def configuration() -> Configuration:
    """``example-config``, restated by hand."""
    return example()
