"""A thousand random populations of vendors: nothing of another party is in what a vendor's copy is made from."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from tests.analysis import made
from tests.analysis.made import ago, decision
from tests.report.parties import Population, had, population, with_vendors

from itsm_bridge.analysis.belonging import ANOTHER_PARTY
from itsm_bridge.analysis.figures import values
from itsm_bridge.analysis.frames import Frames
from itsm_bridge.analysis.material import Problem
from itsm_bridge.analysis.messages import messages
from itsm_bridge.analysis.scoping import scoped
from itsm_bridge.config.model import Configuration
from itsm_bridge.report.copies import publish_copies
from itsm_bridge.report.parties import Parties

BATCHES, IN_BATCH = 20, 50

CANARY = re.compile("qz[a-zA-Z0-9]+v")


def together(configured: Configuration, populations: list[Population]) -> Frames:
    """The frames of all of them, with decisions and findings that name whoever was to have a ticket."""
    decisions, problems = [], []
    for people in populations:
        for place, record in enumerate(people.records):
            other = people.vendors[place % len(people.vendors)]
            because = f"{other} is full: {people.canary(other)}"
            decisions.append(decision(record, "vendor", other, ago(minutes=5), "held", because=because))
            odd = f"unmapped {people.canary(other)}"
            problems.append(Problem("snow", "unmapped", record.ticket.external_id, odd, ago(hours=1)))
    records = [record for people in populations for record in people.records]
    return made.frames(records, configured, decisions=decisions, problems=problems)


def texts(frames: Frames) -> Iterator[tuple[str, str]]:
    """Every text of every frame, with its place; titles are cleared where tables are made."""
    for one in fields(frames):
        frame = getattr(frames, one.name)
        if isinstance(frame, pd.DataFrame):
            for column in frame.columns.difference(["summary"]):
                if frame[column].dtype == "string":
                    yield from ((f"{one.name}.{column}", text) for text in frame[column].unique())


@pytest.mark.parametrize("batch", range(BATCHES))
def test_no_frame_of_a_thousand_random_vendors_holds_anything_of_another_party(
    configured: Configuration, batch: int
) -> None:
    populations = [population(seed) for seed in range(batch * IN_BATCH, (batch + 1) * IN_BATCH)]
    whole = replace(together(configured, populations), previous=None)
    own_seen = 0
    for seed, people in enumerate(populations):
        vendor = Random(seed).choice(people.vendors)
        scope = scoped(whole, vendor)
        assert frozenset(scope.frames.tickets["ticket"]) == had(people, vendor)
        foreign = {name for one in populations for name in one.vendors} - {vendor}
        own = people.canary(vendor)
        for place, text in texts(scope.frames):
            marks = CANARY.findall(text)
            own_seen += own in marks
            assert set(marks) <= {own}, (vendor, place, text)
            assert text not in foreign, (vendor, place, text)
        names = Parties(with_vendors(configured, people.vendors)).names(scope, {})
        for text in scope.frames.tickets["summary"]:
            assert set(CANARY.findall(text)) <= {own}
            asked = names.redacted(text).partition(": ")[0].removeprefix("Ask ")
            assert asked in {"", vendor, "[other party]"}, (vendor, text)
    assert own_seen > IN_BATCH


@pytest.mark.parametrize("batch", range(6))
def test_a_ticket_s_history_in_a_copy_is_that_of_the_vendor_s_own_holdings(
    configured: Configuration, batch: int
) -> None:
    populations = [population(seed) for seed in range(batch * 5, (batch + 1) * 5)]
    whole = replace(together(configured, populations), previous=None)
    for people in populations:
        for vendor in people.vendors:
            rows = scoped(whole, vendor).frames.history
            for row in rows.to_dict("records"):
                holdings = people.holdings[row["ticket"].removeprefix("snow:")]
                within = [one for one in holdings if one.vendor == vendor and one.start <= row["at"] <= one.end]
                assert within, (vendor, row)
                leaves = row["field"] == "vendor" and row["from"] == vendor
                assert leaves or row["at"] < within[-1].end
            handed = rows[rows["field"] == "vendor"]
            assert set(handed["from"]) | set(handed["to"]) <= {vendor, ANOTHER_PARTY, ""}


def test_the_backlog_of_a_copy_grows_by_what_was_handed_in_too(configured: Configuration) -> None:
    whole = replace(together(configured, [population(seed) for seed in range(12)]), previous=None)
    handed = 0
    for vendor in sorted(set(whole.spans["vendor"]) - {""}):
        frames = scoped(whole, vendor).frames
        found, spans = values(frames), frames.spans
        if frames.tickets.empty:  # had something at another time
            continue
        before = (spans["start"] < frames.start) & ~(spans["end"] < frames.start)
        assert found["backlog_growth"] == (found["open_tickets"] or 0) - before.sum(), vendor
        came = (found["created"] or 0) + (found["reopened"] or 0)
        handed += found["backlog_growth"] != came - (found["resolved"] or 0)
        sentence = next(one for one in messages(frames) if "came in or back" in one)
        assert ("other hands" in sentence) == (found["backlog_growth"] != came - (found["resolved"] or 0))
    assert handed > 5


@pytest.mark.parametrize("seed", range(8))
def test_no_byte_of_another_party_is_in_any_file_of_a_copy(
    configured: Configuration, tmp_path: Path, seed: int
) -> None:
    people = population(seed, stem="Quizzix")
    configuration = with_vendors(configured, people.vendors)
    vendor = Random(seed).choice(people.vendors)
    copies = publish_copies(together(configuration, [people]), configuration, [vendor], tmp_path, ("xlsx", "csv"))
    copies.check()
    folder = copies.published[vendor].folder
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 15
    ids = {f"snow:{number}" for number in people.holdings} - set(
        scoped(together(configuration, [people]), vendor).tickets
    )
    foreign = {name for name in people.vendors if name not in vendor and name != vendor}
    banned = [people.canary(other) for other in (*people.vendors, "") if other != vendor] + sorted(ids)
    for path in files:
        for name, content in contents(path):
            for text in banned:
                assert text.encode() not in content, (vendor, name, text)
                assert text.encode("utf-16-le") not in content
            rest = content.decode("utf-8").replace(vendor, "").replace(configuration.vendors[vendor].names["snow"], "")
            for text in foreign:
                assert text not in rest, (vendor, name, text)


def contents(path: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of a file, and of every part of an archive with its name."""
    if path.suffix != ".xlsx":
        yield path.name, path.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            yield member, member.encode() + archive.read(member)
