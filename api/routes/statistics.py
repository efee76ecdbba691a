"""Rankings, stretches and changes: what the counts say, with how sure it is. The statistics are `models.statistics`."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.answering import said_of, unchanged, validators
from api.asking import Asked
from api.dressing import Dressed
from api.formats import MEDIA_TYPES, choose, encode, json_rows
from api.parameters import Comparison, Placed, Timed, Totals
from api.routes import examples
from api.routes.described import described
from api.service import Here, Seen, Service
from models.calendar import Span
from models.errors import BadParameterError
from models.network import Segment

router = APIRouter(tags=["statistics"])

_RATE = {"value": 0.7, "interval": [0.2, 1.9]}
_SITE = {
    "segment_id": "KAZ11/383",
    "accidents": 2,
    "length_km": 1.0,
    "raw_rank": 1,
    "per_km_year": _RATE,
    "expectation": None,
}
_REGISTERED = ("accidents", "accidents_fatal", "accidents_injury", "dead", "injured", "animal_accidents", "reports")
_SQUARES = {"dead": "dead_squared", "injured": "injured_squared"}


class Ranked(Timed, Placed):
    """Parameters of a ranking."""

    of: Annotated[
        Literal["injury_accidents", "violations"],
        Field(description="Injury accidents per km, or violations per watched hour."),
    ] = "injury_accidents"
    limit: Annotated[int, Field(ge=1, le=10_000, description="So many of the worst.")] = 100


class Stretched(Timed, Placed):
    """Parameters of the search for stretches."""

    window_km: Annotated[float, Field(gt=0, le=100, description="Shortest stretch, in km.")] = 5.0


@router.get("/ranking", responses=described({**examples.SAID, "insufficient": None, "rows": [_SITE]}, 406))
def ranking(request: Request, service: Here, role: Seen, asked: Annotated[Ranked, Query()]) -> Response:
    """The worst segments.

    Injury accidents: by empirical Bayes from three years on, else `insufficient` says why, and the raw rank counts.
    Violations: per watched hour, of segments that were watched a day at least.
    """
    # scipy and statsmodels take seconds to import, which a service need not wait for when it starts.
    from models.statistics.ranking import WatchedSite, rank_injury_accidents, rank_violations  # noqa: PLC0415
    from models.statistics.safety_performance import Site  # noqa: PLC0415

    def answer(found: list[tuple[Segment, dict[str, Any]]], span: Span) -> dict[str, Any]:
        if asked.of == "violations":
            watched = [
                WatchedSite(segment.segment_id, row["violations"] or 0, row["watched_s"]) for segment, row in found
            ]
            return {"insufficient": None, "rows": rank_violations(watched)[: asked.limit]}
        sites = [
            Site(segment.segment_id, _injury(row), segment.to_km - segment.from_km, segment.road_class or "")
            for segment, row in found
        ]
        ranked = rank_injury_accidents(sites, _days(span))
        return {"insufficient": ranked.insufficient, "rows": ranked.sites[: asked.limit]}

    return _of_segments(request, service, role, asked, answer)


@router.get("/stretches", responses=described({**examples.SAID, "rows": []}, 406))
def stretches(request: Request, service: Here, role: Seen, asked: Annotated[Stretched, Query()]) -> Response:
    """Stretches of a route with more injury accidents than its class of road has: worst first, by severity per km."""
    from models.statistics.stretches import Piece, find_stretches  # noqa: PLC0415

    def answer(found: list[tuple[Segment, dict[str, Any]]], _: Span) -> dict[str, Any]:
        pieces = [
            Piece(
                segment.segment_id,
                segment.route,
                segment.from_km,
                segment.to_km,
                _injury(row),
                float(_injury(row)),
                segment.road_class or "",
            )
            for segment, row in found
        ]
        return {"rows": find_stretches(pieces, asked.window_km)}

    return _of_segments(request, service, role, asked, answer)


@router.get(
    "/changes",
    responses=described(
        {
            **examples.SAID,
            "before": "2024-06-09T19:00:00Z",
            "before_to": "2024-06-10T19:00:00Z",
            "changes": {
                "accidents": {"now": 1, "before": 2, "percent": -50.0, "interval": [-99.0, 860.0], "broken": None}
            },
        },
        406,
    ),
)
def changes(request: Request, service: Here, role: Seen, asked: Annotated[Comparison, Query()]) -> Response:
    """What became of the figures of registers since the span before, in percent with its interval of 95 %.

    Across a change of counting rules (`broken` says which) there is no percentage. Violations are not here: whether
    both spans were watched alike shows in `/comparison`.
    """
    from models.statistics.breaks import read_breaks  # noqa: PLC0415
    from models.statistics.comparison import Period, change  # noqa: PLC0415

    choose(asked.f, request.headers.get("accept"), ("json",))
    asker = service.asker(role)
    now = asker.asked(asked.model_copy(update={"measures": "all"}), "all", "all")
    before = asker.before(now, asked.against)
    sides = [_rows(service, side) for side in (now, before)]
    spans = [_period(side.span, service) for side in (now, before)]
    if any(first >= end for first, end in spans):
        raise BadParameterError("to: a change is of whole local days", "to")
    (this, last) = (next(iter(rows), {}) for rows in sides)
    breaks = read_breaks()
    names = [figure.name for figure in now.figures if figure.name in _REGISTERED]
    found = {}
    for name in names:
        counted, earlier = this.get(name) or 0, last.get(name) or 0
        squares = sum(side.get(_SQUARES[name]) or 0 for side in (this, last)) if name in _SQUARES else 0
        size = squares / (counted + earlier) if squares and counted + earlier else 1.0
        periods = (Period(*spans[0]), Period(*spans[1]))
        found[name] = change(
            name,
            counted,
            earlier,
            periods=periods,
            breaks=breaks,
            size=size,
            exposure=periods[0].days / periods[1].days,
        )
    said = said_of(service, before)
    body = {**said_of(service, now), "before": said["from"], "before_to": said["to"], "changes": found}
    return Response(encode(body), media_type=MEDIA_TYPES["json"])


def _of_segments(request: Request, service: Service, role: Seen, asked: Any, answer: Any) -> Response:
    """Answer from all segments asked for and their totals, those without any too."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    own = asked.model_dump(include={*Placed.model_fields, "from_", "to", "as_of"} - {"f"})
    plain = service.asker(role).asked(Totals(**own), "segment", "all")
    if plain.span.first >= plain.span.end:
        raise BadParameterError("from: nothing of this span is final yet", "from")
    with service.store.snapshot() as snapshot:
        headers = validators(request, role, snapshot.version, plain.final_until, "json")
    if unchanged(request, headers):
        return Response(status_code=304, headers=headers)
    counted = {row["segment_id"]: row for row in _rows(service, plain)}
    nothing: dict[str, Any] = dict.fromkeys((figure.name for figure in plain.figures), 0)
    segments = service.store.network.segments if plain.segments is None else plain.segments
    found = [(segment, counted.get(segment.segment_id, nothing)) for segment in segments]
    body = {**said_of(service, plain), **answer(found, plain.span)}
    return Response(encode(body), headers=headers, media_type=MEDIA_TYPES["json"])


def _rows(service: Service, asked: Asked) -> list[dict[str, Any]]:
    calendar = service.store.calendar
    with service.store.snapshot() as snapshot:
        found = snapshot.ask(asked.question(snapshot, calendar))
        return json_rows(Dressed(asked, snapshot.words, calendar).rows(found))


def _injury(row: dict[str, Any]) -> int:
    return int(row["accidents_fatal"] + row["accidents_injury"])


def _days(span: Span) -> float:
    return (span.end - span.first) / 86_400


def _period(span: Span, service: Service) -> tuple[dt.date, dt.date]:
    first, end = (dt.datetime.fromtimestamp(instant, service.store.calendar.zone).date() for instant in span)
    return first, end
