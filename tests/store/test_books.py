from __future__ import annotations

from dataclasses import asdict

import pytest
from tests.store.samples import MINUTE, NOW, decision

from itsm_bridge.errors import StorageFailed
from itsm_bridge.store import Run, Store, decisions


def test_a_run_that_ended_says_how(store: Store) -> None:
    run_id = store.start_run("sync", NOW, "digest")
    store.finish_run(run_id, NOW + MINUTE, "3", {"findings": [["conflict", "snow:INC1", "moved"]], "at": NOW})
    (run,) = store.runs()
    assert run == Run(
        run_id, "sync", NOW, "digest", NOW + MINUTE, "3",
        {"findings": [["conflict", "snow:INC1", "moved"]], "at": str(NOW)},
    )  # fmt: skip


def test_a_run_that_was_killed_has_no_outcome(store: Store) -> None:
    store.start_run("run", NOW, "digest")
    (run,) = store.runs()
    assert (run.finished_at, run.outcome, dict(run.summary)) == (None, None, {})


def test_runs_come_newest_first(store: Store) -> None:
    numbers = [store.start_run("run", NOW, "") for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert [run.id for run in store.runs(3)] == numbers[:1:-1]


def test_a_source_is_as_fresh_as_its_last_whole_reading(store: Store) -> None:
    assert store.freshness() == {}
    store.mark_synced("snow", NOW)
    store.mark_synced("ops", NOW)
    store.mark_synced("snow", NOW + MINUTE)
    assert store.freshness() == {"snow": NOW + MINUTE, "ops": NOW}


@pytest.mark.parametrize("value", [None, 3, "acme", "", "3"])
def test_a_decision_comes_back_with_its_run(store: Store, value: str | int | None) -> None:
    made = decision(value=value)
    run_id = store.start_run("plan", NOW, "")
    store.save_decisions(run_id, [made])
    (found,) = store.decisions()
    assert asdict(found) == {**asdict(made), "run_id": run_id}


def test_decisions_are_added_never_replaced(store: Store) -> None:
    one, two = store.start_run("plan", NOW, ""), store.start_run("plan", NOW, "")
    store.save_decisions(one, [decision(1, value=1), decision(1, field="vendor", value="acme"), decision(2, value=1)])
    store.save_decisions(two, [decision(1, value=2), decision(1, source="ops", value=4)])
    assert [found.value for found in store.decisions()] == [1, "acme", 1, 2, 4]
    assert [found.value for found in store.decisions(latest=True)] == ["acme", 1, 2, 4]
    assert [found.value for found in store.decisions(run_id=one)] == [1, "acme", 1]
    assert [found.value for found in store.decisions(source="snow", external_id=decision(1).external_id)] == [
        1, "acme", 2,
    ]  # fmt: skip
    assert [found.value for found in store.decisions(latest=True, run_id=one)] == ["acme", 1]


def test_many_decisions_are_streamed(store: Store) -> None:
    run_id = store.start_run("plan", NOW, "")
    count = 2 * decisions.BATCH + 1
    store.save_decisions(run_id, (decision(number) for number in range(count)))
    assert sum(1 for _ in store.decisions()) == sum(1 for _ in store.decisions(latest=True)) == count


def test_decisions_of_a_run_that_does_not_exist_are_refused(store: Store) -> None:
    with pytest.raises(StorageFailed):
        store.save_decisions(7, [decision()])
    assert list(store.decisions()) == []
