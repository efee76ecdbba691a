"""Offences against the administrative code of Kazakhstan, and the speeds that go with them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from devices.simulator.chance import Weighted, whole

if TYPE_CHECKING:
    from random import Random


class Speeding(NamedTuple):
    """A part of Article 592: km/h over the limit, from `low` to `high`."""

    offence: str
    low: int
    high: int


_PART_3_1_SINCE = date(2024, 12, 1)
"""Part 3-1 (60 km/h and more over the limit) exists since December 2024; part 3 covered it before."""

_SPEEDING = Weighted(
    {
        Speeding("592.1", 10, 20): 62,
        Speeding("592.2", 21, 40): 31,
        Speeding("592.3", 41, 59): 5.5,
        Speeding("592.3-1", 60, 95): 1.5,
    }
)

IN_TOWN = Weighted({"speed": 66, "599": 13, "596": 8, "594": 5, "600": 4, "591": 3, "602": 1})
"""What cameras in town record: Article 592, or one of 599 (red light), 596 (lane), 594 (junctions), 600
(pedestrians), 591 (telephone), 602 (lights)."""
ON_HIGHWAY = Weighted({"speed": 95, "596": 4, "602": 1})
BY_PATROL_IN_TOWN = Weighted({"speed": 40, "597": 32, "596": 10, "594": 6, "600": 6, "591": 4, "602": 2})
"""597 is stopping and parking, most of what the mobile complexes record in town."""

_VEHICLES = Weighted({"car": 82, "truck": 8, "van": 5, "bus": 4, "motorcycle": 1})


def speeding(rng: Random, day: date) -> tuple[str, int]:
    """Draw a speeding offence in force on this day: its article, and how far over the limit (km/h)."""
    part = _SPEEDING.draw(rng)
    over = whole(rng, part.low, part.high)
    known = part.offence != "592.3-1" or day >= _PART_3_1_SINCE
    return (part.offence if known else "592.3"), over


def vehicle_class(rng: Random) -> str:
    """Draw the class of a vehicle."""
    return _VEHICLES.draw(rng)
