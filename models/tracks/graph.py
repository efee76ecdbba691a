"""The road graph: edges between the points at which segments meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.nearest import MAX_LATITUDE, NearLines
from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.network import Network

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

# A centimetre: what was cut from one line has the same coordinates but for their last digits.
_NODE_DIGITS: Final = 7
# Only the nearest place on each edge is a candidate, and a bend must not hide the other side of a hairpin.
_LONGEST_EDGE_M: Final = 100.0
_HALF_TURN: Final = 180.0


@dataclass(frozen=True, slots=True)
class RoadGraph:
    """A network as edges; arrays have one element per edge, in the order of the network's segments.

    An edge is drawn from node `tail` to node `head` and may be driven so where `forward`, the other way where
    `backward`. It is a part of `network.segments[segment]` that begins `start_m` along it. Lengths are metres on the
    ground.
    """

    network: Network
    lines: NearLines
    segment: Integers
    start_m: Floats
    length_m: Floats
    tail: Integers
    head: Integers
    forward: Flags
    backward: Flags
    nodes: int
    _legs: _Legs
    _km_per_m: Floats

    def km(self, edge: Integers, along_m: Floats) -> Floats:
        """Give the chainage of places on edges, in the kilometres of their segments."""
        segments = self.network.segments
        own = self.segment[edge]
        from_km = np.array([segments[number].from_km for number in own.tolist()], dtype=np.float64)
        to_km = np.array([segments[number].to_km for number in own.tolist()], dtype=np.float64)
        km: Floats = np.minimum(from_km + (self.start_m[edge] + along_m) * self._km_per_m[own], to_km)
        return km

    def bearing(self, edge: Integers, along_m: Floats) -> Floats:
        """Give the direction in which edges are drawn at places on them, in degrees from north."""
        legs = self._legs
        first, last = legs.first[edge], legs.first[edge + 1] - 1
        leg = np.searchsorted(legs.end_m, legs.end_m[first] - legs.length_m[first] + along_m)
        bearing: Floats = legs.bearing[leg.clip(first, last)]
        return bearing


class _Legs(NamedTuple):
    """The straight parts of all edges, one after the other; those of edge `e` begin at `first[e]`.

    `end_m` is where a leg ends in the sum of all of them.
    """

    first: Integers
    length_m: Floats
    end_m: Floats
    bearing: Floats


def build_graph(network: Network) -> RoadGraph:
    """Join the segments that have a line where their ends meet, or where one ends at another's vertex.

    Lines that cross without a common end are not joined: one may be a bridge.
    """
    segments = network.segments
    parts, segment_of_part = shapely.get_parts(
        np.array([segment.geometry for segment in segments], dtype=object), return_index=True
    )
    lonlat, part = shapely.get_coordinates(parts, return_index=True)
    node = _nodes(lonlat)
    metres, bearing = _leg_metres(lonlat, part)
    first_of_part = np.diff(part, prepend=-1) != 0
    last_of_part = np.diff(part, append=-1) != 0
    ends = np.zeros(node.max(initial=-1) + 1, dtype=np.bool_)
    ends[node[first_of_part | last_of_part]] = True
    stretch = (np.cumsum(metres) - metres) // _LONGEST_EDGE_M
    cut = ends[node] | first_of_part | last_of_part | (np.diff(stretch, prepend=-1) != 0)
    # An edge goes from each cut to the next one of its part.
    tail_at = np.flatnonzero(cut & ~last_of_part)
    head_at = np.flatnonzero(cut & ~first_of_part)
    segment = segment_of_part[part[tail_at]]

    size = head_at - tail_at + 1
    within = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    vertex = np.repeat(tail_at, size) + within
    lines = NearLines(shapely.linestrings(lonlat[vertex], indices=np.repeat(np.arange(tail_at.size), size)).tolist())
    is_leg = within < np.repeat(size - 1, size)
    length_of_leg = metres[vertex[is_leg]]
    legs = _Legs(
        np.append(0, np.cumsum(size - 1)), length_of_leg, np.cumsum(length_of_leg), bearing[vertex[is_leg]]
    )  # fmt: skip

    total_m = np.bincount(segment, lines.length_m, minlength=len(segments)).astype(np.float64)
    travelled = np.cumsum(lines.length_m) - lines.length_m
    span_km = np.array([each.to_km - each.from_km for each in segments], dtype=np.float64)
    one_way = np.array([each.direction for each in segments], dtype=object)[segment]
    return RoadGraph(
        network=network,
        lines=lines,
        segment=segment.astype(np.int64),
        start_m=travelled - travelled[np.searchsorted(segment, segment)],
        length_m=lines.length_m,
        tail=node[tail_at],
        head=node[head_at],
        forward=one_way != "backward",
        backward=one_way != "forward",
        nodes=ends.size,
        _legs=legs,
        _km_per_m=np.divide(span_km, total_m, out=np.zeros_like(span_km), where=total_m > 0),
    )


def _nodes(lonlat: Floats) -> Integers:
    """Number the places: vertices of one place have one number."""
    rounded = np.round(lonlat, _NODE_DIGITS) + 0.0  # -0.0 is 0.0
    _, node = np.unique(rounded, axis=0, return_inverse=True)
    numbers: Integers = node.reshape(-1).astype(np.int64)
    return numbers


def _leg_metres(lonlat: Floats, part: Integers) -> tuple[Floats, Floats]:
    """Give the length and the bearing of the leg that begins at each vertex; none at the last of a part."""
    lat = lonlat[:, 1].clip(-MAX_LATITUDE, MAX_LATITUDE)
    x, y = to_mercator(lonlat[:, 0], lat)
    dx, dy = np.diff(x, append=x[-1:]), np.diff(y, append=y[-1:])
    metres = np.hypot(dx, dy) / scale((lat + np.append(lat[1:], lat[-1:])) / 2)
    metres[np.diff(part, append=-1) != 0] = 0
    return metres, np.degrees(np.arctan2(dx, dy)) % (2 * _HALF_TURN)
