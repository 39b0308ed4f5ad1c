"""Commands to run next, as they can be pasted: they name the configuration folder that this one was called with."""

from __future__ import annotations

import re
import shlex
from typing import Any

import click

OURS = re.compile(r"(?<![\w/.-])itsm-bridge (?=[a-z-])(?!(?:-C|init|demo|sandbox|help)\b)(?![\w -]* (?:--help|-h)\b)")
"""The program's name before a command or an option, and not before what has a folder already, or needs none."""


class Called(click.Group):
    """A group that knows how it was called last, for what is told when its command is over."""

    last: click.Context | None = None

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Note the call, and go on."""
        self.last = ctx
        return super().invoke(ctx)


def pasted(text: str, of: click.Context | None = None) -> str:
    """``text`` with the folder in each of its commands: without it they would look at another configuration.

    ``of`` is the call (default: the one at work). Where nobody named a folder the commands stay as they are.
    """
    called = of or click.get_current_context(silent=True)
    if called is None:
        return text
    root = called.find_root()
    if root.get_parameter_source("folder") in {None, click.core.ParameterSource.DEFAULT}:
        return text
    words = f"itsm-bridge -C {shlex.quote(str(root.params['folder']))} "
    return OURS.sub(lambda _: words, text)
