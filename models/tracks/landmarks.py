"""The fixes of a run that are followed: one for each place where the vehicle stood, and enough of the others.

The fixes of a parked vehicle scatter about it, and those of a moving one about its way: followed one by one they would
add up to kilometres that nobody drove. Newson and Krumm leave out fixes within twice their error of the one before
(section 5.1); that does not help where a vehicle stands for an hour, since some of many fixes lie farther off. So a
stay is found first, as in Q. Li et al., Mining User Similarity Based on Location History, ACM SIGSPATIAL GIS 2008.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.tracks.runs import Fixes

    Integers = NDArray[np.int64]

MOVED_M: Final = 30.0
"""Nearer than this to where it was, a moving vehicle's fix says nothing new: three times the error of a fix."""

MOVED_S: Final = 5.0
"""Nor sooner than this."""

STAY_M: Final = 60.0
STAY_S: Final = 60.0
"""A vehicle stood where its fixes kept within STAY_M of one of them for at least STAY_S: slower than 1 m/s."""

_STRAYS: Final = 3
"""So many fixes in a row farther away end a stay; fewer are bad ones."""

# So that a stay is looked for among sixty fixes, however many there are.
_SHORTEST_STEP_S: Final = 1.0


def landmarks(fixes: Fixes, run: Integers) -> Integers:
    """Choose the fixes of a run (at least one of it) to follow, in their order."""
    times = fixes.time_s[run].tolist()
    looked_at = [0]
    for row, time_s in enumerate(times):
        if time_s >= times[looked_at[-1]] + _SHORTEST_STEP_S:
            looked_at.append(row)
    if looked_at[-1] != len(times) - 1:
        looked_at.append(len(times) - 1)
    rows = run[looked_at]
    track = _Track(fixes, rows)
    kept: list[int] = []
    at = end = 0
    while at < rows.size:
        end = track.stay_end(at)
        if end > at:
            kept.append(track.middle(at, end))
            at = end
            continue
        if not kept or track.moved(kept[-1], at):
            kept.append(at)
        at += 1
    if end < rows.size and kept[-1] != rows.size - 1:
        kept.append(rows.size - 1)
    return rows[kept]


class _Track:
    """Fixes on a plane of metres, as plain numbers: they are looked at one by one."""

    def __init__(self, fixes: Fixes, rows: Integers) -> None:
        x, y = to_mercator(fixes.lon[rows], fixes.lat[rows])
        stretched = scale(fixes.lat[rows])
        self._x, self._y = x, y
        self._places: list[tuple[float, float]] = list(zip(x.tolist(), y.tolist(), strict=True))
        self._times: list[float] = fixes.time_s[rows].tolist()
        self._stretched: list[float] = stretched.tolist()

    def moved(self, here: int, there: int) -> bool:
        """Whether a vehicle has moved on from one fix to another."""
        return self._times[there] - self._times[here] >= MOVED_S and self._apart(here, there, MOVED_M)

    def stay_end(self, at: int) -> int:
        """Where the stay that begins with a fix ends (exclusive); the fix itself where none does."""
        end, strays = at + 1, 0
        for row in range(at + 1, len(self._places)):
            if not self._apart(at, row, STAY_M):
                end, strays = row + 1, 0
            elif (strays := strays + 1) == _STRAYS:
                break
        return end if self._times[end - 1] - self._times[at] >= STAY_S else at

    def middle(self, start: int, end: int) -> int:
        """Find the fix of a stay that is nearest to its middle."""
        x, y = self._x[start:end], self._y[start:end]
        return start + int(((x - np.median(x)) ** 2 + (y - np.median(y)) ** 2).argmin())

    def _apart(self, here: int, there: int, metres: float) -> bool:
        (x, y), (x_there, y_there) = self._places[here], self._places[there]
        return (x - x_there) ** 2 + (y - y_there) ** 2 > (metres * self._stretched[here]) ** 2
