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
from amanzhol.commands.simulate import simulate
from amanzhol.commands.worker import worker
from amanzhol.options import FAILED, WRONG_INPUT, fail, not_built_yet
from models.errors import AmanzholError

_INTERRUPTED = 128 + signal.SIGINT


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("amanzhol"), prog_name="amanzhol")
def cli() -> None:
    """A safe road: counts what happens on the roads of a region while it happens."""


for _command in (demo, count, export, worker, simulate, broker):
    cli.add_command(_command)
for _name, _what in (
    ("api", "The analysts' API."),
    ("publish", "A device's publisher."),
    ("report", "The police department's period summary."),
):
    cli.add_command(not_built_yet(_name, _what))


def main() -> NoReturn:
    """Run a command and end with its exit code: 0 done, 1 the run failed, 2 the input is wrong."""
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.Abort:
        code = _INTERRUPTED
    except click.UsageError as error:
        where = f" {error.ctx.command_path!r}" if error.ctx else ""
        click.echo(f"amanzhol: {error.format_message()} (see{where} --help)", err=True)
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
