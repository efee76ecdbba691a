"""Coverage: who looked, when and where, so that zero and "nobody looked" are told apart.

A device's watch time is kept as spans, not as a sum: a status that comes twice, or that overlaps another one,
then adds nothing, whatever the order in which they come. Of one that moves, each fix keeps its span (`models.patrols`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from models.patrols import LONGEST_WATCH_S, Patrol, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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
    """One segment in one hour: who watched it, and how many vehicles passed.

    `spans` are those of devices that stand. `patrols` are those of devices that move: one per fix, whose second is the
    span's end, so they may touch.
    """

    spans: dict[Watcher, Spans] = field(default_factory=dict)
    passages: int = 0
    patrols: dict[Watcher, Spans] = field(default_factory=dict)

    def watch(self, watcher: Watcher, start: int, end: int) -> bool:
        """Note that a device watched from `start` to before `end`. Returns whether that was news."""
        return add_span(self.spans.setdefault(watcher, []), start, end)

    def merge(self, other: CoverageCell) -> None:
        """Add what another source partition saw of the same segment and hour."""
        for watcher, spans in other.spans.items():
            for start, end in spans:
                self.watch(watcher, start, end)
        for watcher, spans in other.patrols.items():
            own = self.patrols.setdefault(watcher, [])
            for start, end in spans:
                add_span(own, start, end)
        self.passages += other.passages

    def watched_s_by_fleet(self) -> dict[str, int]:
        """Watch time in seconds, added up over the devices of each fleet kind."""
        total: dict[str, int] = {}
        for spans_by_watcher in (self.spans, self.patrols):
            for watcher, spans in spans_by_watcher.items():
                total[watcher.fleet] = total.get(watcher.fleet, 0) + watched_s(spans)
        return total


class Coverage:
    """All coverage of one source partition, by (segment code, start of the hour), and what of it changed."""

    def __init__(self, hours: Windows) -> None:
        """Begin with nobody watching. `hours` are the windows that coverage is kept in."""
        self._hours = hours
        # What moving devices watched is kept by device, and stands in no cell here.
        self._cells: dict[tuple[int, int], CoverageCell] = {}
        self._patrols: dict[int, dict[Watcher, Patrol]] = {}
        self._changed: set[tuple[int, int]] = set()

    def __iter__(self) -> Iterator[tuple[int, int, CoverageCell]]:
        """All cells: segment code, start of the hour, the cell."""
        return self._told(self._cells)

    def __len__(self) -> int:
        """Count cells."""
        return len(self._cells)

    @property
    def changed(self) -> int:
        """How many cells changed since `take_changed`."""
        return len(self._changed)

    def watch(self, segment: int, watcher: Watcher, start: int, end: int) -> None:
        """Note that a device watched a segment from `start` to before `end`, hour by hour."""
        for hour, first, last in self._by_hour(start, end):
            self._changing(segment, hour).watch(watcher, first, last)

    def patrol(self, segment: int, watcher: Watcher, start: int, end: int, id_of: Callable[[int], str]) -> None:
        """Note that a device that moves was on a segment at `end`, and speaks for the time since `start`.

        `id_of` gives the id of a segment by its code.
        """
        for hour, first, last in self._by_hour(max(start, end - LONGEST_WATCH_S), end):
            patrol = self._patrols.setdefault(hour, {}).setdefault(watcher, Patrol())
            for changed in patrol.add(Watch(segment, first - hour, last - hour), id_of):
                self._changing(changed, hour)

    def passed(self, segment: int, instant: int, passages: int) -> None:
        """Count vehicles that passed, in the hour of an instant."""
        self._changing(segment, self._hours.start(instant)).passages += passages

    def restore(self, segment: int, hour: int, cell: CoverageCell) -> None:
        """Set a cell to what was stored of it."""
        self._cells[segment, hour] = CoverageCell(cell.spans, cell.passages)
        for watcher, spans in cell.patrols.items():
            patrol = self._patrols.setdefault(hour, {}).setdefault(watcher, Patrol())
            patrol.restore(Watch(segment, start - hour, end - hour) for start, end in spans)

    def take_changed(self) -> Iterator[tuple[int, int, CoverageCell]]:
        """Cells that changed since the last call."""
        changed, self._changed = self._changed, set()
        return self._told(sorted(changed))

    def _changing(self, segment: int, hour: int) -> CoverageCell:
        self._changed.add((segment, hour))
        return self._cells.setdefault((segment, hour), CoverageCell())

    def _by_hour(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Cut a span at the ends of hours: start of the hour, and the part of the span in it."""
        while start < end:
            hour = self._hours.start(start)
            upto = min(end, self._hours.end(hour))
            yield hour, start, upto
            start = upto

    def _told(self, keys: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int, CoverageCell]]:
        """Give cells with what moving devices watched."""
        patrols: dict[int, dict[int, dict[Watcher, Spans]]] = {}
        for segment, hour in keys:
            cell = self._cells[segment, hour]
            if hour in self._patrols:
                if hour not in patrols:
                    patrols[hour] = self._patrolled(hour)
                cell = CoverageCell(cell.spans, cell.passages, patrols[hour].get(segment, {}))
            yield segment, hour, cell

    def _patrolled(self, hour: int) -> dict[int, dict[Watcher, Spans]]:
        """What moving devices watched in an hour, by segment."""
        by_segment: dict[int, dict[Watcher, Spans]] = {}
        for watcher, patrol in self._patrols[hour].items():
            for segment, start_s, end_s in patrol:
                spans = by_segment.setdefault(segment, {}).setdefault(watcher, [])
                spans.append((hour + start_s, hour + end_s))
        return by_segment
