"""200 seeded mistakes in the shipped configuration: each at its place, with what was meant, and several in one pass."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.config.editing import edit
from tests.config.mistakes import KINDS, TEXTS, Mistake, seeded

from itsm_bridge.config import check
from itsm_bridge.errors import Finding

SEEDED = seeded()
LEAST_SUGGESTED = 0.9


def found(config: Path, mistake: Mistake) -> list[Finding]:
    """What stands at the line of the mistake, and is no mere information."""
    return [
        one
        for one in check(config)[1]
        if (one.file, one.line) == (mistake.file, mistake.line) and one.severity != "info"
    ]


def spoil(config: Path, mistake: Mistake) -> None:
    text = mistake.apply(TEXTS[mistake.file])
    assert text != TEXTS[mistake.file]
    (config / mistake.file).write_text(text, encoding="utf-8")


def test_there_are_200_mistakes_of_every_kind_in_every_file() -> None:
    assert len(SEEDED) == sum(KINDS.values()) == 200
    assert {one.file for one in SEEDED} == set(TEXTS)
    assert len({one.kind for one in SEEDED}) == len(KINDS)


@pytest.mark.parametrize("number", range(200), ids=lambda number: f"{number}-{SEEDED[number].kind}".replace(" ", "-"))
def test_a_seeded_mistake_is_found_in_its_file_and_line(config: Path, number: int) -> None:
    spoil(config, SEEDED[number])
    assert found(config, SEEDED[number])


def test_nine_of_ten_suggestions_are_what_was_meant(config: Path) -> None:
    asked = [one for one in SEEDED if one.meant is not None]
    assert len(asked) >= 100
    right = 0
    for mistake in asked:
        spoil(config, mistake)
        right += any(one.suggestion == mistake.meant for one in found(config, mistake))
        (config / mistake.file).write_text(TEXTS[mistake.file], encoding="utf-8")
    assert right / len(asked) >= LEAST_SUGGESTED


SINGLE_LINE = ("misspelt key", "misspelt word", "bare day", "bad time")


@pytest.mark.parametrize("seed", range(20))
def test_several_mistakes_are_found_in_one_pass(config: Path, seed: int) -> None:
    """One in each file and further ones behind it: none hides another, none is put at another's place."""
    chosen = random.Random(seed).sample([one for one in SEEDED if one.kind in SINGLE_LINE], 40)
    apart: dict[tuple[str, int], Mistake] = {}
    for one in chosen:
        apart.setdefault((one.file, one.line), one)
    picked = sorted(list(apart.values())[:8], key=lambda one: -one.start)
    for one in picked:
        path = config / one.file
        path.write_text(one.apply(path.read_text(encoding="utf-8")), encoding="utf-8")
    places = {(one.file, one.line) for one in check(config)[1]}
    assert len(picked) == 8
    assert places >= {(one.file, one.line) for one in picked}


def test_a_mistake_below_a_misspelt_key_is_found_in_the_same_pass(config: Path) -> None:
    edit(config, "rules.yaml", "\npriority:\n", "\nprioritty:\n")
    edit(config, "rules.yaml", "environment: [punjab, ap, bihar]", "environment: [panjab, ap, bihar]")
    assert [one.suggestion for one in check(config)[1]] == ["priority", "punjab"]
