"""Folders of vendors: safe, and never shared."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from itsm_bridge.report.folders import folders

HOSTILE = ("../x", "..", ".", "a/b", "a\\b", "\x00", "", " ", "-rf", "~root", "a\nb", "con", "nul.txt", "x" * 500,
           "\u202egnp", "*?", "C:", ".hidden", "vendor", "🚀", "a" + "\u0300" * 300, "\ud800")  # fmt: skip


def test_a_plain_name_is_its_own_folder() -> None:
    assert folders(["GWL", "eGov DevOps", "A & B (India)"]) == {
        "GWL": "GWL", "eGov DevOps": "eGov DevOps", "A & B (India)": "A & B (India)",
    }  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_leads_nowhere_else(name: str, tmp_path: Path) -> None:
    folder = folders([name])[name]
    assert "/" not in folder
    assert folder not in {"", ".", ".."}
    assert not folder.startswith((".", "~", "-"))
    (tmp_path / folder).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [folder]


def test_names_that_a_file_system_may_take_for_one_have_folders_of_their_own() -> None:
    named = ["GWL", "gwl", "\uff27WL", "Caf\u00e9", "Cafe\u0301", "a/b", "a\\b", "stra\u00dfe", "STRASSE", *HOSTILE]
    names = list(dict.fromkeys(named))
    made = folders(names)
    alike = {unicodedata.normalize("NFKC", folder).casefold() for folder in made.values()}
    assert len(alike) == len(names) == len(made)
