"""The file of metrics for Prometheus: how the last runs ended, by job, and what they did, by source.

All of it comes from the store. Only where that cannot be opened, or a success is too long ago for it, the figures of
the file before stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from itsm_bridge import __version__
from itsm_bridge.config.model import JOBS
from itsm_bridge.operations.bridge import Bridge
from itsm_bridge.store import Run
from itsm_bridge.store.whole_files import FILES, draft_of

MOST_RUNS: Final = 500
"""Runs among which the last of each job, and its last success, are looked for."""

READABLE: Final = 0o644
"""Counts only, and node_exporter is another user."""

COUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read": "Tickets read in the last run of the job.",
        "changed": "Tickets new or changed in the last run of the job.",
        "written": "Tickets written and read back in the last run of the job.",
        "held": "Decisions held for somebody in the last run of the job.",
        "quarantined": "Records quarantined in the last run of the job.",
        "conflicts": "Tickets on which people and rules did not agree in the last run of the job.",
    }
)

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "itsm_bridge_build_info": "The version of the program; always 1.",
        "itsm_bridge_last_run_timestamp_seconds": "When the last run of the job ended, in seconds since 1970.",
        "itsm_bridge_last_success_timestamp_seconds": "When the last run of the job with exit code 0 ended.",
        "itsm_bridge_last_run_duration_seconds": "How long the last run of the job took.",
        "itsm_bridge_last_run_exit_code": "Exit code of the last run of the job.",
        "itsm_bridge_last_run_guard_trips": "How many limits stopped something in the last run of the job.",
        "itsm_bridge_last_run_waits": "How often the source was waited for in the last run of the job.",
        "itsm_bridge_last_run_wait_seconds": "How long the source was waited for in the last run of the job.",
        "itsm_bridge_source_fresh_timestamp_seconds": "When the source was last read to its end.",
    }
    | {f"itsm_bridge_last_run_tickets_{what}": meaning for what, meaning in COUNTS.items()}
)
"""Every metric and what it means; all of them are gauges."""

_SAMPLE: Final = re.compile(r"(itsm_bridge_\w+)(?:\{.*\})? (\S+)")

Samples = Mapping[str, str]
"""The value of each name with its labels, as they are written."""


def of_store(bridge: Bridge) -> Samples:
    """What the store says."""
    runs = [run for run in bridge.store.runs(MOST_RUNS) if run.finished_at is not None]  # newest first
    samples = {_named("itsm_bridge_build_info", version=__version__): "1"}
    for job in JOBS:
        of_job = [run for run in runs if run.command == job]
        if of_job:
            samples |= dict(_last(job, of_job[0]))
        success = next((run.finished_at for run in of_job if run.outcome == "0"), None)
        if success is not None:
            samples[_named("itsm_bridge_last_success_timestamp_seconds", job=job)] = _seconds(success)
    fresh = bridge.store.freshness()
    for source in bridge.configuration.sources:
        if source in fresh:
            samples[_named("itsm_bridge_source_fresh_timestamp_seconds", source=source)] = _seconds(fresh[source])
    return samples


def of_end(job: str, code: int, now: datetime) -> Samples:
    """All that is known of a run that found no store."""
    return {
        _named("itsm_bridge_build_info", version=__version__): "1",
        _named("itsm_bridge_last_run_timestamp_seconds", job=job): _seconds(now),
        _named("itsm_bridge_last_run_exit_code", job=job): str(code),
    }


def _last(job: str, run: Run) -> Iterator[tuple[str, str]]:
    def of_job(name: str, value: str) -> tuple[str, str]:
        return _named(f"itsm_bridge_last_run_{name}", job=job), value

    if run.finished_at is not None:
        yield of_job("timestamp_seconds", _seconds(run.finished_at))
        yield of_job("duration_seconds", f"{(run.finished_at - run.started_at).total_seconds():.3f}")
    yield of_job("exit_code", str(run.outcome))
    yield of_job("guard_trips", str(_number(run.summary, "guard_trips")))
    sources, told = _mapping(run.summary, "sources"), _mapping(run.summary, "by_source")
    waits, seconds = _mapping(run.summary, "waits"), _mapping(run.summary, "wait_seconds")
    for source in sorted({*sources, *told, *waits}):
        counted = {**_mapping(sources, source), **_mapping(told, source)}
        counted["changed"] = _number(counted, "new") + _number(counted, "changed")
        for what in COUNTS:
            name = f"itsm_bridge_last_run_tickets_{what}"
            yield _named(name, job=job, source=source), str(_number(counted, what))
        yield _named("itsm_bridge_last_run_waits", job=job, source=source), str(_number(waits, source))
        yield _named("itsm_bridge_last_run_wait_seconds", job=job, source=source), f"{_number(seconds, source):g}"


def exposition(samples: Samples) -> str:
    """The text format of Prometheus, 0.0.4."""
    lines = []
    for family, meaning in FAMILIES.items():
        of_family = [f"{name} {value}" for name, value in samples.items() if name.partition("{")[0] == family]
        if of_family:
            lines += [f"# HELP {family} {meaning}", f"# TYPE {family} gauge", *of_family]
    return "\n".join([*lines, ""])


def write(path: Path, samples: Samples, *, whole: bool) -> None:
    """Put the file in its place: all of it, durably, or what was there before. Raises ``OSError``.

    Of the file before, successes stay that ``samples`` do not know; where those are not ``whole``, all that they lack.
    """
    kept = {
        name: value
        for name, value in _before(path).items()
        if not whole or name.startswith("itsm_bridge_last_success_timestamp_seconds{")
    }
    draft = draft_of(path)
    try:
        FILES.create(draft, exposition({**kept, **samples}).encode())
        draft.chmod(READABLE)
        FILES.replace(draft, path)
    finally:
        FILES.remove(draft)
    FILES.sync(path.parent)


def _before(path: Path) -> Samples:
    """What the file holds by now, as far as it is ours."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    found = (_SAMPLE.fullmatch(line) for line in lines)
    return {one[0].rpartition(" ")[0]: one[2] for one in found if one and one[1] in FAMILIES}


def _named(name: str, **labels: str) -> str:
    written = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items())
    return f"{name}{{{written}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _seconds(at: datetime) -> str:
    return f"{at.timestamp():.3f}"


def _mapping(of: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = of.get(key)
    return found if isinstance(found, Mapping) else {}


def _number(of: Mapping[str, object], key: str) -> float:
    found = of.get(key)
    return found if isinstance(found, int | float) else 0
