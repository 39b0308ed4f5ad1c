"""``completion`` and ``man``: what a shell and ``man`` need to know, both made from the commands themselves."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from itsm_bridge.cli.options import Options

VARIABLE = "_ITSM_BRIDGE_COMPLETE"
"""What click looks for when a shell asks it: from the program's name."""


@click.command(epilog='Example: eval "$(itsm-bridge completion bash)"')
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_obj
def completion(options: Options, shell: str) -> None:
    """Print what makes a shell complete commands and options.

    \b
    bash: put the example's line into ~/.bashrc
    zsh:  the same with zsh, into ~/.zshrc, below compinit
    fish: itsm-bridge completion fish > ~/.config/fish/completions/itsm-bridge.fish
    """  # noqa: D301 - the backslash is click's mark for text that is not to be wrapped
    of_shell = get_completion_class(shell)
    if of_shell is None:
        raise click.UsageError(f"nothing is known about {shell}")
    # source_vars and not source(): that of bash would start bash, to look at its version
    asking = of_shell(click.get_current_context().find_root().command, {}, "itsm-bridge", VARIABLE)
    text = asking.source_template % asking.source_vars()
    options.document({"shell": shell, "script": text})
    options.say(text.rstrip("\n"))


@click.command(epilog="Example: itsm-bridge man > ~/.local/share/man/man1/itsm-bridge.1")
@click.pass_context
def man(context: click.Context) -> None:
    """Print the manual page, of all commands with their options and examples."""
    from itsm_bridge.cli.manual_page import page

    root = context.find_root().command
    text = page(root) if isinstance(root, click.Group) else ""
    options: Options = context.obj
    options.document({"page": text})
    options.say(text.rstrip("\n"))
