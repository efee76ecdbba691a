"""From way points to the segments of a network file.

A road is a curve *by kilometre*: between two way points a cubic Hermite polynomial, whose tangent at a way point
is that of the chord between its neighbours (Catmull and Rom, 1974, with the posts as parameter). So the place of
every post follows, by the four operations of arithmetic: the same digits on every machine.
"""

from __future__ import annotations

import json
from math import sqrt
from typing import TYPE_CHECKING, Any

from devices.mangystau.sources import read_junctions, read_routes, read_streets, read_waypoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devices.mangystau.sources import Route, Street, Waypoint

Point = tuple[float, float]
Feature = dict[str, Any]

NOTE = (
    "Schematic network of Mangystau, drawn by the amanzhol project from published kilometre posts and the positions "
    "of settlements to 0.01 degrees. Its lines are not those of OpenStreetMap or any other map; not for navigation."
)

_DIGITS = 5
"""Decimals of a degree: about a metre."""

_VERTICES_PER_KM = 3

_KM_PER_DEGREE_LON, _KM_PER_DEGREE_LAT = 80.6, 111.1
"""At 43.6° north, where the towns with streets lie within half a degree; beyond, off by 3 % at most."""

_DISTRICTS = {
    "Aktau": "Aktau",
    "Zhanaozen": "Zhanaozen",
    "Beyneu": "Beyneu district",
    "Shetpe": "Mangystau district",
}


def network() -> Feature:
    """Draw the whole network as a GeoJSON FeatureCollection."""
    waypoints = read_waypoints()
    junctions = read_junctions()
    features: list[Feature] = []
    for route in read_routes():
        features += _road_segments(route, waypoints[route.route])
    for street in read_streets():
        features += _street_segments(street, junctions)
    return {"type": "FeatureCollection", "note": NOTE, "features": features}


def network_text() -> str:
    """Write the network file: one feature a line, so that a change of one segment is a change of one line."""
    collection = network()
    lines = ",\n".join(_dump(feature) for feature in collection["features"])
    note = _dump(collection["note"])
    return f'{{"type":"FeatureCollection","note":{note},"features":[\n{lines}\n]}}\n'


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def place_of_post(waypoints: Sequence[Waypoint], km: float) -> Point:
    """Longitude and latitude (decimal degrees) of a kilometre of a route with these way points."""
    last = len(waypoints) - 2
    index = max((i for i in range(last + 1) if waypoints[i].km <= km), default=0)
    start, end = waypoints[index], waypoints[index + 1]
    before = waypoints[max(index - 1, 0)]
    after = waypoints[min(index + 2, last + 1)]
    length = end.km - start.km
    t = (km - start.km) / length
    # Hermite's four weights, for the two places and the two tangents.
    to_start = (1 + 2 * t) * (1 - t) * (1 - t)
    to_end = t * t * (3 - 2 * t)
    leaving = t * (1 - t) * (1 - t) * length
    arriving = t * t * (t - 1) * length

    def blend(a: float, b: float, c: float, d: float) -> float:
        tangent_b = (c - a) / (end.km - before.km)
        tangent_c = (d - b) / (after.km - start.km)
        return round(to_start * b + to_end * c + leaving * tangent_b + arriving * tangent_c, _DIGITS)

    return (
        blend(before.lon, start.lon, end.lon, after.lon),
        blend(before.lat, start.lat, end.lat, after.lat),
    )


def _road_segments(route: Route, waypoints: Sequence[Waypoint]) -> list[Feature]:
    segments = []
    for km in range(waypoints[0].km, waypoints[-1].km):
        town = _town_at(waypoints, km)
        district = [w.district for w in waypoints if w.km <= km][-1]
        line = [place_of_post(waypoints, km + i / _VERTICES_PER_KM) for i in range(_VERTICES_PER_KM + 1)]
        properties = {
            "segment_id": f"{route.route}/{km}",
            "route": route.route,
            "from_km": km,
            "to_km": km + 1,
            "direction": "both",
            "name": route.name_en,
            "name_ru": route.name_ru,
            "name_kk": route.name_kk,
            "name_en": route.name_en,
            "road_class": route.road_class,
            "area": "town" if town else "highway",
            "district": district,
            "settlement": town,
            # Speed limits in and outside settlements: the traffic rules of Kazakhstan, section 10.
            "limit_kmh": 60 if town else route.limit_kmh,
        }
        segments.append(_feature(properties, line))
    return segments


def _town_at(waypoints: Sequence[Waypoint], km: int) -> str | None:
    """Settlement that the kilometre beginning at this post runs through."""
    return next((w.place for w in waypoints if w.km - w.town_km <= km < w.km + w.town_km), None)


def _street_segments(street: Street, junctions: dict[str, Point]) -> list[Feature]:
    segments = []
    from_km = 0.0
    for a, b in zip(street.junctions, street.junctions[1:], strict=False):
        start, end = junctions[a], junctions[b]
        to_km = round(from_km + _distance_km(start, end), 2)
        properties = {
            "segment_id": f"{street.route}/{from_km:.2f}",
            "route": street.route,
            "from_km": from_km,
            "to_km": to_km,
            "direction": "both",
            "name": street.name_en,
            "name_ru": street.name_ru,
            "name_kk": street.name_kk,
            "name_en": street.name_en,
            "road_class": "street",
            "area": "town",
            "district": _DISTRICTS[street.settlement],
            "settlement": street.settlement,
            "limit_kmh": street.limit_kmh,
        }
        segments.append(_feature(properties, [start, end]))
        from_km = to_km
    return segments


def _distance_km(a: Point, b: Point) -> float:
    east = (b[0] - a[0]) * _KM_PER_DEGREE_LON
    north = (b[1] - a[1]) * _KM_PER_DEGREE_LAT
    return sqrt(east * east + north * north)


def _feature(properties: dict[str, Any], line: list[Point]) -> Feature:
    known = {key: value for key, value in properties.items() if value is not None}
    geometry = {"type": "LineString", "coordinates": [list(point) for point in line]}
    return {"type": "Feature", "properties": known, "geometry": geometry}
