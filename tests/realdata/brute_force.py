"""The nearest lines to a point, found the plain way: every edge, on a plane that touches the Earth at the point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SEMI_MAJOR_AXIS_M = 6_378_137.0
_ECCENTRICITY_SQUARED = 0.006_694_379_990_14
_SURELY_FARTHER_DEGREES = 0.02
"""2.2 km of latitude: an edge beyond that on either side is not within a reach of some hundred metres."""


class Edges(NamedTuple):
    """All edges of all lines: ends in degrees (lon, lat), the number of the line, and the bounds in latitude."""

    tail: NDArray[np.float64]
    head: NDArray[np.float64]
    line: NDArray[np.int64]
    south: NDArray[np.float64]
    north: NDArray[np.float64]


def edges_of(geometries: list[dict[str, Any]]) -> Edges:
    """List the edges of LineStrings and MultiLineStrings; a line's number is its place in the list."""
    tails, heads, lines = [], [], []
    for number, geometry in enumerate(geometries):
        parts = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
        for part in parts:
            tails += part[:-1]
            heads += part[1:]
            lines += [number] * (len(part) - 1)
    tail, head = np.array(tails), np.array(heads)
    return Edges(tail, head, np.array(lines), *np.sort([tail[:, 1], head[:, 1]], axis=0))


def distances_m(edges: Edges, lon: float, lat: float) -> dict[int, float]:
    """Give metres from a point to each line that is near enough to matter.

    Edges are straight in longitude and latitude (RFC 7946, section 3.1.1), and so on the plane.
    """
    point = np.array([lon, lat])
    level = (edges.south <= lat + _SURELY_FARTHER_DEGREES) & (lat - _SURELY_FARTHER_DEGREES <= edges.north)
    near = np.flatnonzero(level)
    ends = edges.tail[near, 0] - lon, edges.head[near, 0] - lon
    margin = _SURELY_FARTHER_DEGREES / np.cos(np.radians(lat))
    near = near[(np.minimum(*ends) <= margin) & (-margin <= np.maximum(*ends))]
    metres_per_degree = _metres_per_degree(lat)
    tail = (edges.tail[near] - point) * metres_per_degree
    along = (edges.head[near] - point) * metres_per_degree - tail
    square = (along**2).sum(axis=1)
    share = np.divide(-(tail * along).sum(axis=1), square, out=np.zeros_like(square), where=square > 0)
    gap = tail + share.clip(0, 1)[:, None] * along
    found: dict[int, float] = {}
    for line, metres in zip(edges.line[near].tolist(), np.hypot(*gap.T).tolist(), strict=True):
        found[line] = min(metres, found.get(line, metres))
    return found


def _metres_per_degree(lat: float) -> NDArray[np.float64]:
    """Metres east and north per degree: the two radii of curvature of WGS 84 at a latitude."""
    flatter = 1 - _ECCENTRICITY_SQUARED * np.sin(np.radians(lat)) ** 2
    across = _SEMI_MAJOR_AXIS_M / np.sqrt(flatter)
    along_meridian = across * (1 - _ECCENTRICITY_SQUARED) / flatter
    return np.radians(1) * np.array([across * np.cos(np.radians(lat)), along_meridian])
