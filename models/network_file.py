"""Reads a network from GeoJSON (RFC 7946).

A feature with a line, or with `null` geometry, is a segment; one with a point is a junction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec
import numpy as np
import shapely
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from models.errors import NetworkFileError
from models.network import MAX_RADIUS_M, Junction, Network, Segment

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry import LineString, MultiLineString

_ATTRIBUTION_CHARS: Final = 500


def read_network(path: Path) -> Network:
    """Read a FeatureCollection whose features are segments and junctions.

    Heights are dropped, unknown properties ignored; `null` is as good as absent for an optional property.
    Raises NetworkFileError with one line that names the file, the feature (its number from 0, and its
    segment_id where it has one) and the field.
    """
    numbers: dict[str, int] = {}
    segments: list[Segment] = []
    junctions: list[Junction] = []
    document = _read_document(path)
    for number, feature in enumerate(_features(path, document)):
        try:
            stretch = parse_feature(feature)
            _check_unique(stretch.segment_id, number, numbers)
        except FeatureError as error:
            raise _refusal(path, number, feature, error) from None
        if isinstance(stretch, Junction):
            junctions.append(stretch)
        else:
            segments.append(stretch)
    return Network(segments, junctions, _attribution(path, document))


def read_features(path: Path) -> list[Any]:
    """Read the features of a GeoJSON FeatureCollection in WGS 84, as they are: nothing in them is checked.

    Raises NetworkFileError, which names the file and the member at fault.
    """
    return _features(path, _read_document(path))


def _read_document(path: Path) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise NetworkFileError(f"{path}: cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise NetworkFileError(f"{path}: is nested too deeply to be a network") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise NetworkFileError(f"{path}: is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise NetworkFileError(f'{path}: type: must be "FeatureCollection", of GeoJSON')
    _check_crs(path, document.get("crs"))
    return document


def _features(path: Path, document: dict[str, Any]) -> list[Any]:
    features = document.get("features")
    if not isinstance(features, list):
        raise NetworkFileError(f"{path}: features: must be an array of features")
    return features


def _attribution(path: Path, document: dict[str, Any]) -> str | None:
    """Read the member `attribution`; where it is absent a short `note` will do."""
    said, note = document.get("attribution"), document.get("note")
    if said is None:
        return note if _is_short_text(note) else None
    if not _is_short_text(said):
        raise NetworkFileError(
            f"{path}: attribution: must be printable text of at most {_ATTRIBUTION_CHARS} characters"
        )
    return str(said)


def _is_short_text(said: object) -> bool:
    return isinstance(said, str) and len(said) <= _ATTRIBUTION_CHARS and said.isprintable()


def parse_feature(feature: Any) -> Segment | Junction:
    """Make a segment or a junction of a decoded feature. Raises FeatureError with the first field at fault."""
    drawn = feature.get("geometry") if isinstance(feature, dict) else None
    try:
        if isinstance(drawn, dict) and drawn.get("type") == "Point":
            return _junction(_PointFeature.model_validate(feature))
        return _segment(_Feature.model_validate(feature))
    except ValidationError as error:
        raise FeatureError(*_first_fault(error)) from None


class FeatureError(ValueError):
    """A field of a feature, and what is wrong with it."""

    def __init__(self, place: str, fault: str) -> None:
        """Keep the field (dotted where it is within another) and the fault, in one line."""
        self.place = place
        self.fault = f"{' '.join(fault.split()):.300}"
        super().__init__(f"{place}: {self.fault}")


class CoordinatesError(FeatureError):
    """A position that is not one on Earth."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text


def _not_reserved(segment_id: str) -> str:
    if segment_id == "unlocated" or segment_id.startswith(("unlocated:", "section:")):
        raise ValueError("is a reserved word: counts that belong to no segment are kept under it")
    return segment_id


