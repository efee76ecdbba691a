"""Accidents, as the register of the Ministry of Internal Affairs sends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.simulator.casualties import HIGHWAY, LOCAL_ROAD, outcomes
from devices.simulator.chance import Weighted, dice, happens, whole
from devices.simulator.moments import SECOND_US, day_start_us, moment_of_day, rfc3339
from devices.simulator.places import place_in_zone
from devices.simulator.quotas import period_of
from devices.simulator.record import Draft
from devices.simulator.rhythm import HIGHWAY_HOURS, NIGHT_HOURS, TOWN_ACCIDENT_HOURS
from models.topics import ACCIDENTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from devices.simulator.casualties import Outcome

REGISTER = "mvd-register"

_MINUTE_US = 60 * SECOND_US

_KINDS_IN_TOWN = Weighted(
    {
        "collision": 24,
        "side_collision": 22,
        "pedestrian": 27,
        "rear_collision": 11,
        "parked_vehicle": 4,
        "cyclist": 3,
        "obstacle": 4,
        "overturn": 2,
        "passenger_fall": 2,
        "other": 1,
    }
)
_KINDS_ON_HIGHWAY = Weighted(
    {
        "overturn": 34,
        "head_on": 20,
        "animal": 17,
        "collision": 11,
        "rear_collision": 9,
        "side_collision": 4,
        "obstacle": 3,
        "pedestrian": 2,
    }
)
"""Assumed, in the shape of the code lists; 08, a collision with an animal, is frequent in the steppe."""

_ANIMALS = Weighted({"camel": 6, "horse": 4})
_ONE_VEHICLE = frozenset({"overturn", "animal", "obstacle", "pedestrian", "cyclist", "passenger_fall"})


def accidents(seed: int, day: date) -> Iterator[Draft]:
    """Yield the accidents that happen on a local day; the register sends each within hours."""
    period, end = period_of(day)
    rng = dice(seed, "accidents", day)
    for serial, outcome in enumerate(outcomes(seed, period, end)[day]):
        yield _accident(rng, day, outcome, serial)


def _accident(rng: Random, day: date, outcome: Outcome, serial: int) -> Draft:
    on_road = outcome.zone in (HIGHWAY, LOCAL_ROAD)
    kind = (_KINDS_ON_HIGHWAY if on_road else _KINDS_IN_TOWN).draw(rng)
    hours = HIGHWAY_HOURS if on_road else TOWN_ACCIDENT_HOURS
    if on_road and (outcome.dead or kind == "animal"):
        hours = NIGHT_HOURS
    happened_us = moment_of_day(rng, day_start_us(day), hours) // _MINUTE_US * _MINUTE_US
    registered_us = happened_us + whole(rng, 15, 300) * _MINUTE_US
    serious = sum(happens(rng, 0.25) for _ in range(outcome.injured))
    event: dict[str, Any] = {
        "type": "accident",
        "event_id": f"{day:%Y%m%d}-{serial:03}",
        "source_id": REGISTER,
        "occurred_at": rfc3339(happened_us),
        "time_precision": "minute",
        "location": place_in_zone(rng, outcome.zone),
        "kind": kind,
        "dead": outcome.dead,
        "injured": outcome.injured,
        "serious": serious,
        "slight": outcome.injured - serious,
        "junction": not on_road and happens(rng, 0.35),
        "vehicles": 1 if kind in _ONE_VEHICLE else 2 + happens(rng, 0.1),
        "registered_at": rfc3339(registered_us),
    }
    if kind == "animal":
        event["animal"] = _ANIMALS.draw(rng)
    return Draft(happened_us, registered_us + whole(rng, 5, 55) * SECOND_US, ACCIDENTS, REGISTER, event)
