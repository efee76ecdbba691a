"""What there is: the network, the figures, the books, and how fresh they are."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Depends, Query, Request

from api.formats import choose
from api.parameters import Parameters
from api.roles import Role
from api.routes import examples
from api.routes.described import described
from api.service import Here, Seen, analysts_only
from models.errors import UnknownPlaceError
from models.figures import FILTERS, figures_of

router = APIRouter(tags=["about"])

ATTRIBUTION = "Where geometry is from OpenStreetMap: © OpenStreetMap contributors, ODbL 1.0"

_NETWORK = {
    "digest": "5c6e0b2f4d1a",
    "segments": 1181,
    "bbox": [50.2, 41.9, 56.1, 46.3],
    "routes": [{"route": "KAZ11", "segments": 576, "from_km": 210.0, "to_km": 786.0}],
    "districts": ["Aktau", "Beyneu district"],
    "timezone": "Asia/Aqtau",
    "window_s": 300,
    "attribution": ATTRIBUTION,
}


@router.get("/networks", responses=described({"networks": [_NETWORK]}, 406))
def networks(request: Request, service: Here, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The networks that are counted on: routes with their kilometres, districts, bounds. Today it is one."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    return {"networks": [network_of(service)]}


@router.get("/networks/{digest}", responses=described(_NETWORK, 404, 406))
def network(
    request: Request, digest: str, service: Here, role: Seen, asked: Annotated[Parameters, Query()]
) -> dict[str, Any]:
    """One network, by its digest (or its beginning, as `segment-counts` has it)."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    found = network_of(service)
    if digest != found["digest"]:
        raise UnknownPlaceError("there is no such network; /api/v1/networks lists them")
    return found


def network_of(service: Here) -> dict[str, Any]:
    """Describe the service's network."""
    own = service.store.network
    routes = [
        {
            "route": route,
            "segments": len(segments := list(group)),
            "from_km": min(segment.from_km for segment in segments),
            "to_km": max(segment.to_km for segment in segments),
        }
        for route, group in groupby(sorted(own.segments, key=lambda each: each.route), key=lambda each: each.route)
    ]
    return {
        "digest": own.digest[:12],
        "segments": len(own),
        "bbox": bounds(service),
        "routes": routes,
        "districts": sorted({segment.district for segment in own.segments if segment.district is not None}),
        "timezone": service.store.calendar.zone.key,
        "window_s": service.store.calendar.windows.length_s,
        "attribution": own.attribution or ATTRIBUTION,
    }


def bounds(service: Here) -> list[float] | None:
    """West, south, east, north of all that is drawn, in degrees; None where nothing is."""
    drawn = [segment.geometry for segment in service.store.network.segments if segment.geometry is not None]
    return [float(bound) for bound in shapely.total_bounds(drawn)] if drawn else None


@router.get(
    "/figures",
    responses=described(
        {
            "figures": [
                {
                    "name": "accidents",
                    "meaning": "accidents in the official register",
                    "filters": ["direction", "kind", "severity"],
                    "usual": True,
                    "null_without": None,
                }
            ],
            "fleet": [{"kind": "fixed_camera", "mobile": False}],
            "role": "analyst",
        },
        406,
    ),
)
def figures(request: Request, service: Here, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """The columns of counts: what each means, and what filters it knows. The public sees the mobile kinds as one."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    own = figures_of(service.fleet, merged=not role.sees_fleet)
    kinds = [{"kind": kind.name, "mobile": kind.mobile} for kind in service.fleet if role.sees_fleet or not kind.mobile]
    merged = [] if role.sees_fleet or len(kinds) == len(service.fleet) else [{"kind": "mobile", "mobile": True}]
    return {
        "figures": [
            {
                "name": figure.name,
                "meaning": figure.meaning,
                "filters": sorted(figure.filters & FILTERS.keys()),
                "usual": figure.usual,
                "null_without": figure.unseen,
            }
            for figure in own
        ],
        "fleet": kinds + merged,
        "role": role,
    }


@router.get(
    "/books",
    responses=described(
        {
            "books": {"received": 1000, "quarantined": 2, "duplicate": 10, "corrections": 1, "statuses": 600}
            | {"test": 5, "retracted": 1, "unlocated": 3, "counted": 378},
            "freshness": examples.FRESHNESS,
        },
        403,
        406,
    ),
)
def books(
    request: Request,
    service: Here,
    role: Annotated[Role, Depends(analysts_only)],
    asked: Annotated[Parameters, Query()],
) -> dict[str, Any]:
    """The books: every record that was read stands in exactly one column. For analysts and ops."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    with service.store.snapshot() as snapshot:
        own = snapshot.books()
    return {"books": own.as_dict(), "freshness": service.freshness().as_dict()}


@router.get("/freshness", responses=described(examples.FRESHNESS, 406))
def freshness(request: Request, service: Here, role: Seen, asked: Annotated[Parameters, Query()]) -> dict[str, Any]:
    """How far the store is behind Kafka; every answer says so in the header `Amanzhol-Freshness`, too."""
    choose(asked.f, request.headers.get("accept"), ("json",))
    return service.freshness().as_dict()
