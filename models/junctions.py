"""Which junction an accident belongs to: a crossroads is one place, however many streets meet there.

An accident within a junction's radius belongs to it. So does one that is marked as at a junction and lies farther out
by no more than the tolerance: whoever marked it saw the crossroads, and only the position is inexact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import shapely

from models.networks.measuring import GroundLine, distance_m
from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.network import Network

NO_JUNCTION: Final = -1
"""The junction of what belongs to none."""

_MAX_LATITUDE: Final = 85.0
_MAX_LONGITUDE: Final = 180.0

# At the far side of a reach the plane is stretched a little more than at the point itself.
_RESERVE: Final = 1.001


class Claims(NamedTuple):
    """The junctions of many accidents: indices into `network.junctions` or NO_JUNCTION, and metres to their centres."""

    junction: NDArray[np.int64]
    distance_m: NDArray[np.float64]


class Junctions:
    """The junctions of one network, asked for by place."""

    def __init__(self, network: Network, tolerance_m: float) -> None:
        """Index them. `tolerance_m` is how far beyond its radius a junction takes what is marked as its own."""
        self._segments = network.segments
        self._tolerance_m = tolerance_m
        self._lonlat = np.array([(j.lon, j.lat) for j in network.junctions], dtype=np.float64).reshape(-1, 2)
        self._radius_m = np.array([j.radius_m for j in network.junctions], dtype=np.float64)
        x, y = to_mercator(self._lonlat[:, 0], self._lonlat[:, 1].clip(-_MAX_LATITUDE, _MAX_LATITUDE))
        self._tree = shapely.STRtree(shapely.points(x, y))

    def __len__(self) -> int:
        """Count junctions."""
        return len(self._radius_m)

    def claim(self, lon: NDArray[np.float64], lat: NDArray[np.float64], marked: NDArray[np.bool_]) -> Claims:
        """Give the junction of each accident, the nearest centre where several reach it; arrays of one length.

        Decimal degrees. `marked` is what the accidents say themselves: only true widens the reach. NaN, and what is no
        place on Earth, belongs to no junction.
        """
        junction = np.full(lon.size, NO_JUNCTION, dtype=np.int64)
        off_m = np.full(lon.size, np.nan)
        usable = np.flatnonzero((np.abs(lon) <= _MAX_LONGITUDE) & (np.abs(lat) <= _MAX_LATITUDE))
        if len(self) and usable.size:
            widened_m = np.where(marked[usable], self._tolerance_m, 0.0)
            x, y = to_mercator(lon[usable], lat[usable])
            reach = (self._radius_m.max() + widened_m) * scale(lat[usable]) * _RESERVE
            asked, found = self._tree.query(shapely.points(x, y), predicate="dwithin", distance=reach)
            point = usable[asked]
            apart_m = distance_m(np.column_stack([lon[point], lat[point]]), self._lonlat[found])
            near = np.flatnonzero(apart_m <= self._radius_m[found] + widened_m[asked])
            # Centres as near as each other to a millimetre are ties: the lesser id has them.
            order = near[np.lexsort((found[near], np.rint(apart_m[near] * 1000), point[near]))]
            first = order[np.flatnonzero(np.diff(point[order], prepend=-1))]
            junction[point[first]] = found[first]
            off_m[point[first]] = apart_m[first]
        return Claims(junction, off_m)

    def claim_stated(self, segment: int, km: float) -> int:
        """Give the junction of an accident that is marked and located by its kilometre alone, else NO_JUNCTION.

        `segment` is an index into `network.segments`. One that is not drawn leads to no junction.
        """
        stretch = self._segments[segment]
        if stretch.geometry is None or not len(self):
            return NO_JUNCTION
        parts = [GroundLine(shapely.get_coordinates(part)) for part in shapely.get_parts(stretch.geometry)]
        along_m = (km - stretch.from_km) / (stretch.to_km - stretch.from_km) * sum(part.length_m for part in parts)
        for part in parts[:-1]:
            if along_m <= part.length_m:
                break
            along_m -= part.length_m
        else:
            part = parts[-1]
        place = part.places(np.array([along_m]))
        return int(self.claim(place[:, 0], place[:, 1], np.array([True])).junction[0])
