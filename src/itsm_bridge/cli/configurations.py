"""``check``: a mistake is seen before it does harm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.exits import EXIT_CODES, FINDINGS, Finished
from itsm_bridge.cli.options import Options, clock, finding_document
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.config.model import Configuration
from itsm_bridge.errors import ConfigurationInvalid, Finding

if TYPE_CHECKING:
    from itsm_bridge.connectors.base import Check
    from itsm_bridge.model import TicketRecord
    from itsm_bridge.store import Reader


@click.command(epilog="Example: itsm-bridge -C config check --strict")
@click.option("--live", is_flag=True, help="Compare names with the sources too; nothing is written there.")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.pass_obj
def check(options: Options, live: bool, strict: bool) -> None:
    """Find every mistake in the configuration, in one pass, and prove that every rule counts and none is missing."""
    from itsm_bridge.cli.diagnosis import counted
    from itsm_bridge.config import check as find_mistakes

    configuration, findings = find_mistakes(options.folder)
    if configuration is not None:
        findings += _proved(configuration)
    answers = _asked(configuration) if live and configuration is not None else []
    document: dict[str, object] = {"findings": [finding_document(finding) for finding in findings]}
    options.document(document | ({"live": [_answer(*answer) for answer in answers]} if live else {}))
    _show(options, findings)
    _fail_on_errors(options, findings)
    _show_answers(options, answers, strict=strict)
    warnings = sum(finding.severity == "warning" for finding in findings)
    if warnings and strict:
        line = f"{plural(warnings, 'warning')} in {options.folder}; runs go on meanwhile; nothing was written"
        raise Finished(FINDINGS, line, "correct what is shown above, then itsm-bridge check --strict")
    if configuration is not None:
        from itsm_bridge.rules import every_rule

        rules = sum(1 for _ in every_rule(configuration.rules))
        options.say(
            f"{options.folder} holds {counted(findings)}: {plural(len(configuration.sources), 'source')}, "
            f"{plural(len(configuration.vendors), 'vendor')}, "
            f"{plural(len(configuration.environments), 'environment')}, "
            f"{plural(len(configuration.slas), 'service level')}, {plural(rules, 'rule')}."
        )


def _asked(configuration: Configuration) -> list[tuple[str, Check]]:
    """What the sources say; the connectors are imported for this alone, as a mistake is to be seen at once."""
    from itsm_bridge.cli.doctor import source_checks

    return list(source_checks(configuration))


def _proved(configuration: Configuration) -> tuple[Finding, ...]:
    """What the proofs find, counted against the store where there is one that can be read."""
    from itsm_bridge.errors import NotInitialised, StorageFailed
    from itsm_bridge.operations.bridge import open_bridge
    from itsm_bridge.proofs import PERIOD, prove

    now = clock()
    try:
        with open_bridge(configuration, clock) as bridge:
            return prove(configuration, now, lambda: _created(bridge.store, now - PERIOD))
    except (NotInitialised, StorageFailed, ConfigurationInvalid):
        return prove(configuration, now)


def _created(store: Reader, since: datetime) -> Iterator[TicketRecord]:
    """The records of the tickets that were created since; the others are not read whole."""
    scan = store.scan("tickets")
    source, external_id, created = (scan.columns.index(name) for name in ("source", "external_id", "created_at"))
    first = since.timestamp() * 1_000_000
    rows = (row for chunk in scan.chunks for row in chunk if int(str(row[created])) >= first)
    return store.records(ids=[(str(row[source]), str(row[external_id])) for row in rows])


def _show(options: Options, findings: Sequence[Finding]) -> None:
    """Each finding with its line, a blank line between two."""
    from itsm_bridge.cli.diagnosis import Screen, diagnosis

    screen = Screen.of(options)
    for finding in findings:
        options.say(diagnosis(finding, options.folder, screen) + "\n")


def _fail_on_errors(options: Options, findings: Sequence[Finding]) -> None:
    """The closing line where something is wrong: how much, and what happens now."""
    from itsm_bridge.cli.diagnosis import counted
    from itsm_bridge.config.findings import stops

    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        is_invalid = any(finding.code.startswith("C") for finding in errors)
        then = "nothing runs until they are corrected" if any(map(stops, findings)) else "runs go on meanwhile"
        raise Finished(
            EXIT_CODES[ConfigurationInvalid] if is_invalid else FINDINGS,
            f"{counted(findings)} in {options.folder}; {then}; nothing was written",
            "correct what is shown above, then itsm-bridge check",
        )


def _answer(source: str, found: Check) -> dict[str, str]:
    return {"source": source, "name": found.name, "verdict": found.verdict, "detail": found.detail, "fix": found.fix}


def _show_answers(options: Options, answers: Sequence[tuple[str, Check]], *, strict: bool) -> None:
    """A line for each thing that a source does not have as the configuration says; those fail the command."""
    failing = {"failure", "warning"} if strict else {"failure"}
    for source, found in answers:
        if found.verdict != "ok":
            fix = f"; fix: {printable(found.fix)}" if found.fix else ""
            options.say(fitted(f"{found.verdict}: {source}: {found.name}: {printable(found.detail)}{fix}"))
    failed = [(source, found) for source, found in answers if found.verdict in failing]
    if failed:
        source, first = failed[0]
        line = f"{plural(len(failed), 'thing is', 'things are')} not as configured, first: {source}: {first.name}"
        raise Finished(FINDINGS, f"{line}: {first.detail}", first.fix or "itsm-bridge doctor")
