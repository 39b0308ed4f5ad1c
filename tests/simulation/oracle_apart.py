"""Says whether sources kept to themselves: what fails in one is told, and stops nothing in another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.simulation.faults import LOUD

from itsm_bridge.operations.run import RunReport


def apart(report: RunReport, happened: Mapping[str, Counter[str]], seen: Counter[str]) -> Iterator[str]:
    """What must not be in the report of one process, by the faults that each source had meanwhile."""
    told = {name for name in happened if any(one.message.startswith(f"{name}: ") for one in report.problems)}
    failed = {name for name, faults in happened.items() if LOUD & faults.keys()}
    if len(told) < len({one.message.partition(": ")[0] for one in report.problems}):
        yield f"a problem of no source: {report.problems}"
    yield from (f"{name} failed, and nobody was told" for name in failed - told)
    yield from (f"{name} was stopped, though nothing failed there" for name in told - failed)
    if failed and failed != set(happened):
        seen["one source failed and another did not"] += 1
    for name in happened.keys() - failed:
        if report.pulled and not any(part.source == name and part.problem is None for part in report.pulled):
            yield f"{name} did not fail and was not read"
        planned = {one.ticket.id for one in report.plan.tickets if one.ticket.source == name} if report.plan else set()
        tried = {outcome.plan.ticket.id for outcome in report.applied.outcomes}
        yield from (f"{one} was planned, its source did not fail, and it was not written" for one in planned - tried)
