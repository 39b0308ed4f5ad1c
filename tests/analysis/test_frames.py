"""What all tables share."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
from tests.analysis.made import ago, frames, ticket

from itsm_bridge.analysis.frames import SCHEMAS, Frames, columned, framed, once
from itsm_bridge.config.model import Configuration


def test_what_is_worked_out_once_is_nobody_s_to_change(configured: Configuration) -> None:
    asked: list[int] = []

    @once
    def numbers(seen: Frames) -> pd.DataFrame:
        asked.append(len(seen.tickets))
        return pd.DataFrame({"number": [1, 2]})

    made = frames([ticket("INC1", ago(days=1))], configured)
    mine, other = numbers(made), numbers(made)
    mine["number"] = 7
    other.loc[0, "number"] = 8
    assert list(numbers(made)["number"]) == [1, 2]
    assert asked == [1]
    assert list(numbers(frames([], configured))["number"]) == [1, 2]
    assert asked == [1, 0]


def test_columns_that_nobody_fills_are_as_rows_that_say_nothing() -> None:
    for name, schema in SCHEMAS.items():
        first = next(iter(schema))
        nothing = dict.fromkeys(schema)
        text = schema[first] == "string"
        rows = [tuple((nothing | {first: "one" if text else 1}).values()) for _ in range(3)]
        pd.testing.assert_frame_equal(columned(name, {first: ["one" if text else 1] * 3}), framed(name, rows))
        assert len(framed(name, rows)) == 3


def test_what_was_worked_out_once_is_not_taken_along_into_a_filtered_copy(configured: Configuration) -> None:
    seen = frames([ticket("INC1", ago(hours=2))], configured)

    @once
    def numbers(of: Frames) -> pd.DataFrame:
        return pd.DataFrame({"tickets": [len(of.tickets)]})

    assert numbers(seen)["tickets"].item() == 1
    filtered = replace(seen, tickets=seen.tickets.head(0))
    assert numbers(filtered)["tickets"].item() == 0
