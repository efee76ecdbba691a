"""What is noted about the place of an event that is counted all the same: its marks in `--located`, and a metric.

The one list of them. A mark is never renamed.
"""

from __future__ import annotations

from typing import Final

LOCATION_CONFLICT: Final = "location_conflict"
TIE: Final = "tie"
DRONE_POSITION: Final = "drone_position"

MARKS: Final = {
    LOCATION_CONFLICT: "its coordinates lie farther from its kilometre than the tolerance and the kilometre's "
    "uncertainty: a register's kilometre was taken, of a device the coordinates",
    TIE: "another segment fitted its coordinates as well: the lesser id was taken",
    DRONE_POSITION: "only the drone's own position is known, not the vehicle's: it is unlocated",
}
"""Each mark, and what it says."""
