"""What tests of the operations share: an office that takes letters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.operations.post_office import PostOffice, post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """One that is open for the length of a test."""
    with post_office() as opened:
        yield opened
