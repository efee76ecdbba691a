"""The tables that `count` and `export` write: their columns, and their rows in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from models.cells import CellKey, figure_columns, figures
from models.measures import Dimensions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from models.cells import Cell
    from models.coverage import CoverageCell

Value = str | int | float | None


class Column(NamedTuple):
    """A column: `time` is UTC seconds since 1970, `number` may be None where there is no value."""

    name: str
    kind: Literal["text", "time", "count", "number"]


class Table(NamedTuple):
    """Columns, and rows that are made while they are read.

    `notes` hold for all of it: a format that has a place for them keeps them (Parquet's key-value metadata).
    """

    columns: tuple[Column, ...]
    rows: Iterable[tuple[Value, ...]]
    notes: tuple[tuple[str, str], ...] = ()

    def counted_on(self, *networks: str) -> Table:
        """Note the digests of the networks whose segments the rows are about."""
        if not networks:
            return self
        return self._replace(notes=(*self.notes, (NETWORK_NOTE, ",".join(sorted(networks)))))


NETWORK_NOTE: Final = "amanzhol.network"
"""The note with the digest of the network that the rows were counted on."""


def counts_table(cells: Mapping[CellKey, Cell], window_end: Callable[[int], int], fleet: Sequence[str]) -> Table:
    """Wide form: a row per cell that has anything in it, by `segment_id`, `window_start`."""
    columns = (
        Column("segment_id", "text"),
        Column("window_start", "time"),
        Column("window_end", "time"),
        *(Column(name, "count") for name in figure_columns(fleet)),
    )

    def rows() -> Iterator[tuple[Value, ...]]:
        for key in sorted(cells):
            row = figures(cells[key], fleet)
            if any(row.values()):
                yield (key.segment_id, key.window_start, window_end(key.window_start), *row.values())

    return Table(columns, rows())


def detail_table(cells: Mapping[CellKey, Cell]) -> Table:
    """Long form: a row per cell, measure and dimensions."""
    columns = (
        Column("segment_id", "text"),
        Column("window_start", "time"),
        *(Column(name, "text") for name in Dimensions._fields),
        Column("value", "count"),
    )
    rows = (
        (key.segment_id, key.window_start, *dimensions, n)
        for key in sorted(cells)
        for dimensions, n in sorted(cells[key].items())
    )
    return Table(columns, rows)


def coverage_table(coverage: Mapping[CellKey, CoverageCell], fleet: Sequence[str]) -> Table:
    """A row per segment and hour that anyone watched or that vehicles passed, by `segment_id`, `hour_start`."""
    columns = (
        Column("segment_id", "text"),
        Column("hour_start", "time"),
        *(Column(f"watched_s_{kind}", "count") for kind in fleet),
        Column("passages", "count"),
    )

    def rows() -> Iterator[tuple[Value, ...]]:
        for key in sorted(coverage):
            watched = coverage[key].watched_s_by_fleet()
            values = (*(watched.get(kind, 0) for kind in fleet), coverage[key].passages)
            if any(values):
                yield (key.segment_id, key.window_start, *values)

    return Table(columns, rows())
