"""Whole routes from GeoJSON, kilometre posts and tables of stretches from CSV."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import shapely

from amanzhol.maps.rows import read_rows
from models.errors import MapFileError
from models.network import Segment
from models.network_file import FeatureError, parse_feature, read_features
from models.networks.calibrating import Post
from models.networks.cutting import Route, Stretch
from models.networks.measuring import GroundLine

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from amanzhol.maps.rows import Row

_OWN = frozenset({"segment_id", "route", "from_km", "to_km", "geometry", "direction", "km_uncertainty_m"})
_SAID = tuple(field.name for field in fields(Segment) if field.name not in _OWN)
_NUMBERS = frozenset({"limit_kmh"})
_LONGEST_KM = 100_000.0
_MAX_LATITUDE = 85.0


def read_routes(path: Path, only: Collection[str] = ()) -> list[Route]:
    """Read whole routes: features with a line, `ref` (or `route`), and where known `official_length_km`.

    What else a segment may say (name, road_class, limit_kmh, …) holds for all of a route. Several features of one `ref`
    are parts of one route. `only` are the refs wanted, all where empty. Raises MapFileError.
    """
    parts: defaultdict[str, list[NDArray[np.float64]]] = defaultdict(list)
    lengths: dict[str, float] = {}
    said: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for number, feature in enumerate(read_features(path)):
        try:
            whole, length_km = _whole(feature)
        except FeatureError as error:
            raise MapFileError(f"{path}: feature {number}: {error}") from None
        if only and whole.route not in only:
            continue
        parts[whole.route] += [shapely.get_coordinates(part) for part in shapely.get_parts(whole.geometry)]
        said[whole.route] |= {name: value for name in _SAID if (value := getattr(whole, name)) is not None}
        if length_km is not None:
            lengths[whole.route] = length_km
    absent = sorted(set(only) - set(parts))
    if absent:
        raise MapFileError(f"{path}: ref: no feature is of route {absent[0]!r}, which --only names")
    for ref, lines in parts.items():
        if max(float(abs(line[:, 1]).max()) for line in lines) > _MAX_LATITUDE:
            raise MapFileError(f"{path}: geometry: route {ref!r} goes beyond {_MAX_LATITUDE:g} degrees of latitude")
        if sum(GroundLine(line).length_m for line in lines) < 1:
            raise MapFileError(f"{path}: geometry: route {ref!r} is shorter than a metre")
    return [
        Route(ref=ref, parts=parts[ref], official_length_km=lengths.get(ref), said=said[ref]) for ref in sorted(parts)
    ]


def _whole(feature: Any) -> tuple[Segment, float | None]:
    """Read a route's feature as if it were one segment: the rules for names and lines are the same."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise FeatureError("properties", "must be an object")
    ref = properties.get("ref") or properties.get("route")
    if not ref:
        raise FeatureError("ref", "is missing")
    length_km = properties.get("official_length_km")
    if length_km is not None and not (
        isinstance(length_km, int | float) and not isinstance(length_km, bool) and 0 < length_km < _LONGEST_KM
    ):
        raise FeatureError("official_length_km", f"{length_km!r:.40} is not a length in kilometres")
    known = {name: properties[name] for name in _SAID if name in properties}
    whole = {"segment_id": ref, "route": ref, "from_km": 0.0, "to_km": 1.0, **known}
    segment = parse_feature({"type": "Feature", "properties": whole, "geometry": feature.get("geometry")})
    if not isinstance(segment, Segment) or segment.geometry is None:
        raise FeatureError("geometry", "must be a LineString or a MultiLineString")
    return segment, length_km


def read_posts(path: Path, refs: Collection[str]) -> dict[str, list[Post]]:
    """Read kilometre posts `route,km,lon,lat` by route. Those of other routes than `refs` are left out.

    A row that comes twice is one. Raises MapFileError, also where no post is of any of the routes.
    """
    posts: defaultdict[str, dict[tuple[float, float, float], Post]] = defaultdict(dict)
    for row in read_rows(path, ("route", "km", "lon", "lat")):
        km = row.number("km", -_LONGEST_KM, _LONGEST_KM)
        lon, lat = row.number("lon", -180, 180), row.number("lat", -_MAX_LATITUDE, _MAX_LATITUDE)
        posts[row.text("route")].setdefault((km, lon, lat), Post(km, lon, lat, row.line))
    if refs and not posts.keys() & set(refs):
        raise MapFileError(f"{path}: route: no post is of a route that is built ({', '.join(sorted(refs)):.100})")
    return {ref: list(posts[ref].values()) for ref in refs if ref in posts}


def read_stretches(path: Path) -> list[Stretch]:
    """Read a table of stretches without geometry: `route,from_km,to_km` and what else a segment may say.

    Raises MapFileError.
    """
    return [_stretch(row) for row in read_rows(path, ("route", "from_km", "to_km"))]


def _stretch(row: Row) -> Stretch:
    from_km = row.number("from_km", -_LONGEST_KM, _LONGEST_KM)
    to_km = row.number("to_km", -_LONGEST_KM, _LONGEST_KM)
    route = row.text("route")
    said: dict[str, Any] = {
        name: row.number(name) if name in _NUMBERS else text
        for name in ("segment_id", "direction", *_SAID)
        if (text := row.optional(name)) is not None
    }
    # One segment of all of it passes through the rules for network files: what they refuse is refused here.
    whole = {"segment_id": route, **said, "route": route, "from_km": from_km, "to_km": to_km}
    try:
        parse_feature({"type": "Feature", "properties": whole, "geometry": None})
    except FeatureError as error:
        raise row.refused(error.place, error.fault) from None
    if "segment_id" not in said and math.floor(to_km * 1000) <= math.floor(from_km * 1000):
        raise row.refused("to_km", "is less than a metre from from_km")
    return Stretch(route, from_km, to_km, said)
