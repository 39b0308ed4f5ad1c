"""``explain``: why a ticket is where it is."""

from __future__ import annotations

from collections.abc import Sequence

import click

from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.errors import UsageError
from itsm_bridge.model import JournalEntry


@click.command(epilog="Example: itsm-bridge explain snow:INC0010023")
@click.argument("ticket_id", metavar="ID")
@click.pass_obj
def explain(options: Options, ticket_id: str) -> None:
    """Why a ticket is where it is: every rule in order, each condition with the value seen."""
    from itsm_bridge.operations.run import explain_ticket, notes_on
    from itsm_bridge.rules import render_text, to_json

    with opened(options) as bridge:
        explanation = explain_ticket(bridge, ticket_id, bridge.clock())
        notes = notes_on(bridge, ticket_id)
    if explanation is None:
        raise UsageError(
            f"there is no ticket {ticket_id!r} in the store; ids are written source:number, such as snow:INC0010023",
            hint="itsm-bridge sync",
        )
    options.document(to_json(explanation) | {"journal": _journal_document(notes)})
    options.say(render_text(explanation).rstrip())
    if notes:
        last = notes[-1]
        by = f"by {printable(last.author)} in {printable(last.element)}"
        options.say(f"\nwritten on it: {plural(len(notes), 'note')}, the last {last.at:%Y-%m-%d %H:%M} UTC {by}")


def _journal_document(notes: Sequence[JournalEntry]) -> dict[str, object] | None:
    """How much was written and what was written last; null where nothing was, or notes are not read."""
    if not notes:
        return None
    last = notes[-1]
    return {
        "entries": len(notes),
        "last": {"at": last.at.isoformat(), "author": last.author, "element": last.element, "text": last.text},
    }
