"""Fixes of one track, and what of them can be followed: jumps are left out, gaps end a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from models.projection import HALF_WORLD_M, scale, to_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

MAX_SPEED_M_S: Final = 70.0
"""No vehicle of the fleet is faster: 252 km/h."""

LONGEST_GAP_S: Final = 180.0
"""What was driven in a longer silence is not guessed (Newson and Krumm, section 5.3)."""

_SLACK_M: Final = 100.0


class Fixes(NamedTuple):
    """The fixes of one track in the order of their times; arrays of one length.

    `time_s` are seconds since 1970; positions are decimal degrees; `heading` degrees from north, NaN where unknown.
    """

    time_s: Floats
    lon: Floats
    lat: Floats
    heading: Floats


def straight_m(fixes: Fixes, here: Integers, there: Integers) -> Floats:
    """Give the metres between pairs of fixes; exact for short ways, good enough to know long ones by."""
    x, y = to_mercator(fixes.lon[here], fixes.lat[here])
    x_there, y_there = to_mercator(fixes.lon[there], fixes.lat[there])
    east = (x_there - x + HALF_WORLD_M) % (2 * HALF_WORLD_M) - HALF_WORLD_M
    midway = (fixes.lat[there] + fixes.lat[here]) / 2
    metres: Floats = np.hypot(east, y_there - y) / scale(midway)
    return metres


def farthest_m(elapsed_s: Floats) -> Floats:
    """How far a vehicle can have come, in metres."""
    return MAX_SPEED_M_S * elapsed_s + _SLACK_M


def without_jumps(fixes: Fixes, usable: Integers) -> Integers:
    """Leave out the fixes that the vehicle cannot have been at: neither neighbour is in reach, but they of each other.

    The first and the last are such where their only neighbour is in reach of the one behind it.
    """
    if usable.size <= 2:  # noqa: PLR2004 - of two that contradict each other, nobody knows which is wrong
        return usable
    near = _in_reach(fixes, usable[:-1], usable[1:])
    over = _in_reach(fixes, usable[:-2], usable[2:])
    jumped = np.zeros(usable.size, dtype=np.bool_)
    jumped[1:-1] = ~near[:-1] & ~near[1:] & over
    jumped[0] = not near[0] and bool(near[1])
    jumped[-1] = not near[-1] and bool(near[-2])
    return usable[~jumped]


def runs(fixes: Fixes, usable: Integers) -> list[Integers]:
    """Cut where the next fix comes too late, or is too far to have been driven to."""
    if not usable.size:
        return []
    silent = np.diff(fixes.time_s[usable]) > LONGEST_GAP_S
    far = ~_in_reach(fixes, usable[:-1], usable[1:])
    return np.split(usable, np.flatnonzero(silent | far) + 1)


def _in_reach(fixes: Fixes, here: Integers, there: Integers) -> Flags:
    elapsed_s = fixes.time_s[there] - fixes.time_s[here]
    reached: Flags = straight_m(fixes, here, there) <= farthest_m(elapsed_s)
    return reached
