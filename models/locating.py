"""Where on the network something happened: by route and kilometre post, or by coordinates."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.chainage import NOWHERE, Chainage
from models.errors import SettingsError
from models.nearest import NearLines

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.network import Network

UNLOCATED: Final = NOWHERE
"""The segment of what lies on none."""

MAX_TOLERANCE_M: Final = 100_000.0
"""Beyond this, distances on the plane are no longer those on the ground."""

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
    """The places of many events: a Placement of arrays."""

    segment: NDArray[np.int32]
    km: NDArray[np.float64]
    distance_m: NDArray[np.float64]


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
        segments = network.segments
        self._chainage = Chainage(segments)
        self._lines = NearLines([segment.geometry for segment in segments])
        self._from_km = np.array([segment.from_km for segment in segments], dtype=np.float64)
        self._to_km = np.array([segment.to_km for segment in segments], dtype=np.float64)
        route_end: dict[str, float] = {}
        for segment in segments:
            route_end[segment.route] = max(segment.to_km, route_end.get(segment.route, -math.inf))
        self._has_end = np.array([s.to_km == route_end[s.route] for s in segments], dtype=np.bool_)

    def by_chainage(self, route: str, km: float, direction: str | None = None) -> Placement:
        """Place an event by its kilometre post.

        `direction` is `forward` (rising km), `backward` or None. A segment against the direction is taken
        only where no other fits. Of those that fit the narrower is taken. Unknown routes, and km outside of
        a route or in a gap of it, are unlocated.
        """
        segment = self._chainage.find(route, km, direction)
        return _UNPLACED if segment == NOWHERE else Placement(segment, km, 0.0)

    def by_coordinates(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Placements:
        """Place points on the nearest segment within the tolerance; arrays of one length in decimal degrees.

        NaN, values out of range and latitudes beyond 85 degrees are unlocated.
        """
        segment = np.full(lon.size, UNLOCATED, dtype=np.int32)
        km = np.full(lon.size, np.nan)
        distance_m = np.full(lon.size, np.nan)
        near = self._lines.within(lon, lat, self.tolerance_m)
        if near.point.size:
            length_m = self._lines.length_m[near.line]
            at_end = (length_m - near.along_m <= _SAME_M) & ~self._has_end[near.line]
            first = np.flatnonzero(np.diff(near.point, prepend=-1))
            nearest_m = np.minimum.reduceat(near.distance_m, first)
            nearest_m = np.repeat(nearest_m, np.diff(first, append=near.point.size))
            farther = near.distance_m > nearest_m + _SAME_M
            order = np.lexsort((near.line, at_end, farther, near.point))
            pick = order[first]
            point, line = near.point[pick], near.line[pick]
            share = np.divide(near.along_m[pick], length_m[pick], out=np.zeros(pick.size), where=length_m[pick] > 0)
            from_km = self._from_km[line]
            segment[point] = line
            km[point] = from_km + share.clip(0, 1) * (self._to_km[line] - from_km)
            distance_m[point] = near.distance_m[pick]
        return Placements(segment, km, distance_m)


_UNPLACED: Final = Placement(UNLOCATED, math.nan, math.nan)
