from __future__ import annotations

from pathlib import Path

import pytest
from tests.config.editing import copy_example, edit, errors_of

from itsm_bridge.config import load
from itsm_bridge.config.model import Jira


def with_line(folder: Path, line: str) -> Path:
    config = copy_example(folder)
    edit(config, "bridge.yaml", "    kind: jira\n", f"    kind: jira\n    {line}\n")
    return config


def test_worklogs_are_not_read_unless_asked_for(tmp_path: Path) -> None:
    (tmp_path / "asked").mkdir()
    plain = load(copy_example(tmp_path)).sources["ops"]
    asked = load(with_line(tmp_path / "asked", "worklogs: true")).sources["ops"]
    assert isinstance(plain, Jira)
    assert isinstance(asked, Jira)
    assert (plain.worklogs, asked.worklogs) == (False, True)


@pytest.mark.parametrize(
    ("line", "code", "suggestion"),
    [("worklog: true", "C111", "worklogs"), ("worklogs: yes", "C201", "true")],
)
def test_a_mistake_about_worklogs_is_named_with_what_was_probably_meant(
    tmp_path: Path, line: str, code: str, suggestion: str
) -> None:
    (finding,) = errors_of(with_line(tmp_path, line))
    assert (finding.code, finding.suggestion) == (code, suggestion)
