"""Ellipsoidal Mercator on WGS 84 (EPSG:3395): short distances on it are true after one division.

Mercator is conformal: at a latitude, all directions are stretched by the same factor `scale`. So metres on
the plane divided by the factor are metres on the ground, for distances that are short beside the Earth's
radius (over 300 m at 60 degrees the factor itself changes by 0.01 %). One plane spans the Earth: no zones.

Formulas: J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), pp. 44-45.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEMI_MAJOR_AXIS_M: Final = 6_378_137.0
"""Equatorial radius of WGS 84."""

_FLATTENING: Final = 1 / 298.257_223_563
_ECCENTRICITY: Final = (_FLATTENING * (2 - _FLATTENING)) ** 0.5

HALF_WORLD_M: Final = SEMI_MAJOR_AXIS_M * np.pi
"""The x of the meridian 180 degrees east."""


def to_mercator(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Project decimal degrees to metres on the plane, (x east, y north).

    Callers keep latitudes away from the poles, where y grows without bound. Snyder, eq. 7-6 and 7-7, the
    latter in its equivalent form with inverse hyperbolic tangents, which loses no digits near the equator.
    """
    sin_lat = np.sin(np.radians(lat))
    y = np.arctanh(sin_lat) - _ECCENTRICITY * np.arctanh(_ECCENTRICITY * sin_lat)
    return SEMI_MAJOR_AXIS_M * np.radians(lon), SEMI_MAJOR_AXIS_M * y


def scale(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give metres on the plane per metre on the ground at latitudes in decimal degrees. Snyder, eq. 7-8."""
    phi = np.radians(lat)
    stretched: NDArray[np.float64] = np.sqrt(1 - (_ECCENTRICITY * np.sin(phi)) ** 2) / np.cos(phi)
    return stretched
