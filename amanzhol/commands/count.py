"""`amanzhol count`: files of events to tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from amanzhol.counting import SideOutputs, count_files
from amanzhol.files.events import STANDARD_INPUT
from amanzhol.files.output import check_outputs, write_json, write_table, writer_for
from amanzhol.options import settings_options
from amanzhol.presenting import show_books
from amanzhol.rules import load_rules
from amanzhol.settings import load_settings
from models.cells import CellKey
from models.errors import EventsFileError
from models.tables import counts_table, coverage_table, detail_table

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("events", nargs=-1, required=True, type=_FILE)
@settings_options("network", "devices", "keys", "window", "tolerance_m", "timezone")
@click.option("--out", required=True, type=_FILE, help="The table: .parquet, .csv or .ndjson.")
@click.option("--quarantine", type=_FILE, help="NDJSON of the records that could not be counted.")
@click.option("--books", type=_FILE, help="JSON of how many records came to stand in which column.")
@click.option("--located", type=_FILE, help="CSV with a row per record: where it lies and what became of it.")
@click.option("--detail", type=_FILE, help="The long table, with every dimension.")
@click.option("--coverage", type=_FILE, help="The table of who watched, per segment and hour.")
def count(
    *,
    events: tuple[Path, ...],
    out: Path,
    quarantine: Path | None,
    books: Path | None,
    located: Path | None,
    detail: Path | None,
    coverage: Path | None,
    **flags: Any,
) -> None:
    """Count EVENTS (NDJSON files, also .gz; - is standard input) per segment and window."""
    settings = load_settings(**flags)
    for path in (out, detail, coverage):
        if path is not None:
            writer_for(path)
    check_outputs((out, quarantine, books, located, detail, coverage), (*events, settings.network, settings.devices))
    sizes = {path: _size(path) for path in events}
    rules = load_rules(settings)
    fleet = [kind.name for kind in settings.fleet_kinds]

    console = Console(stderr=True)
    with Progress(
        TextColumn("counting {task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        tasks = {path: bar.add_task(path.name, total=size) for path, size in sizes.items()}
        ledger = count_files(
            events,
            rules,
            SideOutputs(located, quarantine),
            lambda path, position: bar.update(tasks[path], completed=position),
        )
    cells = {CellKey(segment_id, start): cell for segment_id, start, cell in ledger.cells()}
    network = rules.network.digest
    rows = write_table(counts_table(cells, rules.windows.end, fleet).counted_on(network), out)
    if detail is not None:
        write_table(detail_table(cells).counted_on(network), detail)
    if coverage is not None:
        write_table(coverage_table(ledger.coverage_cells(), fleet).counted_on(network), coverage)
    if books is not None:
        write_json(ledger.books.as_dict(), books)
    show_books(console, ledger.books, f"{rows:,} rows in {out}")


def _size(path: Path) -> int | None:
    if str(path) == STANDARD_INPUT:
        return None
    if path.is_dir():
        raise EventsFileError(f"{path}: is a folder, not a file of events")
    try:
        return path.stat().st_size
    except OSError as error:
        raise EventsFileError(f"{path}: cannot be read: {error.strerror or error}") from None
