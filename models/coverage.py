"""Coverage: who looked, when and where, so that zero and "nobody looked" are told apart.

A device's watch time is kept as spans, not as a sum: a status that comes twice, or that overlaps another one,
then adds nothing, whatever the order in which they come.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from models.windows import Windows

Spans = list[tuple[int, int]]
"""Half-open intervals of UTC seconds, in order, neither touching nor overlapping."""


class Watcher(NamedTuple):
    """A device, and the fleet kind it belonged to while it watched."""

    fleet: str
    source_id: str


def add_span(spans: Spans, start: int, end: int) -> bool:
    """Join `[start, end)` into the spans, in place. Returns whether that changed them."""
    if start >= end:
        return False
    # All spans from `first` to before `last` touch or overlap the new one.
    first = bisect_left(spans, start, key=lambda span: span[1])
    last = bisect_right(spans, end, key=lambda span: span[0])
    if first < last:
        if spans[first][0] <= start and end <= spans[first][1]:
            return False
        start, end = min(start, spans[first][0]), max(end, spans[last - 1][1])
    spans[first:last] = [(start, end)]
    return True


def watched_s(spans: Iterable[tuple[int, int]]) -> int:
    """Seconds that the spans cover."""
    return sum(end - start for start, end in spans)


@dataclass(slots=True)
class CoverageCell:
    """One segment in one hour: who watched it, and how many vehicles passed."""

    spans: dict[Watcher, Spans] = field(default_factory=dict)
    passages: int = 0

    def watch(self, watcher: Watcher, start: int, end: int) -> bool:
        """Note that a device watched from `start` to before `end`. Returns whether that was news."""
        return add_span(self.spans.setdefault(watcher, []), start, end)

    def merge(self, other: CoverageCell) -> None:
        """Add what another source partition saw of the same segment and hour."""
        for watcher, spans in other.spans.items():
            for start, end in spans:
                self.watch(watcher, start, end)
        self.passages += other.passages

    def watched_s_by_fleet(self) -> dict[str, int]:
        """Watch time in seconds, added up over the devices of each fleet kind."""
        total: dict[str, int] = {}
        for watcher, spans in self.spans.items():
            total[watcher.fleet] = total.get(watcher.fleet, 0) + watched_s(spans)
        return total


class Coverage:
    """All coverage of one source partition, by (segment code, start of the hour), and what of it changed."""

    def __init__(self, hours: Windows) -> None:
        """Begin with nobody watching. `hours` are the windows that coverage is kept in."""
        self._hours = hours
        self._cells: dict[tuple[int, int], CoverageCell] = {}
        self._changed: set[tuple[int, int]] = set()

    def __iter__(self) -> Iterator[tuple[int, int, CoverageCell]]:
        """All cells: segment code, start of the hour, the cell."""
        return ((segment, hour, cell) for (segment, hour), cell in self._cells.items())

    def __len__(self) -> int:
        """Count cells."""
        return len(self._cells)

    @property
    def changed(self) -> int:
        """How many cells changed since `take_changed`."""
        return len(self._changed)

    def watch(self, segment: int, watcher: Watcher, start: int, end: int) -> None:
        """Note that a device watched a segment from `start` to before `end`, hour by hour."""
        while start < end:
            hour = self._hours.start(start)
            upto = min(end, self._hours.end(hour))
            self._changing(segment, hour).watch(watcher, start, upto)
            start = upto

    def passed(self, segment: int, instant: int, passages: int) -> None:
        """Count vehicles that passed, in the hour of an instant."""
        self._changing(segment, self._hours.start(instant)).passages += passages

    def restore(self, segment: int, hour: int, cell: CoverageCell) -> None:
        """Set a cell to what was stored of it."""
        self._cells[segment, hour] = cell

    def take_changed(self) -> Iterator[tuple[int, int, CoverageCell]]:
        """Cells that changed since the last call."""
        changed, self._changed = self._changed, set()
        return ((segment, hour, self._cells[segment, hour]) for segment, hour in sorted(changed))

    def _changing(self, segment: int, hour: int) -> CoverageCell:
        self._changed.add((segment, hour))
        return self._cells.setdefault((segment, hour), CoverageCell())
