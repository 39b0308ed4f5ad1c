"""The stand-ins, running."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from tests.sandbox.clients import NOW, Stage, filled

from itsm_bridge.sandbox import start
from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.servicenow.tables import Instance


def _staged(loads: Sequence[Path] = (), port_servicenow: int = 0) -> Iterator[Stage]:
    with start(now=NOW, loads=loads, port_servicenow=port_servicenow) as sandbox:
        stage = Stage(sandbox, [])
        try:
            yield stage
        finally:
            for session in stage.sessions:
                session.close()


@pytest.fixture(scope="session")
def untouched() -> Iterator[Stage]:
    """A sandbox that tests only read."""
    yield from _staged()


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A sandbox of the test's own."""
    yield from _staged()


@pytest.fixture
def stage_with() -> Iterator[Callable[..., Stage]]:
    """Starts sandboxes with other arguments."""
    running: list[Iterator[Stage]] = []

    def begin(loads: Sequence[Path] = (), port_servicenow: int = 0) -> Stage:
        running.append(_staged(loads, port_servicenow))
        return next(running[-1])

    yield begin
    for one in running:
        next(one, None)


@pytest.fixture(scope="session")
def populated() -> tuple[Instance, Site]:
    """Both systems in memory, filled, without HTTP."""
    return filled(7)
