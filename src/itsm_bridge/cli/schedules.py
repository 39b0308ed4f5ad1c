"""``schedule``: lines for a crontab, or units for systemd, that call this installation on this configuration."""

from __future__ import annotations

import os
import pwd
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.options import Options, clock
from itsm_bridge.errors import UsageError

if TYPE_CHECKING:
    from itsm_bridge.cli.schedule_text import Job

EVERY = ("5m", "10m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "24h")
"""Intervals that divide an hour or a day: only those come round evenly in a crontab."""

_every = click.option(
    "--every", type=click.Choice(EVERY), default="15m", help="How often a run begins (default: 15m); all divide a day."
)


@click.group(epilog="Example: itsm-bridge -C /etc/itsm-bridge/config schedule cron --every 15m")
def schedule() -> None:
    """Print what to install so that `run` is called by itself. Nothing is installed here."""


@schedule.command(epilog="Example: itsm-bridge schedule cron --every 1h")
@_every
@click.pass_obj
def cron(options: Options, every: str) -> None:
    """Print lines for `crontab -e` of the account that runs the bridge."""
    from itsm_bridge.cli.schedule_text import crontab

    text = crontab(_job(options, every, ""), clock())
    options.document({"crontab": text})
    options.say(text.rstrip("\n"))


@schedule.command(epilog="Example: itsm-bridge schedule systemd --user bridge --out units")
@_every
@click.option("--user", help="The account of the service (default: the owner of the configuration folder).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write the units into this folder; what is there already is never replaced.",
)
@click.pass_obj
def systemd(options: Options, every: str, user: str | None, out: Path | None) -> None:
    """Print a service and a timer, with secrets as credentials and with few rights."""
    from itsm_bridge.cli.schedule_units import units

    job = _job(options, every, user or "")
    found = units(job)
    if out is not None:
        _write(out, found)
        options.document({"written": [str(out / name) for name in found]})
        options.say("\n".join(f"written: {out / name}" for name in found))
        return
    options.document(found)
    options.say("\n".join(f"# {name}\n{text}" for name, text in found.items()).rstrip("\n"))


def _job(options: Options, every: str, user: str) -> Job:
    """What is to be called, as whom, and where it writes. Raises ``UsageError`` for a path that no line can hold."""
    from itsm_bridge.cli.schedule_text import Job
    from itsm_bridge.config import load
    from itsm_bridge.operations.bridge import beside_store, project_of

    configuration = load(options.folder)
    project = project_of(configuration)
    folder = configuration.folder.resolve()
    job = Job(
        command=program(),
        folder=folder,
        store=beside_store(configuration),
        reports=project / "reports",
        every=every,
        user=user or _owner(folder),
        configuration=configuration,
    )
    for text in (*job.command, str(job.folder), str(job.store), job.user):
        if not text.isprintable():
            raise UsageError(f"{text!r} holds a line break or another control character, which no such line can hold")
    return job


def program() -> tuple[str, ...]:
    """This installation, as it can be called from anywhere: its script, else its Python with the module."""
    called = Path(sys.argv[0])
    candidates = (called, Path(sysconfig.get_path("scripts")) / "itsm-bridge")
    script = next((one for one in candidates if one.name == "itsm-bridge" and os.access(one, os.X_OK)), None)
    return (sys.executable, "-m", "itsm_bridge") if script is None else (str(script.absolute()),)


def _owner(folder: Path) -> str:
    """The account that owns a folder, by its name where it has one."""
    number = folder.stat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _write(out: Path, found: dict[str, str]) -> None:
    """Write the units, readable by all as systemd wants it; one that is there already stops it before the first."""
    there = [name for name in found if (out / name).exists()]
    if there:
        raise UsageError(f"{out / there[0]} is there already; nothing was written", hint="another folder for --out")
    out.mkdir(parents=True, exist_ok=True)
    for name, text in found.items():
        (out / name).write_text(text, encoding="utf-8")
        (out / name).chmod(0o644)
