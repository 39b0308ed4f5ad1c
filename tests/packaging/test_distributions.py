from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from contextlib import chdir
from email import message_from_bytes
from pathlib import Path

import pytest
from hatchling.build import build_sdist, build_wheel
from tests.cli.programs import BARE
from tests.packaging.files import ROOT, pyproject

from itsm_bridge import __version__
from itsm_bridge.config import FILES

LEFT_OUT = re.compile(r"__pycache__|\.pyc$|pictures/[^/]*-[^/]*\.png$")
"""What .gitignore leaves out below these folders."""


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with chdir(ROOT):
        name = build_sdist(str(folder))
    shutil.unpack_archive(folder / name, folder, filter="data")
    return folder / name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that the source distribution makes, without the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    with chdir(sdist):
        return folder / build_wheel(str(folder))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the wheel is installed: it is only Python, so unpacking is enough."""
    folder = tmp_path_factory.mktemp("site")
    shutil.unpack_archive(wheel, folder, "zip")
    return folder


def files_below(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not LEFT_OUT.search(name)}


def program(installed: Path, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "itsm_bridge", *words]
    environment = {"PATH": BARE["PATH"], "PYTHONPATH": str(installed)}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 (ours)


@pytest.mark.parametrize("folder", ["src", "tests", "docs", "config", "requirements", "benchmarks", ".ci"])
def test_the_sdist_has_all_that_building_and_testing_need(sdist: Path, folder: str) -> None:
    assert files_below(sdist / folder) == files_below(ROOT / folder) != set()


def test_the_sdist_has_the_files_at_the_top_and_nothing_that_was_made_here(sdist: Path) -> None:
    tops = {path.name for path in sdist.iterdir()}
    assert tops >= {"Makefile", "Containerfile", ".dockerignore", "CHANGELOG.md", "README.md", "LICENSE", "PKG-INFO"}
    assert not tops & {"var", "reports", "demo", "dist", ".env", ".venv", ".tools", ".git"}


def test_the_wheel_has_the_package_the_starter_and_the_license_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {f"itsm_bridge/{name}" for name in files_below(ROOT / "src/itsm_bridge")}
    starter = {f"itsm_bridge/starter/{name}" for name in FILES}
    of_the_wheel = {name for name in names if ".dist-info/" in name}
    assert names - of_the_wheel == source | starter
    assert any(name.endswith("licenses/LICENSE") for name in of_the_wheel)


def test_the_wheel_says_what_it_needs_and_what_it_offers(wheel: Path) -> None:
    project = pyproject()["project"]
    with zipfile.ZipFile(wheel) as archive:
        inside = f"itsm_bridge-{__version__}.dist-info"
        metadata = message_from_bytes(archive.read(f"{inside}/METADATA"))
        entries = archive.read(f"{inside}/entry_points.txt").decode()
    assert metadata["Version"] == __version__ == project["version"]
    assert set(metadata.get_all("Provides-Extra", [])) == set(project["optional-dependencies"])
    assert len([one for one in metadata.get_all("Requires-Dist", []) if "extra ==" not in one]) == len(
        project["dependencies"]
    )
    assert "itsm-bridge = itsm_bridge.cli:main" in entries


def test_what_is_installed_runs_without_the_repository(installed: Path, tmp_path: Path) -> None:
    where = "import itsm_bridge; print(itsm_bridge.__file__)"
    environment = {"PATH": BARE["PATH"], "PYTHONPATH": str(installed)}
    said = subprocess.run([sys.executable, "-c", where], cwd=tmp_path, env=environment, capture_output=True, check=True)  # noqa: S603 (ours)
    assert Path(said.stdout.decode().strip()).is_relative_to(installed)
    assert program(installed, tmp_path, "--version").stdout.split()[-1] == __version__
    assert program(installed, tmp_path, "init").returncode == 0
    assert {path.name for path in (tmp_path / "config").iterdir()} >= set(FILES)
    done = program(installed, tmp_path, "check", "--strict")
    assert (done.returncode, done.stderr) == (0, "")
