"""The record source: the one thread that owns the Kafka consumer.

It polls, hands batches to the agents, commits checkpoints, and takes partitions over and gives them back. Every
call on the consumer is made in this thread: with calls from a second one, librdkafka was seen to hang. The fold
runs in the agents; a checkpoint waits until nothing is on its way to them.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from models import topics as names
from models.errors import RestoreError, RunError
from models.partitioning import home_of
from streams.batches import Batch
from streams.committing import Committer, HeldPartition
from streams.kafka import group_member
from streams.partition import fingerprint_of
from streams.restoring import read_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import Consumer, Message

    from models.sighting import Rules
    from streams.committing import WritesCheckpoints
    from streams.metrics import WorkerMetrics
    from streams.partition import SourcePartition
    from streams.restoring import ReadsState

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How the record source reads and commits. Times in seconds."""

    topics: names.Topics
    partitions: int
    checkpoint_every_s: float = 1.0
    batch_records: int = 10_000
    batches_ahead: int = 2
    fold_timeout_s: float = 120.0
    max_pending_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Clients:
    """What the record source talks to: Kafka, or in the simulation a log in memory.

    `consumer` and `log` are made in the source's own thread. `beside` runs a function next to that thread.
    """

    consumer: Callable[[], Consumer]
    log: Callable[[], WritesCheckpoints]
    state: ReadsState
    beside: Callable[[Callable[[], None]], None]
    now: Callable[[], float] = time.monotonic


def in_thread(work: Callable[[], None]) -> None:
    """Run a function in a thread of its own."""
    threading.Thread(target=work, name="restore", daemon=True).start()


