"""The keys ``metrics`` and ``notify`` of ``bridge.yaml``: what a run tells other programs."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Final

from itsm_bridge.config.decoding import OneOf, Parsed, SequenceOf
from itsm_bridge.config.findings import quote
from itsm_bridge.config.literals import LiteralError
from itsm_bridge.config.model import JOBS, Metrics, Notify
from itsm_bridge.config.records import Key, Record

SUFFIX: Final = ".prom"


def parse_metrics_file(text: str) -> Path:
    """Read the name of a file that node_exporter looks for, such as ``/var/lib/node_exporter/itsm-bridge.prom``."""
    path = Path(text)
    if path.suffix != SUFFIX or not text.isprintable():
        message = f"{quote(text)} is not the name of a {SUFFIX} file; node_exporter reads no other"
        raise LiteralError(message, None if path.suffix else f"{text.rstrip('/')}/itsm-bridge{SUFFIX}")
    return path


METRICS: Final = Record(
    "metrics", Metrics, (Key("file", Parsed(parse_metrics_file, "the name of a file that ends with .prom")),)
)

_IN_ENVIRONMENT: Final = ": the address is a secret, and comes from the environment as ITSM_BRIDGE_PING_URL"
_COMMAND: Final = OneOf("a command that can be pinged", {job: job for job in JOBS})

NOTIFY: Final = Record(
    "notify",
    Notify,
    (Key("ping", SequenceOf(_COMMAND, "commands", least=1, distinct=True), ()),),
    hints=MappingProxyType(dict.fromkeys(("url", "ping_url", "address", "healthchecks", "token"), _IN_ENVIRONMENT)),
)
