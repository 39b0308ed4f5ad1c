"""``config show``: what takes effect, and where each value comes from."""

from __future__ import annotations

import click

from itsm_bridge.cli.options import Options
from itsm_bridge.errors import UsageError

MASK = "***"


@click.group(epilog="Example: itsm-bridge config show --option sources.snow")
def config() -> None:
    """Look at the configuration as it takes effect."""


@config.command(epilog="Example: itsm-bridge config show --option limits.max_wait")
@click.option("--option", "wanted", metavar="A.B.C", help="Only this key, or all below it.")
@click.pass_obj
def show(options: Options, wanted: str | None) -> None:
    """Print the effective configuration with the origin of each value; secrets are masked."""
    from itsm_bridge.config import load
    from itsm_bridge.config.effective import as_yaml, settings
    from itsm_bridge.config.secret_origins import secret_origins
    from itsm_bridge.operations.bridge import project_of

    configuration = load(options.folder)
    found = [one for one in settings(options.folder) if wanted is None or f"{one.name}.".startswith(f"{wanted}.")]
    if wanted is not None and not found:
        raise UsageError(f"the configuration has no key {wanted}; nothing was shown", hint="itsm-bridge config show")
    mail = configuration.reports.mail is not None
    secrets = [] if wanted else list(secret_origins(configuration.sources, project_of(configuration), mail=mail))
    options.document(
        {
            "values": [{"key": one.name, "value": one.value, "origin": one.origin} for one in found],
            "secrets": [{"variable": name, "set": bool(origin), "origin": origin or None} for name, origin in secrets],
        }
    )
    for line in as_yaml(found):
        options.say(line)
    for name, origin in secrets:
        options.say(f"# {name}: {f'{MASK}  ({origin})' if origin else 'not set'}")
