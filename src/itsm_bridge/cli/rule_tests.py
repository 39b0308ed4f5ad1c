"""``test``: the tests of the rules, what they cover, and which mistakes they would let pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.exits import FINDINGS, Finished
from itsm_bridge.cli.options import Options, clock
from itsm_bridge.cli.text import plural, printable

if TYPE_CHECKING:
    from itsm_bridge.config.model import Configuration
    from itsm_bridge.rules import RuleCoverage, Survivor, TestResult


@click.command(epilog="Example: itsm-bridge test -k outage --coverage")
@click.option("-k", "name", help="Only the tests whose name holds this text.")
@click.option("--coverage", is_flag=True, help="Say which rules and conditions no test tries.")
@click.option("--mutation", is_flag=True, help="Turn each condition round: some test must fail. Exit 3 if none does.")
@click.pass_obj
def test(options: Options, name: str | None, coverage: bool, mutation: bool) -> None:
    """Run the tests of rules.yaml."""
    from itsm_bridge.config import load
    from itsm_bridge.rules import run_tests

    configuration, now = load(options.folder), clock()
    results = run_tests(configuration, now, name)
    covered = _covered(configuration, now, name) if coverage else None
    survived = _survived(configuration, now, name) if mutation else None
    options.document(_document(results, covered, survived))
    _show_results(options, results)
    if covered is not None:
        _show_coverage(options, covered)
    if survived is not None:
        _show_survivors(options, survived)
    _judge(results, name, survived or ())
    options.say(f"{plural(len(results), 'test')} passed.")


def _covered(configuration: Configuration, now: datetime, name: str | None) -> Sequence[RuleCoverage]:
    from itsm_bridge.rules import coverage

    return coverage(configuration, now, name)


def _survived(configuration: Configuration, now: datetime, name: str | None) -> Sequence[Survivor]:
    from itsm_bridge.rules import survivors

    return tuple(survivors(configuration, now, name))


def _judge(results: Sequence[TestResult], name: str | None, survived: Sequence[Survivor]) -> None:
    if name is not None and not results:
        raise Finished(FINDINGS, f"no test has {name!r} in its name", "itsm-bridge test")
    failed = [result for result in results if not result.passed]
    if failed:
        raise Finished(FINDINGS, f"{len(failed)} of {plural(len(results), 'test')} failed", "itsm-bridge explain ID")
    if survived:
        first = survived[0]
        raise Finished(
            FINDINGS,
            f"{plural(len(survived), 'condition')} can be turned round without a test failing, first: "
            f"{first.position}: rule {first.rule}: {first.text}",
            "add a test that would fail to tests: in rules.yaml, then itsm-bridge test --mutation",
        )


# --- for people --------------------------------------------------------------------------------------------------


def _show_results(options: Options, results: Sequence[TestResult]) -> None:
    for result in results:
        options.say(f"{'ok    ' if result.passed else 'FAILED'}  {printable(result.name)}")
        for difference in result.differences:
            options.say(
                f"        {difference.field}: expected {difference.expected!r}, got {difference.got!r}"
                f"{f' by rule {difference.rule}' if difference.rule else ''}"
            )


def _show_coverage(options: Options, covered: Sequence[RuleCoverage]) -> None:
    whole = sum(not rule.missing for rule in covered)
    options.say("")
    for rule in covered:
        mark = "ok    " if not rule.missing else "part  " if rule.decided else "none  "
        options.say(f"{mark}  {printable(rule.section)}: {printable(rule.rule)}")
        for missing in rule.missing:
            options.say(f"        {printable(str(rule.position))}: {printable(missing)}")
    options.say(f"{whole} of {plural(len(covered), 'rule')} covered whole.")


def _show_survivors(options: Options, survived: Sequence[Survivor]) -> None:
    options.say("")
    for one in survived:
        options.say(f"{printable(str(one.position))}: rule {printable(one.rule)}: no test fails where not: {one.text}")
    if not survived:
        options.say("Whichever condition is turned round, some test fails.")


# --- as JSON -----------------------------------------------------------------------------------------------------


def _document(
    results: Sequence[TestResult], covered: Sequence[RuleCoverage] | None, survived: Sequence[Survivor] | None
) -> dict[str, object]:
    passed = sum(result.passed for result in results)
    document: dict[str, object] = {
        "passed": passed,
        "failed": len(results) - passed,
        "tests": [_result(result) for result in results],
    }
    if covered is not None:
        document["coverage"] = [_coverage(rule) for rule in covered]
    if survived is not None:
        document["survivors"] = [
            {"section": one.section, "rule": one.rule, "place": str(one.position), "condition": one.text}
            for one in survived
        ]
    return document


def _result(result: TestResult) -> dict[str, object]:
    differences = [
        {"field": one.field, "expected": one.expected, "got": one.got, "rule": one.rule} for one in result.differences
    ]
    return {"name": result.name, "passed": result.passed, "differences": differences}


def _coverage(rule: RuleCoverage) -> dict[str, object]:
    return {
        "section": rule.section,
        "rule": rule.rule,
        "place": str(rule.position),
        "matched": rule.matched,
        "decided": rule.decided,
        "conditions": [
            {"condition": one.text, "path": one.path, "held": one.held, "failed": one.failed} for one in rule.conditions
        ],
    }
