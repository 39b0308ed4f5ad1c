"""The table of late changes against what plain Python finds in the database before and after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
from tests.analysis.independent import estate, figures, tables
from tests.analysis.independent.hours import Hours
from tests.analysis.independent.lives import lives
from tests.analysis.independent.reference import Reference
from tests.analysis.independent.test_the_past import known_at
from tests.analysis.made import NOW

from itsm_bridge.analysis.corrections import COMPARED
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.model import TicketRecord
from itsm_bridge.report.build import build
from itsm_bridge.store import Store

SEED = 31
KNOWN = ("open_tickets", "created", "reopened", "resolved", "backlog_growth", "sla_breached", "uc_attainment")
"""Figures that are compared: counts, and a share."""

Key = tuple[str, str, str]
Told = Mapping[Key, tuple[str, str]]


class Office:
    """One store, from which the report of last week is built again and again into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programme = estate.configuration(folder / "config")
        self.period = Period.holding(NOW, "week", self.programme.zone).previous()
        self.hours = Hours(self.programme)

    def build(self, records: list[TicketRecord], at: datetime) -> tuple[Reference, pd.DataFrame]:
        """Read tickets, and build; what the database holds now, and the table of late changes."""
        with Store.open("sqlite:///b.db", self.folder, create=True) as store:
            store.save_page("snow", "incident", Page(tuple(records), {"at": str(at)}), at)
            store.mark_synced("snow", at)
            build(store, self.programme, period=self.period, as_of=self.period.end, out=self.folder, formats=["csv"])
        path = self.folder / self.period.name / "csv" / "corrections.csv"
        return self.now, pd.read_csv(path, dtype="string", keep_default_na=False, encoding="utf-8-sig")

    @property
    def now(self) -> Reference:
        weeks = [(self.period.first - timedelta(weeks=back)) for back in range(12, -1, -1)]
        return Reference(
            lives(self.folder / "b.db", self.period.end), self.period.start, self.period.end, weeks, self.hours
        )


def said(of: Reference, programme: Configuration) -> Mapping[Key, str]:
    """What is said of a database: figures, tickets, and their columns."""
    found = {("summary", "", key): _text(figures.summary(of)[key], programme) for key in KNOWN}
    for ticket, row in tables.tickets(of).items():
        found["tickets", ticket, "listed"] = "yes"
        found |= {("tickets", ticket, name): _text(row[name], programme) for name in COMPARED if name in row}
    return found


def _text(value: object, programme: Configuration) -> str:
    if isinstance(value, datetime):
        return value.astimezone(programme.zone).isoformat()
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def changes(first: Mapping[Key, str], last: Mapping[Key, str]) -> Told:
    """What differs; of a ticket that came or went as a whole, only that."""
    found = {}
    for key in first.keys() | last.keys():
        listed = (*key[:2], "listed")
        is_whole = key == listed or (listed in first) is (listed in last)
        if first.get(key, "") != last.get(key, "") and (key[0] == "summary" or is_whole):
            found[key] = first.get(key, ""), last.get(key, "")
    return found


def moved(record: TicketRecord, by: timedelta) -> TicketRecord:
    """A ticket whose last change turns out to have been at another time."""
    *before, last = record.history
    return replace(record, history=(*before, replace(last, at=last.at + by)))


def _earlier(record: TicketRecord) -> list[datetime]:
    return [entry.at for entry in record.history[:-1]]


def test_late_changes_are_those_against_the_first_report_of_the_period(tmp_path: Path) -> None:
    office = Office(tmp_path)
    records = estate.population(SEED, 160, NOW - timedelta(days=40))
    end = office.period.end
    late = [one for one in records if one.history and end - timedelta(days=9) < one.history[-1].at < end]
    unread = {one.ticket.external_id: known_at(one, one.history[-1].at) for one in late}
    at = [NOW + timedelta(days=days) for days in range(3)]

    first, nothing = office.build([unread.get(one.ticket.external_id, one) for one in records[:-20]], at[0])
    before = said(first, office.programme)
    assert nothing.empty
    second, told = office.build(records, at[1])
    wanted = changes(before, said(second, office.programme))
    assert listed(told, tmp_path) == wanted
    assert {"summary", "tickets"} <= {table for table, _, _ in wanted}
    assert {"listed", "state", "resolved_at"} <= {what for _, _, what in wanted}
    assert set(told["noticed_at"]) == {_text(at[1], office.programme)}

    hour = timedelta(hours=1)
    free = [one for one in late if one.history[-1].at - hour > max([one.ticket.created_at, *_earlier(one)])]
    assert len(free) > 5
    third, again = office.build([moved(one, -hour) for one in free], at[2])
    wanted_then = changes(before, said(third, office.programme))
    assert listed(again, tmp_path) == wanted_then
    assert wanted_then != wanted
    known = {tuple(row[:3]): row[4] for row in told.to_numpy().tolist()}
    for row in again.to_numpy().tolist():
        is_new = known.get(tuple(row[:3])) != row[4]
        assert row[5] == _text(at[2] if is_new else at[1], office.programme), row


def listed(table: pd.DataFrame, folder: Path) -> Told:
    """The rows by what they are about, figures by their key; of figures those that the reference knows."""
    (path,) = folder.glob("*/csv/summary.csv")
    summary = pd.read_csv(path, dtype="string", encoding="utf-8-sig")
    keys = dict(zip(summary["figure"], summary["key"], strict=True))
    rows = {
        (row["table"], row["ticket"], keys.get(row["what"], row["what"])): (row["was"], row["is"])
        for row in table.to_dict("records")
    }
    return {key: row for key, row in rows.items() if key[0] == "tickets" or key[2] in KNOWN}
