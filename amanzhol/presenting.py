"""What commands show on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from models.books import COLUMNS

if TYPE_CHECKING:
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
