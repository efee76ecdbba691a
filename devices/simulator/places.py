"""Where in a zone of the region something is reported from: a street, a kilometre post, or only a district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devices.simulator.casualties import ELSEWHERE, HIGHWAY, LOCAL_ROAD
from devices.simulator.chance import Weighted, happens, whole
from devices.simulator.roads import load_roads, streets_of

if TYPE_CHECKING:
    from random import Random

_HIGHWAY_STRETCHES = Weighted(
    {
        ("KAZ11", 722, 786): 30,
        ("ZHETYBAI-ZHANAOZEN", 0, 56): 26,
        ("KAZ11", 210, 331): 9,
        ("KAZ11", 339, 510): 12,
        ("KAZ11", 514, 629): 8,
        ("KAZ11", 635, 715): 7,
        ("AKTAU-KURYK", 13, 70): 5,
        ("ZHETYBAI-ZHANAOZEN", 60, 222): 2,
        ("BEYNEU-AKZHIGIT", 3, 80): 1,
    }
)
"""Stretches outside settlements (km), by their traffic (assumed)."""
_LOCAL_STRETCHES = Weighted({("FORT-SHEVCHENKO-SHETPE", 2, 88): 5, ("FORT-SHEVCHENKO-SHETPE", 94, 158): 4})

_SETTLEMENTS_ELSEWHERE = Weighted(
    {
        ("Munaily district", 51.30, 43.69): 60,
        ("Tupkaragan district", 51.06, 43.78): 20,
        ("Karakiya district", 51.68, 43.18): 20,
    }
)
"""Districts whose settlements have no streets in the shipped network, with a place there (degrees)."""


def place_in_zone(rng: Random, zone: str) -> dict[str, Any]:
    """Draw the location of an accident or a report in a zone of `casualties.ZONES`, as exact as registers know it."""
    if zone == HIGHWAY:
        return _post(rng, _HIGHWAY_STRETCHES.draw(rng))
    if zone == LOCAL_ROAD:
        return _post(rng, _LOCAL_STRETCHES.draw(rng))
    if zone == ELSEWHERE:
        area, lon, lat = _SETTLEMENTS_ELSEWHERE.draw(rng)
        if happens(rng, 0.5):  # as often as not, the register knows no more
            return {"area": area}
        return {"lon": _near(rng, lon), "lat": _near(rng, lat), "area": area}
    if happens(rng, 0.04):  # an address that nobody found on a map
        return {"area": zone}
    road = load_roads()[Weighted(streets_of(zone)).draw(rng)]
    place = road.place(road.from_km + rng.random() * (road.to_km - road.from_km))
    scatter = 0.0001
    lon = place.lon + (2 * rng.random() - 1) * scatter
    lat = place.lat + (2 * rng.random() - 1) * scatter
    return {"lon": round(lon, 6), "lat": round(lat, 6), "area": zone}


def _post(rng: Random, stretch: tuple[str, int, int]) -> dict[str, Any]:
    """Draw a kilometre post to a tenth, and mostly the coordinates too."""
    route, from_km, to_km = stretch
    km = whole(rng, from_km * 10, to_km * 10 - 1) / 10
    location: dict[str, Any] = {"route": route, "km": km}
    location["direction"] = "forward" if happens(rng, 0.5) else "backward"
    if happens(rng, 0.6):
        place = load_roads()[route].place(km)
        location |= {"lon": round(place.lon, 6), "lat": round(place.lat, 6)}
    return location


def _near(rng: Random, degrees: float) -> float:
    return round(degrees + (2 * rng.random() - 1) * 0.012, 6)
