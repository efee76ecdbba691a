"""From one network to another: how many metres of each old segment lie on which new one.

Old lines are cut into short pieces. A piece belongs to the new line that is nearest to its middle, among those within
reach that run along it rather than across; so each old metre goes to one new segment or to none, and the shares of an
old segment add up to its length. Where one of the two has no geometry, the kilometres of their route decide.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.nearest import NearLines
from models.networks.measuring import GroundLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.network import Network, Segment

DEFAULT_REACH_M: Final = 20.0
"""Two drawings of one road lie this far apart at most: less than two carriageways and a reserve."""

_PIECE_M: Final = 5.0

# Metres to both sides of a piece's middle at which the new line is asked how far it has come.
_PROBE_M: Final = 0.5

# The new line must advance by the cosine of 45 degrees for each metre of the old one.
_ALONG: Final = 0.7

_NONE: Final = -1
_KM: Final = 1000.0
_DIGITS: Final = 1


class Shared(NamedTuple):
    """Metres that an old and a new segment share. Empty `new_segment`: gone; empty `old_segment`: new."""

    old_segment: str
    new_segment: str
    shared_m: float


def crosswalk(old: Network, new: Network, reach_m: float = DEFAULT_REACH_M) -> list[Shared]:
    """Give the shares of all segments of two networks, by the old id, then the new; what is new comes last.

    Metres are those of the old network, or of the new one where there is no old one; shares below 0.05 m are left out.
    """
    forth = _shares(old.segments, new.segments, reach_m)
    rows = [
        Shared(old.segments[own].segment_id, "" if other == _NONE else new.segments[other].segment_id, metres)
        for (own, other), metres in forth.items()
    ]
    back = _shares(new.segments, old.segments, reach_m)
    added = [
        Shared("", new.segments[own].segment_id, metres) for (own, other), metres in back.items() if other == _NONE
    ]
    kept = [row._replace(shared_m=round(row.shared_m, _DIGITS)) for row in rows + added]
    return sorted((row for row in kept if row.shared_m > 0), key=lambda row: (not row.old_segment, row))


def _shares(own: Sequence[Segment], others: Sequence[Segment], reach_m: float) -> dict[tuple[int, int], float]:
    """Metres of each segment by the other one that they lie on, `_NONE` where on none."""
    shares = _by_line(own, others, reach_m)
    by_route: defaultdict[str, list[int]] = defaultdict(list)
    for number, other in enumerate(others):
        by_route[other.route].append(number)
    for number, segment in enumerate(own):
        if segment.geometry is None:
            rivals = by_route[segment.route]
        elif shares.get((number, _NONE)) and any(others[rival].geometry is None for rival in by_route[segment.route]):
            rivals = [rival for rival in by_route[segment.route] if others[rival].geometry is None]
        else:
            continue
        _share_kilometres(shares, number, segment, [(rival, others[rival]) for rival in rivals])
    return shares


def _share_kilometres(
    shares: dict[tuple[int, int], float], number: int, segment: Segment, rivals: Sequence[tuple[int, Segment]]
) -> None:
    """Give what a segment has on no line to the segments of its route that have its kilometres, the narrower first."""
    length_km = segment.to_km - segment.from_km
    rest_m = shares.pop((number, _NONE), length_km * _KM)
    metres_per_km = rest_m / length_km
    free = [(segment.from_km, segment.to_km)]
    for rival, other in sorted(rivals, key=lambda pair: (pair[1].to_km - pair[1].from_km, pair[1].segment_id)):
        if not _may_share(segment, other):
            continue
        left: list[tuple[float, float]] = []
        for begin, end in free:
            low, high = max(begin, other.from_km), min(end, other.to_km)
            if low >= high:
                left.append((begin, end))
                continue
            shares[number, rival] = shares.get((number, rival), 0.0) + (high - low) * metres_per_km
            left += [(a, b) for a, b in ((begin, low), (high, end)) if a < b]
        free = left
    if free:
        shares[number, _NONE] = sum(end - begin for begin, end in free) * metres_per_km


def _may_share(one: Segment, other: Segment) -> bool:
    return "both" in {one.direction, other.direction} or one.direction == other.direction


def _by_line(own: Sequence[Segment], others: Sequence[Segment], reach_m: float) -> dict[tuple[int, int], float]:
    parts, owner = shapely.get_parts(np.array([s.geometry for s in own], dtype=object), return_index=True)
    if not len(parts):
        return {}
    cut = [_pieces(shapely.get_coordinates(part)) for part in parts]
    middles, before, after, metres = (np.concatenate(column) for column in zip(*cut, strict=True))
    segment = np.repeat(owner, [len(column[3]) for column in cut])
    index = NearLines([s.geometry for s in others])
    best = _nearest_along(index, len(others), (middles, before, after), reach_m)
    pairs, where = np.unique(np.column_stack([segment, best]), axis=0, return_inverse=True)
    total = np.bincount(where.ravel(), metres)
    return {(int(a), int(b)): float(shared) for (a, b), shared in zip(pairs, total, strict=True)}


def _pieces(lonlat: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Cut a line into pieces: their middles, the places just before and after, (n, 2) each, and their metres (n)."""
    line = GroundLine(lonlat)
    count = max(int(np.ceil(line.length_m / _PIECE_M)), 1)
    ends = np.linspace(0.0, line.length_m, count + 1)
    at = (ends[1:] + ends[:-1]) / 2
    return line.places(at), line.places(at - _PROBE_M), line.places(at + _PROBE_M), np.diff(ends)


def _nearest_along(
    index: NearLines, lines: int, places: tuple[NDArray[np.float64], ...], reach_m: float
) -> NDArray[np.int64]:
    """Give the line nearest to each piece's middle that runs along the piece, `_NONE` where there is none."""
    middle, before, after = (index.within(place[:, 0], place[:, 1], reach_m + _PROBE_M) for place in places)
    key, key_before, key_after = (found.point * lines + found.line for found in (middle, before, after))
    at_before = np.searchsorted(key_before, key).clip(max=max(key_before.size - 1, 0))
    at_after = np.searchsorted(key_after, key).clip(max=max(key_after.size - 1, 0))
    best = np.full(len(places[0]), _NONE, dtype=np.int64)
    if not (key.size and key_before.size and key_after.size):
        return best
    known = (key_before[at_before] == key) & (key_after[at_after] == key) & (middle.distance_m <= reach_m)
    advance_m = np.abs(after.along_m[at_after] - before.along_m[at_before])
    along = np.flatnonzero(known & (advance_m >= _ALONG * _PROBE_M))
    # Lines as near as each other to a millimetre are ties: the lesser id has them.
    order = along[np.lexsort((middle.line[along], np.rint(middle.distance_m[along] * _KM), middle.point[along]))]
    first = np.flatnonzero(np.diff(middle.point[order], prepend=-1))
    best[middle.point[order[first]]] = middle.line[order[first]]
    return best
