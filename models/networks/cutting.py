"""Routes into segments of one kilometre, named as their posts are read: `KAZ11/383` is from post 383 to post 384."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import shapely

from models.network import Segment
from models.networks.assembling import MAX_GAP_M, Bridge, assemble
from models.networks.calibrating import DEFAULT_POST_TOLERANCE_M, Calibration, Post, calibrate
from models.networks.measuring import GroundLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

# A stub at the end of a route shorter than this is part of its neighbour: nobody looks for 20 m of road.
_SHORTEST_STUB_KM: Final = 0.05

# Kilometres are written to the metre.
_KM_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A whole route as a map has it: its parts in any order, each (n, 2) in decimal degrees, and what is said of it.

    `said` are fields of `Segment` that hold for all of it (name, road_class, limit_kmh, …).
    """

    ref: str
    parts: Sequence[NDArray[np.float64]]
    official_length_km: float | None = None
    said: dict[str, Any] = field(default_factory=dict)


class RouteReport(NamedTuple):
    """What came of a route: its calibration, the gaps bridged, and metres of its parts that were not used."""

    ref: str
    calibration: Calibration
    bridges: list[Bridge]
    unused_m: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a route that is known by its kilometres alone. `said` are further fields of `Segment`."""

    route: str
    from_km: float
    to_km: float
    said: dict[str, Any] = field(default_factory=dict)


def cut_route(
    route: Route,
    posts: Sequence[Post],
    max_gap_m: float = MAX_GAP_M,
    post_tolerance_m: float = DEFAULT_POST_TOLERANCE_M,
) -> tuple[list[Segment], RouteReport]:
    """Make one line of a route's parts, give it the kilometres of its posts, and cut it at each whole one.

    Raises CalibrationError where a post does not fit.
    """
    assembled = assemble(route.parts, max_gap_m)
    calibration = calibrate(GroundLine(assembled.lonlat), posts, route.official_length_km, post_tolerance_m)
    line = calibration.line
    segments = []
    for name, from_km, to_km in kilometres(calibration.km_at(0.0), calibration.km_at(line.length_m)):
        from_m, to_m = calibration.metres_at(from_km), calibration.metres_at(to_km)
        segment = Segment(
            segment_id=f"{route.ref}/{name}",
            route=route.ref,
            from_km=from_km,
            to_km=to_km,
            km_uncertainty_m=_largest_uncertainty_m(calibration, from_m, to_m),
            geometry=shapely.linestrings(line.cut(from_m, to_m)),
            **route.said,
        )
        segments.append(segment)
    return segments, RouteReport(route.ref, calibration, assembled.bridges, assembled.unused_m)


def cut_stretch(stretch: Stretch) -> list[Segment]:
    """Cut a stretch without geometry at each whole kilometre; one with a `segment_id` of its own stays whole."""
    said = dict(stretch.said)
    whole = said.pop("segment_id", None)
    if whole is not None:
        return [
            Segment(segment_id=whole, route=stretch.route, from_km=stretch.from_km, to_km=stretch.to_km, **said),
        ]
    return [
        Segment(segment_id=f"{stretch.route}/{name}", route=stretch.route, from_km=from_km, to_km=to_km, **said)
        for name, from_km, to_km in kilometres(stretch.from_km, stretch.to_km)
    ]


def kilometres(first_km: float, last_km: float) -> Iterator[tuple[int, float, float]]:
    """Give the kilometres of a route that begins and ends where it does: the post they are named by, from, to.

    >>> list(kilometres(381.98, 384.5))
    [(382, 381.98, 383.0), (383, 383.0, 384.0), (384, 384.0, 384.5)]
    """
    first_km, last_km = round(first_km, _KM_DIGITS), round(last_km, _KM_DIGITS)
    inner = [
        float(km)
        for km in range(math.floor(first_km) + 1, math.ceil(last_km))
        if km - first_km >= _SHORTEST_STUB_KM and last_km - km >= _SHORTEST_STUB_KM
    ]
    begins = [first_km, *inner]
    for from_km, to_km in zip(begins, [*inner, last_km], strict=True):
        # The whole kilometre that most of it lies in: a stub that was joined does not change its neighbour's name.
        yield math.floor(min(from_km + _SHORTEST_STUB_KM, (from_km + to_km) / 2)), from_km, to_km


def _largest_uncertainty_m(calibration: Calibration, from_m: float, to_m: float) -> float | None:
    """Give the largest uncertainty on a stretch, in whole metres: at an end, or midway between two posts."""
    posts_m = [placed.along_m for placed in calibration.posts]
    midways = [(a + b) / 2 for a, b in pairwise(posts_m)]
    places = [from_m, to_m, *(midway for midway in midways if from_m < midway < to_m)]
    values = [value for value in map(calibration.uncertainty_m, places) if value is not None]
    return float(math.ceil(max(values))) if values else None
