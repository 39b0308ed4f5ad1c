"""Rows of the audit log as lines for people and as documents for programs."""

from __future__ import annotations

import json

from itsm_bridge.cli.text import printable
from itsm_bridge.store import AuditRow
from itsm_bridge.store import instant as instant_of


def line(row: AuditRow) -> str:
    """One row: when, what, what became of it, and who."""
    at = f"{instant_of(row.at):%Y-%m-%d %H:%M:%S} UTC"
    tail = f"; {row.detail}" if row.detail else ""
    if not row.intent_id:
        about = f"{row.source}:{row.number} {row.field}" if row.source else row.field
        return printable(f"{at}  {about}: {row.outcome}, by {row.actor}{_told(row)}{tail}")
    rule = f" (rule {row.rule})" if row.rule else ""
    who = f"by {row.actor}" + (f" as {row.account}" if row.account else "")
    change = f"{_value(row.old)} → {_value(row.new)}"
    return printable(f"{at}  {row.source}:{row.number} {row.field} {change}{rule}: {row.outcome}, {who}{tail}")


def document(row: AuditRow) -> dict[str, object]:
    """One row in full."""
    names = ("run_id", "source", "number", "field", "rule", "actor", "account", "outcome", "detail", "configuration")
    shared = {name: getattr(row, name) for name in names}
    return {
        "row": row.seq,
        "at": instant_of(row.at).isoformat(),
        **shared,
        "from": json.loads(row.old),
        "to": json.loads(row.new),
        "hash": row.hash,
    }


def _told(row: AuditRow) -> str:
    """What a run was told and what it wrote; nothing for a conflict that was resolved."""
    did = json.loads(row.new)
    if row.source or not isinstance(did, dict):
        return ""
    given = " ".join(f"--{name.replace('_', '-')}={value}" for name, value in did.get("given", {}).items())
    return f"{' with ' + given if given else ''}; {did.get('written', 0)} written of {did.get('planned', 0)} planned"


def _value(text: str) -> str:
    value = json.loads(text)
    return "–" if value in {None, ""} else str(value)
