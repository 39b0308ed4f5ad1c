"""References by their names: sys_ids of groups, people and services looked up in batches, and remembered."""

from __future__ import annotations

from collections.abc import Sequence

from itsm_bridge.connectors.answers import ReadRefused
from itsm_bridge.connectors.servicenow.cells import Row, is_sys_id, text_of
from itsm_bridge.connectors.servicenow.columns import GROUPS, LABELS, OTHER_LABELS
from itsm_bridge.connectors.servicenow.transport import SnowTransport
from itsm_bridge.connectors.servicenow.walking import Walk, by_ids


class Names:
    """The names of records, by table and sys_id.

    ``want`` collects what will be needed, ``resolve`` asks for all of it, ``name`` answers. A record that the account
    may not see, or that is gone, keeps its sys_id for a name.
    """

    def __init__(self, source: str, transport: SnowTransport) -> None:
        self._source = source
        self._transport = transport
        self._names: dict[tuple[str, str], str] = {}
        self._wanted: dict[str, set[str]] = {}

    def want(self, table: str, text: str) -> None:
        """Note that the names of the records in ``text`` (one sys_id, or a list with commas) will be asked for."""
        if (table, text) in self._names:
            return
        for sys_id in text.split(","):
            if table and is_sys_id(sys_id) and (table, sys_id) not in self._names:
                self._wanted.setdefault(table, set()).add(sys_id)

    def resolve(self) -> None:
        """Look up what is wanted. Raises ``NeedsPerson`` where groups, which decide the vendor, may not be read."""
        wanted, self._wanted = self._wanted, {}
        for table, ids in wanted.items():
            found = self._look_up(table, ids)
            self._names |= {(table, sys_id): found.get(sys_id, "") for sys_id in ids}

    def names(self, table: str, text: str) -> tuple[str, ...]:
        """The names of the records in ``text``; where they are not known, or it holds none, the text itself."""
        return tuple(self._names.get((table, part)) or part for part in _parts(text))

    def is_unknown(self, table: str, text: str) -> bool:
        """Whether a record in ``text`` was looked for and not found."""
        return any(self._names.get((table, part)) == "" for part in _parts(text))

    def _look_up(self, table: str, ids: set[str]) -> dict[str, str]:
        labels = LABELS.get(table, OTHER_LABELS)
        walk = Walk(self._source, table, "", ("sys_id", *labels), order="sys_id")
        try:
            rows = list(by_ids(self._transport, walk, "sys_id", ids))
        except ReadRefused:
            if table == GROUPS:
                raise
            return {}
        return {text_of(row.get("sys_id")): _first(row, labels) for row in rows}


def _parts(text: str) -> list[str]:
    """One text, or the sys_ids of a list; a comma in a plain text is a comma."""
    if "," not in text:
        return [text]
    parts = text.split(",")
    return parts if all(is_sys_id(part) for part in parts) else [text]


def _first(row: Row, labels: Sequence[str]) -> str:
    return next((text for label in labels if (text := text_of(row.get(label)).strip())), "")
