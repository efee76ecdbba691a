"""A line on the ground: how long it is, what place lies so many metres along it, and where on it a place is nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIGITS: Final = 7
"""Decimals of a degree that are written: a centimetre. Beyond it, machines may disagree."""

# A line straight in degrees leaves the straight line on the plane by less than 0.1 m over such a step.
_STEP_DEGREES: Final = 0.02
_CAP_LATITUDE: Final = 89.0


class Nearest(NamedTuple):
    """Where on a line a place is nearest: metres from the line's start, and metres between the two."""

    along_m: float
    offset_m: float


class GroundLine:
    """A line through positions (n, 2) in decimal degrees, straight in degrees between them (RFC 7946).

    `metres` (n) is how far along the line each position lies, `length_m` the last of them.
    """

    __slots__ = ("_fine", "_fine_m", "length_m", "lonlat", "metres")

    def __init__(self, lonlat: NDArray[np.float64]) -> None:
        """Measure the line, on the ellipsoid. It takes two positions at least."""
        self.lonlat = lonlat
        pieces = np.maximum(np.ceil(np.abs(np.diff(lonlat, axis=0)).max(axis=1) / _STEP_DEGREES), 1).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(pieces)])
        number = np.arange(ends[-1] + 1)
        self._fine = np.column_stack([np.interp(number, ends, lonlat[:, axis]) for axis in (0, 1)])
        # No road leads beyond the caps, where the plane has no end; a line that claims to must not be infinite.
        x, y = to_mercator(self._fine[:, 0], self._fine[:, 1].clip(-_CAP_LATITUDE, _CAP_LATITUDE))
        midway = ((self._fine[1:, 1] + self._fine[:-1, 1]) / 2).clip(-_CAP_LATITUDE, _CAP_LATITUDE)
        self._fine_m = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)) / scale(midway))])
        self.metres: NDArray[np.float64] = self._fine_m[ends]
        self.length_m = float(self._fine_m[-1])

    def reversed(self) -> GroundLine:
        """Give the same line, from its end to its start."""
        return GroundLine(self.lonlat[::-1])

    def places(self, along_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give (lon, lat) of places (m) metres along the line; those beyond an end are that end."""
        return np.column_stack([np.interp(along_m, self._fine_m, self._fine[:, axis]) for axis in (0, 1)])

    def cut(self, from_m: float, to_m: float) -> NDArray[np.float64]:
        """Give the positions of the stretch between two places, rounded to DIGITS; two of them at least."""
        between = self.lonlat[(self.metres > from_m) & (self.metres < to_m)]
        ends = self.places(np.array([from_m, to_m]))
        rounded: NDArray[np.float64] = np.vstack([ends[:1], between, ends[1:]]).round(DIGITS)
        again = (np.diff(rounded, axis=0) == 0).all(axis=1)
        # A stretch of a millimetre keeps both its ends, alike as they are.
        kept = np.concatenate([[True], ~again]) if not again.all() else np.arange(len(rounded)) != 1
        return rounded[kept] if kept.sum() > 1 else rounded[[0, -1]]

    def nearest(self, lon: float, lat: float) -> Nearest:
        """Find the place of the line that is nearest to one in decimal degrees."""
        x, y = to_mercator(self._fine[:, 0], self._fine[:, 1])
        px, py = to_mercator(np.array(lon), np.array(lat))
        dx, dy = np.diff(x), np.diff(y)
        square = dx**2 + dy**2
        share = np.divide((px - x[:-1]) * dx + (py - y[:-1]) * dy, square, out=np.zeros_like(dx), where=square > 0)
        share = share.clip(0, 1)
        gap = np.hypot(px - x[:-1] - share * dx, py - y[:-1] - share * dy)
        edge = int(gap.argmin())
        along_m = self._fine_m[edge] + share[edge] * (self._fine_m[edge + 1] - self._fine_m[edge])
        foot_lat = self._fine[edge, 1] + share[edge] * (self._fine[edge + 1, 1] - self._fine[edge, 1])
        return Nearest(float(along_m), float(gap[edge] / scale(np.array((lat + foot_lat) / 2))))


def distance_m(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give metres between places (n, 2) in decimal degrees, where they are short beside the Earth's radius."""
    (ax, ay), (bx, by) = to_mercator(a[:, 0], a[:, 1]), to_mercator(b[:, 0], b[:, 1])
    metres: NDArray[np.float64] = np.hypot(ax - bx, ay - by) / scale((a[:, 1] + b[:, 1]) / 2)
    return metres
