"""The tables of the store. Every figure is a sum, so rows of one key may stand there in any number: they are added.

| table | a row is |
| --- | --- |
| `changes` | what one revision of a cell (of its source partition) added to a figure, or took away |
| `hours`, `days`, `months` | the same, summed up by local hour, day and month |
| `revisions` | the same by local day, dated: `known_at` is the end of the hour in which it was written to Kafka |
| `packed` | the cells of a segment and day whose detail was thinned: what the next revision is held against |
| `segments`, `dimensions` | the words behind the numbers |
| `reached` | how far each partition of Kafka has been read; written with what was read there |
| `books` | the books of each source partition |
| `places` | what a segment belongs to: its place in the order of answers, its route and its district |
| `facts` | what the store was made from, and how often it has changed |

Times are UTC seconds since 1970. `coverage` is 0 for a cell of `segment-counts`, 1 for one of `segment-coverage`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.store.engine import Writing

LAYOUT: Final = "1"
"""Changes whenever a table does: a store of another layout is deleted and rebuilt."""

_INTEGER: Final = ("INTEGER", pa.int32())
_BIGINT: Final = ("BIGINT", pa.int64())
_TEXT: Final = ("TEXT", pa.string())
_BYTES: Final = ("BYTEA", pa.binary())

_SUM: Final = {"segment": _INTEGER, "begins": _BIGINT, "dim": _INTEGER, "value": _BIGINT}
_SLOT: Final = {"coverage": _INTEGER, "segment": _INTEGER, "begins": _BIGINT, "part": _INTEGER}


class StoredTable(NamedTuple):
    """Columns with their types in SQL and in Arrow; `sorted_by` is what rows are found by."""

    columns: Mapping[str, tuple[str, pa.DataType]]
    sorted_by: tuple[str, ...] = ()

    @property
    def schema(self) -> pa.Schema:
        """The columns as Arrow has them."""
        return pa.schema([(name, kind) for name, (_, kind) in self.columns.items()])


TABLES: Final[Mapping[str, StoredTable]] = {
    "changes": StoredTable(
        {**_SLOT, "dim": _INTEGER, "revision": _BIGINT, "value": _BIGINT}, sorted_by=("begins", "segment")
    ),
    "hours": StoredTable(_SUM, sorted_by=("begins", "segment")),
    "days": StoredTable(_SUM, sorted_by=("begins", "segment")),
    "months": StoredTable(_SUM, sorted_by=("begins", "segment")),
    "revisions": StoredTable({**_SUM, "known_at": _BIGINT}, sorted_by=("begins", "segment")),
    "packed": StoredTable({**_SLOT, "cells": _BYTES}, sorted_by=("begins", "segment")),
    "segments": StoredTable({"segment": _INTEGER, "segment_id": _TEXT}),
    "dimensions": StoredTable(
        {
            "dim": _INTEGER,
            **dict.fromkeys(("measure", "fleet", "offence", "kind", "severity", "direction", "channel"), _TEXT),
        }
    ),
    "reached": StoredTable({"topic": _TEXT, "partition": _INTEGER, "next_offset": _BIGINT}),
    "books": StoredTable({"partition": _INTEGER, "columns": _TEXT}),
    "facts": StoredTable({"name": _TEXT, "value": _TEXT}),
    "places": StoredTable({"segment": _INTEGER, "rank": _INTEGER, "route": _INTEGER, "district": _INTEGER}),
}

GRAIN_TABLES: Final = {"window": "changes", "hour": "hours", "day": "days", "month": "months"}
"""The table that holds the sums of each grain."""


def create_tables(writing: Writing) -> None:
    """Make the tables that are not there."""
    for name, table in TABLES.items():
        columns = ", ".join(f"{column} {kind}" for column, (kind, _) in table.columns.items())
        writing.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")


def create_indexes(writing: Writing) -> None:
    """Let a database that keeps no minima per block find rows by time."""
    for name, table in TABLES.items():
        if table.sorted_by:
            key = ", ".join(table.sorted_by)
            writing.execute(f"CREATE INDEX IF NOT EXISTS {name}_by_time ON {name} ({key})")


def drop_tables(writing: Writing) -> None:
    """Forget everything: it will be read again."""
    for name in TABLES:
        writing.execute(f"DROP TABLE IF EXISTS {name}")
