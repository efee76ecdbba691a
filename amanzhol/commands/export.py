"""`amanzhol export`: what the stream has counted so far, in the tables of `count`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from amanzhol.files.output import check_outputs, write_json, write_table, writer_for
from amanzhol.options import settings_options
from amanzhol.presenting import reading_bar, show_books
from amanzhol.reading import CountedReader
from amanzhol.settings import load_settings
from models.tables import counts_table, coverage_table, detail_table
from models.topics import Topics

_FILE = click.Path(path_type=Path)


@click.command()
@settings_options("broker", "prefix")
@click.option("--out", required=True, type=_FILE, help="The table: .parquet, .csv or .ndjson.")
@click.option("--detail", type=_FILE, help="The long table, with every dimension.")
@click.option("--coverage", type=_FILE, help="The table of who watched, per segment and hour.")
@click.option("--books", type=_FILE, help="JSON of how many records came to stand in which column.")
def export(*, out: Path, detail: Path | None, coverage: Path | None, books: Path | None, **flags: Any) -> None:
    """Write what the stream has counted so far, read from Kafka's committed records."""
    settings = load_settings(**flags)
    for path in (out, detail, coverage):
        if path is not None:
            writer_for(path)
    check_outputs((out, detail, coverage, books))
    fleet = [kind.name for kind in settings.fleet_kinds]
    console = Console(stderr=True)
    reader = CountedReader(settings.broker, Topics(settings.prefix))
    try:
        with reading_bar(console) as progress:
            counted = reader.read(progress)
    finally:
        reader.close()
    cells = counted.cells.cells()
    rows = write_table(counts_table(cells, counted.cells.window_end, fleet).counted_on(*counted.networks), out)
    if detail is not None:
        write_table(detail_table(cells).counted_on(*counted.networks), detail)
    if coverage is not None:
        write_table(coverage_table(counted.coverage.cells(), fleet).counted_on(*counted.networks), coverage)
    if books is not None:
        write_json(counted.books.as_dict(), books)
    show_books(console, counted.books, f"{rows:,} rows in {out}")
