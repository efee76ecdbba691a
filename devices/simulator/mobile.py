"""Patrols, hidden cars and drones: where they are on duty, and the violations they see there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from devices.simulator.chance import Weighted, dice, happens, whole
from devices.simulator.fleet import mobile_units
from devices.simulator.moments import HOUR_S, SECOND_US, day_start_us, rfc3339
from devices.simulator.offences import BY_PATROL_IN_TOWN, ON_HIGHWAY, speeding, vehicle_class
from devices.simulator.quotas import violations_of_day
from devices.simulator.record import Draft
from devices.simulator.roads import load_roads, streets_of
from models.topics import VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from random import Random

    from devices.simulator.roads import Road

_PRESENT = 0.85
"""Share of days on which a unit is on duty (assumed)."""

_SHIFT_HOURS = {"ekin_patrol": (6, 9), "oracle_car": (7, 9), "drone": (2, 3)}
_IN_TOWN = {"ekin_patrol": 0.6, "oracle_car": 0.2, "drone": 0.3}
_TOWNS = Weighted({"Aktau": 7, "Zhanaozen": 3})
_BEATS = Weighted(
    {
        ("KAZ11", 718, 785): 5,
        ("ZHETYBAI-ZHANAOZEN", 2, 57): 5,
        ("KAZ11", 330, 420): 1,
        ("KAZ11", 600, 716): 1,
        ("AKTAU-KURYK", 14, 71): 2,
        ("FORT-SHEVCHENKO-SHETPE", 5, 160): 1,
    }
)
"""Stretches outside the towns that a unit drives up and down on one shift."""
_DRONE_REACH_KM = 6
_SPEED_KMH = {"ekin_patrol": (50, 70), "oracle_car": (70, 88), "drone": (30, 45)}
_TOWN_SPEED_KMH = (18, 30)

_SCATTER_DEGREES = 0.00008
"""Largest error of a position in either coordinate: some 9 metres."""


class Shift(NamedTuple):
    """One unit's duty on one day: from when to when (epoch µs), and the beat it drives up and down."""

    device_id: str
    kind: str
    from_us: int
    to_us: int
    road: Road
    from_km: float
    to_km: float
    speed_kmh: int
    phase_km: float

    def whereabouts(self, us: int) -> tuple[float, bool]:
        """Kilometre at which the unit is at a moment, and whether it drives with rising km."""
        length = self.to_km - self.from_km
        driven = self.phase_km + self.speed_kmh * (us - self.from_us) / (HOUR_S * SECOND_US)
        at = driven % (2 * length)
        return (self.from_km + at, True) if at < length else (self.from_km + 2 * length - at, False)

    def location(self, us: int, scatter_lon: float, scatter_lat: float) -> dict[str, Any]:
        """Position and heading as the unit's receiver gives them; scatters are between -1 and 1."""
        km, rising = self.whereabouts(us)
        place = self.road.place(km)
        return {
            "lon": round(place.lon + scatter_lon * _SCATTER_DEGREES, 6),
            "lat": round(place.lat + scatter_lat * _SCATTER_DEGREES, 6),
            "heading": place.heading if rising else (place.heading + 180) % 360,
            "accuracy_m": 8,
        }


@lru_cache(maxsize=4)
def shifts_of_day(seed: int, day: date) -> tuple[Shift, ...]:
    """All shifts of a local day, at least one for each kind; none runs past midnight."""
    rng = dice(seed, "shifts", day)
    shifts = []
    for kind, units in mobile_units().items():
        present = [unit for unit in units if happens(rng, _PRESENT)] or [units[0]]
        shifts += [_shift(rng, kind, unit, day_start_us(day)) for unit in present]
    return tuple(shifts)


def _shift(rng: Random, kind: str, unit: str, start_us: int) -> Shift:
    hours = whole(rng, *_SHIFT_HOURS[kind])
    # Drones fly by day; the others start so that they are back before midnight.
    first, last = (8, 17) if kind == "drone" else (6, 23 - hours)
    from_us = start_us + (whole(rng, first * 60, last * 60) * 60) * SECOND_US
    if happens(rng, _IN_TOWN[kind]):
        road = load_roads()[Weighted(streets_of(_TOWNS.draw(rng))).draw(rng)]
        from_km, to_km = road.from_km, road.to_km
        speed_kmh = whole(rng, *_TOWN_SPEED_KMH)
    else:
        route, from_km, to_km = _BEATS.draw(rng)
        road = load_roads()[route]
        speed_kmh = whole(rng, *_SPEED_KMH[kind])
        if kind == "drone":
            from_km = whole(rng, int(from_km), int(to_km) - _DRONE_REACH_KM)
            to_km = from_km + _DRONE_REACH_KM
    phase_km = rng.random() * (to_km - from_km)
    to_us = from_us + hours * HOUR_S * SECOND_US
    return Shift(unit, kind, from_us, to_us, road, from_km, to_km, speed_kmh, phase_km)


def mobile_violations(seed: int, day: date) -> Iterator[Draft]:
    """Yield the violations that each mobile kind sees on a day, as many as the year's tables say, on its shifts."""
    shifts = shifts_of_day(seed, day)
    for kind in mobile_units():
        rng = dice(seed, "mobile", kind, day)
        on_duty = [shift for shift in shifts if shift.kind == kind]
        for serial in range(violations_of_day(seed, kind, day)):
            shift = on_duty[whole(rng, 0, len(on_duty) - 1)]
            yield _violation(rng, day, shift, serial)


def _violation(rng: Random, day: date, shift: Shift, serial: int) -> Draft:
    happened_us = shift.from_us + int(rng.random() * ((shift.to_us - shift.from_us) // 1_000)) * 1_000
    stretch = shift.road.stretch(shift.whereabouts(happened_us)[0])
    location = shift.location(happened_us, 2 * rng.random() - 1, 2 * rng.random() - 1)
    if shift.kind == "drone":
        location["of"] = "vehicle"
    else:
        location |= {"of": "unit", "target": "oncoming" if happens(rng, 0.7) else "same"}
    event: dict[str, Any] = {
        "type": "violation",
        "event_id": f"{day:%Y%m%d}-{serial:04}",
        "source_id": shift.device_id,
        "occurred_at": rfc3339(happened_us, 3),
        "location": location,
        "offence": (ON_HIGHWAY if stretch.area == "highway" else BY_PATROL_IN_TOWN).draw(rng),
        "vehicle_class": vehicle_class(rng),
        "confidence": (75 + int(rng.random() * 25)) / 100,
        "stage": "detected",
    }
    if event["offence"] == "speed":
        event["offence"], over = speeding(rng, day)
        event |= {"speed_kmh": stretch.limit_kmh + over, "limit_kmh": stretch.limit_kmh}
    sent_us = happened_us + (2_000 + int(rng.random() * 20_000)) * 1_000
    return Draft(happened_us, sent_us, VIOLATIONS, shift.device_id, event)