class RecordSource:
    """Runs until stopped; `failure` then tells what ended it, if anything did."""

    def __init__(
        self,
        settings: SourceSettings,
        clients: Clients,
        rules: Rules,
        metrics: WorkerMetrics,
        submit: Callable[[Batch], None],
    ) -> None:
        """Prepare. `submit` hands a batch to the agents and returns at once."""
        self._settings = settings
        self._clients = clients
        self._rules = rules
        self._metrics = metrics
        self._submit = submit
        self._fingerprint = fingerprint_of(rules, settings.partitions)
        self._home = home_of(settings.partitions)
        self._held: dict[int, HeldPartition] = {}
        self._ahead: list[tuple[HeldPartition, Batch]] = []
        self._restored: queue.SimpleQueue[tuple[HeldPartition, SourcePartition | Exception]] = queue.SimpleQueue()
        self._checkpoint_due = 0.0
        self._pending_bytes = 0
        self._stopping = threading.Event()
        self.turned_at = clients.now()
        self.failure: BaseException | None = None

    # -- from other threads --------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask for a last checkpoint and the end. Returns at once."""
        self._stopping.set()

    def folded(self) -> dict[tuple[str, int], int]:
        """Offset of the next record to fold, per topic and partition held; -1 while a partition is restored."""
        positions = {}
        for held in list(self._held.values()):
            state = held.state
            for topic in names.READ:
                positions[topic, held.number] = -1 if state is None else state.offsets.get(topic, 0)
        return positions

    @property
    def counts(self) -> bool:
        """Whether this worker holds partitions and all of them are being counted."""
        held = list(self._held.values())
        return bool(held) and all(one.state is not None for one in held)

    # -- in its own thread ---------------------------------------------------------------------------------

    def run(self) -> None:
        """Do everything, in the calling thread, until `stop` or a failure."""
        try:
            self.open()
            try:
                while not self._stopping.is_set():
                    self.turn()
                self._settle(0)
                self._checkpoint()
            finally:
                self._consumer.close()
        except BaseException as error:  # noqa: BLE001 - whatever ends the thread must be told to the worker
            self.failure = error

    def open(self) -> None:
        """Join the group."""
        self._committer = Committer(self._clients.log(), self._metrics)
        self._consumer = self._clients.consumer()
        # Only this topic is subscribed to; of the others the same partitions are taken along. Assignors split
        # several topics differently where their numbers of partitions ever came to differ.
        self._consumer.subscribe(
            [self._settings.topics.name(names.VIOLATIONS)],
            on_assign=self._on_assign,
            on_revoke=self._on_revoke,
            on_lost=self._on_lost,
        )

    def turn(self) -> None:
        """Poll once, and do what has become due."""
        self.turned_at = now = self._clients.now()
        messages = self._consumer.consume(self._settings.batch_records, 0.1)
        if messages:
            self._dispatch(messages)
        self._take_restored()
        self._settle(self._settings.batches_ahead)
        if now >= self._checkpoint_due or self._pending_bytes > self._settings.max_pending_bytes:
            self._settle(0)
            self._checkpoint()
            self._checkpoint_due = now + self._settings.checkpoint_every_s

    # -- reading -------------------------------------------------------------------------------------------

    def _dispatch(self, messages: list[Message]) -> None:
        """Sort messages by topic and partition and hand them on, those of each in order."""
        grouped: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            error = message.error()
            if error is None:
                grouped[message.topic(), message.partition()].append(message)
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                self._read_error(message)
        for (topic, number), group in grouped.items():
            held = self._held.get(number)
            if held is None or held.state is None:
                continue  # fetched for an assignment that has ended since; whoever holds it now reads it again
            name = self._settings.topics.input_of(topic)
            batch = Batch(
                into=held.state,
                topic=name,
                offsets=[message.offset() for message in group],
                values=[message.value() for message in group],
                arrivals_us=[message.timestamp()[1] * 1000 for message in group],
                home=self._home,
                headers=[message.headers() for message in group] if name == names.REROUTED else (),
            )
            self._ahead.append((held, batch))
            self._submit(batch)

    def _read_error(self, message: Message) -> None:
        error = message.error()
        if error.fatal():
            raise RestoreError(f"the consumer cannot go on: {error.str()}")
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its only name
            raise RestoreError(
                f"{message.topic()}[{message.partition()}] no longer holds the records that are to be counted next; "
                "they were deleted before a worker read them. Recount under another --prefix, or restore the topic"
            )
        logger.warning("Kafka: %s", error.str())

    def _settle(self, ahead: int) -> None:
        """Wait until at most so many batches are with the agents. One that failed costs its partition its state."""
        while len(self._ahead) > ahead:
            held, batch = self._ahead.pop(0)
            try:
                written = batch.settled.result(self._settings.fold_timeout_s)
            except TimeoutError:
                message = f"a batch of {batch.topic}[{held.number}] was not folded in time: the agents stand still"
                raise RunError(message) from None
            except Exception:
                logger.exception("a batch of %s[%d] failed; its partition is restored", batch.topic, held.number)
                if self._held.get(held.number) is held and held.state is batch.into:
                    self._restore(held)
                continue
            if held.state is batch.into:
                self._pending_bytes += held.note_folded(batch, written)

    # -- committing ----------------------------------------------------------------------------------------

    def _checkpoint(self) -> None:
        """Commit what changed in the partitions that are held now."""
        self._pending_bytes = 0
        changed = [held for held in self._held.values() if held.has_news]
        # From here to the commit no callback runs, since the consumer is not polled: what is held, and under which
        # generation, is what the broker checks the commit against.
        member = group_member(self._consumer)
        counted = False
        if changed and member.is_current:
            counted = self._committer.commit(changed, member)
            if not counted:
                for held in changed:
                    self._restore(held)
        self._committer.note_totals(self._held.values())
        self._committer.note_progress(self._lag(), counted=counted)

    def _lag(self) -> dict[str, int]:
        """Records per topic that were appended to the held partitions and are not folded yet."""
        lag = dict.fromkeys(names.READ, 0)
        for held in self._held.values():
            for topic in names.READ:
                at = TopicPartition(self._settings.topics.name(topic), held.number)
                _low, high = self._consumer.get_watermark_offsets(at, cached=True)
                folded = held.state.offsets.get(topic, 0) if held.state is not None else 0
                lag[topic] += max(high - folded, 0)
        return lag

    # -- taking over and giving back -----------------------------------------------------------------------

    def _parts(self, number: int) -> list[TopicPartition]:
        """The partition of this number of every topic that is read, from its beginning unless sought."""
        return [TopicPartition(name, number, OFFSET_BEGINNING) for name in self._settings.topics.read]

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._metrics.rebalances.labels("assigned").inc()
        for assigned in partitions:
            held = self._held[assigned.partition] = HeldPartition(assigned.partition)
            consumer.incremental_assign(self._parts(held.number))
            self._restore(held)

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # What was folded since the last checkpoint is forgotten and folded again by the next owner. Nothing is
        # waited for here: a rebalance that waits for a busy worker holds up the whole group.
        self._metrics.rebalances.labels("revoked").inc()
        for revoked in partitions:
            self._held.pop(revoked.partition, None)
            consumer.incremental_unassign(self._parts(revoked.partition))

    def _on_lost(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._on_revoke(consumer, partitions)

    def _restore(self, held: HeldPartition) -> None:
        """Forget the partition's state and read it back beside this thread, while polling goes on."""
        held.forget()
        self._consumer.pause(self._parts(held.number))
        self._clients.beside(lambda: self._read_back(held))

    def _read_back(self, held: HeldPartition) -> None:
        restored: SourcePartition | Exception
        try:
            restored = read_back(self._clients.state, held.number, self._rules, self._fingerprint)
        except Exception as error:  # noqa: BLE001 - it is raised again in the source's own thread
            restored = error
        self._restored.put((held, restored))

    def _take_restored(self) -> None:
        """Go on with partitions whose state has been read back."""
        while not self._restored.empty():
            held, restored = self._restored.get()
            if self._held.get(held.number) is not held:
                continue  # taken away meanwhile
            if isinstance(restored, Exception):
                raise restored
            self._metrics.restores.inc()
            held.begin(restored)
            for topic, offset in restored.offsets.items():
                self._consumer.seek(TopicPartition(self._settings.topics.name(topic), held.number, offset))
            self._consumer.resume(self._parts(held.number))
