"""Charts and the small map, as SVG: positions are worked out here, the marks are in `templates/*.svg.j2`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import shapely

from amanzhol.report.templates import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from models.network import Segment

_CHART_WIDTH: Final = 640
_CHART_HEIGHT: Final = 220
_MARGIN: Final = 24
_MAP_WIDTH: Final = 640
MAP_TALLEST: Final = 480
DETAIL_TALLEST: Final = 320
"""Pixels that the whole map and a detail of it are high at most."""

_PADDING: Final = 0.08
_NEAR_KM: Final = 12.0
_KM_PER_DEGREE: Final = 111.2


class Pair(NamedTuple):
    """Two bars of a chart, and what stands below them."""

    label: str
    now: int
    before: int


class Bounds(NamedTuple):
    """A box in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lon: float, lat: float) -> bool:
        """Say whether a point lies in it."""
        return self.west <= lon <= self.east and self.south <= lat <= self.north


def bar_chart(pairs: Sequence[Pair], title: str) -> str:
    """Draw two bars per month: this period and the one before, both from 0."""
    highest = max((max(pair.now, pair.before) for pair in pairs), default=0) or 1
    room = (_CHART_WIDTH - 2 * _MARGIN) / max(len(pairs), 1)
    width = min(room * 0.4, 40)
    scale = (_CHART_HEIGHT - 2 * _MARGIN) / highest
    bars = []
    for at, pair in enumerate(pairs):
        middle = _MARGIN + room * (at + 0.5)
        bars += [
            {"x": middle - width, "height": pair.before * scale, "value": pair.before, "now": False},
            {"x": middle, "height": pair.now * scale, "value": pair.now, "now": True},
        ]
    labels = [{"x": _MARGIN + room * (at + 0.5), "text": pair.label} for at, pair in enumerate(pairs)]
    return environment("svg").get_template("bars.svg.j2").render(
        width=_CHART_WIDTH, height=_CHART_HEIGHT, floor=_CHART_HEIGHT - _MARGIN, bar=width, bars=bars, labels=labels,
        margin=_MARGIN, title=title,
    )  # fmt: skip


def whole_map(segments: Iterable[Segment]) -> Bounds | None:
    """Give the box that all drawn segments lie in; None where none is drawn."""
    drawn = [segment.geometry for segment in segments if segment.geometry is not None]
    if not drawn:
        return None
    west, south, east, north = (float(edge) for edge in shapely.total_bounds(drawn))
    return _padded(Bounds(west, south, east, north))


def crowds(numbered: Mapping[int, Segment]) -> list[tuple[Bounds, tuple[int, ...]]]:
    """Find where two or more numbers would hide each other on the whole map: within 12 km, most at once first."""
    points = {number: point for number, segment in numbered.items() if (point := _middle(segment)) is not None}
    found = []
    while points:
        near = [
            tuple(other for other, there in points.items() if _distance_km(here, there) <= _NEAR_KM)
            for here in points.values()
        ]
        together = max(near, key=len)
        if len(together) == 1:
            break
        west, south, east, north = (float(at) for at in shapely.total_bounds([numbered[n].geometry for n in together]))
        found.append((_padded(Bounds(west, south, east, north)), together))
        points = {number: point for number, point in points.items() if number not in together}
    return found


def road_map(
    segments: Iterable[Segment], numbered: Mapping[int, Segment], box: Bounds, title: str, tallest: int = MAP_TALLEST
) -> str:
    """Draw the part of the network that lies in a box in grey and, on top, the numbered segments of it."""
    middle_lat = math.radians((box.south + box.north) / 2)
    # Degrees of longitude are shorter than those of latitude: drawn so, right angles in towns stay right.
    across = (box.east - box.west) * math.cos(middle_lat)
    tall = max(box.north - box.south, across * 0.4)
    width = min(_MAP_WIDTH, tallest * across / tall)
    height = width * tall / across
    top = (box.south + box.north) / 2 + tall / 2

    def position(lon: float, lat: float) -> tuple[float, float]:
        return (lon - box.west) * math.cos(middle_lat) * width / across, (top - lat) * height / tall

    frame = shapely.box(box.west, top - tall, box.east, top)
    roads = [_path(segment, position) for segment in segments if _meets(segment, frame)]
    worst = []
    for number, segment in sorted(numbered.items(), reverse=True):
        point = _middle(segment)
        if point is not None and box.holds(*point):
            x, y = position(*point)
            worst.append({"number": number, "path": _path(segment, position), "x": x, "y": y})
    return environment("svg").get_template("map.svg.j2").render(
        width=round(width), height=round(height), roads=roads, worst=worst, title=title
    )  # fmt: skip


def _meets(segment: Segment, frame: shapely.Polygon) -> bool:
    return segment.geometry is not None and bool(shapely.intersects(segment.geometry, frame))


def _path(segment: Segment, position: object) -> str:
    assert callable(position)
    parts = []
    for line in shapely.get_parts(segment.geometry):
        points = [position(lon, lat) for lon, lat in shapely.get_coordinates(line)]
        parts.append("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points))
    return "".join(parts)


def _middle(segment: Segment) -> tuple[float, float] | None:
    if segment.geometry is None:
        return None
    point = shapely.line_interpolate_point(segment.geometry, 0.5, normalized=True)
    return float(point.x), float(point.y)


def _distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    across = (here[0] - there[0]) * math.cos(math.radians(here[1]))
    return math.hypot(across, here[1] - there[1]) * _KM_PER_DEGREE


def _padded(box: Bounds) -> Bounds:
    pad = max(box.east - box.west, box.north - box.south, 0.005) * _PADDING
    return Bounds(box.west - pad, box.south - pad, box.east + pad, box.north + pad)
