"""The command line: arguments in, one domain call, answer out.

Data goes to stdout, messages to stderr. Exit status 0: done; 1: the data or the query is at fault;
2: the command line is.
"""

import importlib
import sys
from collections.abc import Sequence

import click

from conflictkg.errors import ConfigError, ConflictKGError

# One module a command: it holds a click command named `command`. Imported when called, so that
# `conflictkg query` does not wait for what `conflictkg serve` needs.
_COMMANDS = {
    "extract": "Read an article and propose annotations.",
    "fetch": "Download a release of a source.",
    "convert": "Turn source material into Turtle.",
    "diff": "Say what changed between two releases.",
    "validate": "Check graphs against the shapes.",
    "reason": "Write what follows from a graph under the ontology.",
    "build": "Validate the graph and write a store.",
    "load": "Load RDF files into a store, as they are.",
    "query": "Ask a store in SPARQL.",
    "update": "Change a store by SPARQL Update.",
    "optimize": "Sort and derive anew a store that was changed.",
    "export": "Write a store for other programs.",
    "dump": "Write files of what may be passed on.",
    "describe": "Describe a store in VoID and DCAT.",
    "serve": "Serve a store over HTTP.",
    "mcp": "Give language models read-only tools over a store.",
    "journal": "List, export and undo changes of a store.",
    "token": "Make, list and revoke tokens for changing a store over HTTP.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"conflictkg.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="conflictkg")
def group() -> None:
    """A knowledge graph of armed conflict that says who asserts what, and where it stands."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status.

    Args:
        arguments: The words after the program's name; by default the process's own.
    """
    try:
        status = group.main(arguments, standalone_mode=False)
    except ConfigError as error:
        _complain(str(error))
        sys.exit(2)
    except ConflictKGError as error:
        _complain(str(error))
        sys.exit(1)
    except click.exceptions.Abort:
        _complain("stopped")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(status if isinstance(status, int) else 0)


def _complain(message: str) -> None:
    click.echo(f"conflictkg: {message}", err=True)
