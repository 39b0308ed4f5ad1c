"""Files of real tickets that the stand-ins can serve instead of made-up ones; the kind is told by the content."""

from __future__ import annotations

import csv
import gzip
import io
import json
import lzma
from pathlib import Path

from itsm_bridge.sandbox.jira.site import Site
from itsm_bridge.sandbox.servicenow.tables import Instance

from . import event_log, issues, table_answer

KINDS = (
    "an event log of incidents (CSV, as UCI 498), an answer of ServiceNow's Table API (JSON with `result`) "
    "or Jira issues (JSON list, or an object with `issues`)"
)
_UNPACK = {b"\xfd7zXZ\x00": lzma.decompress, b"\x1f\x8b": gzip.decompress}


def load(instance: Instance, site: Site, path: Path) -> None:
    """Put a file's records into the stand-in they belong to. Raises ``ValueError`` unless it is one of ``KINDS``."""
    text = _text(path)
    try:
        _put(instance, site, text)
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        reason = str(fault) if type(fault) is ValueError else f"it has another shape ({fault!r})"
        raise ValueError(f"{path} cannot be served by the sandbox: {reason}; it takes {KINDS}") from fault


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
        for magic, unpack in _UNPACK.items():
            if content.startswith(magic):
                content = unpack(content)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, lzma.LZMAError, UnicodeDecodeError) as fault:
        raise ValueError(f"{path} cannot be read by the sandbox: {fault}") from fault


def _put(instance: Instance, site: Site, text: str) -> None:
    if text.lstrip()[:1] in ("{", "["):
        _put_json(instance, site, json.loads(text))
        return
    rows = csv.reader(io.StringIO(text))
    header = next(rows, [])
    if not set(header) >= event_log.NEEDED:
        raise ValueError("it is neither JSON nor a CSV with the columns of an incident event log")
    event_log.replay(instance, header, rows)


def _put_json(instance: Instance, site: Site, content: object) -> None:
    records = content
    if isinstance(content, dict):
        records = content.get("result", content.get("issues"))
        records = [records] if isinstance(records, dict) else records
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise ValueError("its JSON holds no list of records")
    if isinstance(content, dict) and "result" in content:
        table_answer.add(instance, records)
    elif all("key" in one and "fields" in one for one in records):
        issues.add(site, records)
    else:
        raise ValueError("its records have neither a `result` around them nor `key` and `fields` in them")
