"""``init``: a configuration to start from. Nothing that is there is ever overwritten, and no file is ever half."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from itsm_bridge.cli.options import Options
from itsm_bridge.cli.starter import FILES, starter_text
from itsm_bridge.errors import UsageError

ENVIRONMENT = """\
# Who the bridge is to each source. Copy this file to .env, fill it in, and let nobody else read it: chmod 600 .env
# Each may be given as ..._FILE instead, naming a file that holds the secret.
ITSM_BRIDGE_SNOW__USERNAME=
ITSM_BRIDGE_SNOW__PASSWORD=
ITSM_BRIDGE_OPS__EMAIL=
ITSM_BRIDGE_OPS__TOKEN=
"""
IGNORED = ".env\nvar/\n"
"""What no repository should hold: secrets, and the store with its reports."""

NEXT = """\
Next: edit bridge.yaml (addresses, fields, states) and vendors.yaml (who owns what) in {folder}.
      copy {project}/.env.example to .env beside it (chmod 600), and put the secrets in.
      run: itsm-bridge check, then doctor, sync and plan; nothing is written to a source before apply."""


@click.command(epilog="Example: itsm-bridge init config --from jira=https://example.atlassian.net")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--from",
    "origins",
    multiple=True,
    metavar="SOURCE",
    help="Take the names from a live source: jira=URL, servicenow=URL, or a source of bridge.yaml in -C; only reads.",
)
@click.pass_obj
def init(options: Options, folder: Path | None, origins: tuple[str, ...]) -> None:
    """Write a commented configuration to start from, with tests, into DIR (default: ./config); overwrites nothing."""
    target = folder or options.folder
    texts = {name: starter_text(name) for name in FILES}
    if origins:
        from itsm_bridge.cli.live_names import with_live_names

        texts = with_live_names(texts, origins, options.folder, target)
    written = set_up(target, {name: modelines(name) + text for name, text in texts.items()})
    project = target.resolve().parent
    options.document({"folder": str(target), "written": [str(path) for path in written]})
    options.say(f"{target} holds a configuration to start from: {', '.join(FILES)}.")
    options.say(NEXT.format(folder=target, project=project))


def set_up(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write what is missing, ``bridge.yaml`` last; the answer is what was written.

    A set-up that was killed is completed by the next one. Raises ``UsageError``, nothing written, where a file says
    something else already, or where nothing is missing.
    """
    strange = [name for name, text in texts.items() if _differs(folder / name, text)]
    missing = [name for name in reversed(FILES) if not os.path.lexists(folder / name)]
    if strange or not missing:
        there = ", ".join(strange or texts)
        raise UsageError(
            f"{folder} holds {there} already; nothing was written", hint="itsm-bridge check, or init OTHER"
        )
    schemas = _schemas(folder, texts)
    beside = {".env.example": ENVIRONMENT, ".gitignore": IGNORED}
    wanted = schemas | {folder.resolve().parent / name: text for name, text in beside.items()}
    wanted |= {folder / name: texts[name] for name in missing}
    return [path for path, text in wanted.items() if put(path, text)]


def _differs(path: Path, text: str) -> bool:
    if not os.path.lexists(path):
        return False
    return not path.is_file() or path.read_bytes() != text.encode()


def _schemas(folder: Path, texts: Mapping[str, str]) -> dict[Path, str]:
    """The schemas, with the names that the new files declare."""
    from itsm_bridge.config.schema import FOLDER, names_in, schema_of

    with tempfile.TemporaryDirectory() as name:
        for file, text in texts.items():
            (Path(name) / file).write_text(text, encoding="utf-8")
        names = names_in(Path(name))
    return {
        folder / FOLDER / schema_name(file): json.dumps(schema_of(file, names), ensure_ascii=False) + "\n"
        for file in FILES
    }


def schema_name(file: str) -> str:
    """What the schema of a configuration file is called."""
    return f"{Path(file).stem}.json"


def modelines(file: str) -> str:
    """The first lines of a file, by which editors find its schema: the YAML language server, and JetBrains'."""
    path = f".schemas/{schema_name(file)}"
    return f"# yaml-language-server: $schema={path}\n# $schema: {path}\n"


def put(path: Path, text: str, *, anew: bool = False) -> bool:
    """Write a whole file under another name, then give it its own; whether there was none (or ``anew``)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            part.replace(path)
            return True
        return _linked(part, path)
    finally:
        part.unlink(missing_ok=True)


def _linked(part: Path, path: Path) -> bool:
    """Give a finished file its name unless something has it; in one step where the file system has links."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError:
        if os.path.lexists(path):
            return False
        part.rename(path)
    return True
