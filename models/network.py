"""The network: the segments and junctions that events are counted on. `models.network_file` reads it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapely.geometry import LineString, MultiLineString

DEFAULT_RADIUS_M: Final = 25.0
"""How far a junction reaches where its feature does not say: a crossroads of two wide streets."""

MAX_RADIUS_M: Final = 1_000.0
"""No junction reaches farther: a larger radius is a mistake of units."""

_DIGEST_VERSION: Final = b"amanzhol network 1\n"
_ATTRIBUTION_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a route between two kilometre posts, or one street between two junctions.

    `geometry` is a line in decimal degrees (lon, lat), drawn from `from_km` to `to_km`; None where only route
    and km locate the segment. `km_uncertainty_m` is how far the segment's kilometres may be from those on the
    posts (one standard deviation). None elsewhere means: not said.
    """

    segment_id: str
    route: str
    from_km: float
    to_km: float
    direction: str = "both"
    name: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    name_en: str | None = None
    road_class: str | None = None
    area: str | None = None
    district: str | None = None
    settlement: str | None = None
    limit_kmh: float | None = None
    km_uncertainty_m: float | None = None
    geometry: LineString | MultiLineString | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Junction:
    """A crossroads, which accidents within `radius_m` of (`lon`, `lat`), decimal degrees, belong to as a whole.

    Its `segment_id` is the one that cells carry, beside those of segments: `junction/AKT-A1`.
    """

    segment_id: str
    lon: float
    lat: float
    radius_m: float = DEFAULT_RADIUS_M
    name: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    name_en: str | None = None
    area: str | None = None
    district: str | None = None
    settlement: str | None = None


class Network:
    """Segments and junctions in the order of their ids, and a digest of all they say.

    `digest` is SHA-256 in hex over every field of each of them: the same content gives the same digest,
    whatever the order of features and the formatting of the file. The workers of a group compare it. `attribution`
    says whose lines they are, to be shown wherever they are; None where the file says nothing.
    """

    __slots__ = ("_index", "attribution", "digest", "junctions", "segments")

    segments: tuple[Segment, ...]
    junctions: tuple[Junction, ...]
    digest: str
    attribution: str | None

    def __init__(
        self, segments: Iterable[Segment], junctions: Iterable[Junction] = (), attribution: str | None = None
    ) -> None:
        """Sort the segments and junctions. Raises ValueError where two have the same id."""
        self.attribution = attribution
        self.segments = tuple(sorted(segments, key=lambda segment: segment.segment_id))
        self.junctions = tuple(sorted(junctions, key=lambda junction: junction.segment_id))
        self._index = {segment.segment_id: index for index, segment in enumerate(self.segments)}
        if len(self._index.keys() | {j.segment_id for j in self.junctions}) != len(self.segments) + len(self.junctions):
            raise ValueError("two segments or junctions have the same segment_id")
        self.digest = _digest(self.segments, self.junctions)

    def __len__(self) -> int:
        """Give the number of segments."""
        return len(self.segments)

    def index_of(self, segment_id: str) -> int:
        """Give the place of a segment in `segments`. Raises KeyError where there is none of that id."""
        return self._index[segment_id]


_LATER: Final = ("km_uncertainty_m",)


def _digest(segments: tuple[Segment, ...], junctions: tuple[Junction, ...]) -> str:
    said = [field.name for field in fields(Segment) if field.name not in {"geometry", *_LATER}]
    # Adding zero makes -0.0 and 0.0 the same content, as 60 and 60.0 are.
    drawn = shapely.transform(
        np.array([segment.geometry for segment in segments], dtype=object), lambda positions: positions + 0.0
    )
    digest = hashlib.sha256(_DIGEST_VERSION)
    wkbs = shapely.to_wkb(drawn, byte_order=1, output_dimension=2, flavor="iso")
    for segment, wkb in zip(segments, wkbs, strict=True):
        row: list[object] = [_canonical(getattr(segment, name)) for name in said]
        row += [{name: _canonical(value)} for name in _LATER if (value := getattr(segment, name)) is not None]
        # The length keeps one segment's bytes from passing for another's.
        row.append(None if wkb is None else len(wkb))
        digest.update(json.dumps(row, separators=(",", ":")).encode() + b"\n" + (wkb or b""))
    for junction in junctions:
        point = [_canonical(getattr(junction, field.name)) for field in fields(Junction)]
        digest.update(json.dumps({"junction": point}, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _canonical(value: object) -> object:
    return float(value) + 0.0 if isinstance(value, int | float) else value
