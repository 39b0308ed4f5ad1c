"""What every test may use: the real material beside the project, where it is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# A slow machine is no failure: properties have no time limit.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tickets, vectors and contracts that nobody of this project made."""
    if not SHARED.is_dir():
        pytest.skip("the real material lies beside the project, in ../shared, and is not there")
    return SHARED
