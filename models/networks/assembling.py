"""A route as maps have it — parts in any order and direction, both carriageways, with gaps — as one line.

The parts become edges of a graph between their ends. The route is the shortest way between the two places that are
farthest from each other by shortest ways: so where there are two carriageways, one of them is followed. Between pieces
that do not touch, gaps up to a limit are bridged, at a price that makes any drawn way cheaper.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.networks.measuring import GroundLine, distance_m
from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

Place = tuple[float, float]
"""Longitude and latitude in decimal degrees."""

MAX_GAP_M: Final = 500.0
"""Gaps up to this are bridged unless told otherwise: map editors leave out roundabouts and bridges."""

# A bridge costs as much as ten times its length of drawn road.
_BRIDGE_PRICE: Final = 10.0


class Bridge(NamedTuple):
    """A gap that was bridged by a straight line: where it begins, and how wide it is."""

    lon: float
    lat: float
    gap_m: float


class Assembled(NamedTuple):
    """One line (n, 2) in decimal degrees, the gaps bridged on it, and the metres of parts that are not on it."""

    lonlat: NDArray[np.float64]
    bridges: list[Bridge]
    unused_m: float


class _Edge(NamedTuple):
    """A way from one place to another: along a part, or over a gap."""

    to: Place
    cost: float
    length_m: float
    lonlat: NDArray[np.float64]
    drawn: bool


def assemble(parts: Sequence[NDArray[np.float64]], max_gap_m: float = MAX_GAP_M) -> Assembled:
    """Make one line of parts (each (n, 2), n ≥ 2) in decimal degrees.

    Its direction is the one in which most of its length was drawn. The same parts give the same line, whatever their
    order.
    """
    ways, total_m = _graph(sorted(_split(parts), key=lambda part: part.tolist()))
    _bridge(ways, max_gap_m)
    first, last, reached = _longest(ways)
    path: list[tuple[Place, _Edge]] = []
    at = last
    while at != first:
        before, edge = reached.came_by[at]
        path.append((before, edge))
        at = before
    path.reverse()
    if not path:  # one closed part, which leads from its start to its start
        (edge, *_) = ways[first]
        return Assembled(edge.lonlat, [], total_m - edge.length_m)
    line = np.vstack([path[0][1].lonlat[:1], *(edge.lonlat[1:] for _, edge in path)])
    used_m = sum(edge.length_m for _, edge in path if edge.drawn)
    bridges = [Bridge(*before, edge.length_m) for before, edge in path if not edge.drawn]
    return Assembled(line if _runs_as_drawn(path, parts) else line[::-1], bridges, total_m - used_m)


def _split(parts: Sequence[NDArray[np.float64]]) -> Iterator[NDArray[np.float64]]:
    """Cut parts where another one ends on them."""
    ends = {tuple(part[at]) for part in parts for at in (0, -1)}
    for part in parts:
        inner = [at for at in range(1, len(part) - 1) if tuple(part[at]) in ends]
        for begin, end in zip([0, *inner], [*inner, len(part) - 1], strict=True):
            yield part[begin : end + 1]


def _graph(parts: Sequence[NDArray[np.float64]]) -> tuple[dict[Place, list[_Edge]], float]:
    ways: defaultdict[Place, list[_Edge]] = defaultdict(list)
    total_m = 0.0
    for part in parts:
        length_m = GroundLine(part).length_m
        total_m += length_m
        start, end = _place(part[0]), _place(part[-1])
        ways[start].append(_Edge(end, length_m, length_m, part, drawn=True))
        ways[end].append(_Edge(start, length_m, length_m, part[::-1], drawn=True))
    return dict(ways), total_m


def _bridge(ways: dict[Place, list[_Edge]], max_gap_m: float) -> None:
    """Add edges between ends within reach of each other that no drawn way connects."""
    places = sorted(ways)
    piece = _pieces(ways)
    lonlat = np.array(places)
    x, y = to_mercator(lonlat[:, 0], lonlat[:, 1])
    points = shapely.points(x, y)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=max_gap_m * scale(lonlat[:, 1]))
    for a, b in sorted(near.T.tolist()):
        if piece[places[a]] != piece[places[b]]:
            gap_m = float(distance_m(lonlat[[a]], lonlat[[b]])[0])
            ways[places[a]].append(
                _Edge(places[b], gap_m * _BRIDGE_PRICE, gap_m, np.array([places[a], places[b]]), drawn=False)
            )


def _pieces(ways: dict[Place, list[_Edge]]) -> dict[Place, Place]:
    """Give each place the first place of the connected piece that it is on."""
    piece: dict[Place, Place] = {}
    for first in sorted(ways):
        waiting = [] if first in piece else [first]
        while waiting:
            place = waiting.pop()
            if place not in piece:
                piece[place] = first
                waiting += [edge.to for edge in ways[place]]
    return piece


class _Reached(NamedTuple):
    """Places reached by shortest ways from one: by which edge from where, and the drawn metres to each."""

    came_by: dict[Place, tuple[Place, _Edge]]
    drawn_m: dict[Place, float]

    @property
    def farthest(self) -> Place:
        return max(self.drawn_m, key=lambda place: (self.drawn_m[place], place))


def _reach(ways: dict[Place, list[_Edge]], start: Place) -> _Reached:
    """Reach all that is connected to a place by shortest ways (Dijkstra, 1959)."""
    reached = _Reached({}, {})
    waiting: list[tuple[float, Place, Place, int]] = [(0.0, start, start, -1)]
    while waiting:
        paid, place, before, number = heapq.heappop(waiting)
        if place in reached.drawn_m:
            continue
        if number < 0:
            reached.drawn_m[place] = 0.0
        else:
            came = ways[before][number]
            reached.came_by[place] = (before, came)
            reached.drawn_m[place] = reached.drawn_m[before] + (came.length_m if came.drawn else 0.0)
        for at, edge in enumerate(ways[place]):
            if edge.to not in reached.drawn_m:
                heapq.heappush(waiting, (paid + edge.cost, edge.to, place, at))
    return reached


def _longest(ways: dict[Place, list[_Edge]]) -> tuple[Place, Place, _Reached]:
    """Give the two places farthest from each other, and what is reached from the first of them.

    Twice to the farthest place: exact where the graph is a tree, and roads nearly are.
    """
    pairs = []
    for start in sorted(set(_pieces(ways).values())):
        first = _reach(ways, start).farthest
        reached = _reach(ways, first)
        pairs.append((reached.drawn_m[reached.farthest], first, reached))
    _, first, reached = max(pairs, key=lambda pair: pair[:2])
    return first, reached.farthest, reached


def _runs_as_drawn(path: Sequence[tuple[Place, _Edge]], parts: Sequence[NDArray[np.float64]]) -> bool:
    drawn = {(*a, *b) for part in parts for a, b in pairwise(part.tolist())}
    with_m = sum(
        edge.length_m if (*_place(edge.lonlat[0]), *_place(edge.lonlat[1])) in drawn else -edge.length_m
        for _, edge in path
        if edge.drawn
    )
    return with_m >= 0


def _place(position: NDArray[np.float64]) -> Place:
    return float(position[0]), float(position[1])
