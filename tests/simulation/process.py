"""A worker process: the product's record source in its thread, restores beside it, and agents that fold."""

from __future__ import annotations

from collections import defaultdict, deque
from concurrent.futures import Future
from typing import TYPE_CHECKING

from streams import kafka
from streams.batches import fold
from streams.clients import Clients
from streams.source import RecordSource, SourceSettings
from tests.simulation.fibers import Fiber
from tests.simulation.rules import GROUP, TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.sighting import Rules
    from streams.batches import Batch
    from streams.metrics import WorkerMetrics
    from tests.simulation.world import World


class Process:
    """Lives until it ends by itself, is killed, or loses its name to a twin. Can be stopped and continued."""

    def __init__(self, world: World, name: str, rules: Rules, metrics: WorkerMetrics, settings: SourceSettings) -> None:
        self.name = name
        self.dead = False
        self.stopped_until = 0.0
        self.heartbeat: Callable[[], None] | None = None
        self.queues: defaultdict[str, deque[Batch]] = defaultdict(deque)
        self._world = world
        clients = Clients(
            consumer=lambda: kafka.open_consumer("simulated", GROUP, None, 10.0),
            log=lambda: kafka.CheckpointLog("simulated", TOPICS, name),
            state=kafka.StateReader("simulated", TOPICS, GROUP),
            beside=lambda work: self.fibers.append(Fiber(work)),
            now=world.now,
        )
        self.source = RecordSource(settings, clients, rules, metrics, self._submit)
        self.main = Fiber(self.source.run)
        self.fibers = [self.main]

    def _submit(self, batch: Batch) -> None:
        batch.settled = _Settling(self._world)
        self.queues[batch.topic].append(batch)

    def fold_next(self, topic: str) -> None:
        """What an agent does: fold the oldest batch of its topic."""
        batch = self.queues[topic].popleft()
        # It is restored at once, so best while markers of the last transaction are on their way.
        times = 10 if self._world.log.half_marked() else 1
        written = None if self._world.chance("batch fails before the fold", times) else fold(batch)
        if written is None or self._world.chance("batch fails after the fold", times):
            batch.settled.set_exception(MemoryError())
        else:
            batch.settled.set_result(written)

    def kill(self) -> None:
        """End it as SIGKILL does: nothing of it runs any more, and nobody is told."""
        self.dead = True
        self.queues.clear()
        for fiber in self.fibers:
            fiber.kill()


class _Settling(Future):
    """A batch with the agents; who waits for it hands over."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def result(self, timeout: float | None = None) -> list:
        if not self.done():
            self._world.wait("settle", self.done)
        return super().result(0)
