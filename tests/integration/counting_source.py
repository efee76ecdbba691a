"""The worker's record source on a real broker, with its checkpoints kept in a list, as tests look at it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from models.books import FIELDS, Books
from models.locating import Locator
from models.network import Network, Segment
from models.partitioning import murmur2
from models.records import QuarantineRecord, decode_quarantine
from models.sighting import Rules
from models.topics import QUARANTINE, Topics
from models.windows import Windows
from streams.batches import Batch, fold
from streams.clients import Clients, in_thread
from streams.fetching import LogReader
from streams.kafka import CheckpointLog, StateReader, open_consumer
from streams.metrics import WorkerMetrics
from streams.source import RecordSource, SourceSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from streams.kafka import GroupMember, GroupOffsets
    from streams.partition import Stored, Write

PARTITIONS = 4
NETWORK = Network([Segment(segment_id="KAZ11/383", route="KAZ11", from_km=383, to_km=384)])
RULES = Rules(
    network=NETWORK,
    locator=Locator(NETWORK),
    windows=Windows(300, ZoneInfo("Asia/Aqtau")),
    hours=Windows(3600, ZoneInfo("Asia/Aqtau")),
)


def source_on(partition: int, prefix: str = "cam") -> str:
    """A source id that belongs on a partition."""
    names = (f"{prefix}-{n}" for n in range(1000))
    return next(name for name in names if (murmur2(name.encode()) & 0x7FFFFFFF) % PARTITIONS == partition)


@dataclass(slots=True)
class Checkpoints:
    """What was committed, transaction by transaction. The group itself is told nothing."""

    transactions: list[list[Write]] = field(default_factory=list)

    def commit(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        self.transactions.append(list(writes))
        return True

    @property
    def quarantine(self) -> list[QuarantineRecord]:
        found = (write.value for writes in self.transactions for write in writes if write.topic == QUARANTINE)
        return [decode_quarantine(value) for value in found if value is not None]

    @property
    def bytes_each(self) -> list[int]:
        return [sum(len(write.key) + len(write.value or b"") for write in writes) for writes in self.transactions]


@dataclass(slots=True)
class _Fresh:
    """A state that holds nothing yet."""

    reader: StateReader

    def committed(self, partition: int) -> dict[str, int]:
        return {}

    def beginnings(self, partition: int) -> dict[str, int]:
        return self.reader.beginnings(partition)

    def stored(self, partition: int) -> Iterator[Stored]:
        return iter(())


@dataclass(slots=True)
class Counted:
    """What a run left behind."""

    checkpoints: Checkpoints
    books: Books
    metrics: WorkerMetrics

    def metric(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)


def count_all(
    broker: str,
    topics: Topics,
    group: str,
    enough: Callable[[Books], bool],
    *,
    settings: dict[str, float] | None = None,
    rules: Rules = RULES,
    committing: bool = False,
    timeout_s: float = 60,
) -> Counted:
    """Count until the committed books are as wanted, from the beginning of the topics.

    With `committing`, checkpoints go to Kafka instead, and counting goes on from the last one.
    """
    log = Checkpoints()
    metrics = WorkerMetrics()
    reader = StateReader(broker, topics, group)
    clients = Clients(
        consumer=lambda: open_consumer(broker, group, None, 6),
        log=lambda: CheckpointLog(broker, topics, group) if committing else log,
        state=reader if committing else _Fresh(reader),
        beside=in_thread,
        fetch=LogReader(broker).fetch,
    )

    def submit(batch: Batch) -> None:
        batch.settled.set_result(fold(batch))

    source = RecordSource(
        SourceSettings(topics, PARTITIONS, checkpoint_every_s=0.2, **(settings or {})), clients, rules, metrics, submit
    )
    thread = threading.Thread(target=source.run)
    thread.start()
    deadline = time.monotonic() + timeout_s
    try:
        while thread.is_alive() and time.monotonic() < deadline and not enough(_books(metrics)):
            time.sleep(0.05)
    finally:
        source.stop()
        thread.join(30)
    if source.failure is not None:
        raise source.failure
    return Counted(log, _books(metrics), metrics)


def _books(metrics: WorkerMetrics) -> Books:
    """What is committed, as the metrics show it; after the end too."""
    columns = (metrics.registry.get_sample_value("amanzhol_books", {"column": name}) for name in FIELDS)
    return Books(*(int(n or 0) for n in columns))
