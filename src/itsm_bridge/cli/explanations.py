"""``explain``: why a ticket is where it is, and what the rules come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli import audit_lines
from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.reports import Instant
from itsm_bridge.cli.text import fitted, plural, printable, terminal_width
from itsm_bridge.errors import StorageFailed, UsageError
from itsm_bridge.model import JournalEntry
from itsm_bridge.store import AuditRow, instant

MOST_ROWS = 20
"""Rows of the audit log that are looked at for one ticket."""

if TYPE_CHECKING:
    from itsm_bridge.operations.bridge import Bridge


@click.command(epilog="Example: itsm-bridge explain snow:INC0010023 --html why.html")
@click.argument("ticket_id", metavar="ID", required=False)
@click.option(
    "--sla", "clocks", is_flag=True, help="The parts of time that add up to each of its clocks; -v folds no nights."
)
@click.option("--at", type=Instant(), metavar="INSTANT", help="As it was at this instant (ISO 8601 with a zone).")
@click.option(
    "--html",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a page for a browser; without ID: who owns what, and the rules with their counts.",
)
@click.pass_obj
def explain(options: Options, ticket_id: str | None, clocks: bool, at: datetime | None, file: Path | None) -> None:
    """Why a ticket is where it is: every rule in order, each condition with the value seen."""
    with opened(options) as bridge:
        if at is not None and at > bridge.clock():
            raise UsageError("--at lies in the future; nothing to explain")
        if ticket_id is not None and file is not None:
            _page(options, bridge, ticket_id, at, file)
        elif ticket_id is not None and clocks:
            _clocks(options, bridge, ticket_id, at)
        elif ticket_id is not None:
            _explain(options, bridge, ticket_id, at)
        elif file is None or at is not None or clocks:
            raise UsageError(
                "name a ticket, or --html FILE alone for a page of all rules", hint="itsm-bridge explain -h"
            )
        else:
            _glance(options, bridge, file)


def _page(options: Options, bridge: Bridge, ticket_id: str, at: datetime | None, file: Path) -> None:
    from itsm_bridge.operations.explaining import explain_clocks, explain_ticket
    from itsm_bridge.report.rules_page import ticket_page

    now = bridge.clock()
    clocks = explain_clocks(bridge, ticket_id, now, at=at)
    _write(options, file, ticket_page(explain_ticket(bridge, ticket_id, now, at=at), clocks))


def _clocks(options: Options, bridge: Bridge, ticket_id: str, at: datetime | None) -> None:
    from itsm_bridge.cli.clocks import clocks_document, clocks_text
    from itsm_bridge.operations.explaining import explain_clocks

    found = explain_clocks(bridge, ticket_id, bridge.clock(), at=at)
    options.document(clocks_document(found))
    options.say(clocks_text(found, whole=options.verbose > 0))


def _explain(options: Options, bridge: Bridge, ticket_id: str, at: datetime | None) -> None:
    from itsm_bridge.operations.explaining import explain_ticket, notes_on
    from itsm_bridge.rules import render_text, to_json

    explanation = explain_ticket(bridge, ticket_id, bridge.clock(), at=at)
    notes = [note for note in notes_on(bridge, ticket_id) if at is None or note.at < at]
    written = _written(bridge, ticket_id, at)
    options.document(
        to_json(explanation)
        | {"journal": _journal_document(notes), "writes": [audit_lines.document(row) for row in written]}
    )
    options.say(render_text(explanation, terminal_width()).rstrip())
    if written:
        options.say("\nin the audit log:")
    for row in written:
        options.say(fitted(f"  {audit_lines.line(row)}"))
    if notes:
        last = notes[-1]
        by = f"by {printable(last.author)} in {printable(last.element)}"
        options.say(f"\nwritten on it: {plural(len(notes), 'note')}, the last {last.at:%Y-%m-%d %H:%M} UTC {by}")


def _written(bridge: Bridge, ticket_id: str, at: datetime | None) -> list[AuditRow]:
    """The newest row of each of the last writes of a ticket, and what people resolved; none from ``at`` on."""
    ticket = bridge.store.find_ticket(ticket_id)
    if ticket is None:
        return []
    rows = bridge.store.audit_rows(MOST_ROWS, (ticket.source, ticket.external_id))
    newest = {
        (row.intent_id, row.field if row.intent_id else row.seq): row
        for row in rows
        if at is None or instant(row.at) < at
    }
    return list(newest.values())


def _glance(options: Options, bridge: Bridge, file: Path) -> None:
    from itsm_bridge.operations.explaining import at_a_glance
    from itsm_bridge.report.rules_page import rules_page

    now = bridge.clock()
    found = at_a_glance(bridge, now)
    zoned = now.astimezone(bridge.configuration.zone)
    _write(options, file, rules_page(bridge.configuration.digest, zoned, found.owners, found.rules))


def _write(options: Options, file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise StorageFailed(f"{file}: {problem.strerror or 'cannot be written'}; no page was written") from problem
    options.document({"page": str(file)})
    options.say(f"{file} is written; open it in a browser")


def _journal_document(notes: Sequence[JournalEntry]) -> dict[str, object] | None:
    """How much was written and what was written last; null where nothing was, or notes are not read."""
    if not notes:
        return None
    last = notes[-1]
    return {
        "entries": len(notes),
        "last": {"at": last.at.isoformat(), "author": last.author, "element": last.element, "text": last.text},
    }
