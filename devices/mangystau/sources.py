"""The source tables of the drawing, as rows with types."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class Route(NamedTuple):
    """A road outside the towns, with its names in three languages."""

    route: str
    road_class: str
    limit_kmh: int
    name_en: str
    name_ru: str
    name_kk: str


class Waypoint(NamedTuple):
    """A kilometre post whose place we know or assume.

    `lon`, `lat` are decimal degrees (WGS 84) to 0.01°. `district` holds from here to the next way point.
    `town_km` is how far on either side the road runs through the settlement `place` (0: it does not).
    """

    route: str
    km: int
    lon: float
    lat: float
    place: str
    basis: str
    district: str
    town_km: int


class Street(NamedTuple):
    """A street of a town, through its junctions in order."""

    route: str
    settlement: str
    limit_kmh: int
    name_en: str
    name_ru: str
    name_kk: str
    junctions: tuple[str, ...]


def _rows(name: str) -> list[dict[str, str]]:
    with (_HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_routes() -> list[Route]:
    """Read the roads of `routes.csv`, in its order."""
    return [
        Route(r["route"], r["road_class"], int(r["limit_kmh"]), r["name_en"], r["name_ru"], r["name_kk"])
        for r in _rows("routes.csv")
    ]


def read_waypoints() -> dict[str, list[Waypoint]]:
    """Read the way points of `waypoints.csv`, by route, with rising km."""
    by_route: dict[str, list[Waypoint]] = {}
    for r in _rows("waypoints.csv"):
        waypoint = Waypoint(
            r["route"],
            int(r["km"]),
            float(r["lon"]),
            float(r["lat"]),
            r["place"],
            r["basis"],
            r["district"],
            int(r["town_km"] or 0),
        )
        by_route.setdefault(waypoint.route, []).append(waypoint)
    return by_route


def read_junctions() -> dict[str, tuple[float, float]]:
    """Longitude and latitude (decimal degrees) of each junction of `junctions.csv`."""
    return {r["junction"]: (float(r["lon"]), float(r["lat"])) for r in _rows("junctions.csv")}


def read_streets() -> list[Street]:
    """Read the streets of `streets.csv`, in its order."""
    return [
        Street(
            r["route"],
            r["settlement"],
            int(r["limit_kmh"]),
            r["name_en"],
            r["name_ru"],
            r["name_kk"],
            tuple(r["junctions"].split()),
        )
        for r in _rows("streets.csv")
    ]
