"""The Faust app: one channel and one agent per topic that is read, and the record source that feeds them.

Faust gives the app, its lifecycle, supervision of agents and signals. It does not read or commit: its consumer,
tables, windows and `take()` lose or double count under failures (docs/decisions/0003-faust-on-batches.md).
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import faust
from faust.app.base import BootStrategy
from faust.sensors.prometheus import FaustMetrics, PrometheusMonitor
from mode import Service

from models.errors import RunError
from models.fleet import DEFAULT_FLEET, FleetKind
from models.topics import READ
from streams.batches import Batch, fold
from streams.clients import Clients, in_thread
from streams.fetching import LogReader
from streams.kafka import CheckpointLog, StateReader, open_consumer
from streams.registry import RegistryFollower
from streams.source import RecordSource, SourceSettings
from streams.watchdog import Watchdog

STOP_TIMEOUT_S = 30.0
"""The last checkpoint may take this long. What it does not reach is counted by whoever takes the partitions over."""

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from models.sighting import Rules
    from streams.metrics import WorkerMetrics


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """Where a worker counts and under which names. Times in seconds.

    `patience_s` is how long work may wait without anything being done before the worker gives up on itself.
    """

    broker: str
    group: str
    transactional_id: str
    source: SourceSettings
    folder: Path
    instance_id: str | None = None
    session_timeout_s: float = 10.0
    patience_s: float = 120.0
    fleet: tuple[FleetKind, ...] = DEFAULT_FLEET


def build_app(
    settings: WorkerSettings, rules: Rules, metrics: WorkerMetrics, give_up: Callable[[RunError], None]
) -> tuple[faust.App, RecordSource]:
    """Put the worker together; `faust.Worker(app)` runs it, and `failure` of the source tells what ended it.

    `give_up` ends the process at once. It is called from another thread when the worker stands still.
    """
    app = _App(
        f"{settings.group}-app",  # not the consumer group's own name: Faust would join a group of the app's id
        broker=f"kafka://{settings.broker}",
        web_enabled=False,  # its routes would show tables to anyone
        stream_wait_empty=False,  # else one hung agent blocks the shutdown for ever
        datadir=str(settings.folder / "faust"),  # else it makes a folder wherever it is started
        topic_partitions=1,
        topic_replication_factor=1,
    )
    # Faust's own metrics beside ours. Its helper for this would also serve them, on a page of its web server.
    app.monitor = PrometheusMonitor(metrics=FaustMetrics.create(metrics.registry, "faust"))
    channels: dict[str, Any] = {}
    for topic in READ:
        channels[topic] = app.channel(value_type=Batch)
        app.agent(channels[topic], name=f"count-{topic}")(_counting)
    topics = settings.source.topics
    reader = StateReader(settings.broker, topics, settings.group)
    clients = Clients(
        consumer=lambda: open_consumer(
            settings.broker, settings.group, settings.instance_id, settings.session_timeout_s
        ),
        log=lambda: CheckpointLog(settings.broker, topics, settings.transactional_id),
        state=reader,
        beside=in_thread,
        fetch=LogReader(settings.broker).fetch,
        registry=RegistryFollower(settings.broker, topics, rules, settings.fleet, metrics).read,
    )
    service = _SourceService(
        lambda submit: RecordSource(settings.source, clients, rules, metrics, submit),
        channels,
        Watchdog(reader, metrics, settings.patience_s, give_up),
    )
    app.service(service)
    return app, service.source


class _WithoutKafka(BootStrategy):
    """Starts the agents and none of Faust's own Kafka clients, which would carry nothing of ours.

    They join a group of their own, and nothing else starts before they are in it: a worker that was killed and
    started anew waited there until its predecessor's session had ended, a minute, and one that was started while
    the broker was away ended at once.
    """

    enable_kafka = False

    def agents(self) -> Any:
        # Faust holds all channels back until its own consumer has been given partitions.
        self.app.flow_control.resume()
        return super().agents()


class _App(faust.App):
    BootStrategy = _WithoutKafka


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
        self,
        make_source: Callable[[Callable[[Batch], None]], RecordSource],
        channels: Mapping[str, Any],
        watchdog: Watchdog,
    ) -> None:
        super().__init__()
        self.source = make_source(self._submit)
        self._channels = channels
        # Beside the loop that runs the agents, for that one may be what hangs.
        self._watch = threading.Thread(target=watchdog.watch, args=(self.source,), name="watchdog", daemon=True)
        self._thread = threading.Thread(target=self.source.run, name="record-source", daemon=True)

    def _submit(self, batch: Batch) -> None:
        """Hand a batch from the source's thread to the agent of its topic."""
        asyncio.run_coroutine_threadsafe(self._channels[batch.topic].put(batch), self._agents_loop)

    async def on_start(self) -> None:
        self._agents_loop = asyncio.get_running_loop()
        self._thread.start()
        self._watch.start()

    @Service.task
    async def _wait_for_its_end(self) -> None:
        """End the worker when the source ends by itself."""
        while not self.should_stop:
            if not self._thread.is_alive():
                await self.crash(self.source.failure or RunError("the record source ended"))
                return
            await self.sleep(0.2)

    async def on_stop(self) -> None:
        self.source.stop()
        await asyncio.to_thread(self._thread.join, STOP_TIMEOUT_S)
