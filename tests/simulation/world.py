"""The scheduler: one seed decides who goes next, how far, how long that takes, and what breaks.

`Simulation(seed).run()` raises `WrongError` where a promise is broken. Nothing in it depends on the machine's clock, on
hashes or on threads, so the same seed gives the same run.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import partial
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import patch

from models.errors import FencedError, RestoreError
from models.topics import QUARANTINE, REROUTED, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE, VIOLATIONS
from streams import chunks, kafka, partition, restoring
from streams.metrics import WorkerMetrics
from streams.source import SourceSettings
from tests.simulation.clients import SimulatedAdmin, SimulatedConsumer, SimulatedProducer
from tests.simulation.fibers import Killed
from tests.simulation.group import Group
from tests.simulation.log import OFFSETS, Log
from tests.simulation.oracle import CheckpointWatch, WrongError, expected, is_counted_through, published
from tests.simulation.process import Process
from tests.simulation.rules import RULES, TOPICS
from tests.simulation.workload import START, workload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.fibers import Fiber
    from tests.simulation.log import Transaction

_METRICS = WorkerMetrics()
_MAX_STEPS = 20_000
_FAULTY_REPLAYS = 0.3
_PEACE = 0.15
_AWAITED_MARKED_FIRST = 0.7
_SECOND_REPLAYS = 0.25
_OUTPUTS = (SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE, QUARANTINE)

_CHANCES = {
    "consumer error": 0.01,
    "full queue": 0.01,
    "offsets time out": 0.05,
    "commit never arrives": 0.05,
    "commit outcome unknown": 0.1,
    "batch fails before the fold": 0.02,
    "batch fails after the fold": 0.02,
}
TENDER = frozenset(
    {
        "settle",
        "before the transaction",
        "while producing",
        "between produce and offsets",
        "between offsets and commit",
        "after the commit",
    }
)


class World:
    """What all processes share: the log, the group, the clock, and chance."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.clock = 0.0
        self.partitions = self.rng.choice((1, 2, 2, 3))
        self.slowness = self.rng.choice((0.0, 0.3, 0.6))
        self.fetches = self.rng.choice(((1, 2, 5), (3, 40), (1000,)))
        self.log = Log(self.now, int(START.timestamp()) * 1000)
        self.marking = self.rng.choice((1.0, 0.2))
        self.group = Group(self.rng, self.partitions, session_timeout_s=self.rng.choice((5.0, 10.0)))
        self.running: Process | None = None
        self.fiber: Fiber | None = None
        self.faulty = True
        self.lists_stable_ends = False
        self.hit: Counter[str] = Counter()

    def now(self) -> float:
        return self.clock

    def wait(self, at: str, ready: Callable[[], bool] = lambda: True) -> None:
        """Let others go on until the scheduler comes back; called by whatever runs now."""
        self.fiber.wait(at, ready)

    def sleep(self, seconds: float) -> None:
        until = self.clock + seconds
        self.wait("sleep", lambda: self.clock >= until)

    def chance(self, name: str, times: int = 1) -> bool:
        """Whether something that seldom happens does so now; so many times as often where it would hurt most."""
        happens = self.faulty and self.rng.random() < _CHANCES[name] * times
        self.hit[name] += happens
        return happens


