"""The ``myk`` command. Exit codes: 0 done, 1 failed, 2 wrong use."""

from __future__ import annotations

import importlib
import sys

import click

from myk.settings import SettingsError

#: command → (module, attribute, one line for the list); modules are loaded when asked for.
_COMMANDS = {
    "up": ("myk.commands.up", "up", "Start the portal and stay in the foreground."),
    "status": ("myk.commands.status", "status", "Say what runs."),
    "doctor": ("myk.commands.doctor", "doctor", "Say what is missing or in the way, and the cure."),
    "harvest": ("myk.commands.harvest", "harvest", "Import records from sources."),
    "index": ("myk.commands.index", "index", "Compare, mend and rebuild the search index."),
    "search": ("myk.commands.search", "search", "Search the catalogue from the terminal."),
    "eval": ("myk.commands.evaluate", "evaluate", "Measure the search on relevance sets."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """The MYK Competence Hub: a region's open data and knowledge, searchable."""


def main() -> None:
    """Run the command; errors that a user can mend are one line, without a trace."""
    from myk.ckan import CkanUnavailable
    from search.client import SearchRefused, SearchUnavailable

    try:
        cli.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(2)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except SettingsError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except (CkanUnavailable, SearchUnavailable, SearchRefused) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
