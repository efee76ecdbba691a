"""Shortest ways in the road graph, no longer than asked for."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.tracks.graph import RoadGraph

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

_SEARCHES_KEPT: Final = 4_096
_NO_EDGE: Final = -1


class _Search(NamedTuple):
    """All nodes within `limit_m` of a source: how far they are, and the (edge, node) one comes to each by."""

    limit_m: float
    distance_m: dict[int, float]
    came_by: dict[int, tuple[int, int]]


class Routes:
    """Shortest ways between nodes, by Dijkstra's algorithm with a limit.

    The fixes of a track ask for the same nodes again and again, so searches are remembered, some thousands of them.
    """

    __slots__ = ("_arcs", "_first", "_searches")

    def __init__(self, graph: RoadGraph) -> None:
        """Sort the edges by the node that they leave."""
        edges = np.arange(graph.tail.size)
        ahead, back = edges[graph.forward], edges[graph.backward]
        source = np.append(graph.tail[ahead], graph.head[back])
        target = np.append(graph.head[ahead], graph.tail[back])
        edge = np.append(ahead, back)
        order = np.argsort(source, kind="stable")
        self._first: list[int] = np.searchsorted(source[order], np.arange(graph.nodes + 1)).tolist()
        columns = (target[order], graph.length_m[edge[order]], edge[order])
        self._arcs: list[tuple[int, float, int]] = list(zip(*(column.tolist() for column in columns), strict=True))
        self._searches: dict[int, _Search] = {}

    def distances_m(self, sources: Integers, targets: Integers, limit_m: float) -> Floats:
        """Give the metres from each source to each target (shape: sources × targets), infinite beyond the limit."""
        wanted = targets.tolist()
        found = [
            [distance_m.get(target, np.inf) for target in wanted]
            for distance_m in (self._search(source, limit_m).distance_m for source in sources.tolist())
        ]
        metres = np.array(found, dtype=np.float64).reshape(sources.size, targets.size)
        # A search that is remembered may have gone farther.
        metres[metres > limit_m] = np.inf
        return metres

    def edges_between(self, source: int, target: int, limit_m: float) -> list[int]:
        """List the edges of the shortest way. Raises KeyError where the target lies beyond the limit."""
        came_by = self._search(source, limit_m).came_by
        edges: list[int] = []
        while target != source:
            edge, target = came_by[target]
            edges.append(edge)
        return edges[::-1]

    def _search(self, source: int, limit_m: float) -> _Search:
        known = self._searches.get(source)
        if known is None or known.limit_m < limit_m:
            if len(self._searches) >= _SEARCHES_KEPT:
                self._searches.clear()
            known = self._searches[source] = self._searched(source, limit_m)
        return known

    def _searched(self, source: int, limit_m: float) -> _Search:
        settled: dict[int, float] = {}
        came_by: dict[int, tuple[int, int]] = {}
        # The edge stands in the queue to decide ties, the same way every time.
        waiting: list[tuple[float, int, int, int]] = [(0.0, source, _NO_EDGE, source)]
        first, arcs = self._first, self._arcs
        while waiting:
            so_far_m, node, edge, before = heappop(waiting)
            if node in settled:
                continue
            settled[node] = so_far_m
            came_by[node] = (edge, before)
            for target, length_m, by in arcs[first[node] : first[node + 1]]:
                if target not in settled and so_far_m + length_m <= limit_m:
                    heappush(waiting, (so_far_m + length_m, target, by, node))
        return _Search(limit_m, settled, came_by)
