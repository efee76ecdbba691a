"""Find the nearest line to many points, in metres on the ground.

Lines are straight between positions in longitude and latitude (RFC 7946, section 3.1.1), so they are first
cut into edges that are short enough to be straight in Mercator as well. A tree over runs of edges gives the
runs within reach of each point; arithmetic on their edges gives the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.projection import HALF_WORLD_M, scale, to_mercator
from models.travel import mismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry import LineString, MultiLineString

    from models.travel import Travel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

MAX_LATITUDE: Final = 85.0
"""Points nearer to a pole are on no line: Mercator ends there, and so do roads."""

_MAX_LONGITUDE: Final = 180.0

# At 60 degrees the arc of such an edge leaves its chord by 0.1 m.
_EDGE_DEGREES: Final = 0.02
_EDGES_PER_RUN: Final = 8
_METRES_PER_DEGREE: Final = 110_000.0
_CLIP_LATITUDE: Final = 89.0
_POINTS_AT_ONCE: Final = 16_384
_PAIRS_AT_ONCE: Final = 65_536


class Candidates(NamedTuple):
    """Pairs of a point and a line within reach of it; arrays of one length, ordered by point, then line.

    `along_m` is where the line fits best, from its start; `distance_m` how far it is there. `score_m` is the distance
    at which a line that agrees with the travel would fit as well: it equals `distance_m` where no travel is known.
    """

    point: Integers
    line: Integers
    along_m: Floats
    distance_m: Floats
    score_m: Floats


class Asked(NamedTuple):
    """Points to be placed: arrays of one length, but for `travel`, which may be None.

    `lon` and `lat` are decimal degrees; `reach_m` is how far a line may be; `spread_m` is the standard deviation of
    the position across the road, which weighs the travel against the distance.
    """

    lon: Floats
    lat: Floats
    reach_m: Floats
    spread_m: Floats
    travel: Travel | None


class NearLines:
    """An index of lines in decimal degrees; `None` among them is never near."""

    def __init__(
        self, lines: Sequence[LineString | MultiLineString | None], ways: NDArray[np.int8] | None = None
    ) -> None:
        """Cut the lines into edges and plant the tree. `length_m` has each line's length on the ground.

        `ways` are the senses in which the lines may be travelled (`models.travel.WAYS`); both where left out.
        """
        parts, line_of_part = shapely.get_parts(np.array(lines, dtype=object), return_index=True)
        tail, head, part = _edges(parts)
        (x, y), (x_head, y_head) = to_mercator(*tail), to_mercator(*head)
        self._x, self._y, self._lat = x, y, tail[1]
        self._dx, self._dy, self._dlat = x_head - x, y_head - y, head[1] - tail[1]
        self._square = self._dx**2 + self._dy**2
        self._metres: Floats = np.sqrt(self._square) / scale((tail[1] + head[1]) / 2)
        self._ways = np.zeros(len(lines), dtype=np.int8) if ways is None else ways

        self._line: Integers = line_of_part[part]
        self.length_m = np.bincount(self._line, self._metres, minlength=len(lines)).astype(np.float64)
        travelled = np.cumsum(self._metres) - self._metres
        self._start_m: Floats = travelled - travelled[np.searchsorted(self._line, self._line)]
        self._ends_m: Floats = travelled + self._metres
        self._before_m: Floats = np.append(0.0, np.cumsum(self.length_m))

        self._first, self._last = _runs(part)
        self._tree = shapely.STRtree(_run_lines((x, y), (x_head, y_head), self._first, self._last))

    def within(self, lon: Floats, lat: Floats, reach_m: float) -> Candidates:
        """Give each line's nearest place to each point, where that is within `reach_m` metres.

        Decimal degrees. Points that are no place on Earth, or beyond MAX_LATITUDE, have no candidates.
        """
        same = np.full(lon.size, reach_m)
        return self.fitting(Asked(lon, lat, same, same, None))

    def fitting(self, asked: Asked) -> Candidates:
        """Give the place of each line that fits each point best, where one is within the point's reach.

        Points that are no place on Earth, or beyond MAX_LATITUDE, have no candidates.
        """
        usable = np.flatnonzero((np.abs(asked.lon) <= _MAX_LONGITUDE) & (np.abs(asked.lat) <= MAX_LATITUDE))
        found = [self._chunk(usable[at : at + _POINTS_AT_ONCE], asked) for at in range(0, usable.size, _POINTS_AT_ONCE)]
        return Candidates(*map(np.concatenate, zip(*found, strict=True))) if found else _NONE

    def metres_to(self, lon: Floats, lat: Floats, line: Integers, along_m: Floats) -> Floats:
        """Measure from points straight to places on lines, so many metres along them; NaN for a line not drawn.

        Exact to a thousandth for some kilometres. Farther away, and across the 180th meridian, it only says: far.
        """
        metres = np.full(lon.size, np.nan)
        if not self._line.size:
            return metres
        first = np.searchsorted(self._line, line).clip(max=self._line.size - 1)
        drawn = np.flatnonzero((self._line[first] == line) & (np.abs(lat) <= MAX_LATITUDE))
        line, along_m, lat = line[drawn], along_m[drawn], lat[drawn]
        # Edges are in order of their lines, and within a line of where they start.
        edge = np.searchsorted(self._ends_m, self._before_m[line] + along_m).clip(
            first[drawn], np.searchsorted(self._line, line, side="right") - 1
        )
        share = np.divide(
            along_m - self._start_m[edge], self._metres[edge], out=np.zeros(edge.size), where=self._metres[edge] > 0
        ).clip(0, 1)
        x, y = to_mercator(lon[drawn], lat)
        gap = np.hypot(x - self._x[edge] - share * self._dx[edge], y - self._y[edge] - share * self._dy[edge])
        metres[drawn] = gap / scale((lat + self._lat[edge] + share * self._dlat[edge]) / 2)
        return metres

    def _chunk(self, places: Integers, asked: Asked) -> Candidates:
        lat, reach_m = asked.lat[places], asked.reach_m[places]
        x, y = to_mercator(asked.lon[places], lat)
        farthest = np.minimum(np.abs(lat) + reach_m / _METRES_PER_DEGREE, _CLIP_LATITUDE)
        reach = reach_m * scale(farthest)
        # A point beside the 180th meridian is asked for on both edges of the plane.
        beside = np.flatnonzero(np.abs(x) > HALF_WORLD_M - reach)
        owner = np.append(np.arange(places.size), beside)
        x = np.append(x, x[beside] - np.copysign(2 * HALF_WORLD_M, x[beside]))
        points, run = self._tree.query(shapely.points(x, y[owner]), predicate="dwithin", distance=reach[owner])
        owned = owner[points]
        pairs = [
            self._best(run[part], x[points[part]], y[owned[part]], places[owned[part]], asked)
            for part in (slice(at, at + _PAIRS_AT_ONCE) for at in range(0, points.size, _PAIRS_AT_ONCE))
        ]
        if not pairs:
            return _NONE
        line, along_m, distance_m, score_m = map(np.concatenate, zip(*pairs, strict=True))
        # A line comes once for each of its runs within reach: the one that fits best is its answer.
        order = np.lexsort((along_m, np.rint(score_m * 1_000), line, owned))
        order = order[distance_m[order] <= reach_m[owned[order]]]
        again = (np.diff(owned[order]) == 0) & (np.diff(line[order]) == 0)
        order = order[np.append(True, ~again)[: order.size]]
        return Candidates(places[owned[order]], line[order], along_m[order], distance_m[order], score_m[order])

    def _best(
        self, run: Integers, x: Floats, y: Floats, place: Integers, asked: Asked
    ) -> tuple[Integers, Floats, Floats, Floats]:
        """Give line, metres along it, metres to it and the score, for pairs of a run and a point.

        `x` and `y` are the point's on the plane, `place` is its number among those asked for.
        """
        lat = asked.lat[place]
        # Runs shorter than the longest repeat their last edge, which changes no minimum.
        edges = np.minimum(self._first[run, None] + np.arange(_EDGES_PER_RUN), self._last[run, None])
        east, north = x[:, None] - self._x[edges], y[:, None] - self._y[edges]
        dx, dy, square = self._dx[edges], self._dy[edges], self._square[edges]
        share = np.divide(east * dx + north * dy, square, out=np.zeros_like(east), where=square > 0).clip(0, 1)
        gap_square = (east - share * dx) ** 2 + (north - share * dy) ** 2
        penalty = np.zeros((1, 1))
        best = gap_square.argmin(axis=1)[:, None]
        if asked.travel is not None:
            length = np.sqrt(np.where(square > 0, square, 1))
            penalty = asked.spread_m[place, None] ** 2 * mismatch(
                asked.travel.take(place), dx / length, dy / length, self._ways[self._line[self._first[run]]]
            )
            stretched_square = scale(lat)[:, None] ** 2
            # An edge out of reach must not hide one within it, however well it agrees.
            near = gap_square <= stretched_square * asked.reach_m[place, None] ** 2
            costs = np.where(near, gap_square + stretched_square * penalty, np.inf)
            best = np.where(near.any(axis=1)[:, None], costs.argmin(axis=1)[:, None], best)
            penalty = np.take_along_axis(penalty, best, axis=1)
        edge = np.take_along_axis(edges, best, axis=1)[:, 0]
        share = np.take_along_axis(share, best, axis=1)[:, 0]
        gap = np.sqrt(np.take_along_axis(gap_square, best, axis=1)[:, 0])
        # Between the two latitudes the factor is nearly linear, so its value midway is its mean.
        distance_m = gap / scale((lat + self._lat[edge] + share * self._dlat[edge]) / 2)
        score_m = distance_m if asked.travel is None else np.sqrt(distance_m**2 + penalty[:, 0])
        return self._line[edge], self._start_m[edge] + share * self._metres[edge], distance_m, score_m


_NO_FLOATS: Final = np.empty(0, dtype=np.float64)
_NO_INTEGERS: Final = np.empty(0, dtype=np.int64)
_NONE: Final = Candidates(_NO_INTEGERS, _NO_INTEGERS, _NO_FLOATS, _NO_FLOATS, _NO_FLOATS)


def _edges(parts: NDArray[np.object_]) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], Integers]:
    """Cut LineStrings into edges: (lon, lat) of each tail and head, and the number of its LineString."""
    lonlat, part = shapely.get_coordinates(parts, return_index=True)
    lonlat[:, 1] = lonlat[:, 1].clip(-_CLIP_LATITUDE, _CLIP_LATITUDE)
    tail = np.flatnonzero(part[1:] == part[:-1])
    step = lonlat[tail + 1] - lonlat[tail]
    # Lines of no length are real (four of the US interstates): they keep one edge.
    pieces = np.maximum(np.ceil(np.hypot(step[:, 0], step[:, 1]) / _EDGE_DEGREES), 1).astype(np.int64)
    whole = np.repeat(np.arange(tail.size), pieces)
    nth = np.arange(whole.size) - (np.cumsum(pieces) - pieces)[whole]
    start = lonlat[tail[whole]]
    tails = start + step[whole] * (nth / pieces[whole])[:, None]
    heads = start + step[whole] * ((nth + 1) / pieces[whole])[:, None]
    return (tails[:, 0], tails[:, 1]), (heads[:, 0], heads[:, 1]), part[tail[whole]]


def _runs(part_of_edge: Integers) -> tuple[Integers, Integers]:
    """Give the first and the last edge of each run: consecutive edges of one part, at most _EDGES_PER_RUN."""
    number = np.arange(part_of_edge.size)
    in_part = number - np.searchsorted(part_of_edge, part_of_edge)
    first = np.flatnonzero(in_part % _EDGES_PER_RUN == 0)
    return first, np.append(first[1:], part_of_edge.size)[: first.size] - 1


def _run_lines(
    tail: tuple[Floats, Floats], head: tuple[Floats, Floats], first: Integers, last: Integers
) -> NDArray[np.object_]:
    """Draw the line of each run: the tails of its edges, then the head of its last."""
    x, y = (np.insert(tails, last + 1, heads[last]) for tails, heads in zip(tail, head, strict=True))
    lines: NDArray[np.object_] = shapely.linestrings(x, y, indices=np.repeat(np.arange(first.size), last - first + 2))
    return lines
