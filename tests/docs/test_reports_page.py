"""The page on reports: its examples are read as they stand, and it names all that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.config.editing import copy_example

from itsm_bridge.analysis.vendor_figures import FIGURES
from itsm_bridge.config import load, read_outside
from itsm_bridge.config.model import OUTSIDE, SCORED, WEIGHTS
from itsm_bridge.config.outside_files import COLUMNS, OTHER_NAMES
from itsm_bridge.config.reports_key import REPORTS

PAGE = Path(__file__).resolve().parents[2] / "docs/reports.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def block(page: str, language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(found)


def test_the_examples_are_read_as_they_stand(page: str, tmp_path: Path) -> None:
    config = copy_example(tmp_path)
    bridge = config / "bridge.yaml"
    kept = bridge.read_text(encoding="utf-8").partition("\nreports:")[0]
    bridge.write_text(f"{kept}\n{block(page, 'yaml')}", encoding="utf-8")
    (config / "inputs").mkdir()
    (config / "inputs/uptime.csv").write_text(block(page, "csv"), encoding="utf-8")
    configuration = load(config)
    assert dict(configuration.reports.scorecard) == dict(WEIGHTS)
    assert list(configuration.reports.inputs) == list(OUTSIDE)
    outside = read_outside(configuration)
    assert [one.value for one in outside.figures] == [0.9995, 0.998]
    assert {one.file for one in outside.findings} == {
        f"inputs/{name}.csv" for name in ("patch_compliance", "cost", "satisfaction")
    }


def test_the_page_names_every_key_column_and_figure(page: str) -> None:
    keys = [key.name for key in REPORTS.keys if key.name != "vendors"]
    for name in (*keys, "vendors.people", *COLUMNS, *OTHER_NAMES, *OUTSIDE, *SCORED, *FIGURES):
        assert f"`{name}`" in page
