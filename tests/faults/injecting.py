"""The faults. Each is injected only while work is in flight, which is looked up and noted every time."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from models.topics import REPORTS, VIOLATIONS
from tests.damaged_segments import damage_batches, flip, scramble
from tests.faults.cluster import Broken, wait_until
from tests.faults.worker_with_faults import BEFORE_TRANSACTION, OFFSETS_SENT, POINTS, PRODUCED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from amanzhol.broker import EmbeddedBroker
    from tests.faults.cluster import Offsets, WorkerProcess, Workers
    from tests.faults.workload import Workload

STOPPED_S = 12.5
"""Longer than the workers' session timeout (10 s) and than that of their transactions (10 s)."""

GONE_S = 60.0
POISON_RECORDS = 5_000

_IN_FLIGHT_TIMEOUT_S = 60.0
_ARMED_TIMEOUT_S = 20.0
_CHUNK = bytes(1 << 20)
_FETCHES_WAIT_S = 1.5


class Injected(NamedTuple):
    """A fault that hit: what, when (monotonic seconds), and how many records waited or were in work then."""

    kind: str
    at: float
    in_flight: int


@dataclass
class Injector:
    """Knows how to do harm to one run."""

    broker: EmbeddedBroker
    workers: Workers
    workload: Workload
    offsets: Offsets
    rng: random.Random
    disk: Path | None = None
    injected: list[Injected] = field(default_factory=list)

    def run(self, faults: list[str]) -> None:
        """Inject these, one after the other; the next one often comes before the last one has been overcome."""
        for name in faults:
            time.sleep(self.rng.uniform(1.0, 4.0))
            kind, _, detail = name.partition(" ")
            action: Callable[..., None] = getattr(self, kind.replace("-", "_"))
            action(*([detail] if detail else []))

    # -- what every fault needs ----------------------------------------------------------------------------

    def _in_flight(self) -> int:
        """Wait until records are in work, and say how many."""
        deadline = time.monotonic() + _IN_FLIGHT_TIMEOUT_S
        while time.monotonic() < deadline:
            look = self.offsets.now()
            if look is not None and look.lag > 0:
                return look.lag
            time.sleep(0.05)
        raise Broken("no work was in flight for a minute, so no fault could hit it")

    def _note(self, kind: str) -> None:
        self.injected.append(Injected(kind, time.monotonic(), self._in_flight()))

    def _victim(self) -> WorkerProcess:
        """Wait for a worker that counts."""
        found: list[WorkerProcess] = []

        def looked() -> bool:
            found[:] = [worker for worker in self.workers.running if worker.counting() > 0]
            return bool(found)

        wait_until(looked, "a worker that counts", 90)
        return self.rng.choice(found)

    def _arm(self, point: str, kind: signal.Signals) -> WorkerProcess:
        """Have a worker signal itself at a point of its next checkpoint. It writes none without work in it."""
        while True:
            victim = self._victim()
            in_flight = self._in_flight()
            victim.armed.write_text(f"{point} {kind.name}")
            deadline = time.monotonic() + _ARMED_TIMEOUT_S
            while victim.armed.exists() and victim.runs and time.monotonic() < deadline:
                time.sleep(0.01)
            if victim.armed.exists():
                victim.armed.unlink()  # it lost its partitions just then: take another
                continue
            label = "kill" if kind is signal.SIGKILL else "stop"
            self.injected.append(Injected(f"{label} {point}", time.monotonic(), in_flight))
            return victim

    # -- faults --------------------------------------------------------------------------------------------

    def kill(self, point: str = "") -> None:
        """SIGKILL, at random or at a named point of a checkpoint."""
        if point:
            self._arm(point, signal.SIGKILL)
            return
        victim = self._victim()
        self._note("kill")
        victim.signal(signal.SIGKILL)

    def stop(self, point: str = "") -> None:
        """SIGSTOP for longer than the session lives, then SIGCONT: the worker wakes up and believes it owns all."""
        if point:
            victim = self._arm(point, signal.SIGSTOP)
        else:
            victim = self._victim()
            self._note("stop")
            victim.signal(signal.SIGSTOP)
        wait_until(lambda: victim.stopped or not victim.runs, "a worker stands still", 10)
        time.sleep(STOPPED_S)
        victim.signal(signal.SIGCONT)

    def churn(self) -> None:
        """A worker joins, another leaves, the new one leaves."""
        for number in range(2):
            name = f"guest-{number}"
            self._note("join")
            self.workers.add(name)
            time.sleep(self.rng.uniform(2.0, 6.0))
            self._note("leave")
            self._victim().signal(signal.SIGTERM)
            time.sleep(self.rng.uniform(0.5, 3.0))
            self.workers.remove(name)

    def twin(self) -> None:
        """A second worker with the name of one that runs, from another home, where no lock keeps them apart."""
        self._note("twin")
        twin = self.workers.start(self._victim().name, "another-home")
        deadline = time.monotonic() + 15
        while twin.runs and twin.counting() == 0 and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(self.rng.uniform(0.0, 2.0))
        twin.end()

    def poison(self) -> None:
        """A burst of records that cannot be counted."""
        self._note("poison")
        self.workload.burst(POISON_RECORDS)

    def again(self) -> None:
        """A whole stretch of what was sent, once more."""
        self._note("upload again")
        self.workload.upload_again()

    def corrupt(self) -> None:
        """Two batches on disk are damaged, one of them with a right checksum, before anybody has read them."""
        with self.workers.paused():
            self._note("corrupt batches")
            # A fetch that waits at the broker for records would still be answered, into the socket of a worker that
            # stands still. None waits for longer than half a second.
            time.sleep(_FETCHES_WAIT_S)
            topics = self.workload.topics
            planted = [self.workload.plant_batch(topic, self.rng.randrange(4)) for topic in (VIOLATIONS, REPORTS)]
            self.broker.stop()
            for (topic, partition, first), damage in zip(planted, (flip, scramble), strict=True):
                damage_batches(self.broker.folder.data / f"{topics.name(topic)}-{partition}", {first: damage})
            self.broker.start(120)

    def restart(self) -> None:
        """The broker is stopped cleanly and started."""
        self._note("broker restart")
        self.broker.stop()
        self.broker.start(120)

    def crash(self) -> None:
        """The broker is killed and started."""
        self._note("broker killed")
        self._kill_broker()
        self.broker.start(120)

    def outage(self) -> None:
        """The broker is away for a minute."""
        self._note("broker gone 60 s")
        self._kill_broker()
        time.sleep(GONE_S)
        self.broker.start(120)

    def full_disk(self) -> None:
        """The broker's disk is full until it has ended; then there is room again and it is started."""
        if self.disk is None:
            raise Broken("a full disk needs root, to mount a small one")
        self._note("full disk")
        filler = self.disk / "filler"
        with filler.open("wb") as file:
            try:
                while True:
                    file.write(_CHUNK)
                    file.flush()
            except OSError:
                pass  # that is the point
            except BaseException:
                filler.unlink()
                raise
        try:
            wait_until(lambda: not self.broker.status().running, "Kafka ends on a full disk", 60)
        finally:
            filler.unlink()
        self.broker.start(120)

    def _kill_broker(self) -> None:
        pid = self.broker.status().pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)


def plan(seed: int, *, root: bool) -> list[str]:
    """The faults of a seed, in order. Every seed has each kind of kill over four seeds, and one thing of its own."""
    rng = random.Random(f"plan {seed}")
    points = [POINTS[seed % len(POINTS)], rng.choice(POINTS)]
    stopped_at = ("", BEFORE_TRANSACTION, PRODUCED, OFFSETS_SENT)[seed // 2 % 4]
    faults = ["kill", *(f"kill {point}" for point in points), f"stop {stopped_at}".strip(), "poison", "again", "again"]
    special = ("restart", "churn", "crash", "twin", "outage", "corrupt", "full-disk")[seed % 7]
    if special == "full-disk" and not root:
        special = "crash"
    faults.append(special)
    rng.shuffle(faults)
    return faults


def is_static(seed: int) -> bool:
    """Whether the seed's workers are static members, with `--instance-id`; a twin needs a name to share."""
    return seed % 2 == 1 or seed % 7 == 3
