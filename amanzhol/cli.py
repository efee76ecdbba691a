"""The command `amanzhol`."""

from __future__ import annotations

import os
import signal
import sys
from importlib.metadata import version
from typing import NoReturn

import click

from amanzhol.broker.commands import broker
from amanzhol.commands.count import count
from amanzhol.commands.demo import demo
from amanzhol.commands.export import export
from amanzhol.commands.match import match
from amanzhol.commands.network import network
from amanzhol.commands.quarantine import quarantine
from amanzhol.commands.registry import registry
from amanzhol.commands.simulate import simulate
from amanzhol.commands.worker import worker
from amanzhol.options import FAILED, WRONG_INPUT, fail, not_built_yet
from models.errors import AmanzholError

_INTERRUPTED = 128 + signal.SIGINT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("amanzhol"), prog_name="amanzhol")
def cli() -> None:
    """A safe road: counts what happens on the roads of a region while it happens."""


for _command in (demo, count, export, match, network, quarantine, registry, worker, simulate, broker):
    cli.add_command(_command)
for _name, _what in (
    ("api", "The analysts' API."),
    ("publish", "A device's publisher."),
    ("report", "The police department's period summary."),
):
    cli.add_command(not_built_yet(_name, _what))


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
        click.echo(f"amanzhol: {error.format_message().rstrip('.')} (see {command} --help)", err=True)
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
