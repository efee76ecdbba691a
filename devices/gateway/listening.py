"""Sockets to a handler, by aiohttp's low-level server: no router, and no word back of what could not be read."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AsyncExitStack

IDLE_S: Final = 30.0
"""A connection that says nothing, or only part of a request's head, is closed after this long."""

_LINGER_S: Final = 1.0
"""So long the rest of a refused body is read, so that its sender gets to the answer."""

_BACKLOG: Final = 512
_SHUTDOWN_S: Final = 5.0

# What the library itself logs of a request may quote it.
_silent = logging.getLogger(f"{__name__}.aiohttp")
_silent.disabled = True


class _Reticent(web.RequestHandler):
    """The library's connection, but for its answer to what is not HTTP: it would repeat the bytes, plates and all."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer with a status and nothing else."""
        del exc, message
        return super().handle_error(request, status, None, "the gateway cannot read this request\n")


async def listen(
    stack: AsyncExitStack,
    answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    host: str,
    port: int,
    max_bytes: int,
) -> int:
    """Serve until the stack is closed; requests under way are answered first. Returns the port. Raises OSError."""
    loop = asyncio.get_running_loop()

    def request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=max_bytes)

    server = web.Server(answer, request_factory=request)

    def connection() -> web.RequestHandler:
        return _Reticent(
            server,
            loop=loop,
            keepalive_timeout=IDLE_S,
            lingering_time=_LINGER_S,
            logger=_silent,
            access_log=_silent,
            auto_decompress=False,
        )

    sockets = await loop.create_server(connection, host, port, backlog=_BACKLOG)
    stack.push_async_callback(server.shutdown, _SHUTDOWN_S)
    stack.callback(sockets.close)
    return int(sockets.sockets[0].getsockname()[1])
