"""The command line: how commands are typed and shown, and which exit code says what.

Each command is loaded when it is called, so that ``--help`` starts without pandas or SQLAlchemy.
"""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import click

from itsm_bridge import __version__
from itsm_bridge.cli.exits import guarded
from itsm_bridge.cli.options import Options
from itsm_bridge.cli.pasting import Called

COMMANDS = {
    "demo": (
        "itsm_bridge.cli.sandboxes:demo",
        "Do the main job on the built-in sandbox, and say where the results are.",
    ),
    "sandbox": ("itsm_bridge.cli.sandboxes:sandbox", "Serve local stand-ins of Jira and ServiceNow."),
    "init": (
        "itsm_bridge.cli.setting_up:init",
        "Write a commented configuration to start from; with --from, with the names of a live source.",
    ),
    "check": ("itsm_bridge.cli.configurations:check", "Find every mistake in the configuration."),
    "schema": ("itsm_bridge.cli.schemas:schema", "Print the JSON Schema of a configuration file, for editors."),
    "config": ("itsm_bridge.cli.showing:config", "Show the effective configuration and where each value comes from."),
    "test": ("itsm_bridge.cli.rule_tests:test", "Run the tests of rules.yaml."),
    "doctor": ("itsm_bridge.cli.doctor:doctor", "Connection, identity, fields and store, one line each, with the fix."),
    "sync": ("itsm_bridge.cli.runs:sync", "Read what changed into the store."),
    "plan": ("itsm_bridge.cli.runs:plan", "Decide, and show what would be written; writes nothing."),
    "apply": ("itsm_bridge.cli.runs:apply", "Write the plan back."),
    "run": ("itsm_bridge.cli.runs:run", "What cron calls: sync, plan, apply, and the reports that are due."),
    "explain": (
        "itsm_bridge.cli.explanations:explain",
        "Why a ticket is where it is: every rule, with the values seen; with --sla, its clocks.",
    ),
    "diff": ("itsm_bridge.cli.comparisons:diff", "What changes if one configuration folder becomes another."),
    "conflicts": (
        "itsm_bridge.cli.conflicts:conflicts",
        "Where the rules and people do not agree, and whose value is to stand.",
    ),
    "report": (
        "itsm_bridge.cli.reports:report",
        "Build the analyses from the store alone; with --vendor, those vendors' copies.",
    ),
    "calendar": ("itsm_bridge.cli.calendars:calendar", "Business time, for checking a calendar."),
    "status": ("itsm_bridge.cli.health:status", "Last runs, freshness of each source, and what needs a look."),
    "audit": ("itsm_bridge.cli.audits:audit", "Show and check the log of every write."),
    "help": ("itsm_bridge.cli.helping:help_", "What a code of a finding or an exit code means, and what to do."),
    "schedule": ("itsm_bridge.cli.schedules:schedule", "Print the lines to install for cron, or units for systemd."),
    "completion": ("itsm_bridge.cli.manuals:completion", "Print what makes a shell complete commands and options."),
    "man": ("itsm_bridge.cli.manuals:man", "Print the manual page."),
}
"""Every command: where it is defined and what ``--help`` lists it as, in the order of use."""


class LazyGroup(Called):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of use, not of the alphabet."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands from their one-line helps, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "-C",
    "--config",
    "folder",
    type=click.Path(path_type=Path),
    envvar="ITSM_BRIDGE_CONFIG",
    default=Path("config"),
    help="The configuration folder (default: ./config, or ITSM_BRIDGE_CONFIG).",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on standard output, and nothing else there."
)
@click.option("-v", "--verbose", count=True, help="Say more; twice for details of an internal error.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How the log on standard error is written (default: text).",
)
@click.option("--no-color", is_flag=True, help="No colour, on a terminal either; NO_COLOR does the same.")
@click.version_option(__version__, prog_name="itsm-bridge")
@click.pass_context
def cli(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - click hands over what the decorators declare
    """Keep Jira and ServiceNow requests with the right owner, priority and approval.

    \b
    Try it without anything installed elsewhere:
      itsm-bridge demo
    \b
    What cron calls, and what to look at afterwards:
      itsm-bridge -C /etc/itsm-bridge/config run
      itsm-bridge -C /etc/itsm-bridge/config status
    """  # noqa: D301 - the backslashes are click's mark for text that is not to be wrapped
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"  # https://no-color.org: any value
    given["no_color"] = given["no_color"] or plain
    ctx.obj = Options(**given)
    ctx.obj.start()


def main() -> None:
    """The console script: run a command and leave with its exit code."""
    guarded(cli)
