"""Cells as they change: server-sent events, for ops alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from api.formats import encode
from api.parameters import Parameters
from api.roles import Role
from api.routes.described import described
from api.service import Here, ops_only

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from api.live import Live

router = APIRouter(tags=["live"])

_LOOK_EVERY_S = 1.0
_BEAT_EVERY = 15

EXAMPLE = (
    "event: hello\ndata: {}\n\nevent: cells\n"
    'data: {"cells":[{"segment_id":"KAZ11/383","window_start":"2025-06-10T04:30:00Z","added":{"violations":1}}]}\n\n'
)


@router.get(
    "/live",
    response_class=StreamingResponse,
    responses={
        **described({}, 403, 429),
        200: {"description": "The stream.", "content": {"text/event-stream": {"example": EXAMPLE}}},
    },
)
async def live_cells(
    request: Request, service: Here, role: Annotated[Role, Depends(ops_only)], asked: Annotated[Parameters, Query()]
) -> StreamingResponse:
    """Cells as they change, as server-sent events, for ops.

    `hello` comes first: ask for counts then, for what was before. `cells` tells by how much figures of cells grew.
    `missed` means that something was left out: ask for counts anew.
    """
    service.live.check()
    return StreamingResponse(
        _events(service.live, request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _events(live: Live, request: Request) -> AsyncIterator[bytes]:
    """Write events until the asker has gone, or the service ends."""
    with live.listening() as listener:
        yield event("hello", {})
        quiet = 0
        while not getattr(request.app.state, "ending", False):
            batch = await listener.take(_LOOK_EVERY_S)
            quiet += 1
            if batch is None:
                if quiet % _BEAT_EVERY == 0:
                    yield b": still here\n\n"
            elif batch.get("missed"):
                yield event("missed", {})
            elif batch["cells"]:
                yield event("cells", batch)


def event(name: str, data: dict[str, Any]) -> bytes:
    """Write one event."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), encode(data))
