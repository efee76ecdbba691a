"""The patient: an embedded broker, workers that are started anew when they end, and a watch over their offsets."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.topics import INPUTS, Topics
from tests.faults.worker_with_faults import ARMED, FOLDED, PLANTED, folded_in
from tests.faults.workload import PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
CHECKPOINT_EVERY_S = 0.3
RESTART_AFTER_S = 0.3
PATIENCE_S = 40
"""Of the workers' watchdogs: short, so that one that barks without reason is heard within a seed."""

_LOOK_EVERY_S = 0.1
_ASK_TIMEOUT_S = 2.0
_METRICS_URL = re.compile(r"metrics at (http://\S+)")


class Broken(Exception):  # noqa: N818 - what is broken is said
    """The run cannot go on, or has not come to its end: the seed has failed."""


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float) -> None:
    """Poll until a condition holds. Raises Broken, which says what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise Broken(f"waited {timeout_s:.0f} s in vain: {what}")
        time.sleep(0.05)


def environment(**more: str) -> dict[str, str]:
    """Settings of whoever runs this kept out, the checkout's modules in."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AMANZHOL_")}
    return own | {"PYTHONPATH": str(CHECKOUT)} | more


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[None]:
    """Mount a file system in memory there, for the time of the block. Linux, and root."""
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


class WorkerProcess:
    """One life of a worker."""

    def __init__(self, name: str, life: int, folder: Path, arguments: list[str], plant: str) -> None:
        self.name = name
        self.armed = folder / f"{name}.{life}.armed"
        self._folded = folder / f"{name}.{life}.folded"
        self.log = folder / f"{name}.{life}.log"
        self.asked_to_end = False
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker_with_faults", "worker", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment(
                    **{ARMED: str(self.armed), FOLDED: str(self._folded), PLANTED: plant},
                    AMANZHOL_PATIENCE_S=str(PATIENCE_S),
                ),
                start_new_session=True,
            )

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def stopped(self) -> bool:
        """Whether a SIGSTOP holds it."""
        try:
            return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        except OSError:
            return False

    @property
    def folded(self) -> int:
        return folded_in(self._folded)

    def signal(self, kind: signal.Signals) -> None:
        if self.runs:
            self._process.send_signal(kind)

    def end(self) -> None:
        """Kill it for good."""
        self._process.kill()
        self._process.wait()

    def counting(self) -> int:
        """How many partitions it holds and has restored."""
        found = _METRICS_URL.search(self.log.read_text(errors="replace"))
        if found is None or not self.runs or self.stopped:
            return 0
        with suppress(OSError), urllib.request.urlopen(found[1], timeout=1) as answer:
            text = answer.read().decode()
            sample = re.search(r'amanzhol_partitions\{state="counting"\} ([0-9.]+)', text)
            return int(float(sample[1])) if sample else 0
        return 0

    def last_words(self) -> str:
        """The line in which it said why it ended."""
        lines = self.log.read_text(errors="replace").splitlines()
        said = [line for line in lines if "rror" in line and " WARNING " not in line and not line.startswith(" ")]
        return (said or lines or ["nothing"])[-1]


