"""The likeliest way of a vehicle, by a hidden Markov model over the edges near its fixes.

P. Newson and J. Krumm, Hidden Markov Map Matching Through Noise and Sparseness, ACM SIGSPATIAL GIS 2009. A fix is the
likelier seen from an edge the nearer it is (a normal distribution, their eq. 1), and two places are the likelier
driven one after the other the less the way between them differs from the straight line (an exponential distribution,
their eq. 2). Viterbi's algorithm gives the likeliest places in a row. Ours is that a fix's heading is compared with
the edge's bearing, and that one-way edges are driven one way.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.locating import UNLOCATED
from models.tracks.landmarks import landmarks
from models.tracks.runs import farthest_m, runs, straight_m, without_jumps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.nearest import Candidates
    from models.tracks.graph import RoadGraph
    from models.tracks.routes import Routes
    from models.tracks.runs import Fixes

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

FIX_ERROR_M: Final = 10.0
"""Standard deviation of a fix from the road's middle line: the receiver's error and half of a wide road."""

DETOUR_SCALE_M: Final = 10.0
"""The mean by which the way between two fixes differs from the straight line."""

HEADING_ERROR_DEGREES: Final = 30.0

_LONGEST_DETOUR_M: Final = 2_000.0
# A heading says little while a vehicle stands or turns: beyond a right angle it is not held against an edge any more.
_WORST_HEADING_DEGREES: Final = 90.0
_FULL_TURN: Final = 360.0
_HALF_TURN: Final = 180.0
# On a one-way edge a place behind the last one is the fixes' error.
_BACKWARD_M: Final = 3 * FIX_ERROR_M
# Where two segments meet, the place is the beginning of the next one.
_AT_END_PENALTY: Final = 1e-6
_SAME_M: Final = 0.001


class Matched(NamedTuple):
    """Where the fixes of a track were driven: arrays in the order of the fixes.

    `segment` is an index into `network.segments`, or UNLOCATED; `km` and `distance_m` are NaN there. `driven_m` has,
    by segment, the metres that were driven on it.
    """

    segment: Integers
    km: Floats
    distance_m: Floats
    driven_m: dict[int, float]


class _Piece(NamedTuple):
    """A stretch of one edge that was driven, in the direction of the way; metres along the edge."""

    edge: int
    from_m: float
    to_m: float


def match(fixes: Fixes, graph: RoadGraph, routes: Routes, tolerance_m: float = 50.0) -> Matched:
    """Match one track, whose fixes are in the order of their times.

    Fixes farther than the tolerance from any road, and such as the vehicle cannot have been at, stay UNLOCATED. No
    kilometres are counted over a gap, a jump, or where no way leads on.
    """
    near = graph.lines.within(fixes.lon, fixes.lat, tolerance_m)
    first = np.searchsorted(near.point, np.arange(fixes.lon.size + 1))
    usable = without_jumps(fixes, np.flatnonzero(np.diff(first)))
    chosen = np.full(fixes.lon.size, -1, dtype=np.int64)
    driven_m: dict[int, float] = {}
    model = _Model(fixes, graph, routes, near, first)
    for run in runs(fixes, usable):
        before: int | None = None
        for chain in model.chains(landmarks(fixes, run)):
            model.place_between(run, before, chain[0], [], chosen)
            for here, there in pairwise(chain):
                way = model.way(here, there)
                model.place_between(run, here, there, way, chosen)
                for edge, from_m, to_m in way:
                    segment = int(graph.segment[edge])
                    driven_m[segment] = driven_m.get(segment, 0.0) + abs(to_m - from_m)
            before = chain[-1]
        model.place_between(run, before, None, [], chosen)
    return _matched(graph, near, chosen, driven_m)


def _matched(graph: RoadGraph, near: Candidates, chosen: Integers, driven_m: dict[int, float]) -> Matched:
    segment = np.full(chosen.size, UNLOCATED, dtype=np.int64)
    km, distance_m = np.full(chosen.size, np.nan), np.full(chosen.size, np.nan)
    at = np.flatnonzero(chosen >= 0)
    pick = chosen[at]
    segment[at] = graph.segment[near.line[pick]]
    km[at] = graph.km(near.line[pick], near.along_m[pick])
    distance_m[at] = near.distance_m[pick]
    return Matched(segment, km, distance_m, driven_m)


class _Model:
    """The model of one track. A candidate is a row of `near`; a fix has those from `first[fix]` on."""

    def __init__(self, fixes: Fixes, graph: RoadGraph, routes: Routes, near: Candidates, first: Integers) -> None:
        self._fixes, self._graph, self._routes = fixes, graph, routes
        self._near, self._first = near, first
        self._seen = self._likelihood_seen()

    def _likelihood_seen(self) -> Floats:
        """Logarithm of how likely each candidate's fix is seen from its edge, but for a constant."""
        near, graph = self._near, self._graph
        at_end = graph.length_m[near.line] - near.along_m <= _SAME_M
        seen = -0.5 * (near.distance_m / FIX_ERROR_M) ** 2 - _AT_END_PENALTY * at_end
        turned = self._fixes.heading[near.point] - graph.bearing(near.line, near.along_m)
        ahead = np.abs((turned + _HALF_TURN) % _FULL_TURN - _HALF_TURN)
        off = np.minimum(
            np.where(graph.forward[near.line], ahead, _HALF_TURN),
            np.where(graph.backward[near.line], _HALF_TURN - ahead, _HALF_TURN),
        )
        unlikely = 0.5 * (np.minimum(off, _WORST_HEADING_DEGREES) / HEADING_ERROR_DEGREES) ** 2
        likelihood: Floats = seen - np.where(np.isnan(unlikely), 0, unlikely)
        return likelihood

    def chains(self, stops: Integers) -> list[list[int]]:
        """Find the likeliest candidates of fixes in a row; where no way leads on, another chain begins."""
        chains: list[list[int]] = []
        own = [np.arange(self._first[fix], self._first[fix + 1]) for fix in stops.tolist()]
        score = self._seen[own[0]]
        back: list[Integers] = []
        begin = 0
        limits = self._limits(stops)
        for step in range(1, stops.size):
            straight, limit_m = limits[step - 1]
            metres = self._ways_m(own[step - 1], own[step], limit_m)
            total = score[:, None] - np.abs(metres - straight) / DETOUR_SCALE_M
            best = total.argmax(axis=0)
            onward = total[best, np.arange(best.size)]
            if not np.isfinite(onward).any():
                chains.append(_traced(own[begin:step], score, back))
                begin, back, onward = step, [], np.zeros(best.size)
            else:
                back.append(best)
            score = onward + self._seen[own[step]]
        chains.append(_traced(own[begin:], score, back))
        return chains

    def way(self, here: int, there: int) -> list[_Piece]:
        """The stretches that were driven from one candidate to another, which `chains` found to be in reach."""
        near = self._near
        fixes = near.point[[here, there]]
        limit_m = self._limits(fixes)[0][1]
        start, end = int(near.line[here]), int(near.line[there])
        from_m, to_m = float(near.along_m[here]), float(near.along_m[there])
        ways = self._choices_m(np.array([here]), np.array([there]), limit_m)[0, 0]
        best = int(ways.argmin())
        if best == _ALONG:
            return [_Piece(start, from_m, to_m)]
        if best == _STANDING:
            return []
        leaves_at_head, enters_at_head = divmod(best, 2)
        graph = self._graph
        source = int((graph.head if leaves_at_head else graph.tail)[start])
        target = int((graph.head if enters_at_head else graph.tail)[end])
        between = self._routes.edges_between(source, target, limit_m)
        return [
            _Piece(start, from_m, float(graph.length_m[start]) if leaves_at_head else 0.0),
            *(_Piece(edge, 0.0, float(graph.length_m[edge])) for edge in between),
            _Piece(end, float(graph.length_m[end]) if enters_at_head else 0.0, to_m),
        ]

    def place_between(
        self, run: Integers, here: int | None, there: int | None, way: list[_Piece], chosen: Integers
    ) -> None:
        """Note two candidates that are next to each other in a chain, and the fixes between them on their way.

        A fix has the likeliest of its candidates on the edges that were driven, if it has one. None is the run's end.
        """
        near, first = self._near, self._first
        begin, end = 0, run.size
        edges = [piece.edge for piece in way]
        if here is not None:
            chosen[near.point[here]] = here
            begin = int(np.searchsorted(run, near.point[here])) + 1
            edges.append(int(near.line[here]))
        if there is not None:
            chosen[near.point[there]] = there
            end = int(np.searchsorted(run, near.point[there]))
            edges.append(int(near.line[there]))
        for fix in run[begin:end].tolist():
            own = np.arange(first[fix], first[fix + 1])
            own = own[np.isin(near.line[own], edges)]
            if own.size:
                chosen[fix] = own[self._seen[own].argmax()]

    def _limits(self, stops: Integers) -> list[tuple[float, float]]:
        """From each fix to the next: the straight line, and the longest way that is looked for, in metres."""
        straight = straight_m(self._fixes, stops[:-1], stops[1:])
        elapsed_s = np.diff(self._fixes.time_s[stops])
        limit = np.minimum(straight + _LONGEST_DETOUR_M, farthest_m(elapsed_s))
        return list(zip(straight.tolist(), limit.tolist(), strict=True))

    def _ways_m(self, here: Integers, there: Integers, limit_m: float) -> Floats:
        """Metres of the shortest way from each candidate here to each one there; infinite where none leads there."""
        shortest: Floats = self._choices_m(here, there, limit_m).min(axis=2)
        return shortest

    def _choices_m(self, here: Integers, there: Integers, limit_m: float) -> Floats:
        """Metres from each candidate here to each one there, by each choice.

        The last axis: leaving the edge at its tail or head and entering the other at its tail or head (four choices),
        _ALONG one edge, and _STANDING on a one-way edge that was driven on and not back.
        """
        graph, near = self._graph, self._near
        start, end = near.line[here], near.line[there]
        from_m, to_m = near.along_m[here], near.along_m[there]
        leave = np.stack([
            np.where(graph.backward[start], from_m, np.inf),
            np.where(graph.forward[start], graph.length_m[start] - from_m, np.inf),
        ])  # fmt: skip
        enter = np.stack([
            np.where(graph.forward[end], to_m, np.inf),
            np.where(graph.backward[end], graph.length_m[end] - to_m, np.inf),
        ])  # fmt: skip
        sources, source = np.unique(np.stack([graph.tail[start], graph.head[start]]), return_inverse=True)
        targets, target = np.unique(np.stack([graph.tail[end], graph.head[end]]), return_inverse=True)
        between = self._routes.distances_m(sources, targets, limit_m)
        source, target = source.reshape(2, -1), target.reshape(2, -1)
        choices = np.full((here.size, there.size, 6), np.inf)
        for choice in range(4):
            leaving, entering = divmod(choice, 2)
            over = between[source[leaving][:, None], target[entering][None, :]]
            choices[:, :, choice] = leave[leaving][:, None] + over + enter[entering][None, :]
        same = start[:, None] == end[None, :]
        moved = to_m[None, :] - from_m[:, None]
        forward, backward = graph.forward[start][:, None], graph.backward[start][:, None]
        may = same & np.where(moved >= 0, forward, backward)
        choices[:, :, _ALONG] = np.where(may, np.abs(moved), np.inf)
        choices[:, :, _STANDING] = np.where(same & ~may & (np.abs(moved) <= _BACKWARD_M), 0.0, np.inf)
        choices[choices > limit_m] = np.inf
        return choices


_ALONG: Final = 4
_STANDING: Final = 5


def _traced(own: list[Integers], score: Floats, back: list[Integers]) -> list[int]:
    """Follow the best candidates back to the first fix."""
    best = int(score.argmax())
    chain = [int(own[-1][best])]
    for candidates, came_from in zip(own[-2::-1], reversed(back), strict=True):
        best = int(came_from[best])
        chain.append(int(candidates[best]))
    return chain[::-1]
