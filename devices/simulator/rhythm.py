"""When things happen: the hours of a day, the days of a week, the months of a year.

Relative weights, ours, in the shape of the public counts we know: town traffic with two rush hours, long-distance
traffic flat over the day, severe accidents on dark roads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devices.simulator.chance import Weighted

if TYPE_CHECKING:
    from datetime import date

TOWN_TRAFFIC = (2, 1, 1, 1, 1, 2, 5, 10, 14, 11, 9, 9, 10, 10, 9, 9, 10, 13, 15, 12, 9, 7, 5, 3)
HIGHWAY_TRAFFIC = (3, 2, 2, 2, 3, 4, 6, 8, 9, 10, 10, 9, 9, 9, 9, 9, 9, 10, 10, 9, 8, 7, 5, 4)
_TOWN_ACCIDENTS = (3, 2, 2, 1, 1, 2, 4, 8, 11, 8, 7, 7, 8, 8, 8, 8, 9, 12, 14, 13, 10, 8, 6, 4)
_NIGHT = (9, 9, 8, 8, 8, 7, 5, 3, 2, 2, 2, 2, 2, 2, 2, 2, 3, 4, 6, 8, 9, 10, 10, 10)
_REPORTS = (2, 1, 1, 1, 1, 1, 3, 6, 9, 10, 9, 9, 8, 8, 8, 8, 9, 11, 11, 10, 9, 8, 6, 4)


def _hours(weights: tuple[int, ...]) -> Weighted[int]:
    return Weighted(dict(enumerate(weights)))


TOWN_HOURS = _hours(TOWN_TRAFFIC)
HIGHWAY_HOURS = _hours(HIGHWAY_TRAFFIC)
TOWN_ACCIDENT_HOURS = _hours(_TOWN_ACCIDENTS)
NIGHT_HOURS = _hours(_NIGHT)
"""Of fatal accidents on highways and of collisions with animals: "two crashes with camels, at night"."""
REPORT_HOURS = _hours(_REPORTS)

_MONTHS = (0.90, 0.86, 0.94, 0.97, 1.02, 1.06, 1.10, 1.12, 1.07, 1.03, 0.97, 0.96)
_WEEKDAYS = (1.02, 1.00, 1.00, 1.02, 1.10, 0.98, 0.88)


def day_weight(day: date) -> float:
    """How much happens on this day, about 1: summer over winter, Friday over Sunday."""
    return _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()]
