"""How a vehicle moved, as evidence of the road that it was on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

HEADING_SPREAD_DEGREES: Final = 25.0
"""How far headings stray from the bearing of a road: a receiver's own error, lane changes, bends that were drawn
straight. The spread of a normal distribution on the circle."""

_CONCENTRATION: Final = 1 / np.radians(HEADING_SPREAD_DEGREES) ** 2

WAYS: Final = {"forward": 1, "backward": -1}
"""Of a segment's `direction` and an event's: with rising kilometres, against them. Whatever else is 0."""


class Travel(NamedTuple):
    """The movement of vehicles at points: arrays of one length.

    `heading` is degrees from north, NaN where nobody said (0 is north). Where `axis` is true it may as well be the
    opposite: it tells along which road, not on which of its carriageways. `direction` is one of WAYS, 0 if not known.
    """

    heading: Floats
    axis: NDArray[np.bool_]
    direction: NDArray[np.int8]

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Give the movement at some of the points."""
        return self._replace(heading=self.heading[rows], axis=self.axis[rows], direction=self.direction[rows])

    @property
    def says_something(self) -> bool:
        """Whether anything is known of any point."""
        return bool(self.direction.any() or not np.isnan(self.heading).all())


def mismatch(travel: Travel, east: Floats, north: Floats, way: NDArray[np.int8]) -> Floats:
    """Tell how badly edges agree with travel: 0 where they do, growing as the square of the angle between them.

    `travel` and `way`, that of the edge's segment in WAYS, have a row per pair; `east` and `north`, the unit vectors
    of the edges, are (pairs, edges), and so is the result. Where the segment carries both directions and the
    event's is not known, either sense agrees. An event against a one-way segment agrees as badly as can be.

    Minus twice the logarithm of the von Mises density, but for a constant: for small angles it is the square of the
    angle over that of HEADING_SPREAD_DEGREES, as for a normal error, and it stays bounded for opposite ones, since a
    heading may be altogether wrong. K. V. Mardia, P. E. Jupp, Directional Statistics (2000), section 3.5.4.
    """
    known = ~np.isnan(travel.heading)
    heading = np.radians(np.where(known, travel.heading, 0))
    alignment = np.sin(heading)[:, None] * east + np.cos(heading)[:, None] * north
    sense = np.where(travel.axis, 0, np.where(travel.direction == 0, way, travel.direction))[:, None]
    alignment = np.where(sense == 0, np.abs(alignment), sense * alignment)
    alignment[~known] = 1
    alignment[way * travel.direction < 0] = -1
    disagreement: Floats = 2 * _CONCENTRATION * (1 - alignment)
    return disagreement
