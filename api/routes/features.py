"""Segments with their counts as OGC API – Features, Part 1: Core (OGC 17-069r4), which QGIS opens."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import shapely
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answering import geometry_of, unchanged, validators
from api.dressing import Dressed
from api.formats import MEDIA_TYPES, choose, encode, json_rows
from api.paging import asked_digest, page_token, read_token
from api.parameters import Filtered, Parameters, Placed, Totals
from api.routes import examples
from api.routes.about import ATTRIBUTION, bounds
from api.routes.described import described
from api.service import Here, Seen, Service
from models.errors import BadParameterError, UnknownPlaceError
from models.records import rfc3339
from models.windows import DAY_S

if TYPE_CHECKING:
    from models.network import Segment

router = APIRouter(tags=["features"])

COLLECTION: Final = "segments"
CONFORMS_TO: Final = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
_CRS84: Final = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.1"
_USUAL_DAYS: Final = 30
_PAGE: Final = 10
_FORMS: Final = ("geojson", "json")
_BBOX: Final = 200

_LINK = {"href": "http://127.0.0.1:8080/api/v1", "rel": "self", "type": "application/json"}
_DESCRIBED = {"id": COLLECTION, "title": "Segments with their counts", "itemType": "feature", "links": [_LINK]}
_FEATURE = {
    "type": "Feature",
    "id": "KAZ11/383",
    "geometry": {"type": "LineString", "coordinates": [[54.1, 45.2], [54.2, 45.1]]},
    "properties": {"segment_id": "KAZ11/383", "route": "KAZ11", "from_km": 383.0, "to_km": 384.0}
    | {"road_class": "republican", **examples.FIGURES},
}


class Items(Filtered, Placed):
    """Parameters of the items of a collection."""

    limit: Annotated[
        int, Field(ge=1, description="Features of a page; 10,000 are given where more are asked for.", examples=[100])
    ] = _PAGE
    bbox: Annotated[
        str | None,
        Field(
            max_length=_BBOX,
            description="West, south, east, north in degrees (or six numbers, heights being the third and sixth). "
            "What has no geometry lies in none.",
            examples=["51.0,43.0,52.5,44.5"],
        ),
    ] = None
    datetime: Annotated[
        str | None,
        Field(
            max_length=85,
            description="The span that is counted: an instant (its local day) or an interval, open as `..`, of RFC 3339"
            " times, widened to whole local days. Without it the 30 days that end with today.",
            examples=["2025-06-01T00:00:00+05:00/2025-07-01T00:00:00+05:00"],
        ),
    ] = None
    next: Annotated[str | None, Field(min_length=1, max_length=512, description="Token of the next page.")] = None


@router.get("", responses=described({"title": "amanzhol", "links": [_LINK]}, 406))
def landing(request: Request, service: Here, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """What there is here, and what the token lets see."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    here = _root(request)
    pages = (
        "networks",
        "figures",
        "counts",
        "totals",
        "series",
        "comparison",
        "changes",
        "ranking",
        "stretches",
        "books",
        "freshness",
        "live",
    )
    return {
        "title": "amanzhol: what is counted on the roads",
        "description": "Violations, accidents and citizens' reports per road segment and time window.",
        "attribution": service.store.network.attribution or ATTRIBUTION,
        "version": service.version,
        "role": role,
        "open": service.tokens is None,
        "links": [
            _link(here, "self", MEDIA_TYPES["json"]),
            _link(f"{here}/openapi.json", "service-desc", _OPENAPI),
            _link(f"{here}/conformance", "conformance", MEDIA_TYPES["json"]),
            _link(f"{here}/collections", "data", MEDIA_TYPES["json"]),
            *(_link(f"{here}/{page}", "related", MEDIA_TYPES["json"]) for page in pages),
        ],
    }