class Simulation:
    """One run: an input, workers that count it while things break, then peace, and the comparison."""

    def __init__(self, seed: int, events: int = 60) -> None:
        self.world = world = World(seed)
        self.watch = CheckpointWatch()
        self.watches_transactions = True
        self.trace: list[tuple[float, str, str]] = []
        self._rng = world.rng
        self._input = workload(self._rng, events, world.partitions)[::-1]
        self._processes: list[Process] = []
        self._most = self._rng.choice((1, 2, 3))
        self._fault_rate = self._rng.choice((0.0, 0.03, 0.08))
        self._deadly = self._rng.choice((0.0, 0.2, 0.5))
        self._settings = SourceSettings(
            topics=TOPICS,
            partitions=world.partitions,
            checkpoint_every_s=self._rng.choice((0.0, 1.0, 3.0)),
            batches_ahead=self._rng.choice((0, 2, 5)),
            max_pending_bytes=self._rng.choice((500, 8 * 1024 * 1024)),
            max_transaction_bytes=self._rng.choice((4_000, 15 * 1024 * 1024)),
        )
        self._faults: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "stop": self._stop,
            "leave": self._leave,
            "start": self._start,
            "twin": self._twin,
            "rebalance": lambda: world.group.rebalance(shuffle=True),
            "offsets of idle topics expire": self._expire_idle_offsets,
            "everything down, all offsets expire": self._blackout,
            "compaction": self._compact,
        }

    def run(self) -> None:
        """Count under faults; count to the end; compare; count again from nothing, some seeds twice."""
        with installed(self.world):
            try:
                self._count_everything()
                once = expected(self.world.log, self.world.partitions)
                self._compare("the live run", once)
                # The second replay reads what the first one rerouted once more; it is long for what it finds.
                for replay in ("the replay", "the second replay")[: 2 if self._rng.random() < _SECOND_REPLAYS else 1]:
                    self._begin_anew()
                    self.world.faulty = self._rng.random() < _FAULTY_REPLAYS
                    self._count_everything()
                    self._compare(replay, once)
            finally:
                for process in self._processes:
                    process.kill()

    # -- phases --------------------------------------------------------------------------------------------

    def _count_everything(self) -> None:
        world = self.world
        world.log.decided = self._decided
        for step in range(_MAX_STEPS):
            if world.faulty and not self._input and step % 8 == 0 and self._rng.random() < _PEACE:
                world.faulty = False
            if not self._processes:
                self._start()
            self._step()
            if not world.faulty and step % 8 == 0 and is_counted_through(world.log, world.partitions):
                return
        raise WrongError(f"not everything was counted after {_MAX_STEPS} steps")

    def _decided(self, transaction: Transaction) -> None:
        if self.watches_transactions:
            self.watch(transaction)
        rerouted = TOPICS.name(REROUTED)
        self.world.hit["misrouted"] += any(at[0] == rerouted for at, _ in transaction.records)

    def _begin_anew(self) -> None:
        """Forget all that was counted; input and what was rerouted stay."""
        world = self.world
        for process in self._processes:
            process.kill()
        self._processes = []
        for (topic, number), _ in list(world.log.partitions.items()):
            if topic.removeprefix(TOPICS.prefix) in _OUTPUTS:
                del world.log.partitions[topic, number]
        world.log.group_offsets.clear()
        world.group.members.clear()
        world.fetches = (self._rng.choice((7, 1000)),)
        self.watch = CheckpointWatch()

    def _compare(self, what: str, once: object) -> None:
        differences = published(self.world.log, self.world.partitions).differences(once)
        if differences:
            raise WrongError("\n  ".join((f"{what} (left) is not the input counted once (right):", *differences)))

    # -- steps ---------------------------------------------------------------------------------------------

    def _step(self) -> None:
        world, rng = self.world, self._rng
        world.clock += rng.choice((0.0, 0.05, 0.1, 0.3, 1.0))
        world.log.expire()
        world.group.expire(world.clock)
        if world.faulty and rng.random() < self._fault_rate:
            self._fault(rng.choice(list(self._faults)))
        turns: list[Callable[[], None]] = []
        for process in self._processes:
            if process.stopped_until > world.clock:
                continue
            if process.heartbeat is not None:
                process.heartbeat()
            turns += [partial(self._resume, process, fiber) for fiber in process.fibers if fiber.ready()]
            turns += [partial(self._fold, process, topic) for topic, queue in process.queues.items() if queue]
        for transaction in world.log.half_marked() if rng.random() < world.marking else ():
            # In any order; often those first without which a restore waits, so that it goes on while others lack.
            ordered = [at for at in transaction.unmarked if at == OFFSETS or at[0] == TOPICS.name(STATE)]
            at = rng.choice((ordered if rng.random() < _AWAITED_MARKED_FIRST else None) or transaction.unmarked)
            turns.append(partial(world.log.mark, transaction, at))
        if self._input:
            turns.append(self._append_input)
        if turns:
            rng.choice(turns)()
        else:
            world.clock += 1.0

    def _resume(self, process: Process, fiber: Fiber) -> None:
        world = self.world
        world.running, world.fiber = process, fiber
        self.trace.append((world.clock, process.name, fiber.at))
        fiber.resume()
        if fiber.done:
            process.fibers.remove(fiber)
            if fiber is process.main:
                self._ended(process)
        elif world.faulty and fiber.at in TENDER and self._rng.random() < self._deadly:
            if self._rng.random() < 0.5:
                self._fault("kill", fiber.at, lambda: self._kill(process))
            else:
                self._fault("stop", fiber.at, lambda: self._stop(process))

    def _fold(self, process: Process, topic: str) -> None:
        self.trace.append((self.world.clock, process.name, f"fold {topic}"))
        process.fold_next(topic)

    def _append_input(self) -> None:
        for _ in range(self._rng.choice((1, 3, 12))):
            if self._input:
                record = self._input.pop()
                self.world.log.append((TOPICS.name(record.topic), record.partition), record.key, record.value)

    def _ended(self, process: Process) -> None:
        """A worker has ended by itself: whoever watches over it starts another. It may not end of anything."""
        failure = process.source.failure
        process.kill()
        self._processes.remove(process)
        unknown = isinstance(failure, RestoreError) and "the outcome of a commit is unknown" in str(failure)
        if failure is None or isinstance(failure, FencedError | Killed) or unknown:
            self.world.hit[f"ended: {type(failure).__name__}"] += 1
        else:
            raise WrongError(f"a worker ended: {type(failure).__name__}: {failure}") from failure

    # -- what breaks ---------------------------------------------------------------------------------------

    def _fault(self, name: str, at: str = "", fault: Callable[[], None] | None = None) -> None:
        label = f"{name} {at}".strip()
        self.world.hit[label] += 1
        self.trace.append((self.world.clock, "fault", label))
        (fault or self._faults[name])()

    def _start(self) -> None:
        if len(self._processes) < self._most:
            taken = {process.name for process in self._processes}
            name = next(name for name in ("w0", "w1", "w2") if name not in taken)
            self._processes.append(Process(self.world, name, RULES, _METRICS, self._settings))

    def _twin(self) -> None:
        if len(self._processes) == 1:
            self._processes.append(Process(self.world, self._processes[0].name, RULES, _METRICS, self._settings))

    def _any(self) -> Process | None:
        return self._rng.choice(self._processes) if self._processes else None

    def _kill(self, process: Process | None = None) -> None:
        process = process or self._any()
        if process is not None:
            process.kill()
            self._processes.remove(process)

    def _stop(self, process: Process | None = None) -> None:
        process = process or self._any()
        if process is not None:
            process.stopped_until = self.world.clock + self._rng.choice((2.0, 7.0, 9.0, 12.0, 20.0))
            self._start()

    def _leave(self) -> None:
        process = self._any()
        if process is not None:
            process.source.stop()

    def _expire_idle_offsets(self) -> None:
        """Kafka lets offsets of topics expire that no member subscribes to, while the group lives."""
        kept = TOPICS.name(VIOLATIONS)
        offsets = self.world.log.group_offsets
        number = self._rng.randrange(self.world.partitions)
        for at in [at for at in offsets if at[0] != kept and at[1] == number]:
            del offsets[at]

    def _blackout(self) -> None:
        for process in list(self._processes):
            self._kill(process)
        self.world.clock += 30.0
        self.world.group.expire(self.world.clock)
        self.world.log.expire()
        for transaction in self.world.log.half_marked():
            for at in list(transaction.unmarked):
                self.world.log.mark(transaction, at)
        self.world.log.group_offsets.clear()

    def _compact(self) -> None:
        for topic in (STATE, SEGMENT_COUNTS, SEGMENT_COVERAGE):
            self.world.log.partitions[TOPICS.name(topic), self._rng.randrange(self.world.partitions)].compact()


@contextmanager
def installed(world: World) -> Iterator[None]:
    """Put the simulated Kafka and clock where `streams` takes the real ones.

    Index chunks are made small, or no run would be long enough to merge any.
    """
    clock = SimpleNamespace(monotonic=world.now, time=world.now, sleep=world.sleep)
    secrets = SimpleNamespace(token_bytes=world.rng.randbytes)
    logger = logging.getLogger("streams")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    with ExitStack() as stack:
        for module, names in (
            (kafka, {"Consumer": partial(SimulatedConsumer, world), "Producer": partial(SimulatedProducer, world)}),
            (kafka, {"AdminClient": lambda _settings: SimulatedAdmin(world), "time": clock}),
            (restoring, {"time": clock}),
            (partition, {"secrets": secrets}),
            (chunks, {"FAN_IN": 3, "FULL_BYTES": 16 * 32}),
        ):
            stack.enter_context(patch.multiple(module, **names))
        stack.callback(logger.setLevel, level)
        yield
