"""A stream under test: topics of its own, workers as processes of their own, records in and tables out."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

from devices.mangystau import DEVICES_PATH, NETWORK_PATH
from models.topics import Topics
from streams.topics import MAX_MESSAGE_BYTES, ensure_topics
from tests.command_line import AMANZHOL, amanzhol, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from devices.simulator import SimulatedRecord

PARTITIONS = 4
REGION = ("--network", str(NETWORK_PATH), "--devices", str(DEVICES_PATH))
CLEAN_STOP_S = 45

_LAST_LINES = 15
_METRICS_URL = re.compile(r"metrics at (http://\S+)")


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Poll until a condition holds. Where it does not in time, the test fails and says what it waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain: {what}"
        time.sleep(0.05)


class Tables(NamedTuple):
    """What `count` and `export` write: three tables byte for byte, and the books."""

    out: bytes
    detail: bytes
    coverage: bytes
    books: dict[str, int]

    @classmethod
    def written_by(cls, *command: object, folder: Path) -> Tables:
        """Run a command that takes the options of these tables, and read them."""
        folder.mkdir()
        options = "--out out.csv --detail detail.csv --coverage coverage.csv --books books.json"
        done = amanzhol(*command, *options.split(), cwd=folder)
        assert done.code == 0, done.err
        tables = [(folder / name).read_bytes() for name in ("out.csv", "detail.csv", "coverage.csv")]
        return cls(*tables, json.loads((folder / "books.json").read_bytes()))


class Worker:
    """One `amanzhol worker`. It is sent signals, asked for its metrics, and outlives no test."""

    def __init__(self, program: Sequence[str], arguments: Iterable[str], log: Path) -> None:
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*program, "worker", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                env=environment(),
                start_new_session=True,
            )

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_bytes().decode()

    @property
    def last_line(self) -> str:
        return self.log.strip().rpartition("\n")[2]

    def send_signal(self, kind: signal.Signals) -> None:
        self._process.send_signal(kind)

    def wait(self, timeout_s: float = 60) -> int:
        """Wait for its end. Returns the exit code, negative where a signal ended it."""
        return self._process.wait(timeout_s)

    def stop(self, kind: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and wait as long as a clean stop may take."""
        self.send_signal(kind)
        return self.wait(CLEAN_STOP_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def metrics(self) -> dict[str, float]:
        """Samples by name and labels as they are served: `amanzhol_books{column="counted"}`; none while it starts."""
        found = _METRICS_URL.search(self.log)
        if found is not None:
            with suppress(OSError), urllib.request.urlopen(found[1], timeout=5) as answer:
                lines = answer.read().decode().splitlines()
                return {
                    name: float(value) for name, _, value in (line.rpartition(" ") for line in lines) if name[:1] != "#"
                }
        return {}

    def answers(self, path: str) -> int:
        """Status that the worker answers with on a path of its metrics port; 0 where it does not."""
        found = _METRICS_URL.search(self.log)
        with suppress(OSError):
            if found is not None:
                with urllib.request.urlopen(found[1].replace("/metrics", path), timeout=5) as answer:
                    return int(answer.status)
        return 0

    @property
    def counting(self) -> int:
        """How many partitions it holds and has restored."""
        return int(self.metrics().get('amanzhol_partitions{state="counting"}', 0))


@dataclass
class Stream:
    """A prefix on a broker, with the workers that count it."""

    broker: str
    prefix: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    sent: int = 0
    _exports: int = 0

    def __post_init__(self) -> None:
        self.topics = Topics(self.prefix)
        self._inputs = [TopicPartition(name, number) for name in self.topics.inputs for number in range(PARTITIONS)]

    # -- workers -------------------------------------------------------------------------------------------

    def worker(
        self,
        name: str | None = None,
        *arguments: str,
        home: str = "home",
        every_s: float = 0.2,
        program: Sequence[str] = (AMANZHOL,),
    ) -> Worker:
        """Start a worker: of that name, or under the host's. Further arguments win over the usual ones."""
        usual = [
            *("--broker", self.broker, "--prefix", self.prefix, "--partitions", str(PARTITIONS), *REGION),
            *("--home", str(self.folder / home), "--metrics-port", "0", "--checkpoint-every-s", str(every_s)),
            *(() if name is None else ("--instance-id", name)),
        ]
        self.workers.append(Worker(program, [*usual, *arguments], self.folder / f"worker-{len(self.workers)}.log"))
        return self.workers[-1]

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
        """Poll until a condition holds; where it does not, tell what the workers said last."""
        try:
            wait_until(condition, what, timeout_s)
        except AssertionError as error:
            for worker in self.workers:
                ending = "runs" if worker.runs else f"ended with {worker.wait()}"
                error.add_note("\n".join([f"a worker {ending}:", *worker.log.splitlines()[-_LAST_LINES:]]))
            raise

    def wait_counting(self, *held: tuple[Worker, int]) -> None:
        """Wait until each of these workers counts so many partitions."""
        self.wait_until(
            lambda: all(worker.counting == partitions for worker, partitions in held),
            f"workers counting {', '.join(str(partitions) for _, partitions in held)} partitions",
        )

    def close(self) -> None:
        """Let nothing outlive the test."""
        for worker in self.workers:
            worker.kill()

    # -- records -------------------------------------------------------------------------------------------

    def make_topics(self) -> None:
        ensure_topics(self.broker, self.topics, PARTITIONS)

    def send(self, records: Iterable[SimulatedRecord]) -> None:
        """Produce records, keyed by source, each once and in order, and wait until all are acknowledged."""
        outcomes: Counter[object] = Counter()
        producer = Producer(
            {
                "bootstrap.servers": self.broker,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "linger.ms": 5,
                "log_level": 0,
            }
        )
        for topic, key, value in ((self.topics.name(record.topic), record.key, record.value) for record in records):
            producer.produce(topic, value, key, on_delivery=lambda error, _: outcomes.update([error]))
            producer.poll(0)
        assert producer.flush(60) == 0
        assert outcomes.keys() <= {None}
        self.sent += outcomes[None]

    @contextmanager
    def sending(self, records: Sequence[SimulatedRecord], over_s: float) -> Iterator[None]:
        """Send records while the block runs, evenly over so long a time; the block's end waits for the last one."""
        failures: list[BaseException] = []

        def send() -> None:
            try:
                self.send(_spread(records, over_s))
            except BaseException as error:  # noqa: BLE001 - raised again below
                failures.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            thread.join()
        assert failures == []

    def committed(self) -> int:
        """How many records the workers' group has committed."""
        # It asks in the workers' group without joining it. An AdminClient would crash while the group's coordinator
        # is being found (librdkafka 2.16), and this level shows what is committed while a transaction is open. A
        # client that knew the broker before a restart may ask in vain for ever: each time another.
        group = Consumer(
            {
                "bootstrap.servers": self.broker,
                "group.id": f"{self.prefix}worker",
                "isolation.level": "read_uncommitted",
                "log_level": 0,
            }
        )
        try:
            return sum(max(at.offset, 0) for at in group.committed(self._inputs, timeout=10))
        finally:
            group.close()

    def wait_committed(self, at_least: int) -> None:
        def committed() -> bool:
            with suppress(KafkaException):  # the group's coordinator is being found, or the broker is away
                return self.committed() >= at_least
            return False

        self.wait_until(committed, f"{at_least} records committed")

    def wait_counted(self) -> None:
        """Wait until all that was sent is counted and committed."""
        self.wait_committed(self.sent)

    # -- tables --------------------------------------------------------------------------------------------

    def export(self) -> Tables:
        """What `amanzhol export` gives now."""
        self._exports += 1
        where = ("--broker", self.broker, "--prefix", self.prefix)
        return Tables.written_by("export", *where, folder=self.folder / f"export-{self._exports}")


def _spread(records: Sequence[SimulatedRecord], over_s: float) -> Iterator[SimulatedRecord]:
    """Yield records as a fleet sends them: over time."""
    begun = time.monotonic()
    for number, record in enumerate(records):
        early_s = over_s * number / len(records) - (time.monotonic() - begun)
        if early_s > 0.01:
            time.sleep(early_s)
        yield record
