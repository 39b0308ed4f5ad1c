"""``audit``: what stands in the log of every write, and whether it is still what was written into it."""

from __future__ import annotations

import re

import click

from itsm_bridge.cli.exits import EXIT_CODES, Finished
from itsm_bridge.cli.options import Options, opened
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.errors import AuditBroken, UsageError
from itsm_bridge.store import Verification

WHAT_TO_DO = "itsm-bridge help 15"


class Beginning(click.ParamType[str]):
    """The first digits of a hash."""

    name = "hash"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read them as they stand in a workbook or in the line of a run."""
        digits = str(value).strip().rstrip("…").lower()
        if not re.fullmatch("[0-9a-f]{8,64}", digits):
            self.fail(f"{value!r} is not a hash of the audit log, or fewer than 8 digits of one", param, ctx)
        return digits


@click.group(epilog="Example: itsm-bridge audit verify")
def audit() -> None:
    """Show and check the log of every write."""


@audit.command(epilog="Example: itsm-bridge audit verify --head 3f2a9c01d4e5")
@click.option("--head", "wanted", type=Beginning(), help="A hash noted elsewhere (workbook, mail) that must be in it.")
@click.pass_obj
def verify(options: Options, wanted: str | None) -> None:
    """Check every row, the chain, the seals and the key; writes nothing."""
    with opened(options) as bridge:
        found = bridge.store.verify_audit(wanted or "")
    options.document(_document(found))
    if not found.found:
        options.say(_ok(found))
        return
    if not options.quiet:
        for fault in found.faults:
            click.echo(f"{fault.kind}  {printable(fault.text)}: {fault.meaning}", err=True)
        if found.found > len(found.faults):
            click.echo(f"and {found.found - len(found.faults):,} more", err=True)
    first = found.faults[0]
    more = f" ({plural(found.found - 1, 'more fault')})" if found.found > 1 else ""
    raise Finished(
        EXIT_CODES[AuditBroken], f"audit: {first.text}{more}: {first.meaning}; nothing was changed", WHAT_TO_DO
    )


@audit.command(epilog="Example: itsm-bridge audit show snow:INC0010023")
@click.argument("ticket_id", metavar="[ID]", required=False)
@click.option(
    "--last", default=20, show_default=True, metavar="N", type=click.IntRange(1), help="Only the newest rows."
)
@click.pass_obj
def show(options: Options, ticket_id: str | None, last: int) -> None:
    """Who wrote what, when, by which rule; every run and what it was told; what people resolved."""
    from itsm_bridge.cli.audit_lines import document, line

    with opened(options) as bridge:
        ticket = None if ticket_id is None else bridge.store.find_ticket(ticket_id)
        if ticket_id is not None and ticket is None:
            raise UsageError(f"there is no ticket {ticket_id!r} in the store", hint="itsm-bridge audit show")
        rows = bridge.store.audit_rows(last, None if ticket is None else (ticket.source, ticket.external_id))
    options.document({"rows": [document(row) for row in rows]})
    for row in rows:
        options.say(fitted(line(row)))
    if not rows:
        options.say("the audit log says nothing of it" if ticket_id else "the audit log is empty")


def _ok(found: Verification) -> str:
    if not found.head.rows:
        return "ok: the audit log is empty; it begins with the first run"
    since = f" since {found.since:%Y-%m-%d %H:%M} UTC" if found.since is not None else ""
    head = f"head {found.head.short}, {plural(found.seals, 'seal')}"
    return f"ok: {plural(found.head.rows, 'row')}{since}, {head}; every row is as it was written"


def _document(found: Verification) -> dict[str, object]:
    return {
        "ok": not found.found,
        "rows": found.head.rows,
        "since": found.since.isoformat() if found.since is not None else None,
        "head": found.head.hash,
        "seals": found.seals,
        "faults_found": found.found,
        "faults": [
            {"kind": fault.kind, "row": fault.row, "text": fault.text, "meaning": fault.meaning}
            for fault in found.faults
        ],
    }