@router.get("/conformance", responses=described({"conformsTo": list(CONFORMS_TO)}, 406))
def conformance(request: Request, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """Which parts of OGC API – Features this is."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    return {"conformsTo": list(CONFORMS_TO)}


@router.get("/collections", responses=described({"links": [_LINK], "collections": [_DESCRIBED]}, 406))
def collections(request: Request, service: Here, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The collections of features: it is one."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    here = f"{_root(request)}/collections"
    return {"links": [_link(here, "self", MEDIA_TYPES["json"])], "collections": [_described(request, service)]}


@router.get("/collections/{collection}", responses=described(_DESCRIBED, 404, 406))
def one_collection(
    request: Request,
    collection: str,
    service: Here,
    role: Seen,
    asked: Annotated[Parameters, Query()],
) -> dict[str, Any]:
    """A collection of features: its extent, and where its items are."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    _check(collection)
    return _described(request, service)


@router.get(
    "/collections/{collection}/items",
    responses=described(
        {"type": "FeatureCollection", "features": [_FEATURE], "links": [_LINK]}
        | {"timeStamp": "2025-06-12T09:00:07Z", "numberMatched": 1181, "numberReturned": 1},
        404,
        406,
        formats=_FORMS,
    ),
)
def items(request: Request, collection: str, service: Here, role: Seen, asked: Annotated[Items, Query()]) -> Response:
    """Segments with their counts as properties: all of the network, of which nothing is known too."""
    _check(collection)
    choose(asked.f, request.headers.get("accept"), _FORMS)
    digest = asked_digest(request.query_params.multi_items())
    begin = 0 if asked.next is None else read_token(asked.next, digest)[0]
    limit = min(asked.limit, 10_000)
    totals = _totals(asked, service)
    plain = service.asker(role).asked(totals, "segment", "all")
    found = [
        segment
        for segment in (service.store.network.segments if plain.segments is None else plain.segments)
        if asked.bbox is None or _meets(segment, _boxes(asked.bbox))
    ]
    page = found[begin : begin + limit]
    question = plain._replace(segments=tuple(page), others=())
    with service.store.snapshot() as snapshot:
        headers = validators(request, role, snapshot.version, plain.final_until, "geojson")
        if unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        rows = Dressed(question, snapshot.words, service.store.calendar).rows(
            snapshot.ask(question.question(snapshot, service.store.calendar))
        )
    counted = {row["segment_id"]: row for row in json_rows(rows)}
    links = [_link(str(request.url), "self", MEDIA_TYPES["geojson"])]
    if begin + limit < len(found):
        token = page_token((begin + limit, 0), digest)
        links.append(_link(str(request.url.include_query_params(next=token)), "next", MEDIA_TYPES["geojson"]))
        headers["Link"] = f'<{links[-1]["href"]}>; rel="next"'
    body = {
        "type": "FeatureCollection",
        "timeStamp": rfc3339(int(service.clock())),
        "numberMatched": len(found),
        "numberReturned": len(page),
        "links": links,
        "attribution": service.store.network.attribution or ATTRIBUTION,
        "freshness": service.freshness().as_dict(),
        "features": [_feature(segment, counted, service, question) for segment in page],
    }
    return Response(encode(body), headers=headers, media_type=MEDIA_TYPES["geojson"])


@router.get(
    "/collections/{collection}/items/{segment_id:path}",
    responses=described({**_FEATURE, "links": [_LINK]}, 404, 406, formats=_FORMS),
)
def item(
    request: Request, collection: str, segment_id: str, service: Here, role: Seen, asked: Annotated[Parameters, Query()]
) -> Response:
    """One segment with its counts of the last 30 days."""
    _check(collection)
    choose(asked.f, request.headers.get("accept"), _FORMS)
    try:
        segment = service.store.network.segments[service.store.network.index_of(segment_id)]
    except KeyError:
        raise UnknownPlaceError(f"there is no segment {segment_id[:100]!r} in the network") from None
    totals = _totals(Items(segment=[segment_id]), service)
    plain = service.asker(role).asked(totals, "segment", "all")
    with service.store.snapshot() as snapshot:
        rows = Dressed(plain, snapshot.words, service.store.calendar).rows(
            snapshot.ask(plain.question(snapshot, service.store.calendar))
        )
    counted = {row["segment_id"]: row for row in json_rows(rows)}
    here = f"{_root(request)}/collections/{COLLECTION}"
    body = _feature(segment, counted, service, plain) | {
        "links": [
            _link(str(request.url), "self", MEDIA_TYPES["geojson"]),
            _link(here, "collection", MEDIA_TYPES["json"]),
        ]
    }
    return Response(encode(body), media_type=MEDIA_TYPES["geojson"])


def _feature(segment: Segment, counted: dict[str, dict[str, Any]], service: Service, asked: Any) -> dict[str, Any]:
    # Of a segment that nothing is known of: nobody looked, and the registers have nothing.
    nothing = {figure.name: None if figure.unseen else 0 for figure in asked.figures} | {"observed": False}
    said = {
        name: getattr(segment, name)
        for name in ("name", "name_ru", "name_kk", "name_en", "road_class", "area", "settlement", "limit_kmh")
    }
    place = {name: getattr(segment, name) for name in ("segment_id", "route", "from_km", "to_km", "district")}
    times = {"start": rfc3339(asked.span.first), "end": rfc3339(asked.span.end)}
    return {
        "type": "Feature",
        "id": segment.segment_id,
        "geometry": geometry_of(segment.segment_id, service.store.network),
        "properties": {**place, **said, **times, **nothing, **counted.get(segment.segment_id, {})},
    }


def _totals(asked: Items, service: Service) -> Totals:
    first, end = _interval(asked.datetime, service)
    own = asked.model_dump(exclude={"limit", "bbox", "datetime", "next", "f"})
    return Totals(**own, from_=rfc3339(first), to=rfc3339(end))


def _interval(text: str | None, service: Service) -> tuple[int, int]:
    """Read the parameter `datetime` as whole local days."""
    calendar = service.store.calendar
    today_end = calendar.end("day", int(service.clock()))
    if text is None:
        return calendar.start("day", today_end - _USUAL_DAYS * DAY_S), today_end
    first, slash, end = text.partition("/")
    begins = None if first in ("", "..") else _moment(first)
    ends = begins if not slash else None if end in ("", "..") else _moment(end)
    if not slash and begins is None:
        raise BadParameterError("datetime: must be a time, or an interval of two", "datetime")
    if begins is not None and ends is not None and ends < begins:
        raise BadParameterError("datetime: must not end before it begins", "datetime")
    lowest = calendar.midnight(datetime(1970, 1, 1, tzinfo=UTC).date())
    last = today_end if ends is None else calendar.start("day", ends)
    if ends is not None and (last < ends or not slash or ends == begins):
        last = calendar.end("day", ends)
    low = lowest if begins is None else calendar.start("day", begins)
    return low, max(last, calendar.end("day", low))


def _moment(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None or not 1900 <= moment.year <= 2199:  # noqa: PLR2004
            raise ValueError  # noqa: TRY301
        return int(moment.timestamp())
    except ValueError:
        raise BadParameterError(
            "datetime: must be times with an offset, in the years 1900 to 2199: 2025-06-01T00:00:00+05:00/..",
            "datetime",
        ) from None


def _boxes(text: str) -> list[Any]:
    """Read a bbox; one that crosses the antimeridian becomes two."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # noqa: PLR2004 - with heights
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):  # noqa: PLR2004
        raise BadParameterError("bbox: must be four numbers: west,south,east,north", "bbox")
    west, south, east, north = numbers
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004
        raise BadParameterError("bbox: must be degrees, with south not above north", "bbox")
    if west <= east:
        return [shapely.box(west, south, east, north)]
    return [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]


def _meets(segment: Segment, boxes: list[Any]) -> bool:
    return segment.geometry is not None and any(segment.geometry.intersects(box) for box in boxes)


def _described(request: Request, service: Service) -> dict[str, Any]:
    here = f"{_root(request)}/collections/{COLLECTION}"
    box = bounds(service)
    spatial = {} if box is None else {"spatial": {"bbox": [box], "crs": _CRS84}}
    return {
        "id": COLLECTION,
        "title": "Segments with their counts",
        "description": "Road segments; their properties count a span, by `datetime`.",
        "attribution": service.store.network.attribution or ATTRIBUTION,
        "itemType": "feature",
        "crs": [_CRS84],
        "extent": {**spatial, "temporal": {"interval": [[None, None]]}},
        "links": [
            _link(here, "self", MEDIA_TYPES["json"]),
            _link(f"{here}/items", "items", MEDIA_TYPES["geojson"]),
        ],
    }


def _check(collection: str) -> None:
    if collection != COLLECTION:
        raise UnknownPlaceError(f"there is no collection {collection[:100]!r}, only {COLLECTION}")


def _root(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/api/v1"


def _link(href: str, rel: str, media_type: str) -> dict[str, str]:
    return {"href": href, "rel": rel, "type": media_type}
