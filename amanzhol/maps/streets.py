"""Streets from a CSV of edges, as OSMnx writes its graphs, or from an extract of OpenStreetMap (`.pbf`)."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import osmium
import shapely

from amanzhol.maps.rows import read_rows
from models.errors import MapFileError
from models.networks.streets import ROAD_CLASSES, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from amanzhol.maps.rows import Row

OSM_ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
"""What everyone who shows or ships geometry from OpenStreetMap has to say beside it."""

_COLUMNS = ("u", "v", "osmid", "highway", "oneway", "geometry")
_TRUE = frozenset({"yes", "true", "1"})
_ONEWAY_UNLESS_SAID = frozenset({"motorway", "motorway_link"})
_KMH_PER_MPH = 1.609344
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_WHOLE = re.compile(r"\d+")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(mph)?")
_MAX_LATITUDE = 85.0


def read_streets(path: Path) -> list[Edge]:
    """Read streets for vehicles; the file's ending says how. Raises MapFileError."""
    if path.suffix.lower() == ".csv":
        return [edge for row in read_rows(path, _COLUMNS) if (edge := _edge(row)) is not None]
    if path.suffix.lower() == ".pbf":
        return list(_from_extract(path))
    raise MapFileError(f"{path}: the ending says the format: .csv (edges) or .pbf (OpenStreetMap)")


def limit_kmh(text: str | None) -> float | None:
    """Give the lowest limit that a `maxspeed` names, in km/h; None where it names none in figures.

    >>> [limit_kmh(text) for text in ("60", "['60', '40']", "50 mph", "KZ:urban", None)]
    [60.0, 40.0, 80.5, None, None]
    """
    found = _SPEED.findall(text or "")
    limits = [round(float(number) * (_KMH_PER_MPH if unit else 1), 1) for number, unit in found]
    return min((limit for limit in limits if limit > 0), default=None)


def _edge(row: Row) -> Edge | None:
    """Make an edge of a row; None where it is no street for vehicles."""
    highway = next((kind for kind in _items(row.text("highway")) if kind in ROAD_CLASSES), None)
    oneway = row.text("oneway")
    if oneway not in {"True", "False"}:
        raise row.refused("oneway", f"{oneway!r:.40} is neither True nor False")
    ways = [int(number) for number in _WHOLE.findall(row.text("osmid"))]
    if not ways:
        raise row.refused("osmid", "has no number of a way")
    lonlat = _wkt_line(row)
    if highway is None:
        return None
    return Edge(
        u=row.whole("u"),
        v=row.whole("v"),
        way=min(ways),
        lonlat=lonlat,
        oneway=oneway == "True",
        highway=highway,
        name=" / ".join(_items(row.optional("name") or "")) or None,
        ref=";".join(_items(row.optional("ref") or "")) or None,
        limit_kmh=limit_kmh(row.optional("maxspeed")),
    )


def _items(cell: str) -> list[str]:
    """Give the words of a cell, which holds one, or a Python list where an edge is made of several ways."""
    if not cell.startswith("["):
        return [cell] if cell else []
    return [single or double for single, double in _QUOTED.findall(cell)]


def _wkt_line(row: Row) -> NDArray[np.float64]:
    try:
        line = shapely.from_wkt(row.text("geometry"))
    except shapely.errors.ShapelyError:
        raise row.refused("geometry", "is not WKT, such as LINESTRING (51.19 43.66, 51.20 43.67)") from None
    if shapely.get_type_id(line) != shapely.GeometryType.LINESTRING or line.is_empty:
        raise row.refused("geometry", "is not a LINESTRING")
    lonlat: NDArray[np.float64] = shapely.get_coordinates(line)
    if not (np.isfinite(lonlat).all() and (np.abs(lonlat) <= (180, _MAX_LATITUDE)).all()):
        raise row.refused("geometry", "has a position that is not a longitude and a latitude in degrees")
    return lonlat


class _Way(NamedTuple):
    """A way of the map: its nodes in the direction in which it may be driven, and their places."""

    number: int
    nodes: list[int]
    lonlat: NDArray[np.float64]
    oneway: bool
    tags: dict[str, str]


def _from_extract(path: Path) -> Iterator[Edge]:
    try:
        ways = list(_ways(path))
    except (RuntimeError, OSError) as error:
        raise MapFileError(f"{path}: cannot be read as an OpenStreetMap extract: {error}") from None
    if not ways:
        raise MapFileError(f"{path}: has no street for vehicles in it")
    times = Counter(node for way in ways for node in way.nodes)
    for way in ways:
        # A node of several ways, or that one passes twice, is where they meet.
        cuts = [0, *(at for at in range(1, len(way.nodes) - 1) if times[way.nodes[at]] > 1), len(way.nodes) - 1]
        for begin, end in pairwise(cuts):
            yield Edge(
                u=way.nodes[begin],
                v=way.nodes[end],
                way=way.number,
                lonlat=way.lonlat[begin : end + 1],
                oneway=way.oneway,
                highway=way.tags["highway"],
                name=way.tags.get("name"),
                name_ru=way.tags.get("name:ru"),
                name_kk=way.tags.get("name:kk"),
                name_en=way.tags.get("name:en"),
                ref=way.tags.get("ref"),
                limit_kmh=limit_kmh(way.tags.get("maxspeed")),
            )


def _ways(path: Path) -> Iterator[_Way]:
    """Read the ways for vehicles, in the order of their numbers."""
    reader = (
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
        .with_filter(osmium.filter.KeyFilter("highway"))
    )
    found: list[_Way] = []
    for way in reader:
        tags = dict(way.tags)
        if not isinstance(way, osmium.osm.Way) or tags["highway"] not in ROAD_CLASSES or tags.get("area") == "yes":
            continue
        # An extract cuts ways at its border: nodes beyond it have no place.
        places = [(node.ref, node.lon, node.lat) for node in way.nodes if node.location.valid()]
        drawn = [place for place, before in zip(places, [None, *places], strict=False) if place != before]
        if len(drawn) > 1:
            found.append(_turned(way.id, drawn, tags))
    yield from sorted(found, key=lambda way: way.number)


def _turned(number: int, places: Sequence[tuple[int, float, float]], tags: dict[str, Any]) -> _Way:
    said = tags.get("oneway", "").lower()
    against = said in {"-1", "reverse"}
    unsaid = said == "" and (tags["highway"] in _ONEWAY_UNLESS_SAID or tags.get("junction") == "roundabout")
    ordered = list(reversed(places)) if against else list(places)
    lonlat = np.array([place[1:] for place in ordered], dtype=np.float64)
    return _Way(number, [place[0] for place in ordered], lonlat, against or unsaid or said in _TRUE, tags)
