"""A copy of the example configuration for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.editing import copy_example


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The folder ``config`` in an otherwise empty project."""
    return copy_example(tmp_path)
