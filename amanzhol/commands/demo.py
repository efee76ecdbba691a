"""`amanzhol demo`: everything on this machine, with a live table."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from amanzhol.demo import Demo, Plan, Sight, running_demo
from amanzhol.options import settings_options
from amanzhol.presenting import books_table, show_books
from amanzhol.settings import Settings, load_settings
from models.cells import UNLOCATED, figures
from models.errors import RunError

if TYPE_CHECKING:
    from rich.console import RenderableType

HOUR_A_SECOND = 3_600.0
_BUSIEST = 12
_LOOK_EVERY_S = 1.0
_LINE_EVERY_S = 10.0
_SHOWN = ("violations", "accidents", "dead", "injured", "reports")


@click.command()
@click.option("--seconds", type=click.FloatRange(min=1), help="End so long after the first event; else on Ctrl-C.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=HOUR_A_SECOND,
    show_default=True,
    help="Simulated seconds a second.",
)
@settings_options("home", "broker", "partitions", "metrics_port", "api_port")
def demo(seconds: float | None, speed: float, **flags: Any) -> None:
    """Run Kafka, a worker, the API and the simulated fleet of Mangystau here, and watch what is counted."""
    settings = load_settings(**flags)
    console = Console()
    stop = threading.Event()
    for kind in (signal.SIGINT, signal.SIGTERM):
        signal.signal(kind, lambda *_: stop.set())
    with running_demo(settings, Plan(seconds, speed), console.print) as running:
        console.print(
            f"[bold]SIMULATED[/] from {running.simulated_from:%Y-%m-%d %H:%M} UTC on, "
            f"{timedelta(seconds=speed)} a second\n"
            f"map      {running.map_url} (everyone on this machine is let in as ops)\n"
            f"metrics  {running.metrics_url}\nKafka    {running.broker}\nlogs     {running.folder}/*.log",
            highlight=False,
            soft_wrap=True,
        )
        _watch(running, settings, stop, console, seconds)
        console.print("stopping: what was sent is still counted")
        last = running.finish()
    console.print(_busiest(last, settings))
    show_books(console, last.counted.books, f"SIMULATED: {len(last.counted.cells):,} cells counted")
    if last.counted.books.difference:
        raise RunError("the books do not balance: please report this")


def _watch(running: Demo, settings: Settings, stop: threading.Event, console: Console, seconds: float | None) -> None:
    """Show what there is to see until the time is over or someone stops it."""
    next_line_s = _LINE_EVERY_S
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not stop.wait(_LOOK_EVERY_S):
            sight = running.look()
            if console.is_terminal:
                live.update(screen(sight, settings), refresh=True)
            elif sight.running_s >= next_line_s:
                next_line_s += _LINE_EVERY_S
                books = sight.counted.books
                console.print(f"{sight.running_s:4.0f} s: {books.received} received, {books.counted} counted")
            if seconds is not None and sight.running_s >= seconds:
                return


def screen(sight: Sight, settings: Settings) -> RenderableType:
    """What the terminal shows while the demo runs."""
    headline = Text.assemble(
        ("SIMULATED ", "bold yellow"), f"{len(sight.counted.cells):,} cells, {sight.running_s:.0f} s"
    )
    return Group(headline, _busiest(sight, settings), books_table(sight.counted.books))


def _busiest(sight: Sight, settings: Settings) -> Table:
    """The segments with most violations, over all windows."""
    fleet = [kind.name for kind in settings.fleet_kinds]
    totals: dict[str, Counter[str]] = {}
    for key, cell in sight.counted.cells.cells().items():
        totals.setdefault(key.segment_id, Counter()).update(figures(cell, fleet))
    located = [item for item in totals.items() if not item[0].startswith(UNLOCATED)]
    table = Table(title="busiest segments (SIMULATED)", title_justify="left", title_style="bold")
    table.add_column("segment")
    for name in _SHOWN:
        table.add_column(name, justify="right")
    for segment_id, total in sorted(located, key=lambda item: (-item[1]["violations"], item[0]))[:_BUSIEST]:
        table.add_row(segment_id, *(f"{total[name]:,}" for name in _SHOWN))
    return table
