"""The record source: the one thread that owns the Kafka consumer.

It polls, hands batches to the agents, commits checkpoints, and takes partitions over and gives them back. Every
call on the consumer is made in this thread: with calls from a second one, librdkafka was seen to hang. The fold
runs in the agents; a checkpoint waits until nothing is on its way to them.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, KafkaError, KafkaException, TopicPartition

from models import topics as names
from models.errors import FencedError, RestoreError, RunError
from models.partitioning import home_of
from streams.batches import Batch
from streams.committing import MAX_PIECE_BYTES, Committer, HeldPartition, pieces, worst_bytes
from streams.kafka import UNREADABLE, group_member
from streams.partition import fingerprint_of
from streams.poison import Suspects, refuse_range, unreadable_at
from streams.restoring import read_back

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from confluent_kafka import Consumer, Message

    from models.sighting import Rules
    from streams.clients import Clients
    from streams.metrics import WorkerMetrics
    from streams.partition import SourcePartition

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How the record source reads and commits. Times in seconds.

    A checkpoint is due at `max_pending_bytes`, and so few records are folded ahead of it that it stays below
    `max_transaction_bytes`. Where records wait and none comes for `quiet_s`, the log itself is looked at.
    """

    topics: names.Topics
    partitions: int
    checkpoint_every_s: float = 1.0
    batch_records: int = 10_000
    batches_ahead: int = 2
    fold_timeout_s: float = 120.0
    max_pending_bytes: int = 8 * 1024 * 1024
    max_transaction_bytes: int = 15 * 1024 * 1024
    quiet_s: float = 5.0


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
        self._ahead: list[tuple[HeldPartition, Batch, int]] = []
        self._restored: queue.SimpleQueue[tuple[HeldPartition, SourcePartition | Exception]] = queue.SimpleQueue()
        self._checkpoint_due = 0.0
        self._pending_bytes = 0
        self._suspects = Suspects(settings.quiet_s)
        self._stopping = threading.Event()
        self.turned_at = clients.now()
        self.failure: BaseException | None = None
        self.ended = threading.Event()

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
                positions[topic, held.number] = -1 if state is None else held.position(topic)
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
        finally:
            self.ended.set()

    def open(self) -> None:
        """Learn the registry as it is, and join the group."""
        self._hear_registry()
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
            # After they were read: what came behind a change of the registry must be judged by it.
            self._hear_registry()
            self._dispatch(messages)
        self._look_at_suspects()
        self._take_restored()
        self._settle(self._settings.batches_ahead)
        if now >= self._checkpoint_due or self._pending_bytes > self._settings.max_pending_bytes:
            self._settle(0)
            self._checkpoint()
            self._checkpoint_due = now + self._settings.checkpoint_every_s

    def _hear_registry(self) -> None:
        """Let hold what is said of devices now."""
        if self._clients.registry is None or (registry := self._clients.registry()) is self._rules.registry:
            return
        self._settle(0)
        self._rules = replace(self._rules, registry=registry)
        for held in self._held.values():
            if held.state is not None:
                held.state.ledger.adopt(registry)

    # -- reading -------------------------------------------------------------------------------------------

    def _dispatch(self, messages: list[Message]) -> None:
        """Sort messages by topic and partition and hand them on, those of each in order."""
        grouped: dict[tuple[str, int], list[Message]] = defaultdict(list)
        ends: dict[tuple[str, int], int] = {}
        for message in messages:
            error = message.error()
            at = (message.topic(), message.partition())
            if at in self._suspects.reported:
                continue  # librdkafka goes astray behind a wrong checksum: what it finds there is no record
            if error is None:
                grouped[at].append(message)
            elif error.code() in UNREADABLE or self._went_astray(message):
                self._suspects.reported[at] = error.str()
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                ends[at] = message.offset()
            else:
                self._read_error(message)
        for (topic, number), group in grouped.items():
            for piece in pieces(group, [worst_bytes(len(message)) for message in group], MAX_PIECE_BYTES):
                self._hand_on(topic, number, piece)
        for (topic, number), end in ends.items():
            if (ended := self._held.get(number)) is not None:
                ended.note_end(self._settings.topics.input_of(topic), end)

    def _hand_on(self, topic: str, number: int, group: Sequence[Message]) -> None:
        """Hand records of one topic and partition to the agents."""
        worst = sum(worst_bytes(len(message)) for message in group)
        self._make_room(worst)
        held = self._held.get(number)
        if held is None or held.state is None:
            return  # fetched for an assignment that has ended since; whoever holds it now reads it again
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
        held.handed_on[name] = batch.offsets[-1] + 1
        self._ahead.append((held, batch, worst))
        self._submit(batch)

    def _make_room(self, worst: int) -> None:
        """Let the next checkpoint stay below the limit even if all that is on its way to the agents is refused."""
        limit = self._settings.max_transaction_bytes - worst
        while self._ahead and self._pending_bytes + sum(bytes_ for *_, bytes_ in self._ahead) > limit:
            self._settle(len(self._ahead) - 1)
        if self._pending_bytes > limit:
            self._checkpoint()

    def _look_at_suspects(self) -> None:
        """Pass over batches that cannot be read: their offsets go to quarantine, and the partition goes on."""
        if self._clients.fetch is None:
            return
        suspects = self._suspects.take(self._clients.now(), self._waiting())
        if suspects:
            self._settle(0)
        for (topic, number), reported in suspects.items():
            held = self._held.get(number)
            if held is None or held.state is None:
                continue
            name = self._settings.topics.input_of(topic)
            position = held.state.offsets.get(name, 0)
            believed = self._suspects.believe((topic, number), position, reported)
            try:
                fetched = self._clients.fetch(topic, number, position)
            except RunError as error:
                logger.error("%s; looked because of: %s", error, reported or "silence")  # noqa: TRY400 - it says it all
                found = None
            else:
                found = unreadable_at(fetched, position, believed=believed)
            if found is not None:
                write = refuse_range(held.state, name, found)
                self._pending_bytes += held.note_refused(name, found.records, write)
                logger.error(
                    "%s[%d]: passed over offsets %d to %d: %s", topic, number, found.first, found.end - 1, found.reason
                )
            if found is not None or reported:
                self._go_on_at(TopicPartition(topic, number, held.state.offsets.get(name, 0)))

    def _went_astray(self, message: Message) -> bool:
        """Tell whether an offset is out of range that nobody asked for: what was read behind a wrong checksum."""
        held = self._held.get(message.partition())
        if message.error().code() != KafkaError._AUTO_OFFSET_RESET or held is None or held.state is None:  # noqa: SLF001
            return False
        return message.offset() not in held.asked_for(self._settings.topics.input_of(message.topic()))

    def _go_on_at(self, at: TopicPartition) -> None:
        try:
            self._consumer.seek(at)
        except KafkaException as error:
            if error.args[0].code() != KafkaError._STATE:  # noqa: SLF001 - its only name
                raise
            # It went astray and has stopped fetching: only a new assignment starts it again.
            self._consumer.incremental_unassign([TopicPartition(at.topic, at.partition)])
            self._consumer.incremental_assign([at])

    def _waiting(self) -> dict[tuple[str, int], int]:
        """Where records wait that were appended and have not been read: the offset of the next one."""
        waiting = {}
        for held in self._held.values():
            for topic in names.READ if held.state is not None else ():
                name = self._settings.topics.name(topic)
                _low, high = self._consumer.get_watermark_offsets(TopicPartition(name, held.number), cached=True)
                if high > (position := held.position(topic)):
                    waiting[name, held.number] = position
        return waiting

    def _read_error(self, message: Message) -> None:
        error = message.error()
        if error.fatal() or error.code() == KafkaError._FATAL:  # noqa: SLF001 - its only name
            # Errors that come in place of a message do not carry the flag, only the code.
            raise FencedError(f"another worker runs under this one's name: {error.str()}")
        if error.code() == KafkaError._AUTO_OFFSET_RESET:  # noqa: SLF001 - its only name
            raise RestoreError(
                f"{message.topic()}[{message.partition()}] no longer holds the records that are to be counted next; "
                "they were deleted before a worker read them. Recount under another --prefix, or restore the topic"
            )
        logger.warning("Kafka: %s", error.str())

    def _settle(self, ahead: int) -> None:
        """Wait until at most so many batches are with the agents. One that failed costs its partition its state."""
        while len(self._ahead) > ahead:
            held, batch, _worst = self._ahead.pop(0)
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
        self._committer.note_progress(self._lag(), self._held.values(), counted=counted)

    def _lag(self) -> dict[str, int]:
        """Records per topic that were appended to the held partitions and are not folded yet."""
        lag = dict.fromkeys(names.READ, 0)
        for held in self._held.values():
            for topic in names.READ:
                at = TopicPartition(self._settings.topics.name(topic), held.number)
                _low, high = self._consumer.get_watermark_offsets(at, cached=True)
                lag[topic] += held.note_waiting(topic, max(high - held.position(topic), 0))
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
            restored.ledger.adopt(self._rules.registry)  # it may have changed meanwhile
            held.begin(restored)
            for topic, offset in restored.offsets.items():
                self._consumer.seek(TopicPartition(self._settings.topics.name(topic), held.number, offset))
            self._consumer.resume(self._parts(held.number))
