"""The shipped network as roads one can drive along: from a kilometre to a place."""

from __future__ import annotations

import json
from bisect import bisect_right
from functools import lru_cache
from itertools import pairwise
from math import atan2, cos, degrees, radians
from typing import Any, NamedTuple

from devices.mangystau import NETWORK_PATH


class Stretch(NamedTuple):
    """One segment of the network, as far as the simulator needs it."""

    from_km: float
    to_km: float
    road_class: str
    area: str
    settlement: str | None
    limit_kmh: int


class Place(NamedTuple):
    """A point on a road. `heading`: whole degrees clockwise from north, of travel with rising km."""

    lon: float
    lat: float
    heading: int


class Road:
    """A route with its places by kilometre; km beyond its ends are taken as its ends."""

    def __init__(self, route: str, features: list[dict[str, Any]]) -> None:
        """Join a route's features, in the order of their posts."""
        self.route = route
        self.stretches = [_stretch(feature["properties"]) for feature in features]
        self.from_km = self.stretches[0].from_km
        self.to_km = self.stretches[-1].to_km
        self._starts = [stretch.from_km for stretch in self.stretches]
        self._vertices: list[tuple[float, float, float]] = []
        for feature, stretch in zip(features, self.stretches, strict=True):
            line = feature["geometry"]["coordinates"]
            step = (stretch.to_km - stretch.from_km) / (len(line) - 1)
            self._vertices += [(stretch.from_km + i * step, *point) for i, point in enumerate(line[:-1])]
        self._vertices.append((self.to_km, *features[-1]["geometry"]["coordinates"][-1]))
        self._headings = [_heading(a, b) for a, b in pairwise(self._vertices)]

    def stretch(self, km: float) -> Stretch:
        """Give the segment at a kilometre."""
        return self.stretches[max(bisect_right(self._starts, km) - 1, 0)]

    def place(self, km: float) -> Place:
        """Find where a kilometre lies."""
        km = min(max(km, self.from_km), self.to_km)
        index = min(bisect_right(self._vertices, (km, 180.0, 90.0)) - 1, len(self._vertices) - 2)
        (km_a, lon_a, lat_a), (km_b, lon_b, lat_b) = self._vertices[index : index + 2]
        part = (km - km_a) / (km_b - km_a)
        return Place(lon_a + part * (lon_b - lon_a), lat_a + part * (lat_b - lat_a), self._headings[index])


def _stretch(properties: dict[str, Any]) -> Stretch:
    return Stretch(
        properties["from_km"],
        properties["to_km"],
        properties["road_class"],
        properties["area"],
        properties.get("settlement"),
        properties["limit_kmh"],
    )


def _heading(a: tuple[float, float, float], b: tuple[float, float, float]) -> int:
    return round(degrees(atan2((b[1] - a[1]) * cos(radians(a[2])), b[2] - a[2]))) % 360


@lru_cache(maxsize=1)
def load_roads() -> dict[str, Road]:
    """Read the roads of the shipped network, by route."""
    collection = json.loads(NETWORK_PATH.read_text(encoding="utf-8"))
    by_route: dict[str, list[dict[str, Any]]] = {}
    for feature in collection["features"]:
        by_route.setdefault(feature["properties"]["route"], []).append(feature)
    return {route: Road(route, features) for route, features in by_route.items()}


@lru_cache(maxsize=8)
def streets_of(settlement: str) -> dict[str, float]:
    """Streets of a town, each with its length (km), which is how often things happen on it."""
    return {
        route: road.to_km
        for route, road in load_roads().items()
        if road.stretches[0].road_class == "street" and road.stretches[0].settlement == settlement
    }
