"""``doctor``: does everything answer that a run needs, one line each, with the fix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import click

from itsm_bridge.cli.exits import FINDINGS, Finished
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.pasting import pasted
from itsm_bridge.cli.text import fitted, plural, printable
from itsm_bridge.config import Configuration, load
from itsm_bridge.connectors.base import Check
from itsm_bridge.errors import BridgeError, CredentialsRefused, NotInitialised, SourceUnavailable
from itsm_bridge.operations.bridge import connectors_of, project_of

MARKS = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}
COLOURS = {"ok": "green", "warning": "yellow", "failure": "red"}

MOST_SECONDS = 5
"""How long ``doctor`` waits for a busy or silent source before it asks again: a person is waiting for it."""


@click.command(epilog="Example: itsm-bridge doctor")
@click.pass_obj
def doctor(options: Options) -> None:
    """Connection, identity, fields and store: one line each, with the fix; never writes."""
    checks = list(_checks(options))
    options.document(
        {"checks": [{"name": c.name, "verdict": c.verdict, "detail": c.detail, "fix": c.fix} for c in checks]}
    )
    for check in checks:
        mark = MARKS[check.verdict]
        shown = fitted(f"{mark}  {check.name}: {printable(check.detail)}", hang=9)
        coloured = mark if options.no_color else click.style(mark, fg=COLOURS[check.verdict])
        options.say(coloured + shown[len(mark) :])
        if check.fix:
            options.say(fitted(f"         fix: {printable(pasted(check.fix))}"))
    options.say(_counted(checks))
    failures = [check for check in checks if check.verdict == "failure"]
    if failures:
        first = failures[0]
        raise Finished(
            FINDINGS, f"{plural(len(failures), 'check')} failed, first: {first.name}: {first.detail}", first.fix
        )


def _counted(checks: Iterable[Check]) -> str:
    """The last line: how many of each verdict."""
    counts = Counter(check.verdict for check in checks)
    return f"{counts['ok']:,} ok, {plural(counts['warning'], 'warning')}, {plural(counts['failure'], 'failure')}"


def _checks(options: Options) -> Iterator[Check]:
    """The configuration, the store, then each source by itself."""
    configuration = load(options.folder)
    yield Check("configuration", "ok", f"{options.folder} holds no mistakes")
    yield _store_check(configuration)
    for source, check in source_checks(configuration):
        yield check if check.name == source else replace(check, name=f"{source} {check.name}")


def source_checks(configuration: Configuration) -> Iterator[tuple[str, Check]]:
    """What each source says about itself, with its name; a source that is down hides no other."""
    limits = configuration.limits
    hasty = replace(configuration, limits=replace(limits, max_wait=min(limits.max_wait, MOST_SECONDS)))
    for name in configuration.sources:
        try:
            checks = connectors_of(hasty, (name,))[name].doctor()
        except BridgeError as problem:
            checks = (Check(name, "failure", problem.message, problem.hint),)
        for check in checks:
            yield name, replace(check, fix=_fix(name, check.fix))


def _fix(source: str, given: str) -> str:
    """A remedy that is not this command again."""
    instead = {
        CredentialsRefused.hint: f"set or renew ITSM_BRIDGE_{source.upper()}__… in the environment or in .env",
        SourceUnavailable.hint: f"check url: of {source} in bridge.yaml and the network; the source itself may be down",
    }
    return instead.get(given, given)


def _store_check(configuration: Configuration) -> Check:
    """Whether the store opens; one that is not there yet is made by the first sync."""
    from itsm_bridge.store import Store

    try:
        with Store.open(configuration.store, project_of(configuration)) as store:
            return Check("store", "ok", f"{plural(store.ticket_count(), 'ticket')} in it")
    except NotInitialised as problem:
        return Check("store", "warning", problem.message, problem.hint)
    except BridgeError as problem:
        return Check("store", "failure", problem.message, problem.hint)
