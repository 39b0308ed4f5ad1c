"""Memory: the installed command reads 100,000 made-up incidents with their histories into an empty store.

The instance is a process of its own and answers at once, so that the seconds are ours and the store's. The first run
holds everything that a run can: a walk from the start, a sweep over every id, the comparison of counts. The second
finds nothing new. Ends with 1 where either needs more memory than is promised.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.serving import ROOT, running

TICKETS = 100_000
PROMISED = 500
"""Megabytes that a run may need at most."""

URL = "https://egov.service-now.com"
"""Of the instance in the configuration that the project ships."""


def main() -> int:
    """Print seconds, rates and memory."""
    with running("made_servicenow", TICKETS, 0.0) as url, tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        configure(project, url)
        first = synced(project)
        second = synced(project)
        size = sum(file.stat().st_size for file in (project / "var").iterdir())
    print(f"{'':12} {'seconds':>9} {'tickets/s':>10} {'most memory':>12}")
    for name, (seconds, megabytes) in (("first sync", first), ("second sync", second)):
        rate = f"{TICKETS / seconds:,.0f}" if name == "first sync" else ""
        print(f"{name:12} {seconds:>9.1f} {rate:>10} {megabytes:>9.0f} MB")
    print(f"{TICKETS:,} tickets in a store of {size / 1e6:,.0f} MB; promised are at most {PROMISED} MB of memory")
    return int(max(first[1], second[1]) >= PROMISED)


def configure(project: Path, url: str) -> None:
    """The shipped configuration, with our instance in place of the real one."""
    (project / "config").mkdir()
    for file in (ROOT / "config").glob("*.yaml"):
        text = file.read_text(encoding="utf-8").replace(URL, url)
        (project / "config" / file.name).write_text(text, encoding="utf-8")


def synced(project: Path) -> tuple[float, float]:
    """Run ``itsm-bridge sync``; its seconds, and the most memory that it had, in megabytes."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("itsm-bridge"),
        "-C",
        project / "config",
        "sync",
        "--source",
        "snow",
    ]
    environment = {
        **os.environ,
        "ITSM_BRIDGE_SNOW__USERNAME": "bridge",
        "ITSM_BRIDGE_SNOW__PASSWORD": "made-up",
    }
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment)  # noqa: S603 - ourselves
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"itsm-bridge sync ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, usage.ru_maxrss * unit / 1e6


if __name__ == "__main__":
    sys.exit(main())
