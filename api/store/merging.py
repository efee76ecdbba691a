"""Keeps the sums short: rows of one key are added up into one, now and then, where many have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from api.store.tables import TABLES

if TYPE_CHECKING:
    from api.store.engine import Writing
    from models.calendar import Calendar, Grain

_FEW_ROWS: Final = 50_000
_FRACTION: Final = 10
_MERGED: Final[dict[str, Grain]] = {
    "changes": "window",
    "hours": "hour",
    "days": "day",
    "months": "month",
    "revisions": "day",
}


class Appended:
    """How many rows came to each table since its rows were added up, and from which time on."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[str, int] = dict.fromkeys(_MERGED, 0)
        self._first: dict[str, int | None] = dict.fromkeys(_MERGED)

    def note(self, rows: int, first: int, calendar: Calendar) -> None:
        """Note a batch that changed so many figures, the earliest of a window that begins at `first`."""
        for table, grain in _MERGED.items():
            self._rows[table] += rows
            noted = self._first[table]
            begins = calendar.start(grain, first)
            self._first[table] = begins if noted is None else min(noted, begins)

    def due(self, writing: Writing) -> dict[str, int]:
        """Tables that have got much longer, and from which time on."""
        found = {}
        for table, rows in self._rows.items():
            first = self._first[table]
            if first is not None and rows > _FEW_ROWS and rows > _length(writing, table, first) // _FRACTION:
                found[table] = first
        return found

    def forget(self, table: str) -> None:
        """Begin anew with a table whose rows were added up."""
        self._rows[table] = 0
        self._first[table] = None


def _length(writing: Writing, table: str, first: int) -> int:
    """Rows of a table from a time on: what adding up would read and write."""
    return int(writing.table(f"SELECT count(*) AS n FROM {table} WHERE begins >= {first}")["n"][0].as_py())  # noqa: S608


def merge(writing: Writing, table: str, first: int) -> None:
    """Add up the rows of each key that begin at `first` or later, and put them in the order of time."""
    sums = {"value": "CAST(sum(value) AS BIGINT) AS value", "revision": "max(revision) AS revision"}
    columns = TABLES[table].columns
    key = ", ".join(name for name in columns if name not in sums)
    # What adds up to nothing says nothing, but a cell must be known to have been at its revision.
    kept = "" if "revision" in columns else "HAVING sum(value) <> 0"
    selected = ", ".join(sums.get(name, name) for name in columns)
    writing.execute(
        f"CREATE TEMP TABLE merged AS SELECT {selected} FROM {table} WHERE begins >= {first} GROUP BY {key} {kept}"  # noqa: S608
    )
    writing.execute(f"DELETE FROM {table} WHERE begins >= {first}")  # noqa: S608
    writing.execute(f"INSERT INTO {table} SELECT * FROM merged ORDER BY {', '.join(TABLES[table].sorted_by)}")  # noqa: S608
    writing.execute("DROP TABLE merged")
