"""The command `amanzhol`."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from importlib.metadata import version
from typing import NoReturn

import click

from amanzhol.options import FAILED, WRONG_INPUT, fail
from models.errors import AmanzholError

_INTERRUPTED = 128 + signal.SIGINT


_COMMANDS = {
    "api": "amanzhol.commands.api:api",
    "broker": "amanzhol.broker.commands:broker",
    "config": "amanzhol.commands.config:config",
    "count": "amanzhol.commands.count:count",
    "demo": "amanzhol.commands.demo:demo",
    "device": "amanzhol.commands.device:device",
    "export": "amanzhol.commands.export:export",
    "fleet": "amanzhol.commands.fleet:fleet",
    "gateway": "amanzhol.commands.gateway:gateway",
    "import": "amanzhol.commands.import_table:import_table",
    "match": "amanzhol.commands.match:match",
    "network": "amanzhol.commands.network:network",
    "publish": "amanzhol.commands.publish:publish",
    "quarantine": "amanzhol.commands.quarantine:quarantine",
    "registry": "amanzhol.commands.registry:registry",
    "report": "amanzhol.commands.report:report",
    "simulate": "amanzhol.commands.simulate:simulate",
    "token": "amanzhol.commands.token:token",
    "worker": "amanzhol.commands.worker:worker",
}
"""Where each command is. Only the one that is asked for is imported: a device has no room for a worker's libraries."""


class _Commands(click.Group):
    """Commands by name, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """Give all names, sorted."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of a name; None where there is none."""
        place = _COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("amanzhol"), prog_name="amanzhol")
def cli() -> None:
    """A safe road: counts what happens on the roads of a region while it happens."""


def main() -> NoReturn:
    """Run a command and end with its exit code: 0 done, 1 the run failed, 2 the input is wrong."""
    # Whoever ends us with SIGTERM wants the same as with Ctrl-C: half-written files go, connections are closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = cli.main(prog_name="amanzhol", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.Abort:
        click.echo("amanzhol: interrupted", err=True)
        code = _INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        code = 0
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "amanzhol"
        click.echo(f"amanzhol: {' '.join(error.format_message().split()).rstrip('.')} (see {command} --help)", err=True)
        code = WRONG_INPUT
    except click.ClickException as error:
        click.echo(f"amanzhol: {error.format_message()}", err=True)
        code = WRONG_INPUT
    except AmanzholError as error:
        code = fail(error)
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = FAILED
    sys.exit(code if isinstance(code, int) else 0)
