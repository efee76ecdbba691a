"""Districts and settlements from GeoJSON polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import shapely

from models.errors import MapFileError
from models.network_file import read_features
from models.networks.areas import Area

if TYPE_CHECKING:
    from pathlib import Path

_AREAS = frozenset({"town", "highway"})
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def read_areas(path: Path) -> list[Area]:
    """Read polygons with `district` (or geoBoundaries' `shapeName`), `settlement` and `area` (town, highway).

    A polygon that crosses itself is mended, as GEOS does it. Raises MapFileError, also for a polygon that says nothing.
    """
    return [_area(f"{path}: feature {number}", feature) for number, feature in enumerate(read_features(path))]


def _area(where: str, feature: Any) -> Area:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise MapFileError(f"{where}: properties: must be an object")
    said = {name: properties.get(name) or None for name in ("district", "settlement", "area")}
    if not any(said.values()):
        said["district"] = properties.get("shapeName") or None
    for name, value in said.items():
        if value is not None and not (isinstance(value, str) and value.isprintable()):
            raise MapFileError(f"{where}: {name}: must be a word")
    if not any(said.values()):
        raise MapFileError(f"{where}: properties: says none of district, settlement and area")
    if said["area"] not in {None, *_AREAS}:
        raise MapFileError(f"{where}: area: {said['area']!r:.40} is neither town nor highway")
    return Area(_polygon(where, feature.get("geometry")), **said)


def _polygon(where: str, drawn: Any) -> Any:
    try:
        polygon = shapely.from_geojson(msgspec.json.encode(drawn))
    except shapely.errors.ShapelyError:
        polygon = None
    if polygon is None or shapely.get_type_id(polygon) not in _POLYGONS or polygon.is_empty:
        raise MapFileError(f"{where}: geometry: must be a Polygon or a MultiPolygon")
    lonlat = shapely.get_coordinates(polygon)
    if not (np.isfinite(lonlat).all() and (np.abs(lonlat) <= (180, 90)).all()):
        raise MapFileError(f"{where}: geometry: has a position that is not a longitude and a latitude in degrees")
    return shapely.make_valid(polygon)