_Label = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_printable)]
_Id = Annotated[_Label, AfterValidator(_not_reserved)]
_Position = Annotated[list[float], Field(min_length=2)]
_Line = Annotated[list[_Position], Field(min_length=2)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class _Properties(_Strict):
    segment_id: _Id
    route: _Label
    from_km: float
    to_km: float
    direction: Literal["both", "forward", "backward"] | None = None
    name: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    name_en: str | None = None
    road_class: Literal["republican", "regional", "district", "street"] | None = None
    area: Literal["town", "highway"] | None = None
    district: str | None = None
    settlement: str | None = None
    limit_kmh: Annotated[float, Field(gt=0)] | None = None
    km_uncertainty_m: Annotated[float, Field(ge=0)] | None = None


class _JunctionProperties(_Strict):
    segment_id: _Id
    radius_m: Annotated[float, Field(gt=0, le=MAX_RADIUS_M)] | None = None
    name: str | None = None
    name_ru: str | None = None
    name_kk: str | None = None
    name_en: str | None = None
    area: Literal["town", "highway"] | None = None
    district: str | None = None
    settlement: str | None = None


class _LineString(_Strict):
    type: Literal["LineString"]
    coordinates: _Line


class _MultiLineString(_Strict):
    type: Literal["MultiLineString"]
    coordinates: Annotated[list[_Line], Field(min_length=1)]


class _Feature(_Strict):
    type: Literal["Feature"]
    properties: _Properties
    geometry: Annotated[_LineString | _MultiLineString, Field(discriminator="type")] | None


class _Point(_Strict):
    type: Literal["Point"]
    coordinates: _Position


class _PointFeature(_Strict):
    type: Literal["Feature"]
    properties: _JunctionProperties
    geometry: _Point


def _segment(feature: _Feature) -> Segment:
    said = feature.properties.model_dump(exclude_none=True)
    if said["from_km"] >= said["to_km"]:
        raise FeatureError("from_km", f"{said['from_km']} must be less than to_km, {said['to_km']}")
    return Segment(**said, geometry=_geometry(feature.geometry))


def _junction(feature: _PointFeature) -> Junction:
    lon, lat = _lonlat([feature.geometry.coordinates])[0].tolist()
    return Junction(**feature.properties.model_dump(exclude_none=True), lon=lon, lat=lat)


def _check_unique(segment_id: str, number: int, numbers: dict[str, int]) -> None:
    first = numbers.setdefault(segment_id, number)
    if first != number:
        raise FeatureError("segment_id", f"feature {first} has the same")


def _geometry(
    drawn: _LineString | _MultiLineString | None,
) -> LineString | MultiLineString | None:
    match drawn:
        case None:
            return None
        case _LineString():
            return _line(drawn.coordinates)
        case _MultiLineString():
            lines: MultiLineString = shapely.multilinestrings([_line(line) for line in drawn.coordinates])
            return lines


def _line(positions: list[list[float]]) -> LineString:
    line: LineString = shapely.linestrings(_lonlat(positions))
    return line


def _lonlat(positions: list[list[float]]) -> NDArray[np.float64]:
    lonlat = np.array([position[:2] for position in positions], dtype=np.float64)
    outside = np.flatnonzero((np.abs(lonlat) > (180, 90)).any(axis=1))
    if outside.size:
        lon, lat = lonlat[outside[0]]
        raise CoordinatesError("geometry", f"[{lon}, {lat}] is not a longitude and a latitude in degrees")
    return lonlat


def _check_crs(path: Path, crs: Any) -> None:
    """Refuse the `crs` member of 2008's GeoJSON unless it names the one system that RFC 7946 kept."""
    if crs is None:
        return
    try:
        name = crs["properties"]["name"]
        known = name.upper().split(":")[-1] in {"CRS84", "4326", "WGS84"}
    except (AttributeError, KeyError, TypeError):
        known, name = False, "its value"
    if not known:
        raise NetworkFileError(f"{path}: crs: {name!r:.80} is not WGS 84: convert the file to EPSG:4326 first")


_PLAINLY: Final = {
    "missing": "is missing",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "union_tag_not_found": "has no type",
}


def _first_fault(error: ValidationError) -> tuple[str, str]:
    """Give the field and the fault that pydantic found first, in words of GeoJSON."""
    fault = error.errors(include_url=False, include_input=False)[0]
    # pydantic puts the member of a union into the path; the file has no such level.
    place = [str(step) for step in fault["loc"] if step not in {"LineString", "MultiLineString", "properties"}]
    plainly = _PLAINLY.get(fault["type"]) or (
        fault["msg"]
        .removeprefix("Value error, ")
        .replace("Input should be", "must be")
        .replace("List should have", "must have")
        .replace(" after validation", "")
    )
    return ".".join(place) or ".".join(map(str, fault["loc"])) or "feature", plainly


def _refusal(path: Path, number: int, feature: Any, error: FeatureError) -> NetworkFileError:
    try:
        named = f" ({feature['properties']['segment_id']!r:.140})"
    except (KeyError, TypeError):
        named = ""
    return NetworkFileError(f"{path}: feature {number}{named}: {error}")


# Fields that came after networks were in use: where none is said, a network keeps the digest it had.
