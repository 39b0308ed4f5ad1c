"""``check`` and ``test``: a mistake is seen before it does harm."""

from __future__ import annotations

from collections.abc import Sequence

import click

from itsm_bridge.cli.exits import EXIT_CODES, FINDINGS, Finished
from itsm_bridge.cli.options import Options, clock, finding_document
from itsm_bridge.cli.text import plural, printable
from itsm_bridge.config.model import RuleBook
from itsm_bridge.connectors.base import Check
from itsm_bridge.errors import ConfigurationInvalid


@click.command(epilog="Example: itsm-bridge -C config check --strict")
@click.option("--live", is_flag=True, help="Compare names with the sources too; nothing is written there.")
@click.option("--strict", is_flag=True, help="Warnings fail too.")
@click.pass_obj
def check(options: Options, live: bool, strict: bool) -> None:
    """Find every mistake in the configuration, in one pass."""
    from itsm_bridge.cli.health import source_checks
    from itsm_bridge.config import check as find_mistakes
    from itsm_bridge.config import describe

    configuration, findings = find_mistakes(options.folder)
    answers = list(source_checks(configuration)) if live and configuration is not None else []
    document: dict[str, object] = {"findings": [finding_document(finding) for finding in findings]}
    options.document(document | ({"live": [_answer(*answer) for answer in answers]} if live else {}))
    for finding in findings:
        options.say(describe(finding))
    errors = [finding for finding in findings if finding.severity == "error"]
    warnings = sum(finding.severity == "warning" for finding in findings)
    if errors:
        is_invalid = any(finding.code.startswith("C") for finding in errors)
        raise Finished(
            EXIT_CODES[ConfigurationInvalid] if is_invalid else FINDINGS,
            f"{plural(len(errors), 'mistake')} in {options.folder}; nothing runs until they are corrected",
            "correct the lines above, then itsm-bridge check",
        )
    _show_answers(options, answers, strict=strict)
    if warnings and strict:
        raise Finished(FINDINGS, f"{plural(warnings, 'warning')} in {options.folder}", "itsm-bridge check")
    if configuration is not None:
        options.say(
            f"{options.folder} holds no mistakes: {plural(len(configuration.sources), 'source')}, "
            f"{plural(len(configuration.vendors), 'vendor')}, "
            f"{plural(len(configuration.environments), 'environment')}, "
            f"{plural(len(configuration.slas), 'service level')}, {plural(_rules(configuration.rules), 'rule')}."
        )


def _answer(source: str, found: Check) -> dict[str, str]:
    return {"source": source, "name": found.name, "verdict": found.verdict, "detail": found.detail, "fix": found.fix}


def _show_answers(options: Options, answers: Sequence[tuple[str, Check]], *, strict: bool) -> None:
    """A line for each thing that a source does not have as the configuration says; those fail the command."""
    failing = {"failure", "warning"} if strict else {"failure"}
    for source, found in answers:
        if found.verdict != "ok":
            fix = f"; fix: {printable(found.fix)}" if found.fix else ""
            options.say(f"{found.verdict}: {source}: {found.name}: {printable(found.detail)}{fix}")
    failed = [(source, found) for source, found in answers if found.verdict in failing]
    if failed:
        source, first = failed[0]
        line = f"{plural(len(failed), 'thing is', 'things are')} not as configured, first: {source}: {first.name}"
        raise Finished(FINDINGS, f"{line}: {first.detail}", first.fix or "itsm-bridge doctor")


@click.command(epilog="Example: itsm-bridge test -k outage")
@click.option("-k", "name", help="Only the tests whose name holds this text.")
@click.pass_obj
def test(options: Options, name: str | None) -> None:
    """Run the tests of rules.yaml."""
    from itsm_bridge.config import load
    from itsm_bridge.rules import run_tests

    results = run_tests(load(options.folder), clock(), name)
    failed = [result for result in results if not result.passed]
    options.document(
        {
            "passed": len(results) - len(failed),
            "failed": len(failed),
            "tests": [
                {
                    "name": result.name,
                    "passed": result.passed,
                    "differences": [
                        {"field": d.field, "expected": d.expected, "got": d.got, "rule": d.rule}
                        for d in result.differences
                    ],
                }
                for result in results
            ],
        }
    )
    for result in results:
        options.say(f"{'ok    ' if result.passed else 'FAILED'}  {printable(result.name)}")
        for difference in result.differences:
            options.say(
                f"        {difference.field}: expected {difference.expected!r}, got {difference.got!r}"
                f"{f' by rule {difference.rule}' if difference.rule else ''}"
            )
    if name is not None and not results:
        raise Finished(FINDINGS, f"no test has {name!r} in its name", "itsm-bridge test")
    if failed:
        raise Finished(FINDINGS, f"{len(failed)} of {plural(len(results), 'test')} failed", "itsm-bridge explain ID")
    options.say(f"{plural(len(results), 'test')} passed.")


def _rules(book: RuleBook) -> int:
    sections = (
        book.classify,
        book.intake,
        book.priority,
        book.approval,
        book.assignment,
        book.escalation,
        book.knowledge,
    )
    return sum(len(section) for section in sections)
