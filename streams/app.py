"""The Faust app: one channel and one agent per input topic, and the record source that feeds them.

Faust gives the app, its lifecycle, supervision of agents and signals. It does not read or commit: its consumer,
tables, windows and `take()` lose or double count under failures (docs/decisions/0003-faust-on-batches.md).
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import faust
from faust.app.base import BootStrategy
from mode import Service

from models.topics import INPUTS
from streams.batches import Batch, fold
from streams.source import RecordSource, SourceSettings

STOP_TIMEOUT_S = 30.0
"""The last checkpoint may take this long. What it does not reach is counted by whoever takes the partitions over."""

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from models.sighting import Rules
    from streams.metrics import WorkerMetrics


class _Boot(BootStrategy):
    """Agents without a consumer or a producer of Faust's own: our channels are in memory.

    Its consumer would join a group that nothing is read by, and only then start our services: after a killed worker,
    for as long as the broker waits for the dead member of that group, which is a minute.
    """

    enable_kafka = False


class _App(faust.App):
    BootStrategy = _Boot

    async def on_started(self) -> None:
        """Let batches flow. Faust's own would be let flow by the first assignment of its consumer."""
        self.flow_control.resume()
        await super().on_started()


def build_app(settings: SourceSettings, rules: Rules, metrics: WorkerMetrics) -> tuple[faust.App, RecordSource]:
    """Put the worker together; `faust.Worker(app)` runs it, and `failure` of the source tells what ended it."""
    app = _App(
        f"{settings.group}-app",
        broker=f"kafka://{settings.broker}",
        web_enabled=False,  # its routes would show tables to anyone
        stream_wait_empty=False,  # else one hung agent blocks the shutdown for ever
        topic_partitions=1,
        topic_replication_factor=1,
    )
    channels: dict[str, Any] = {}
    for topic in INPUTS:
        channels[topic] = app.channel(value_type=Batch)
        app.agent(channels[topic], name=f"count-{topic}")(_counting)
    service = _SourceService(lambda submit: RecordSource(settings, rules, metrics, submit), channels)
    app.service(service)
    return app, service.source


async def _counting(batches: AsyncIterator[Batch]) -> None:
    """Fold batch after batch. One that fails is reported to the source and never ends the agent."""
    async for batch in batches:
        try:
            batch.settled.set_result(fold(batch))
        except Exception as error:  # noqa: BLE001 - the source restores the partition and logs the error
            batch.settled.set_exception(error)


class _SourceService(Service):
    """Runs the record source in its thread, and takes the worker down with it."""

    def __init__(
        self, make_source: Callable[[Callable[[Batch], None]], RecordSource], channels: Mapping[str, Any]
    ) -> None:
        super().__init__()
        self.source = make_source(self._submit)
        self._channels = channels
        self._thread = threading.Thread(target=self.source.run, name="record-source", daemon=True)

    def _submit(self, batch: Batch) -> None:
        """Hand a batch from the source's thread to the agent of its topic."""
        asyncio.run_coroutine_threadsafe(self._channels[batch.topic].put(batch), self._agents_loop)

    async def on_start(self) -> None:
        self._agents_loop = asyncio.get_running_loop()
        self._thread.start()

    @Service.task
    async def _watch(self) -> None:
        """End the worker when the source ends by itself."""
        while not self.should_stop:
            if not self._thread.is_alive():
                await self.crash(self.source.failure or RuntimeError("the record source ended"))
                return
            await self.sleep(0.2)

    async def on_stop(self) -> None:
        self.source.stop()
        await asyncio.to_thread(self._thread.join, STOP_TIMEOUT_S)
