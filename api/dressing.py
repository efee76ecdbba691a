"""Turns the store's numbers into the columns of an answer: names, times, and what nobody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from api.store.words import NOWHERE
from models.figures import WATCHED_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.asking import Asked
    from api.store.asking import Group
    from api.store.words import Words
    from models.calendar import Calendar

_TIME: Final = pa.timestamp("us", tz="UTC")
_US: Final = 1_000_000

PLACES: Final[Mapping[Group, tuple[tuple[str, pa.DataType], ...]]] = {
    "segment": (
        ("segment_id", pa.string()),
        ("route", pa.string()),
        ("from_km", pa.float64()),
        ("to_km", pa.float64()),
        ("district", pa.string()),
    ),
    "route": (("route", pa.string()),),
    "district": (("district", pa.string()),),
    "all": (),
}
"""The columns that say what a row is about."""


class Dressed(NamedTuple):
    """How rows of one answer are dressed."""

    asked: Asked
    words: Words
    calendar: Calendar

    @property
    def schema(self) -> pa.Schema:
        """Columns of the answer."""
        figures = self.asked.figures
        observed = [("observed", pa.bool_())] if any(figure.name == WATCHED_S for figure in figures) else []
        return pa.schema(
            [
                *PLACES[self.asked.by],
                ("start", _TIME),
                ("end", _TIME),
                ("provisional", pa.bool_()),
                *observed,
                *((figure.name, pa.int64()) for figure in figures),
            ]
        )

    def rows(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        """Dress rows of the store: `key`, `first` and a column per figure."""
        keys = batch.column("key").to_numpy(zero_copy_only=False) if len(batch) else np.empty(0, np.int64)
        firsts = batch.column("first").to_numpy(zero_copy_only=False) if len(batch) else np.empty(0, np.int64)
        ends = self._ends(firsts)
        figures = {figure.name: _plain(batch.column(figure.name)) for figure in self.asked.figures}
        columns: list[pa.Array] = [
            *self._places(keys),
            pa.array(firsts * _US, pa.int64()).cast(_TIME),
            pa.array(ends * _US, pa.int64()).cast(_TIME),
            pa.array(ends > self.asked.final_until),
        ]
        if WATCHED_S in figures:
            columns.append(pa.array(figures[WATCHED_S] > 0))
        for figure in self.asked.figures:
            values = figures[figure.name]
            unseen = None
            if figure.unseen is not None:
                watched = figures.get(figure.unseen)
                unseen = (values == 0) if watched is None else (values == 0) & (watched == 0)
            columns.append(pa.array(values, pa.int64(), mask=unseen))
        return pa.Table.from_arrays(columns, schema=self.schema)

    def _ends(self, firsts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        step, span = self.asked.step, self.asked.span
        if step == "all":
            return np.full(len(firsts), span.end, np.int64)
        distinct, places = np.unique(firsts, return_inverse=True)
        ends = [min(self.calendar.end(step, int(first)), span.end) for first in distinct]
        return np.array(ends, np.int64)[places] if ends else np.empty(0, np.int64)

    def _places(self, keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[pa.Array]:
        """Columns that say what the rows are about. Keys come again and again, so words are looked up once each."""
        kinds = PLACES[self.asked.by]
        if not kinds:
            return []
        distinct, places = np.unique(keys, return_inverse=True)
        words = [self.place(int(key)) for key in distinct]
        at = pa.array(places)
        columns = list(zip(*words, strict=True)) or [() for _ in kinds]
        return [pa.array(column, kind).take(at) for (_, kind), column in zip(kinds, columns, strict=True)]

    def place(self, key: int) -> tuple[str | float | None, ...]:
        """What a row of this key is about: values for the columns of `PLACES`."""
        match self.asked.by:
            case "route":
                return (None if key == NOWHERE else self.words.routes[key],)
            case "district":
                return (None if key == NOWHERE else self.words.districts[key],)
            case "all":
                return ()
        segments = self.words.network.segments
        if key < len(segments):
            segment = segments[key]
            return segment.segment_id, segment.route, segment.from_km, segment.to_km, segment.district
        return self.words.segment_at(key), None, None, None, None


def _plain(column: pa.ChunkedArray | pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if not len(column):
        return np.empty(0, np.int64)
    values: np.ndarray[tuple[int], np.dtype[np.int64]] = column.to_numpy(zero_copy_only=False)
    return values
