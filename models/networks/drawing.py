"""A picture of a network: an SVG of its segments by class of road, its posts, junctions and what has no place in it.

One look at it tells what no check finds: a route on the wrong road, a town in the sea.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax import saxutils

import numpy as np
import shapely

from models.networks.measuring import GroundLine
from models.projection import scale, to_mercator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from models.network import Network, Segment

_MARGIN_PX: Final = 40.0
_LEGEND_PX: Final = 24.0
_WIDEST_VIEW: Final = 2.5
_POLE: Final = 85.0

# Colours that people who see few of them can tell apart (Okabe and Ito, 2008), from heavy roads to light ones.
_LOOKS: Final = {
    "republican": ("#d55e00", 2.6),
    "regional": ("#0072b2", 2.0),
    "district": ("#009e73", 1.6),
    "street": ("#777777", 1.0),
    "": ("#444444", 1.4),
}
_TOWN: Final = "#f0e442"
_ARROW: Final = (
    '<defs><marker id="way" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="4" markerHeight="4" orient="auto">'
    '<path d="M0 0 6 3 0 6z" fill="context-stroke"/></marker></defs>'
)
_POSTS_PX: Final = 60.0
_ROUND_KM: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

# On shorter lines an arrow hides more than it says.
_ARROW_PX: Final = 15.0


class _View(NamedTuple):
    """From degrees to the picture: pixels per metre of the plane, and the plane's corner in the upper left."""

    px_per_m: float
    left: float
    top: float

    def points(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give pixels (n, 2) of places (n, 2)."""
        x, y = to_mercator(lonlat[:, 0], lonlat[:, 1].clip(-_POLE, _POLE))
        return np.column_stack([(x - self.left) * self.px_per_m, (self.top - y) * self.px_per_m])


def draw(network: Network, title: str, width_px: int = 1200, attribution: str | None = None) -> str:
    """Draw a network as SVG, north up, `width_px` wide (twice its margins at least).

    Stretches in towns have a yellow ground, one-way segments an arrow, posts are named where there is room. Segments
    without geometry cannot be drawn: the legend counts them.
    """
    drawn = [segment for segment in network.segments if segment.geometry is not None]
    view, height_px = _view(network, drawn, max(width_px, 4 * _MARGIN_PX))
    legend_px = _LEGEND_PX * (len(_LOOKS) + 4)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_px}" height="{height_px + legend_px:.0f}"',
        ' font-family="sans-serif" font-size="12">',
        _ARROW,
        f"<title>{_text(title)}</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        *_lines(drawn, view),
        *_junctions(network, view),
        *_posts(drawn, view),
        *_legend(network, title, view, height_px, attribution),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _view(network: Network, drawn: Sequence[Segment], width_px: float) -> tuple[_View, float]:
    lonlat = shapely.get_coordinates([segment.geometry for segment in drawn])
    centres = np.array([(j.lon, j.lat) for j in network.junctions], dtype=np.float64).reshape(-1, 2)
    lonlat = np.vstack([lonlat, centres])
    if not len(lonlat):
        return _View(1.0, 0.0, 0.0), 2 * _MARGIN_PX
    x, y = to_mercator(lonlat[:, 0], lonlat[:, 1].clip(-_POLE, _POLE))
    inner = width_px - 2 * _MARGIN_PX
    # A single street north to south is not drawn a mile high.
    px_per_m = inner / max(float(np.ptp(x)), float(np.ptp(y)) / _WIDEST_VIEW, 1.0)
    margin_m = _MARGIN_PX / px_per_m
    left = (float(x.max()) + float(x.min()) - inner / px_per_m) / 2 - margin_m
    return _View(px_per_m, left, float(y.max()) + margin_m), float(np.ptp(y)) * px_per_m + 2 * _MARGIN_PX


def _lines(drawn: Sequence[Segment], view: _View) -> Iterator[str]:
    order = list(_LOOKS)
    by_look: defaultdict[tuple[str, bool], list[str]] = defaultdict(list)
    towns: list[str] = []
    for segment in drawn:
        way = -1 if segment.direction == "backward" else 1
        parts = [shapely.get_coordinates(part)[::way] for part in shapely.get_parts(segment.geometry)[::way]]
        path = "".join(_path(view.points(part)) for part in parts)
        arrow = segment.direction != "both" and _length_km(segment) * 1000 * view.px_per_m > _ARROW_PX
        by_look[segment.road_class or "", arrow].append(path)
        if segment.area == "town":
            towns.append(path)
    if towns:
        yield f'<path d="{"".join(towns)}" fill="none" stroke="{_TOWN}" stroke-width="8" stroke-linecap="round"/>'
    # Heavy roads last, over light ones.
    for (road_class, arrow), paths in sorted(by_look.items(), key=lambda item: (-order.index(item[0][0]), item[0][1])):
        colour, stroke = _LOOKS[road_class]
        look = f'fill="none" stroke="{colour}" stroke-width="{stroke}"'
        if arrow:
            yield from (f'<path d="{path}" {look} marker-end="url(#way)"/>' for path in paths)
        else:
            yield f'<path d="{"".join(paths)}" {look}/>'


def _path(points: NDArray[np.float64]) -> str:
    rounded = points.round(1)
    kept = np.append(True, (np.diff(rounded, axis=0) != 0).any(axis=1))
    if not kept[1:].any():
        kept[-1] = True
    return "M" + " ".join(f"{x:g},{y:g}" for x, y in rounded[kept].tolist())


def _junctions(network: Network, view: _View) -> Iterator[str]:
    for junction in network.junctions:
        place = np.array([[junction.lon, junction.lat]])
        (x, y) = view.points(place)[0].tolist()
        radius = max(junction.radius_m * float(scale(place[:, 1])[0]) * view.px_per_m, 1.0)
        name = _text(" ".join(filter(None, (junction.segment_id, junction.name))))
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="#cc79a7" fill-opacity="0.5" '
            f'stroke="#cc79a7" stroke-width="0.5"><title>{name}</title></circle>'
        )


def _posts(drawn: Sequence[Segment], view: _View) -> Iterator[str]:
    """Name the kilometres of routes of more than one segment: round ones, as densely as there is room."""
    by_route = sorted(drawn, key=lambda segment: (segment.route, segment.from_km))
    for route, group in groupby(by_route, key=lambda segment: segment.route):
        segments = list(group)
        if len(segments) == 1:
            continue
        begins = view.points(np.array([shapely.get_coordinates(segment.geometry)[0] for segment in segments]))
        walked_px = float(np.hypot(*np.diff(begins, axis=0).T).sum())
        px_per_km = walked_px / (segments[-1].from_km - segments[0].from_km or 1.0)
        step = next((step for step in _ROUND_KM if step * px_per_km >= _POSTS_PX), _ROUND_KM[-1])
        for segment, (x, y) in zip(segments, begins.tolist(), strict=True):
            first = segment is segments[0]
            if not first and segment.from_km % step:
                continue
            label = f"{route} {segment.from_km:g}" if first else f"{segment.from_km:g}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="white" stroke="black"/>'
            yield f'<text x="{x + 5:.1f}" y="{y - 5:.1f}">{_text(label)}</text>'


def _legend(network: Network, title: str, view: _View, height_px: float, attribution: str | None) -> Iterator[str]:
    at = height_px
    yield f'<text x="{_MARGIN_PX}" y="{at:.0f}" font-size="16" font-weight="bold">{_text(title)}</text>'
    drawn = sum(segment.geometry is not None for segment in network.segments)
    said = f"{drawn:,} segments drawn, {len(network) - drawn:,} without geometry, {len(network.junctions):,} junctions"
    at += _LEGEND_PX
    yield f'<text x="{_MARGIN_PX}" y="{at:.0f}">{said}; network {network.digest[:12]}</text>'
    for road_class, (colour, stroke) in _LOOKS.items():
        at += _LEGEND_PX
        line = f"M{_MARGIN_PX} {at - 4:.0f}h40"
        length_km = sum(_length_km(s) for s in network.segments if (s.road_class or "") == road_class)
        yield f'<path d="{line}" stroke="{colour}" stroke-width="{stroke}"/>'
        yield f'<text x="{_MARGIN_PX + 50}" y="{at:.0f}">{road_class or "no class"}: {length_km:,.1f} km</text>'
    at += _LEGEND_PX
    yield f'<path d="M{_MARGIN_PX} {at - 4:.0f}h40" stroke="{_TOWN}" stroke-width="8"/>'
    yield f'<text x="{_MARGIN_PX + 50}" y="{at:.0f}">in a town</text>'
    if attribution:
        at += _LEGEND_PX
        yield f'<text x="{_MARGIN_PX}" y="{at:.0f}" fill="#555">{_text(attribution)}</text>'
    yield from _scale_bar(view, height_px)


def _scale_bar(view: _View, height_px: float) -> Iterator[str]:
    """Draw a round number of metres, as long as they are at the foot of the picture."""
    y = view.top - (height_px - _MARGIN_PX) / view.px_per_m
    # The latitude of y on a sphere: near enough for a bar.
    lat = np.degrees(np.arctan(np.sinh(y / 6_378_137.0)))
    px_per_m = view.px_per_m * float(scale(np.array(lat)))
    longest_m = 200 / px_per_m
    ten = 10.0 ** np.floor(np.log10(longest_m))
    bar_m = max(step * ten for step in (1, 2, 5) if step * ten <= longest_m)
    text = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"  # noqa: PLR2004 - metres in a kilometre
    x, width = _MARGIN_PX + 700, bar_m * px_per_m
    yield f'<path d="M{x} {height_px - 4:.0f}v4h{width:.1f}v-4" fill="none" stroke="black"/>'
    yield f'<text x="{x + width + 6:.1f}" y="{height_px:.0f}">{text}, north is up</text>'


def _length_km(segment: Segment) -> float:
    if segment.geometry is None:
        return segment.to_km - segment.from_km
    parts = shapely.get_parts(segment.geometry)
    return sum(GroundLine(shapely.get_coordinates(part)).length_m for part in parts) / 1000


def _text(words: str) -> str:
    """Make text for XML, which has no place for most of what cannot be printed."""
    return saxutils.escape("".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words))
