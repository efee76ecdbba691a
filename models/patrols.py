"""What moving devices watch: the segment they are on, from the fixes in their statuses. See docs/decisions/0008.

**A second belongs to the first fix after it that speaks for it.** A status speaks for the time since its
`period_start`, but at most `LONGEST_WATCH_S`, and not for what lies before the fix before it. So a device watches one
segment at a time, a fix that comes late takes from its follower exactly what it would have had in order, and one that
comes twice changes nothing: what a device watched is a function of its fixes as a set.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models import books, locating
from models.travel import WAYS, Travel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from models.events import Location
    from models.fleet import Registry
    from models.locating import Locator
    from models.names import Names
    from models.sighting import Sightings

LONGEST_WATCH_S: Final = 120
"""Twice the time between statuses: from one fix on, nobody knows for longer where a vehicle has been."""

_OFFSET_BITS: Final = 16
_SEGMENT_BITS: Final = 32
_OFFSET_MASK: Final = (1 << _OFFSET_BITS) - 1
_SEGMENT_MASK: Final = (1 << _SEGMENT_BITS) - 1
_END_SHIFT: Final = _OFFSET_BITS + _SEGMENT_BITS


class Watch(NamedTuple):
    """A segment's code, and the seconds `[start_s, end_s)` since the hour began that were watched from it."""

    segment: int
    start_s: int
    end_s: int


class Patrol:
    """What one device watched in one hour: its fixes in order of time, 8 bytes each.

    A fix is the second it was made in (its end), the second from which on it speaks, and its segment. A period that
    goes over the end of an hour is two: the first of them ends with the hour. Where two fixes are of one second, they
    speak for the time of both, from the segment whose id is the lesser.

    >>> patrol = Patrol()
    >>> patrol.add(Watch(7, 0, 20), str), patrol.add(Watch(8, 5, 10), str), patrol.add(Watch(8, 5, 10), str)
    ({7}, {8, 7}, set())
    >>> list(patrol)
    [Watch(segment=8, start_s=5, end_s=10), Watch(segment=7, start_s=10, end_s=20)]
    """

    __slots__ = ("_fixes",)

    def __init__(self) -> None:
        """Begin with no fixes."""
        self._fixes = array("Q")

    def __iter__(self) -> Iterator[Watch]:
        """What was watched, in order of time; no two overlap."""
        return map(_unpacked, self._fixes)

    def add(self, fix: Watch, id_of: Callable[[int], str]) -> set[int]:
        """Take in a fix, at any time; `start_s` < `end_s`. Returns the segments whose watch time that changed."""
        fixes = self._fixes
        at = bisect_left(fixes, fix.end_s << _END_SHIFT)
        if at:
            fix = fix._replace(start_s=max(fix.start_s, fixes[at - 1] >> _END_SHIFT))
        if at == len(fixes):
            fixes.append(_packed(fix))
            return {fix.segment}
        next_one = _unpacked(fixes[at])
        if next_one.end_s == fix.end_s:
            both = Watch(min(fix.segment, next_one.segment, key=id_of), min(fix.start_s, next_one.start_s), fix.end_s)
            fixes[at] = _packed(both)
            return {both.segment, next_one.segment} if both != next_one else set()
        changed = {fix.segment}
        if next_one.start_s < fix.end_s:
            fixes[at] = _packed(next_one._replace(start_s=fix.end_s))
            changed.add(next_one.segment)
        fixes.insert(at, _packed(fix))
        return changed

    def restore(self, watches: Iterable[Watch]) -> None:
        """Take in what was stored of one segment."""
        self._fixes = array("Q", sorted([*self._fixes, *map(_packed, watches)]))


def _packed(watch: Watch) -> int:
    return watch.end_s << _END_SHIFT | watch.start_s << _SEGMENT_BITS | watch.segment


def _unpacked(fix: int) -> Watch:
    return Watch(fix & _SEGMENT_MASK, fix >> _SEGMENT_BITS & _OFFSET_MASK, fix >> _END_SHIFT)


def mobile_kinds(registry: Registry | None) -> frozenset[str]:
    """Fleet kinds whose devices are where their fixes say."""
    return frozenset(row.kind for row in registry.rows if row.mobile) if registry is not None else frozenset()


def locate_fixes(seen: Sightings, mobile: frozenset[str], locator: Locator, segments: Names[str]) -> None:
    """Give the statuses of moving devices the segment that they were on, in place; off the roads they have none.

    The heading in a status is the device's own and decides its carriageway. Coordinates go before kilometres.
    """
    fixes: list[tuple[int, Location]] = [
        (row, place)
        for row, (column, kind) in enumerate(zip(seen.column, seen.fleet, strict=True))
        if kind in mobile and column == books.STATUSES and (place := seen.events[row].location) is not None
    ]
    if not fixes:
        return
    columns = ([getattr(place, name) for _, place in fixes] for name in ("lon", "lat", "heading", "accuracy_m"))
    lon, lat, heading, accuracy_m = (np.array(column, dtype=np.float64) for column in columns)  # None: NaN
    direction = np.array([WAYS.get(place.direction or "", 0) for _, place in fixes], dtype=np.int8)
    travel = Travel(heading, np.zeros(len(fixes), dtype=np.bool_), direction)
    found = locator.by_coordinates(lon, lat, travel, accuracy_m)
    placed = zip(fixes, found.segment.tolist(), found.km.tolist(), found.distance_m.tolist(), strict=True)
    for (row, place), *placement in placed:
        segment, km, distance_m = placement
        if segment == locating.UNLOCATED and place.route is not None and place.km is not None:
            segment, km, distance_m = locator.by_chainage(place.route, place.km, place.direction)
        if segment != locating.UNLOCATED:
            seen.segment[row] = segments.code(locator.network.segments[segment].segment_id)
            seen.km[row], seen.distance_m[row] = km, distance_m
