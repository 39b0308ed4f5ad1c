"""What the tests of the connectors share."""

from __future__ import annotations

import pytest
from tests.connectors import snow

from itsm_bridge.connectors.servicenow.transport import TRANSPORTS


@pytest.fixture(params=sorted(TRANSPORTS))
def over_both_transports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the test once over each transport to ServiceNow; the name of the one."""
    name: str = request.param
    monkeypatch.setattr(snow, "DEFAULT", TRANSPORTS[name])
    return name
