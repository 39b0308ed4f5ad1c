"""The configuration that ships with the program: what ``demo`` runs on."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from pathlib import Path

FILES = ("bridge.yaml", "vendors.yaml", "sla.yaml", "rules.yaml")


def starter_text(name: str) -> str:
    """One of the shipped files: from the installed package, or from ``config/`` of a checkout."""
    packaged = files("itsm_bridge") / "starter" / name
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).resolve().parents[3] / "config" / name).read_text(encoding="utf-8")


def write_starter(folder: Path, urls: dict[str, str]) -> None:
    """Write the four files into ``folder``, with the sources' addresses replaced by ``urls`` (by source)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in FILES:
        text = starter_text(name)
        if name == "bridge.yaml":
            for source, url in urls.items():
                text = _with_url(text, source, url)
        (folder / name).write_text(text, encoding="utf-8")


def _with_url(text: str, source: str, url: str) -> str:
    """The text of bridge.yaml with the first ``url:`` below ``source:`` replaced, comments and all else kept."""
    before, key, after = text.partition(f"\n  {source}:\n")
    return before + key + re.sub(r"(?m)^(    url: ).*$", rf"\g<1>{url}", after, count=1)


def write_secrets(path: Path, secrets: dict[str, str]) -> None:
    """Write an environment file that only its owner reads."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in secrets.items())
