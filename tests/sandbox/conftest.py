"""The stand-ins, running."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.sandbox.clients import NOW, Stage, filled

from itsm_bridge.sandbox import start
from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.servicenow.tables import Instance


def _staged(**arguments: Any) -> Iterator[Stage]:  # noqa: ANN401 - whatever start takes
    with start(**{"now": NOW, **arguments}) as sandbox:
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


@pytest.fixture(scope="session")
def untouched_server() -> Iterator[Stage]:
    """A sandbox with Jira Data Center that tests only read."""
    yield from _staged(deployment_jira="data_center")


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A sandbox of the test's own."""
    yield from _staged()


@pytest.fixture
def stage_with() -> Iterator[Callable[..., Stage]]:
    """Starts sandboxes with other arguments."""
    running: list[Iterator[Stage]] = []

    def begin(**arguments: Any) -> Stage:  # noqa: ANN401 - whatever start takes
        running.append(_staged(**arguments))
        return next(running[-1])

    yield begin
    for one in running:
        next(one, None)


@pytest.fixture(scope="session")
def populated() -> tuple[Instance, Site]:
    """Both systems in memory, filled, without HTTP."""
    return filled(7)
