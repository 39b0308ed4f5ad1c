"""``explain``: why a ticket is where it is."""

from __future__ import annotations

import click

from itsm_bridge.cli.options import Options, opened
from itsm_bridge.errors import UsageError


@click.command(epilog="Example: itsm-bridge explain snow:INC0010023")
@click.argument("ticket_id", metavar="ID")
@click.pass_obj
def explain(options: Options, ticket_id: str) -> None:
    """Why a ticket is where it is: every rule in order, each condition with the value seen."""
    from itsm_bridge.operations.run import explain_ticket
    from itsm_bridge.rules import render_text, to_json

    with opened(options) as bridge:
        explanation = explain_ticket(bridge, ticket_id, bridge.clock())
    if explanation is None:
        raise UsageError(
            f"there is no ticket {ticket_id!r} in the store; ids are written source:number, such as snow:INC0010023",
            hint="itsm-bridge sync",
        )
    options.document(to_json(explanation))
    options.say(render_text(explanation).rstrip())
