"""What the reading of a site depends on, told in one short word, so that a bookmark knows what it is of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from itsm_bridge.config.model import Jira, Vendor


def digest_of(source: Jira, vendors: Mapping[str, Vendor]) -> str:
    """What reading depends on: when it changes, everything is read from its start."""
    names = {vendor.names[source.name]: vendor.name for vendor in vendors.values() if source.name in vendor.names}
    fields = {ours: [one.name, dict(one.values)] for ours, one in source.fields.items()}
    written = [source.write.priority, source.write.vendor, source.write.approval]
    parts = [
        sorted(source.projects),
        fields,
        dict(source.types),
        dict(source.states),
        dict(source.priorities),
        names,
        written,
    ]
    beside = {"votes": source.write.votes, "worklogs": source.worklogs, "native_slas": source.native_slas}
    parts += [name for name, asked in beside.items() if asked]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]
