"""A newcomer does what README.md says, line by line, in an empty folder and an empty environment."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
from tests.cli.programs import BARE
from tests.docs.blocks import blocks_of, text_of

(SET_UP,) = [block for block in blocks_of("README.md") if "/pip install" in block.text]
SECOND = "/opt/itsm-bridge/bin/itsm-bridge sandbox"
"""What runs in the second terminal."""

SYSTEM = "PATH=/usr/bin:/bin"
"""Where nothing of ours is."""

EDITOR = """\
#!/bin/sh
for file in "$@"; do
  case "$file" in
    config/bridge.yaml) sed -i 's|https://egov.service-now.com|{snow}|; s|https://egov.atlassian.net|{jira}|' "$file" ;;
    .env) cat > "$file" <<'END'
{secrets}
END
    ;;
  esac
  test -s "$file" || exit 1
done
"""
"""What the README has somebody edit: two addresses, the secrets, and files that are opened and fit as they are."""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def address(name: str, printed: str) -> str:
    (found,) = re.findall(rf"^{name}: +(http://\S+)$", printed, re.MULTILINE)
    return str(found)


@dataclass(frozen=True)
class Machine:
    """A machine on which the program is installed, as ``python3 -m venv`` and ``pip install`` would leave it."""

    root: Path

    def placed(self, text: str) -> str:
        """The same commands, with the two folders of the README on this machine."""
        return re.sub(r"/(opt|srv)/itsm-bridge", rf"{self.root}/\1", text)

    def install(self) -> None:
        path = self.root / "opt" / "bin" / "itsm-bridge"
        program(path, f'#!/bin/sh\nPYTHONPATH={BARE["PYTHONPATH"]} exec {sys.executable} -m itsm_bridge "$@"\n')

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """A script in an empty environment, in a home with nothing in it."""
        home = self.root / "home"
        home.mkdir()
        bare = ["env", "-i", SYSTEM, f"HOME={home}", f"EDITOR={self.root / 'editor'}"]
        return subprocess.run(  # noqa: S603 - what the README says
            [*bare, "sh", "-eux", "-c", script], cwd=home, capture_output=True, text=True, check=False
        )


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """With ``itsm-bridge sandbox`` in a second terminal, and an editor that puts in what that prints."""
    machine = Machine(tmp_path)
    machine.install()
    assert f"`{SECOND}`" in text_of("README.md")
    second = machine.placed(SECOND).split()
    with subprocess.Popen(second, env={}, stdout=subprocess.PIPE, text=True) as terminal:  # noqa: S603 - our own program
        try:
            assert terminal.stdout is not None
            printed = "".join(takewhile(lambda line: not line.startswith("Serving."), terminal.stdout))
            jira, snow = (address(name, printed) for name in ("Jira", "ServiceNow"))
            secrets = "\n".join(re.findall(r"^  (ITSM_BRIDGE_\w+=\S+)$", printed, re.MULTILINE))
            assert secrets.count("\n") == 3
            program(tmp_path / "editor", EDITOR.format(jira=jira, snow=snow, secrets=secrets))
            yield machine
        finally:
            terminal.terminate()


def test_the_set_up_of_the_readme_ends_with_a_first_weekly_report_and_nothing_else_is_needed(machine: Machine) -> None:
    lines = SET_UP.text.splitlines()
    installing = [line for line in lines if line.startswith("python3 -m venv") or "/pip install" in line]
    assert len(installing) == 2
    done = machine.run(machine.placed("\n".join(line for line in lines if line not in installing)))
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    assert "15 tests passed." in done.stdout  # a shell lets the first of `check && test` fail
    project = machine.root / "srv"
    assert (project / ".env").stat().st_mode & 0o777 == 0o600
    (folder,) = (project / "reports").iterdir()
    assert re.fullmatch(r"\d{4}-W\d\d", folder.name)
    assert {path.name for path in folder.iterdir()} >= {"csv", "dashboard.html", "manifest.json"}
    assert len(list(folder.glob("*.xlsx"))) == 1
    assert re.search(rf"^[\d,]+ \* \* \* \* \S+ -C {project}/config run$", done.stdout, re.MULTILINE)
    assert list((machine.root / "home").iterdir()) == []
