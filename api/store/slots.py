"""Cells of one source partition as the store holds them: read back from the sums of their changes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from api.store.tables import TABLES
from models.changes import NOTHING, State

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from api.store.engine import Reading, Writing
    from models.calendar import Span


class Slot(NamedTuple):
    """A cell of one source partition; `coverage` is 1 for one of `segment-coverage`, else 0."""

    coverage: int
    segment: int
    begins: int
    part: int


_KEY = ", ".join(Slot._fields)
_SCHEMA = pa.schema([TABLES["changes"].schema.field(name) for name in Slot._fields])


@contextmanager
def staged_slots(writing: Writing, name: str, slots: Collection[Slot]) -> Iterator[None]:
    """Have slots stand as a table of this name while the block runs."""
    with writing.staged(name, from_rows(slots, _SCHEMA)):
        yield


def states_of(writing: Writing, slots: Collection[Slot]) -> dict[Slot, State]:
    """Newest state of those of the slots that are held in detail."""
    begins = [slot.begins for slot in slots]
    with staged_slots(writing, "arrived", slots):
        # The range lets the database pass over blocks, or use its index.
        return _states(
            writing,
            f"FROM changes c JOIN arrived a USING ({_KEY}) WHERE begins BETWEEN {min(begins)} AND {max(begins)}",
        )


def states_within(reading: Reading, span: Span) -> dict[Slot, State]:
    """Newest state of all slots of a span that are held in detail."""
    return _states(reading, f"FROM changes WHERE begins >= {span.first} AND begins < {span.end}")


def _states(reading: Reading, source: str) -> dict[Slot, State]:
    rows = reading.table(
        f"SELECT {_KEY}, dim, CAST(sum(value) AS BIGINT) AS value, max(revision) AS revision "
        f"{source} GROUP BY {_KEY}, dim"
    )
    states: dict[Slot, State] = {}
    for *key, dim, value, revision in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        slot = Slot(*key)
        held = states.get(slot)
        figures = {} if held is None else held.figures
        if value:
            figures[dim] = value
        states[slot] = State(max(revision, NOTHING.revision if held is None else held.revision), 0, figures)
    return states


def from_rows(rows: Iterable[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    """Turn rows into columns. There must be a row."""
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
