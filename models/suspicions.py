"""Positions that look like a known mistake: named, with what they would be, and never repaired in silence.

Only what lies on no segment is suspected, and only on evidence: a place in the steppe is no mistake. That the
position repaired lies on the network is evidence; that it lies far from it as it was sent is, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.errors import (
    DegreesMinutesError,
    RecordError,
    SentinelPositionError,
    SwappedCoordinatesError,
    ZeroPositionError,
)
from models.locating import UNLOCATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from models.locating import Locator

    Floats = NDArray[np.float64]
    Found = Iterator[tuple[int, float, float]]

FAR_DEGREES: Final = 0.5
"""So far outside of the rectangle around all segments nothing of the region happens: some 40 km."""

FAR_FROM_ROADS_M: Final = 2_000.0
"""Where no segment is nearer, a position is not just off a street that the network lacks."""

_SENTINELS: Final = (-1.0, 77.7777, 88.8888, 99.9999, 77.0, 88.0, 99.0, 180.0, -180.0, 90.0, -90.0)
"""Values within the range of degrees that stand for "unknown", where both coordinates have one."""

_LOCATION: Final = "$.location"
_ROUNDED_DIGITS: Final = 6


def suspicions(locator: Locator, lon: Floats, lat: Floats, segment: NDArray[np.int32]) -> dict[int, RecordError]:
    """Give the points that look mistaken, each with its error; arrays of one length, decimal degrees.

    `segment` is where they were located: only those that are UNLOCATED are looked at.
    """
    lost = np.flatnonzero(segment == UNLOCATED)
    found: dict[int, RecordError] = {}
    for look in (_zero, _sentinels, _swapped, _degrees_minutes) if lost.size else ():
        for at, error in look(locator, lon[lost], lat[lost]):
            found.setdefault(int(lost[at]), error)
    return found


def _zero(_locator: Locator, lon: Floats, lat: Floats) -> Iterator[tuple[int, RecordError]]:
    for at in np.flatnonzero((lon == 0) & (lat == 0)).tolist():
        message = "location: lon 0, lat 0 is in the sea and stands for no position: send none, or the true one"
        yield at, ZeroPositionError(message, _LOCATION)


def _sentinels(locator: Locator, lon: Floats, lat: Floats) -> Iterator[tuple[int, RecordError]]:
    both = np.isin(lon, _SENTINELS) & np.isin(lat, _SENTINELS)
    either = (lon == -1) | (lat == -1)
    for at in np.flatnonzero(_is_far(locator, lon, lat) & (both | either)).tolist():
        message = f"location: lon {lon[at]:g}, lat {lat[at]:g} stands for no position: send none, or the true one"
        yield at, SentinelPositionError(message, _LOCATION)


def _swapped(locator: Locator, lon: Floats, lat: Floats) -> Iterator[tuple[int, RecordError]]:
    west, south, east, north = locator.bounds
    inside = (west <= lat) & (lat <= east) & (south <= lon) & (lon <= north)
    for at in np.flatnonzero(_is_far(locator, lon, lat) & inside).tolist():
        yield at, _repaired(SwappedCoordinatesError, "look swapped", lat[at], lon[at])


def _degrees_minutes(locator: Locator, lon: Floats, lat: Floats) -> Iterator[tuple[int, RecordError]]:
    for written, read in (("minutes and seconds", _with_seconds), ("minutes", _with_minutes)):
        repaired_lon, repaired_lat = read(lon), read(lat)
        rows = np.flatnonzero(~np.isnan(repaired_lon) & ~np.isnan(repaired_lat))
        if rows.size:
            rows = rows[locator.is_near(repaired_lon[rows], repaired_lat[rows], locator.tolerance_m)]
        if rows.size:
            rows = rows[~locator.is_near(lon[rows], lat[rows], FAR_FROM_ROADS_M)]
        for at in rows.tolist():
            look = f"look like degrees and {written} written as decimals"
            yield at, _repaired(DegreesMinutesError, look, repaired_lon[at], repaired_lat[at])


def _repaired(kind: Callable[..., RecordError], look: str, lon: float, lat: float) -> RecordError:
    repaired = {"lon": round(float(lon), _ROUNDED_DIGITS), "lat": round(float(lat), _ROUNDED_DIGITS)}
    message = f"location: lon and lat {look}: would be lon {repaired['lon']}, lat {repaired['lat']}"
    return kind(message, _LOCATION, repaired)


def _is_far(locator: Locator, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Tell which points lie far outside of the network; none does where nothing of it is drawn."""
    west, south, east, north = locator.bounds
    far: NDArray[np.bool_] = (
        (lon < west - FAR_DEGREES)
        | (lon > east + FAR_DEGREES)
        | (lat < south - FAR_DEGREES)
        | (lat > north + FAR_DEGREES)
    )
    return far


def _with_seconds(degrees: Floats) -> Floats:
    """Read 43.4010 as 43° 40' 10"; NaN where that is not possible."""
    whole, digits = _decimals(degrees, 4)
    minutes, seconds = digits // 100, digits % 100
    read = np.where((minutes < 60) & (seconds < 60), whole + minutes / 60 + seconds / 3600, np.nan)  # noqa: PLR2004
    return np.copysign(read, degrees)


def _with_minutes(degrees: Floats) -> Floats:
    """Read 43.40167 as 43° 40.167'; NaN where that is not possible."""
    whole, digits = _decimals(degrees, 5)
    minutes = digits / 1_000
    return np.copysign(np.where(minutes < 60, whole + minutes / 60, np.nan), degrees)  # noqa: PLR2004


def _decimals(degrees: Floats, count: int) -> tuple[Floats, Floats]:
    """Split into whole degrees and the decimals as a number; NaN where there are more of them.

    Nobody writes seconds, or thousandths of minutes, more finely by hand; receivers give six decimals and more.
    """
    size = np.where(np.isfinite(degrees), np.abs(degrees), np.nan)
    whole = np.floor(size)
    fraction = size - whole
    digits = np.rint(fraction * 10**count)
    digits[np.abs(fraction * 10**count - digits) > 1e-6] = np.nan  # noqa: PLR2004 - as near as a double can tell
    return whole, digits
