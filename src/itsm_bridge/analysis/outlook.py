"""The forecast and the relief as sentences: who will have too few people when, and who could help now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

import itsm_bridge.analysis.forecast as forecast
import itsm_bridge.analysis.relief as relief
from itsm_bridge.analysis.frames import Frames

MOST = 2
"""Sentences of each kind; the tables have the rest."""


def outlook(frames: Frames) -> tuple[str, ...]:
    """What a plan has to answer, the most people missing first; empty where nobody will have too few."""
    return (*shortages(forecast.TABLE.rows(frames)), *offers(relief.TABLE.rows(frames)))


def shortages(rows: pd.DataFrame) -> tuple[str, ...]:
    """Of rows of ``forecast``: the vendors that need more people at p90 than they have, in their worst month.

    What several environments of a vendor need is added up, which is a little more than the p90 of their sum.
    """
    owned = rows[(rows["vendor"] != "") & rows["people_needed"].notna() & (rows["people_needed"] > 0)]
    needs = owned.groupby(["vendor", "month"]).agg(
        needed=("people_needed", "sum"), people=("people", "first"), status=("status", "first"),
        environments=("environment", _listed),
    )  # fmt: skip
    needs = needs.assign(missing=(needs["needed"] - needs["people"].fillna(0)).round(2)).reset_index()
    worst = needs.sort_values(["missing", "month"], ascending=[False, True]).drop_duplicates("vendor")
    worst = worst[worst["missing"] > 0].sort_values(["missing", "vendor"], ascending=[False, True])
    return tuple(_short(row) for row in worst.head(MOST).to_dict("records"))


def offers(rows: pd.DataFrame) -> tuple[str, ...]:
    """Of rows of ``relief``: for each overloaded vendor who could take most, or that nobody could."""
    firsts = rows.sort_values(["hours_over", "vendor"], ascending=[False, True]).drop_duplicates("vendor")["vendor"]
    return tuple(sentence for vendor in firsts.head(MOST) for sentence in _offer(rows[rows["vendor"] == vendor]))


def _short(row: Mapping[Any, Any]) -> str:
    """As in: punjab needs 7.4 people in 2027-03 at p90; OptIT has 6."""
    verb = "need" if " and " in str(row["environments"]) else "needs"
    has = f"has {row['people']:.3g}" if row["people"] else f"is {row['status']} and has none"
    needed = f"{row['needed']:.3g} people in {row['month']} at p90"
    return f"{row['environments']} {verb} {needed}; {row['vendor']} {has}."


def _offer(rows: pd.DataFrame) -> Iterator[str]:
    best = rows.sort_values("could_take_hours", ascending=False, kind="stable").to_dict("records")[0]
    over = f"{best['vendor']} had {best['hours_over']:.3g} hours of work more than people for it in {best['week']}"
    if not best["candidate"]:
        yield f"{over}; nobody could take any of it."
        return
    what = best["environment"] or "unknown environments"
    yield f"{over}; {best['candidate']} could take {best['could_take_hours']:.3g} of them from {what}."


def _listed(names: pd.Series) -> str:
    *most, last = sorted({str(name) or "other environments" for name in names})
    return f"{', '.join(most)} and {last}" if most else last
