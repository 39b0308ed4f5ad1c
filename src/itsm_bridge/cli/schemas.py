"""``schema``: what editors need to complete and check the configuration files."""

from __future__ import annotations

import json

import click

from itsm_bridge.cli.options import Options
from itsm_bridge.cli.starter import FILES


@click.command(epilog="Example: itsm-bridge schema bridge.yaml > config/.schemas/bridge.json")
@click.argument("file", required=False, type=click.Choice(FILES))
@click.option("--write", is_flag=True, help="Write the schemas anew into .schemas of the configuration folder.")
@click.pass_obj
def schema(options: Options, file: str | None, write: bool) -> None:
    """Print the JSON Schema of a configuration file, for editors; without FILE of all, in one document.

    Where the configuration can be read, its own names are offered: vendors, environments, services, calendars.
    """
    from itsm_bridge.config.schema import FOLDER, every_schema, names_in, schema_of
    from itsm_bridge.errors import NotInitialised

    names = names_in(options.folder)
    if not write:
        click.echo(json.dumps(schema_of(file, names) if file else every_schema(names), indent=2, ensure_ascii=False))
        return
    from itsm_bridge.cli.setting_up import put, schema_name

    if not options.folder.is_dir():
        raise NotInitialised(f"there is no folder {options.folder}; nothing was written", hint="itsm-bridge init")
    for one in (file,) if file else FILES:
        text = json.dumps(schema_of(one, names), ensure_ascii=False) + "\n"
        put(options.folder / FOLDER / schema_name(one), text, anew=True)
    options.say(f"{options.folder / FOLDER} holds the schemas; editors complete by them at once.")
