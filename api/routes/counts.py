"""Counts: by segment, route or district, in steps of time; totals, series, and the same period before."""

from __future__ import annotations

from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.answering import answer_counts, said_of, unchanged, validators
from api.asking import Asked
from api.dressing import Dressed
from api.formats import MEDIA_TYPES, choose, encode, json_rows
from api.parameters import Comparison, Counts, Series, Totals
from api.routes import examples
from api.routes.described import described
from api.service import Here, Seen, Service
from models.calendar import Span

router = APIRouter(tags=["counts"])


@router.get("/counts", responses=described(examples.COUNTS, 406, formats=MEDIA_TYPES))
def counts(request: Request, service: Here, role: Seen, asked: Annotated[Counts, Query()]) -> Response:
    """Counts by segment, route or district, in steps of local time.

    A row that is not there: nothing was counted and nobody looked. A figure that is null: nobody looked (violations
    without watch time); 0 is a zero. `observed` says whether anyone watched at all. Accidents come from a register,
    which needs nobody to look. At `step=window` it is not known who looked: violations of which none are, are null.

    Formats: `json` and `geojson` (by segment) in pages; `csv`, `ndjson`, `parquet`, `geoparquet` (by segment) and
    `arrow` as a whole.
    """
    return answer_counts(request, service, role, asked)


@router.get("/totals", responses=described(examples.TOTALS, 406))
def totals(request: Request, service: Here, role: Seen, asked: Annotated[Totals, Query()]) -> Response:
    """Sums over a whole span and everything asked for: one row, of what lies on no segment too."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    return _filled(request, service, role, service.asker(role).asked(asked, "all", "all"))


@router.get("/series", responses=described(examples.SERIES, 406))
def series(request: Request, service: Here, role: Seen, asked: Annotated[Series, Query()]) -> Response:
    """A time series of all that is asked for together: a row for each step of the span, also where nothing was."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    return _filled(request, service, role, service.asker(role).asked(asked, "all", asked.step))


@router.get("/comparison", responses=described(examples.COMPARISON, 406))
def comparison(request: Request, service: Here, role: Seen, asked: Annotated[Comparison, Query()]) -> Response:
    """Two spans side by side: `now` and `before` have the columns of counts, or are null where a row is missing.

    Differences are left to whoever knows whether both spans were watched alike: `/changes` does.
    """
    choose(asked.f, request.headers.get("accept"), ("json",))
    asker = service.asker(role)
    now = asker.asked(asked, asked.by, "all")
    before = asker.before(now, asked.against)
    with service.store.snapshot() as snapshot:
        headers = validators(request, role, snapshot.version, now.final_until, "json")
        if unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        sides = [
            (
                Dressed(side, snapshot.words, service.store.calendar),
                snapshot.ask(side.question(snapshot, service.store.calendar)),
            )
            for side in (now, before)
        ]
    by_key = [
        dict(zip(found["key"].to_pylist(), json_rows(dressed.rows(found)), strict=True)) for dressed, found in sides
    ]
    rows = [
        {"now": by_key[0].get(key), "before": by_key[1].get(key)} for key in sorted(by_key[0].keys() | by_key[1].keys())
    ]
    said = said_of(service, now) | {
        "before": said_of(service, before)["from"],
        "before_to": said_of(service, before)["to"],
    }
    return Response(encode({**said, "rows": rows}), headers=headers, media_type=MEDIA_TYPES["json"])


def _filled(request: Request, service: Service, role: Seen, asked: Asked) -> Response:
    """Answer with a row for each step of the span."""
    calendar = service.store.calendar
    with service.store.snapshot() as snapshot:
        headers = validators(request, role, snapshot.version, asked.final_until, "json")
        if unchanged(request, headers):
            return Response(status_code=304, headers=headers)
        found = snapshot.ask(asked.question(snapshot, calendar))
        rows = Dressed(asked, snapshot.words, calendar).rows(
            filled(found, asked, list(calendar.units(asked.step, asked.span)))
        )
    body = {**said_of(service, asked), "rows": json_rows(rows)}
    return Response(encode(body), headers=headers, media_type=MEDIA_TYPES["json"])


def filled(found: pa.Table, asked: Asked, units: list[Span]) -> pa.Table:
    """Add rows of zeros for the units of the step that the store knows nothing of."""
    rows: dict[int, dict[str, Any]] = {row["first"]: row for row in found.to_pylist()}
    nothing = {"key": 0, **{figure.name: 0 for figure in asked.figures}}
    return pa.Table.from_pylist(
        [rows.get(unit.first, {**nothing, "first": unit.first}) for unit in units], found.schema
    )
