"""The file of metrics, read by a small parser of our own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.analysis.made import NOW, configuration

from itsm_bridge.operations.bridge import Bridge, open_bridge
from itsm_bridge.operations.metrics import FAMILIES, exposition, of_end, of_store, write
from itsm_bridge.operations.metrics import _named as named
from itsm_bridge.operations.run import RunReport
from itsm_bridge.operations.tally import Tally
from itsm_bridge.sync import Pulled

Parsed = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Parsed:
    """The text format 0.0.4, as its description reads: each family has HELP and TYPE before its samples."""
    assert text.endswith("\n")
    samples: Parsed = {}
    typed, helped = set[str](), set[str]()
    for line in text.splitlines():
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            (helped if kind == "HELP" else typed).add(name)
            assert kind == "HELP" or rest == "gauge"
            continue
        found = re.fullmatch(r'([a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\} ([0-9.e+-]+)', line)
        assert found, line
        assert found[1] in typed & helped
        labels = frozenset(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', found[2]))
        assert (found[1], labels) not in samples
        samples[found[1], labels] = float(found[3])
    return samples


def of(samples: Parsed, name: str, **labels: str) -> float:
    return samples[f"itsm_bridge_{name}", frozenset(labels.items())]


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    with open_bridge(configuration(tmp_path / "config"), lambda: NOW, create=True) as opened:
        yield opened


def ran(bridge: Bridge, job: str, outcome: str, report: RunReport | None = None, *, later: int = 0) -> None:
    at = NOW + timedelta(hours=later)
    run = bridge.store.start_run(job, at, "")
    tally = Tally({"snow": 2}, {"snow": 62.5}, 1)
    bridge.store.finish_run(
        run, at + timedelta(seconds=9), outcome, (report or RunReport(job)).summary() | tally.summary()
    )


def test_the_file_says_how_the_last_run_and_the_last_success_of_each_job_ended(bridge: Bridge, tmp_path: Path) -> None:
    pulled = Pulled("snow", read=12, new=2, changed=3, quarantined=1)
    ran(bridge, "run", "0")
    ran(bridge, "run", "6", RunReport("run", (pulled,)), later=1)
    ran(bridge, "sync", "0", later=2)
    bridge.store.mark_synced("snow", NOW)
    path = tmp_path / "itsm-bridge.prom"
    write(path, of_store(bridge), whole=True)
    found = parsed(path.read_text())
    assert of(found, "last_success_timestamp_seconds", job="run") == NOW.timestamp() + 9
    assert of(found, "last_run_timestamp_seconds", job="run") == NOW.timestamp() + 3609
    assert of(found, "last_success_timestamp_seconds", job="sync") == NOW.timestamp() + 7209
    assert (of(found, "last_run_exit_code", job="run"), of(found, "last_run_exit_code", job="sync")) == (6, 0)
    assert of(found, "last_run_duration_seconds", job="run") == 9
    assert of(found, "last_run_guard_trips", job="run") == 1
    assert of(found, "last_run_tickets_read", job="run", source="snow") == 12
    assert of(found, "last_run_tickets_changed", job="run", source="snow") == 5
    assert of(found, "last_run_tickets_quarantined", job="run", source="snow") == 1
    assert of(found, "last_run_waits", job="run", source="snow") == 2
    assert of(found, "last_run_wait_seconds", job="run", source="snow") == 62.5
    assert of(found, "source_fresh_timestamp_seconds", source="snow") == NOW.timestamp()
    assert {name for name, _ in found} == set(FAMILIES)
    assert path.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".itsm")] == []


def test_a_run_that_found_no_store_leaves_what_was_known(bridge: Bridge, tmp_path: Path) -> None:
    ran(bridge, "run", "0")
    path = tmp_path / "itsm-bridge.prom"
    write(path, of_store(bridge), whole=True)
    write(path, of_end("run", 14, NOW + timedelta(days=1)), whole=False)
    found = parsed(path.read_text())
    assert of(found, "last_run_exit_code", job="run") == 14
    assert of(found, "last_success_timestamp_seconds", job="run") == NOW.timestamp() + 9


def test_a_strange_label_is_escaped() -> None:
    samples = {named("itsm_bridge_source_fresh_timestamp_seconds", source='a"b\\c\nd'): "1"}
    ((_, labels),) = parsed(exposition(samples))
    assert labels == {("source", 'a\\"b\\\\c\\nd')}


def test_a_file_that_cannot_be_written_is_an_os_error_and_leaves_no_draft(bridge: Bridge, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write(tmp_path / "nowhere" / "x.prom", of_store(bridge), whole=True)
    assert list(tmp_path.glob(".x.prom*")) == []
