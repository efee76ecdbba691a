"""Which district and settlement a stretch of road lies in, and whether that makes it a town's or a highway's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
import shapely

from models.network import Junction, Segment
from models.networks.measuring import GroundLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry import MultiPolygon, Polygon

S = TypeVar("S", Segment, Junction)


class Area(NamedTuple):
    """A polygon in decimal degrees, and what it says of the roads within; None is not said."""

    polygon: Polygon | MultiPolygon
    district: str | None = None
    settlement: str | None = None
    area: str | None = None


def assign_areas(stretches: Sequence[S], areas: Sequence[Area]) -> list[S]:
    """Give segments and junctions the district, settlement and area of the polygons that their middle lies in.

    Where polygons overlap, each field is that of the smallest one which says it. A polygon with a settlement is a
    town's unless it says otherwise; where any polygon names a settlement, what lies in none is `highway`. What a
    stretch says itself stays, and so does one without geometry.
    """
    polygons = sorted(areas, key=lambda area: (shapely.area(area.polygon), str(area[1:])))
    towns = any(area.settlement is not None or area.area == "town" for area in polygons)
    drawn = [at for at, one in enumerate(stretches) if isinstance(one, Junction) or one.geometry is not None]
    result = list(stretches)
    if not drawn or not polygons:
        return result
    middles = shapely.points(np.array([_middle(stretches[at]) for at in drawn]))
    within: list[list[Area]] = [[] for _ in drawn]
    tree = shapely.STRtree([area.polygon for area in polygons])
    for point, polygon in sorted(tree.query(middles, predicate="intersects").T.tolist()):
        within[point].append(polygons[polygon])
    for at, around in zip(drawn, within, strict=True):
        stretch = result[at]
        settlement = stretch.settlement or next((a.settlement for a in around if a.settlement), None)
        area = next((a.area or (a.settlement and "town") for a in around if a.area or a.settlement), None)
        result[at] = replace(
            stretch,
            district=stretch.district or next((a.district for a in around if a.district), None),
            settlement=settlement,
            area=stretch.area or area or ("highway" if towns else None),
        )
    return result


def _middle(stretch: Segment | Junction) -> tuple[float, float]:
    if isinstance(stretch, Junction):
        return stretch.lon, stretch.lat
    longest = max(shapely.get_parts(stretch.geometry), key=shapely.length)
    line = GroundLine(shapely.get_coordinates(longest))
    lon, lat = line.places(np.array([line.length_m / 2]))[0].tolist()
    return lon, lat
