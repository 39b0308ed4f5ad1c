"""The page of tables is what the reports themselves say."""

from __future__ import annotations

from pathlib import Path

from itsm_bridge.cli.tables_page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def test_the_page_of_tables_is_made_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
