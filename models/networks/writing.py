"""A network as the bytes of its file: the same network gives the same bytes, one feature a line."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import msgspec
import shapely

from models.network import Junction, Network, Segment

if TYPE_CHECKING:
    from collections.abc import Iterator


def network_bytes(network: Network, attribution: str | None = None) -> bytes:
    """Write a FeatureCollection of the network's segments, then its junctions, each in the order of their ids.

    `attribution` is whom the geometry is owed to; it stands beside the features.
    """
    head: dict[str, Any] = {"type": "FeatureCollection"}
    if attribution:
        head["attribution"] = attribution
    opening = msgspec.json.encode(head)[:-1] + b',"features":[\n'
    return opening + b",\n".join(map(msgspec.json.encode, _features(network))) + b"\n]}\n"


def _features(network: Network) -> Iterator[dict[str, Any]]:
    stretches: list[Segment | Junction] = [*network.segments, *network.junctions]
    for stretch in stretches:
        said = {field.name: _plain(getattr(stretch, field.name)) for field in fields(stretch)}
        properties = {name: value for name, value in said.items() if value is not None and name not in _DRAWN}
        yield {"type": "Feature", "properties": properties, "geometry": _geometry(stretch)}


_DRAWN = frozenset({"geometry", "lon", "lat"})


def _plain(value: Any) -> Any:
    """A whole number is written as one: `383`, as on the post."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _geometry(stretch: Segment | Junction) -> dict[str, Any] | None:
    if isinstance(stretch, Junction):
        return {"type": "Point", "coordinates": [stretch.lon, stretch.lat]}
    if stretch.geometry is None:
        return None
    parts = [shapely.get_coordinates(part).tolist() for part in shapely.get_parts(stretch.geometry)]
    if shapely.get_type_id(stretch.geometry) == shapely.GeometryType.LINESTRING:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}
