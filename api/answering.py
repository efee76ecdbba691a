"""Puts answers together: what is asked, in the format that is asked for, unless the asker has it already."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from email.utils import formatdate, parsedate_to_datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import shapely
from fastapi.responses import Response, StreamingResponse

from api.dressing import Dressed
from api.formats import MEDIA_TYPES, TABLES, choose, encode, json_rows, table_bytes
from api.paging import asked_digest, page_token, read_token
from api.roles import GRACE_S
from models.errors import BadParameterError
from models.records import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import Request

    from api.asking import Asked
    from api.parameters import Counts
    from api.roles import Role
    from api.service import Service
    from api.store.asking import Question
    from api.store.store import Snapshot, Version
    from models.network import Network

PAGE_ROWS: Final = 1_000
GEOMETRY: Final = ("geojson", "geoparquet")


def answer_counts(request: Request, service: Service, role: Role, counts: Counts) -> Response:
    """Answer with rows: in pages, or as a table that is streamed."""
    offered = [name for name in MEDIA_TYPES if counts.by == "segment" or name not in GEOMETRY]
    form = choose(counts.f, request.headers.get("accept"), offered)
    asked = service.asker(role).asked(counts, counts.by, counts.step, table=form in TABLES)
    if form in TABLES:
        if counts.next is not None or counts.limit is not None:
            raise BadParameterError(f"limit and next go with pages: {form} is a table, streamed as a whole", "limit")
        return _table(request, service, role, asked, form)
    digest = asked_digest(request.query_params.multi_items())
    limit = counts.limit or PAGE_ROWS
    after = None if counts.next is None else read_token(counts.next, digest)
    with service.store.snapshot() as snapshot:
        headers = validators(request, role, snapshot.version, asked.final_until, form)
        if unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        question = asked.question(snapshot, service.store.calendar)._replace(after=after, limit=limit + 1)
        found = snapshot.ask(question)
        rows = Dressed(asked, snapshot.words, service.store.calendar).rows(found.slice(0, limit))
    token = None
    if len(found) > limit:
        token = page_token((found["key"][limit - 1].as_py(), found["first"][limit - 1].as_py()), digest)
    said = said_of(service, asked) | {"next": token}
    if token is not None:
        headers["Link"] = f'<{request.url.include_query_params(next=token)}>; rel="next"'
    if form == "geojson":
        body = {**features(json_rows(rows), service.store.network), **said}
    else:
        body = {**said, "rows": json_rows(rows)}
    return Response(encode(body), headers=headers, media_type=MEDIA_TYPES[form])


def said_of(service: Service, asked: Asked) -> dict[str, Any]:
    """What every answer in JSON says of itself."""
    return {
        "from": rfc3339(asked.span.first),
        "to": rfc3339(asked.span.end),
        "final_until": rfc3339(asked.final_until),
        "freshness": service.freshness().as_dict(),
    }


def _table(request: Request, service: Service, role: Role, asked: Asked, form: str) -> Response:
    with ExitStack() as stack:
        snapshot = stack.enter_context(service.store.snapshot())
        headers = validators(request, role, snapshot.version, asked.final_until, form)
        if unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        question = asked.question(snapshot, service.store.calendar)
        dressed = Dressed(asked, snapshot.words, service.store.calendar)
        written = _written(snapshot, question, dressed, form, service.store.network)
        # What fails, fails before the first byte is sent: it is then answered as a problem.
        first = next(written, b"")
        kept = stack.pop_all()
    headers["Content-Disposition"] = f'attachment; filename="counts.{form.removeprefix("geo")}"'
    return StreamingResponse(_closing(chain([first], written), kept), headers=headers, media_type=MEDIA_TYPES[form])


def _written(snapshot: Snapshot, question: Question, dressed: Dressed, form: str, network: Network) -> Iterator[bytes]:
    """Write a table; one of windows or hours month by month: to sort a year takes as long as to read it."""
    months = [question.span]
    if question.step in ("window", "hour"):
        months = list(dressed.calendar.units("month", question.span))
    pieces = (
        dressed.rows(pa.Table.from_batches([batch]))
        for month in months
        for batch in snapshot.stream(question._replace(span=month))
    )
    return table_bytes(form, dressed.schema, pieces, network)


def _closing(pieces: Iterator[bytes], kept: ExitStack) -> Iterator[bytes]:
    """Hold the snapshot until the last piece is sent, or the asker has gone."""
    with kept:
        yield from pieces


def features(rows: list[dict[str, Any]], network: Network) -> dict[str, Any]:
    """Write rows about segments as GeoJSON; what lies on no segment has no geometry."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row["segment_id"],
                "geometry": geometry_of(row["segment_id"], network),
                "properties": row,
            }
            for row in rows
        ],
    }


def geometry_of(segment_id: str, network: Network) -> Any:
    """Give a segment's line as GeoJSON has it; None where it has none."""
    try:
        geometry = network.segments[network.index_of(segment_id)].geometry
    except KeyError:
        return None
    return None if geometry is None else shapely.geometry.mapping(geometry)


def validators(request: Request, role: Role, version: Version, final_until: int, form: str) -> dict[str, str]:
    """Say which state of the store an answer is of, for whoever asks the same again."""
    said = (request.url.path, sorted(request.query_params.multi_items()), role, version, final_until, form)
    digest = hashlib.sha256(repr(said).encode()).hexdigest()[:20]
    return {
        # Weak, since an answer also says how fresh the store is.
        "ETag": f'W/"{digest}"',
        # Rows become final with the hour, too.
        "Last-Modified": formatdate(max(-(-version.newest_ms // 1_000), final_until + GRACE_S), usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept, Authorization",
    }


def unchanged(request: Request, headers: Mapping[str, str]) -> bool:
    """Whether the asker has this answer already. `If-None-Match` goes before `If-Modified-Since` (RFC 9110, 13.2.2)."""
    known = request.headers.get("if-none-match")
    if known is not None:
        return known.strip() == "*" or headers["ETag"] in (tag.strip() for tag in known.split(","))
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return parsedate_to_datetime(since) >= parsedate_to_datetime(headers["Last-Modified"])
    except (TypeError, ValueError):
        return False
