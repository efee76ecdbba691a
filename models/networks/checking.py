"""What is wrong with a network, feature by feature and along each route: everything that is, not the first.

A network that `count` refuses is checked all the same, for what in it can be read.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import shapely

from models.network import Junction, Segment
from models.network_file import CoordinatesError, FeatureError, parse_feature
from models.networks.measuring import GroundLine, distance_m

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

JUMP_M: Final = 50.0
"""Farther than this from where the last one ended, a segment does not go on from it."""

_SAME_KM: Final = 0.001
_NO_LENGTH_M: Final = 0.01

FINDINGS: Final = {
    "unusable": "a field is missing, or has a value that cannot be used: `count` refuses the file",
    "out_of_range": "a coordinate is no longitude or latitude in degrees: `count` refuses the file",
    "duplicate_id": "two features have the same `segment_id`: `count` refuses the file",
    "zero_length": "a segment begins where it ends, by its kilometres or as it is drawn",
    "gap": "kilometres of a route that belong to no segment of it: events there are unlocated",
    "overlap": "kilometres that belong to several segments of a route: the narrower gets the events",
    "jump": "a segment, or a part of it, is drawn away from where the one before it ends",
    "mixed_direction": "a segment is drawn against its rising kilometres: its places and headings are turned round",
}
"""Every kind of finding, and what it means."""


class Finding(NamedTuple):
    """One thing that is wrong: its kind, the feature (its number from 0), its id, the kilometre, and the fault."""

    kind: str
    feature: int
    segment_id: str
    km: float | None
    fault: str


class _Numbered(NamedTuple):
    number: int
    segment: Segment


def check_features(features: Sequence[Any], jump_m: float = JUMP_M) -> list[Finding]:
    """Check the features of a network's file. Findings come in the order of features, then kinds."""
    found: list[Finding] = []
    by_id: dict[str, int] = {}
    routes: defaultdict[str, list[_Numbered]] = defaultdict(list)
    for number, feature in enumerate(features):
        segment_id = _id_of(feature)
        first = by_id.setdefault(segment_id, number) if segment_id else number
        if first != number:
            found.append(Finding("duplicate_id", number, segment_id, None, f"feature {first} has the same id"))
        try:
            stretch = parse_feature(feature)
        except FeatureError as error:
            found.append(Finding(_kind_of(error, feature), number, segment_id, None, str(error)))
            continue
        if isinstance(stretch, Junction):
            continue
        found += _drawn_faults(number, stretch, jump_m)
        if first == number:
            routes[stretch.route].append(_Numbered(number, stretch))
    for route in routes.values():
        # What is wrong in one direction mostly is in the other: said once.
        for own in ("forward", "backward"):
            along = sorted(
                (one for one in route if one.segment.direction in {"both", own}),
                key=lambda one: (one.segment.from_km, one.segment.to_km, one.segment.segment_id),
            )
            found += _along_kilometres(along)
            found += _along_lines(along, jump_m)
    return sorted(set(found), key=lambda finding: (finding.feature, list(FINDINGS).index(finding.kind), finding.fault))


def _id_of(feature: Any) -> str:
    try:
        segment_id = feature["properties"]["segment_id"]
    except (KeyError, TypeError):
        return ""
    return segment_id if isinstance(segment_id, str) else ""


def _kind_of(error: FeatureError, feature: Any) -> str:
    if isinstance(error, CoordinatesError):
        return "out_of_range"
    if error.place == "from_km" and feature["properties"]["from_km"] == feature["properties"].get("to_km"):
        return "zero_length"
    return "unusable"


def _drawn_faults(number: int, segment: Segment, jump_m: float) -> Iterator[Finding]:
    """Find faults within one segment's line."""
    if segment.geometry is None:
        return
    parts = [shapely.get_coordinates(part) for part in shapely.get_parts(segment.geometry)]
    if sum(GroundLine(part).length_m for part in parts) < _NO_LENGTH_M:
        fault = "its line has no length"
        yield Finding("zero_length", number, segment.segment_id, segment.from_km, fault)
    for one, other in pairwise(parts):
        gap_m = _gap_m(one[-1], other[0])
        if gap_m > jump_m:
            fault = f"a part of its line begins {gap_m:.0f} m from the end of the part before it"
            yield Finding("jump", number, segment.segment_id, segment.from_km, fault)


def _along_kilometres(along: Sequence[_Numbered]) -> Iterator[Finding]:
    """Find gaps and overlaps between segments in the order of their kilometres."""
    if not along:
        return
    reached = along[0]
    for here in along[1:]:
        _, segment = here
        upto = reached.segment.to_km
        if segment.from_km > upto + _SAME_KM:
            fault = f"km {upto:g} to {segment.from_km:g} of {segment.route} belong to no segment"
            yield Finding("gap", here.number, segment.segment_id, upto, fault)
        elif segment.from_km < upto - _SAME_KM:
            common = min(upto, segment.to_km)
            stretch = f"km {segment.from_km:g} to {common:g} of {segment.route}"
            fault = f"{stretch} belong to {reached.segment.segment_id} as well"
            yield Finding("overlap", here.number, segment.segment_id, segment.from_km, fault)
        if segment.to_km > upto:
            reached = here


def _along_lines(along: Sequence[_Numbered], jump_m: float) -> Iterator[Finding]:
    """Find segments whose line does not begin where that of the one before ends."""
    drawn = [one for one in along if one.segment.geometry is not None]
    for one, other in pairwise(drawn):
        km = other.segment.from_km
        if abs(one.segment.to_km - km) > _SAME_KM:
            continue
        (start, end), (begin, finish) = _ends(one.segment), _ends(other.segment)
        gap_m = _gap_m(end, begin)
        if gap_m <= jump_m:
            continue
        against = "is drawn against its kilometres, beside"
        if _gap_m(end, finish) <= jump_m:
            yield _turned(other, km, f"{against} {one.segment.segment_id}")
        elif _gap_m(start, begin) <= jump_m:
            yield _turned(one, km, f"{against} {other.segment.segment_id}")
        elif _gap_m(start, finish) <= jump_m:
            yield _turned(one, km, f"{against} {other.segment.segment_id}")
            yield _turned(other, km, f"{against} {one.segment.segment_id}")
        else:
            fault = f"its line begins {gap_m:.0f} m from the end of {one.segment.segment_id}"
            yield Finding("jump", other.number, other.segment.segment_id, km, fault)


def _turned(one: _Numbered, km: float, fault: str) -> Finding:
    return Finding("mixed_direction", one.number, one.segment.segment_id, km, fault)


def _ends(segment: Segment) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lonlat = shapely.get_coordinates(segment.geometry)
    return lonlat[0], lonlat[-1]


def _gap_m(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    # Beyond the poles' caps there are no roads, and the projection has no place for them.
    one, other = np.clip([a, b], (-180, -89), (180, 89))
    return float(distance_m(one[None], other[None])[0])