@dataclass
class Workers:
    """Workers by name. Those that are wanted are started again when they end, as Kubernetes does."""

    broker: str
    topics: Topics
    folder: Path
    static: bool
    plant: str = ""
    lives: list[WorkerProcess] = field(default_factory=list)
    ended_themselves: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._wanted: dict[str, WorkerProcess] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def running(self) -> list[WorkerProcess]:
        with self._lock:
            return [worker for worker in self._wanted.values() if worker.runs]

    def named(self, name: str) -> WorkerProcess:
        return self._wanted[name]

    def add(self, name: str) -> None:
        """Want a worker of this name from now on."""
        with self._lock:
            self._wanted[name] = self.start(name, "home")

    def remove(self, name: str) -> None:
        """Want it no longer, and tell it to leave."""
        with self._lock:
            worker = self._wanted.pop(name)
        worker.asked_to_end = True
        worker.signal(signal.SIGTERM)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop all of them with SIGSTOP for the time of the block, in which none is started either."""
        with self._lock:
            held = [worker for worker in self._wanted.values() if worker.runs]
            for worker in held:
                worker.signal(signal.SIGSTOP)
            try:
                yield
            finally:
                for worker in held:
                    worker.signal(signal.SIGCONT)

    def start(self, name: str, home: str) -> WorkerProcess:
        """Start a life that nobody supervises."""
        arguments = [
            *("--broker", self.broker, "--prefix", self.topics.prefix, "--home", str(self.folder / home)),
            *("--network", str(NETWORK_PATH), "--devices", str(DEVICES_PATH), "--partitions", str(PARTITIONS)),
            *("--checkpoint-every-s", str(CHECKPOINT_EVERY_S), "--metrics-port", "0"),
            *(("--instance-id", name) if self.static else ()),
        ]
        life = WorkerProcess(name, len(self.lives), self.folder, arguments, self.plant)
        self.lives.append(life)
        return life

    def _supervise(self) -> None:
        while not self._closing.wait(RESTART_AFTER_S):
            with self._lock:
                for name, worker in self._wanted.items():
                    if worker.runs or self._closing.is_set():
                        continue
                    if (worker.exit_code or 0) >= 0 and not worker.asked_to_end:
                        self.ended_themselves[worker.last_words()] += 1
                    self._wanted[name] = self.start(name, "home")

    @property
    def folded(self) -> int:
        """Records folded in all lives, whether or not they came to be committed."""
        return sum(life.folded for life in self.lives)

    def close(self) -> None:
        """End all of them and wait."""
        self._closing.set()
        self._thread.join()
        for life in self.lives:
            life.end()


class Look(NamedTuple):
    """What the broker said at one moment: records committed, and appended, by partition."""

    at: float
    committed: dict[int, int]
    appended: int

    @property
    def lag(self) -> int:
        return self.appended - sum(self.committed.values())


class Offsets:
    """Looks at the group's offsets all the time, so that it can be told afterwards how long something took."""

    def __init__(self, broker: str, topics: Topics) -> None:
        self._broker = broker
        self._topics = topics
        self._admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
        # Not the admin client's own request: librdkafka 2.16 crashes in it where the group's coordinator has just
        # changed, as after a restart (confluent-kafka-javascript #374: the handler takes it for a consumer's).
        self._asking = Consumer(
            {
                "bootstrap.servers": broker,
                "group.id": f"{topics.prefix}worker",
                "enable.auto.commit": False,
                "isolation.level": "read_uncommitted",  # else it waits for open transactions
                "log_level": 0,
            }
        )
        self._lock = threading.Lock()
        self.looks: list[Look] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="offsets", daemon=True)
        self._thread.start()

    def now(self) -> Look | None:
        """Ask now, or None where the broker does not answer."""
        names = [self._topics.name(topic) for topic in INPUTS]
        wanted = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        try:
            committed = dict.fromkeys(range(PARTITIONS), 0)
            with self._lock:
                for at in self._asking.committed(wanted, _ASK_TIMEOUT_S):
                    committed[at.partition] += max(at.offset, 0)
            ends = self._admin.list_offsets(dict.fromkeys(wanted, OffsetSpec.latest()), request_timeout=_ASK_TIMEOUT_S)
            appended = sum(end.result().offset for end in ends.values())
        except KafkaException:
            # It keeps the leader epochs of before a restart, and is refused for good: take a new one.
            self._admin = AdminClient({"bootstrap.servers": self._broker, "log_level": 0})
            return None
        return Look(time.monotonic(), committed, appended)

    def _watch(self) -> None:
        while not self._closing.wait(_LOOK_EVERY_S):
            look = self.now()
            if look is not None:
                self.looks.append(look)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._asking.close()


def recovery_s(looks: list[Look], hit_at: float) -> float | None:
    """Seconds from a hit until every partition had a checkpoint that came after it; None where that never was.

    Measured against the first look behind the hit: a commit on its way when the worker died does not count.
    """
    later = [look for look in looks if look.at >= hit_at]
    if not later:
        return None
    first, waiting = later[0], set(range(PARTITIONS))
    for look in later:
        waiting = {number for number in waiting if look.committed[number] <= first.committed[number]}
        if not waiting:
            return look.at - hit_at
    return None


def input_ends(broker: str, topics: Topics) -> dict[tuple[str, int], int]:
    """Offset behind the last record of each input topic and partition."""
    admin = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    wanted = {
        TopicPartition(topics.name(topic), number): OffsetSpec.latest()
        for topic in INPUTS
        for number in range(PARTITIONS)
    }
    found = admin.list_offsets(wanted, request_timeout=10)
    return {(topics.input_of(at.topic), at.partition): end.result().offset for at, end in found.items()}
