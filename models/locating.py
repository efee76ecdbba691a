"""Where on the network something happened: by route and kilometre post, or by coordinates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np
import shapely

from models.chainage import NOWHERE, Chainage
from models.errors import SettingsError
from models.junctions import Junctions
from models.nearest import Asked, NearLines
from models.travel import WAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.nearest import Candidates
    from models.network import Network
    from models.travel import Travel

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

UNLOCATED: Final = NOWHERE
"""The segment of what lies on none."""

MAX_TOLERANCE_M: Final = 100_000.0
"""Beyond this, distances on the plane are no longer those on the ground."""

MAX_ACCURACY_M: Final = 100.0
"""A position that is worse widens the tolerance by no more: it could be on any road."""

USUAL_ACCURACY_M: Final = 15.0
"""Of a position that does not tell its own: a satellite receiver beside a road."""

_DRAWING_ERROR_M: Final = 5.0
_RADIUS_PER_SPREAD: Final = 1.515
"""68 % of positions, what receivers call their accuracy, lie within so many standard deviations of either axis:
the square root of -2 ln(1 - 0.6827)."""

# Two ends at one junction are equally near, but not to the last bit.
_SAME_M: Final = 0.001


class Placement(NamedTuple):
    """The place of one event.

    `segment` is an index into `network.segments`, or UNLOCATED; `km` the chainage on its route (NaN where
    unlocated); `distance_m` is from the point to the line, 0.0 by chainage, NaN where unlocated.
    """

    segment: int
    km: float
    distance_m: float


class Placements(NamedTuple):
    """The places of many events: a Placement of arrays. `tie` tells where another segment would have fitted as well."""

    segment: NDArray[np.int32]
    km: Floats
    distance_m: Floats
    tie: NDArray[np.bool_]

    def take(self, rows: Integers) -> Self:
        """Give the places of some of the events."""
        return self._replace(
            segment=self.segment[rows], km=self.km[rows], distance_m=self.distance_m[rows], tie=self.tie[rows]
        )


class Locator:
    """Places events on one network.

    Two segments of a route that meet share a point: it belongs to the one that begins there
    (`from_km <= km < to_km`), the end of a route to its last. What is still a tie goes to the lesser id.
    """

    def __init__(self, network: Network, tolerance_m: float = 50.0) -> None:
        """Index the network. Raises SettingsError unless 0 < tolerance_m <= MAX_TOLERANCE_M."""
        if not 0 < tolerance_m <= MAX_TOLERANCE_M:
            raise SettingsError(f"a tolerance of {tolerance_m} m is not above 0 and at most {MAX_TOLERANCE_M:.0f} m")
        self.network = network
        self.tolerance_m = tolerance_m
        self.junctions = Junctions(network, tolerance_m)
        segments = network.segments
        self._chainage = Chainage(segments)
        ways = np.array([WAYS.get(segment.direction, 0) for segment in segments], dtype=np.int8)
        self._lines = NearLines([segment.geometry for segment in segments], ways)
        drawn = [segment.geometry for segment in segments if segment.geometry is not None]
        # Without the Nones: of an array with nothing else it cannot tell the bounds.
        west, south, east, north = shapely.total_bounds(drawn).tolist() if drawn else [math.nan] * 4
        self._bounds = (west, south, east, north)
        self._from_km = np.array([segment.from_km for segment in segments], dtype=np.float64)
        self._to_km = np.array([segment.to_km for segment in segments], dtype=np.float64)
        self._uncertainty_m = np.array([segment.km_uncertainty_m or 0.0 for segment in segments], dtype=np.float64)
        route_end: dict[str, float] = {}
        for segment in segments:
            route_end[segment.route] = max(segment.to_km, route_end.get(segment.route, -math.inf))
        self._has_end = np.array([s.to_km == route_end[s.route] for s in segments], dtype=np.bool_)
        numbers = {route: number for number, route in enumerate(route_end)}
        self._route = np.array([numbers[segment.route] for segment in segments], dtype=np.int64)

    def by_chainage(self, route: str, km: float, direction: str | None = None) -> Placement:
        """Place an event by its kilometre post.

        `direction` is `forward` (rising km), `backward` or None. A segment against the direction is taken
        only where no other fits. Of those that fit the narrower is taken. Unknown routes, and km outside of
        a route or in a gap of it, are unlocated.
        """
        segment = self._chainage.find(route, km, direction)
        return _UNPLACED if segment == NOWHERE else Placement(segment, km, 0.0)

    def by_coordinates(
        self, lon: Floats, lat: Floats, travel: Travel | None = None, accuracy_m: Floats | None = None
    ) -> Placements:
        """Place points on the segments that fit best; arrays of one length in decimal degrees and metres.

        A segment is a candidate within the tolerance, widened by `accuracy_m` (the radius of 68 % confidence; NaN
        where not known; at most MAX_ACCURACY_M). Without `travel` the nearest one is taken. With it, a candidate
        that does not agree counts as farther away (`models.travel.mismatch`): the less, the more exact the position.
        NaN, values out of range and latitudes beyond 85 degrees are unlocated.
        """
        known_m = np.full(lon.size, np.nan) if accuracy_m is None else np.minimum(accuracy_m, MAX_ACCURACY_M)
        reach_m = self.tolerance_m + np.where(np.isnan(known_m), 0.0, known_m)
        assumed_m = np.where(np.isnan(known_m), USUAL_ACCURACY_M, known_m)
        spread_m = np.hypot(assumed_m / _RADIUS_PER_SPREAD, _DRAWING_ERROR_M)
        useful = travel if travel is not None and travel.says_something else None
        near = self._lines.fitting(Asked(lon, lat, reach_m, spread_m, useful))
        placements = Placements(
            np.full(lon.size, UNLOCATED, dtype=np.int32),
            np.full(lon.size, np.nan),
            np.full(lon.size, np.nan),
            np.zeros(lon.size, dtype=np.bool_),
        )
        if near.point.size:
            pick, tie = self._pick(near)
            point, line, along_m = near.point[pick], near.line[pick], near.along_m[pick]
            length_m = self._lines.length_m[line]
            share = np.divide(along_m, length_m, out=np.zeros(pick.size), where=length_m > 0)
            from_km = self._from_km[line]
            placements.segment[point] = line
            placements.km[point] = from_km + share.clip(0, 1) * (self._to_km[line] - from_km)
            placements.distance_m[point] = near.distance_m[pick]
            placements.tie[point] = tie
        return placements

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of all that is drawn, decimal degrees; NaN where nothing is."""
        return self._bounds

    def is_near(self, lon: Floats, lat: Floats, reach_m: float) -> NDArray[np.bool_]:
        """Tell which points have a segment within reach."""
        near = np.zeros(lon.size, dtype=np.bool_)
        near[self._lines.within(lon, lat, reach_m).point] = True
        return near

    def conflicts(
        self, lon: Floats, lat: Floats, segment: Integers, km: Floats, found: Placements
    ) -> NDArray[np.bool_]:
        """Tell where coordinates contradict the kilometre stated with them, on a segment; arrays of one length.

        They do where they lie farther from it than the tolerance and the uncertainty of its segment's kilometres.
        Where that segment is not drawn, the kilometre at which the coordinates were `found` on its route is compared;
        where they were found on another, or on none, nobody can say.
        """
        limit_m = self.tolerance_m + self._uncertainty_m[segment]
        share = (km - self._from_km[segment]) / (self._to_km[segment] - self._from_km[segment])
        apart_m = self._lines.metres_to(lon, lat, segment, share * self._lines.length_m[segment])
        same_route = (found.segment != UNLOCATED) & (self._route[found.segment] == self._route[segment])
        by_post_m = np.where(same_route, np.abs(found.km - km) * 1000, np.nan)
        conflict: NDArray[np.bool_] = np.where(np.isnan(apart_m), by_post_m, apart_m) > limit_m
        return conflict

    def _pick(self, near: Candidates) -> tuple[Integers, NDArray[np.bool_]]:
        """Choose one candidate for each point that has any. Returns their places in `near`, and which were ties."""
        begins = np.flatnonzero(np.diff(near.point, prepend=-1))
        sizes = np.diff(begins, append=near.point.size)
        at_end = (self._lines.length_m[near.line] - near.along_m <= _SAME_M) & ~self._has_end[near.line]
        best_m = np.repeat(np.minimum.reduceat(near.score_m, begins), sizes)
        farther = near.score_m > best_m + _SAME_M
        pick = np.lexsort((near.line, at_end, farther, near.point))[begins]
        # A bend in the travel must not put the end of a segment where the next one begins.
        picked = np.repeat(pick, sizes)
        follows = (
            at_end[picked]
            & (self._route[near.line] == self._route[near.line[picked]])
            & (self._from_km[near.line] == self._to_km[near.line[picked]])
            & (np.abs(near.distance_m - near.distance_m[picked]) <= _SAME_M)
        )
        if follows.any():
            among_them = np.where(follows, np.rint(near.score_m / _SAME_M), 0)
            pick = np.lexsort((near.line, among_them, ~follows, at_end, farther & ~follows, near.point))[begins]
            picked = np.repeat(pick, sizes)
        rivals = ~farther & (at_end == at_end[picked])
        return pick, np.add.reduceat(rivals, begins) > 1


_UNPLACED: Final = Placement(UNLOCATED, math.nan, math.nan)
