from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from tests.analysis.made import NOW, ago, frames, ticket

from itsm_bridge.analysis import gathering, sla_native
from itsm_bridge.analysis.data_quality import TABLE as DATA_QUALITY
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.period import Period
from itsm_bridge.config.model import Configuration
from itsm_bridge.connectors.base import Page
from itsm_bridge.model import NativeSla
from itsm_bridge.store import Store

DONE = ticket("INC1", ago(hours=30), (ago(hours=20), "state", "resolved"))
OPEN = ticket("INC2", ago(hours=5))
AGREEING = NativeSla(
    source="snow",
    external_id="INC1",
    native_id="n1",
    name="Resolution in a day",
    stage="completed",
    started_at=ago(hours=30),
    stopped_at=ago(hours=20),
    due_at=ago(hours=6),
    elapsed_seconds=36_000,
    breached=False,
    target_seconds=86_400,
)
DIFFERING = replace(
    AGREEING,
    external_id="INC2",
    native_id="n2",
    stage="in_progress",
    started_at=ago(hours=5),
    stopped_at=None,
    due_at=ago(hours=-3),
    measured_at=ago(hours=1),
    elapsed_seconds=4 * 3600,
    target_seconds=8 * 3600,
)


def table(configured: Configuration, *natives: NativeSla) -> pd.DataFrame:
    return sla_native.TABLE.rows(frames([DONE, OPEN], configured, natives=natives))


def test_those_that_differ_come_first_with_their_cause(configured: Configuration) -> None:
    rows = table(configured, AGREEING, DIFFERING)
    assert list(rows["ticket"]) == ["snow:INC2", "snow:INC1"]
    first, second = rows.to_dict("records")
    assert (first["agrees"], first["cause"], first["difference_seconds"]) == (False, "target", 0)
    assert first["ours_elapsed_seconds"] == first["native_elapsed_seconds"] == 4 * 3600
    assert (first["ours_due_at"], first["native_due_at"]) == (ago(hours=-19), ago(hours=-3))
    assert first["detail"].endswith(
        "their target is 8:00:00, ours 24:00:00. Ours is the same with a target of 8:00:00."
    )
    assert (second["agrees"], second["cause"], second["detail"]) == (True, "", "")
    assert (second["sla"], second["native"]) == ("resolution in a day", "Resolution in a day")


def test_the_summary_has_the_share_of_those_that_agree(configured: Configuration) -> None:
    seen = frames([DONE, OPEN], configured, natives=[AGREEING, DIFFERING])
    assert values(seen)["native_agreement"] == 0.5
    assert values(frames([DONE, OPEN], configured))["native_agreement"] is None
    silent = replace(DIFFERING, elapsed_seconds=None, breached=None, due_at=None, target_seconds=None)
    seen = frames([DONE, OPEN], configured, natives=[AGREEING, silent])
    assert list(sla_native.TABLE.rows(seen)["agrees"]) == [True, pd.NA]
    assert values(seen)["native_agreement"] == 1.0


def test_clocks_of_one_side_alone_are_counted(configured: Configuration) -> None:
    strange = [replace(DIFFERING, native_id=f"n{number}", name="=HYPERLINK(1)") for number in (3, 4)]
    seen = frames([DONE, OPEN], configured, natives=[AGREEING, *strange])
    found = DATA_QUALITY.rows(seen).set_index("check")
    assert found.loc["native_alone", "count"] == 2
    assert found.loc["native_alone", "detail"] == "=HYPERLINK(1): no clock of ours is compared with it"
    assert found.loc["ours_alone", "count"] == 3
    assert "vendor contract: the source has no such clock" in str(found.loc["ours_alone", "detail"])


def test_in_the_past_the_table_has_what_had_been_measured_by_then(configured: Configuration) -> None:
    natives = [AGREEING, DIFFERING]
    then = frames([DONE, OPEN], configured, as_of=ago(hours=3), natives=natives)
    assert list(sla_native.TABLE.rows(then)["ticket"]) == ["snow:INC1"]


def test_what_the_store_has_of_the_sources_clocks_is_compared(tmp_path: Path, configured: Configuration) -> None:
    with Store.open("sqlite:///bridge.db", tmp_path, create=True) as store:
        for record in (DONE, OPEN):
            store.save_record(record, NOW)
        period = Period.holding(NOW, "week", configured.zone)
        without = gathering.frames(store, configured, period, NOW)
        assert without.natives.empty
        assert not without.findings["check"].str.endswith("_alone").any()
        store.save_page("snow", "task_sla", Page((), {}, natives=(AGREEING, DIFFERING)), NOW)
        seen = gathering.frames(store, configured, period, NOW)
    pd.testing.assert_frame_equal(sla_native.TABLE.rows(seen), table(configured, AGREEING, DIFFERING))
