"""`amanzhol broker start | stop | status`: the embedded Kafka of this machine."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from amanzhol.broker.embedded import EmbeddedBroker
from amanzhol.broker.securing import ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["broker"]

DEFAULT_PORT = 19092

_home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".amanzhol"),
    show_default=True,
    envvar="AMANZHOL_HOME",
    help="The folder whose broker is meant; its data and logs are in its folder `broker`.",
)


@click.group()
def broker() -> None:
    """Run the embedded Kafka of this machine: no Docker, no installed Java."""


@broker.command()
@_home_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True, help="Where it listens."
)
@click.option("--heap-mb", type=click.IntRange(min=256), default=512, show_default=True, help="Java's heap.")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="Seconds it may take to answer; more where much data is read again after a crash.",
)
@click.option(
    "--secured", is_flag=True, help="Make a new home's broker with TLS, passwords and grants (docs/security.md)."
)
def start(home: Path, port: int, heap_mb: int, timeout_s: float, *, secured: bool) -> None:
    """Start it, and leave it running; do nothing if it runs already.

    The first start on a machine fetches Kafka (44 MB).
    """
    with _download_bar() as progress:
        embedded = EmbeddedBroker(home, port, heap_mb=heap_mb, progress=progress, secured=secured)
        embedded.start(timeout_s)
    click.echo(f"running on {embedded.address}")
    security = embedded.folder.security
    if security.exists:
        click.echo(f"--security-protocol SASL_SSL --security-ca-file {security.authority}")
        click.echo(f"--security-username {ADMINISTRATOR} --security-password-file {security.password}")


@broker.command()
@_home_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0),
    default=20,
    show_default=True,
    help="Seconds after which it is stopped by force.",
)
def stop(home: Path, timeout_s: float) -> None:
    """Stop it; do nothing if it does not run. Its data stays."""
    click.echo("stopped" if EmbeddedBroker(home).stop(timeout_s) else "was not running")


@broker.command()
@_home_option
@click.pass_context
def status(context: click.Context, home: Path) -> None:
    """Say whether it runs. The exit code is 0 if it does and answers, 1 if not."""
    now = EmbeddedBroker(home).status()
    state = "running" if now.answers else "running, but it does not answer (yet)" if now.running else "not running"
    lines = [("state", state)]
    if now.running and now.started_at is not None:
        uptime = timedelta(seconds=round((datetime.now(UTC) - now.started_at).total_seconds()))
        lines += [("address", str(now.address)), ("pid", str(now.pid)), ("uptime", str(uptime))]
    lines.append(("data", decimal(now.data_bytes)))
    for name, value in lines:
        click.echo(f"{name:<8} {value}")
    context.exit(0 if now.answers else 1)


@contextmanager
def _download_bar() -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows a first download: a bar on a terminal, one line elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("fetching Kafka, once"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task("jars", start=False, visible=False)

    def show(done_bytes: int, total_bytes: int) -> None:
        if not bar.live.is_started and not bar.disable:
            bar.start()
            bar.start_task(task)
        bar.update(task, completed=done_bytes, total=total_bytes, visible=True)
        if done_bytes == total_bytes:
            bar.stop()
            console.print(f"fetched Kafka ({decimal(total_bytes)}); it is kept for the next time")

    try:
        yield show
    finally:
        bar.stop()
