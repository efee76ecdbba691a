"""What commands show on the terminal."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from models.books import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from models.books import Books


def books_table(books: Books) -> Table:
    """The books in one row, with the sum beside what was received."""
    table = Table(title="books", title_justify="left", title_style="bold")
    table.add_column("received", justify="right")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    table.add_column("difference", justify="right")
    numbers = (books.received, *(getattr(books, column) for column in COLUMNS), books.difference)
    table.add_row(*(f"{number:,}" for number in numbers))
    return table


def show_books(console: Console, books: Books, headline: str) -> None:
    """Print the books, as a table on a terminal and as one line elsewhere."""
    console.print(headline, highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(books_table(books))
        return
    parts = " + ".join(f"{getattr(books, column)} {column}" for column in COLUMNS)
    balance = "balanced" if books.difference == 0 else f"NOT BALANCED by {books.difference}"
    console.print(f"books: {books.received} received = {parts} ({balance})", highlight=False, soft_wrap=True)


@contextmanager
def reading_bar(console: Console, what: str = "reading what was counted") -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how far reading has come while the block runs; it gives what is told (done, of how many)."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield progress
