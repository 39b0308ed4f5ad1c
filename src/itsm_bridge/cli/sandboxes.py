"""``sandbox`` and ``demo``: the whole job against local stand-ins, with nothing to set up."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from itsm_bridge.cli.options import Options, clock
from itsm_bridge.cli.starter import write_secrets, write_starter
from itsm_bridge.errors import UsageError

if TYPE_CHECKING:
    from itsm_bridge.sandbox import Sandbox
    from itsm_bridge.sandbox.jira.api import Deployment

MARK = ".itsm-bridge-demo"
"""A file that says that a folder was made by ``demo`` and may be made anew by it."""


@click.command(epilog="Example: itsm-bridge sandbox --port-jira 8081 --port-servicenow 8082")
@click.option("--port-jira", default=0, metavar="N", type=click.IntRange(0, 65535), help="Default: any free port.")
@click.option(
    "--port-servicenow", default=0, metavar="N", type=click.IntRange(0, 65535), help="Default: any free port."
)
@click.option(
    "--load",
    "loads",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Serve the tickets of this file instead of made-up ones; may be given more than once.",
)
@click.option(
    "--deployment",
    type=click.Choice(["cloud", "data_center"]),
    default="cloud",
    help="Which Jira to stand in for (default: cloud).",
)
@click.pass_obj
def sandbox(
    options: Options, port_jira: int, port_servicenow: int, loads: tuple[Path, ...], deployment: Deployment
) -> None:
    """Serve local stand-ins of Jira and ServiceNow over HTTP until interrupted."""
    with _serving(port_jira, port_servicenow, loads, deployment) as served:
        stop = _stop_signal()
        options.document(
            {"jira": served.jira_url, "servicenow": served.servicenow_url, "environment": _secrets(served)}
        )
        options.say(f"Jira:       {served.jira_url}\nServiceNow: {served.servicenow_url}\n")
        options.say("Put these addresses into bridge.yaml, and this into .env beside config/:")
        options.say("\n".join(f"  {name}={value}" for name, value in _secrets(served).items()))
        options.say("\nServing. Stop with Ctrl-C.")
        stop.wait()


@click.command(epilog="Example: itsm-bridge demo --out demo")
@click.option(
    "--out",
    default=Path("demo"),
    type=click.Path(path_type=Path, file_okay=False),
    help="Default: ./demo, made anew each time.",
)
@click.pass_obj
def demo(options: Options, out: Path) -> None:
    """Do the main job on the built-in sandbox, and say where the results are."""
    from itsm_bridge.cli.demonstration import demonstrate

    _make_anew(out)
    with _serving(0, 0, (), "cloud") as served:
        write_starter(out / "config", {"snow": served.servicenow_url, "ops": served.jira_url})
        write_secrets(out / ".env", _secrets(served))
        demonstrate(options, out)


def _make_anew(folder: Path) -> None:
    """An empty folder. One that is not ours is left alone."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise UsageError(f"{folder} holds something else; nothing was done", hint="itsm-bridge demo --out ANOTHER")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    (folder / MARK).touch()


@contextmanager
def _serving(
    port_jira: int, port_servicenow: int, loads: tuple[Path, ...], deployment: Deployment
) -> Iterator[Sandbox]:
    from itsm_bridge.sandbox import start

    try:
        running = start(
            port_jira=port_jira,
            port_servicenow=port_servicenow,
            loads=loads,
            now=clock(),
            deployment_jira=deployment,
        )
    except ValueError as problem:  # a file that is none of the known kinds
        raise UsageError(str(problem)) from problem
    except OSError as problem:
        raise UsageError(f"a port cannot be opened: {problem.strerror}", hint="itsm-bridge sandbox") from problem
    with running as served:
        yield served


def _secrets(served: Sandbox) -> dict[str, str]:
    """What signs in; Data Center takes the token alone."""
    account = served.account
    return {
        "ITSM_BRIDGE_SNOW__USERNAME": account.user,
        "ITSM_BRIDGE_SNOW__PASSWORD": account.password,
        **({"ITSM_BRIDGE_OPS__EMAIL": account.email} if served.deployment == "cloud" else {}),
        "ITSM_BRIDGE_OPS__TOKEN": account.token,
    }


def _stop_signal() -> threading.Event:
    """Set by Ctrl-C and SIGTERM from now on."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
