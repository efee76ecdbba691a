"""Numbers for words: the store holds figures by numbers alone, and answers are given their words back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from api.store.tables import TABLES
from models.measures import Dimensions
from models.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from api.store.engine import Reading, Writing
    from models.network import Network

NOWHERE = -1
"""Number of the route and of the district of what lies on no segment of the network."""


class Words:
    """Segments and dimensions by their numbers, and what of the network each segment belongs to.

    Numbers are given once and kept in the store, whatever becomes of the network.
    """

    def __init__(self, network: Network) -> None:
        """Begin with no numbers."""
        self.network = network
        self.routes = sorted({segment.route for segment in network.segments})
        self.districts = sorted({segment.district for segment in network.segments if segment.district is not None})
        self._route = {name: number for number, name in enumerate(self.routes)}
        self._district: dict[str | None, int] = {name: number for number, name in enumerate(self.districts)}
        self.segments = Names[str]()
        self.dimensions = Names[Dimensions]()

    @property
    def count(self) -> int:
        """How many words have a number. It only grows."""
        return len(self.segments) + len(self.dimensions)

    def copy(self) -> Words:
        """Words of their own, with the same numbers."""
        words = Words(self.network)
        words.segments = Names(self.segments.since(0))
        words.dimensions = Names(self.dimensions.since(0))
        return words

    def load(self, reading: Reading) -> None:
        """Read the numbers that the store has given."""
        segments = reading.table("SELECT segment, segment_id FROM segments ORDER BY segment")
        self.segments = Names(segments["segment_id"].to_pylist())
        rows = reading.table(f"SELECT {', '.join(Dimensions._fields)} FROM dimensions ORDER BY dim").to_pylist()  # noqa: S608 - our own names
        self.dimensions = Names([Dimensions(**row) for row in rows])

    def store_since(self, writing: Writing, segments: int, dimensions: int) -> None:
        """Write down the numbers given since there were so many of each."""
        new = self.segments.since(segments)
        if new:
            codes = range(segments, len(self.segments))
            writing.append("segments", _table("segments", codes, new))
            writing.append("places", self._places(codes))
        words = self.dimensions.since(dimensions)
        if words:
            writing.append(
                "dimensions", _table("dimensions", range(dimensions, len(self.dimensions)), *zip(*words, strict=True))
            )

    def place_all(self, writing: Writing) -> None:
        """Write down anew what each segment belongs to: the network may be another than last time."""
        for segment in self.network.segments:
            self.segments.code(segment.segment_id)
        writing.execute("DELETE FROM places")
        writing.append("places", self._places(range(len(self.segments))))

    def rank(self, segment: int) -> int:
        """Place of a segment in the order of answers: those of the network by id, then all others as they came."""
        try:
            return self.network.index_of(self.segments[segment])
        except KeyError:
            return len(self.network) + segment

    def segment_at(self, rank: int) -> str:
        """Id of the segment at a place in the order of answers."""
        if rank < len(self.network):
            return self.network.segments[rank].segment_id
        return self.segments[rank - len(self.network)]

    def _places(self, codes: range) -> pa.Table:
        routes, districts = [], []
        for code in codes:
            try:
                segment = self.network.segments[self.network.index_of(self.segments[code])]
            except KeyError:
                routes.append(NOWHERE)
                districts.append(NOWHERE)
            else:
                routes.append(self._route[segment.route])
                districts.append(self._district.get(segment.district, NOWHERE))
        return _table("places", codes, [self.rank(code) for code in codes], routes, districts)


def _table(name: str, *columns: Iterable[object]) -> pa.Table:
    schema = TABLES[name].schema
    return pa.table([pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)], schema=schema)
