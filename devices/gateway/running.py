"""Runs a gateway: its port for devices, its port for whoever watches it, and what is due every second."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, NamedTuple

from aiohttp import web
from prometheus_client import generate_latest

from devices.gateway.listening import listen
from devices.gateway.metrics import GatewayMetrics
from devices.gateway.minutes import Minutes
from devices.gateway.service import Gateway
from devices.gateway.writing import GroupCommit
from models.errors import SpoolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from devices.gateway.adapters import Adapter
    from devices.gateway.offences import Offences
    from devices.gateway.senders import Senders
    from devices.publisher import Publisher

logger = logging.getLogger(__name__)

_EVERY_S: Final = 1.0
_QUESTION_BYTES: Final = 1024


class Address(NamedTuple):
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


class GatewayParts(NamedTuple):
    """All that a gateway is made of."""

    adapters: Mapping[str, Adapter]
    senders: Senders
    offences: Offences
    publisher: Publisher
    max_bytes: int


async def run_gateway(
    parts: GatewayParts,
    devices: Address,
    watchers: Address,
    stop: asyncio.Event,
    ready: Callable[[int, int], None],
) -> None:
    """Serve until told to stop; `ready` hears of the two ports. Raises OSError where one of them is taken."""
    publisher = parts.publisher
    metrics = GatewayMetrics(parts.adapters)
    minutes = Minutes(publisher.spool, parts.offences)
    writer = GroupCommit(minutes.take)
    gateway = Gateway(parts.adapters, parts.senders, publisher.plates, writer, metrics, parts.max_bytes)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(writer.close)
        ports = (
            await listen(stack, gateway.answer, *devices, parts.max_bytes),
            await listen(stack, _watched(metrics, lambda: not stop.is_set()), *watchers, _QUESTION_BYTES),
        )
        ready(*ports)
        while not stop.is_set():
            try:
                await writer.in_thread(lambda: _each_second(minutes, publisher, metrics))
            except SpoolError as error:
                logger.warning("%s", error)
            try:
                await asyncio.wait_for(stop.wait(), _EVERY_S)
            except TimeoutError:
                continue


def _each_second(minutes: Minutes, publisher: Publisher, metrics: GatewayMetrics) -> None:
    if minutes.close_due(time.time_ns() // 1_000_000):
        publisher.sender.wake()
    if not publisher.sender.all_acknowledged():
        publisher.sender.wake()
    metrics.watch(publisher)


def _watched(
    metrics: GatewayMetrics, alive: Callable[[], bool]
) -> Callable[[web.BaseRequest], Awaitable[web.Response]]:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/metrics":
            return web.Response(body=generate_latest(metrics.registry), content_type="text/plain", charset="utf-8")
        if request.path in {"/livez", "/readyz"}:
            return web.Response(text="ok\n" if alive() else "stopping\n", status=200 if alive() else 503)
        return web.Response(status=404)

    return answer
