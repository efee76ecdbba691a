"""All talk with Kafka that must be exact: clients' settings, reading state back, committing a checkpoint.

librdkafka through confluent-kafka; the reasons for settings stand beside them, most were seen to matter.
"""

from __future__ import annotations

import logging
import struct
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from models.endpoint import librdkafka_security
from models.errors import BrokerUnavailableError, FencedError, RestoreError, TopicMismatchError
from models.topics import READ, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE, Topics
from streams.partition import Stored, Write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

logger = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS = 10_000
"""A killed worker's open transaction holds readers back for this long, at the most."""

DECISION_TIMEOUT_S = 60.0
"""How long the outcome of a commit may stay unknown before the process gives up and starts anew."""

READ_TIMEOUT_S = 30.0
"""How long a reader waits for a broker that says nothing. An open transaction may hold it back for a third of that."""

_STATE_TOPICS = (STATE, SEGMENT_COUNTS, SEGMENT_COVERAGE)
_METADATA_PREFIX = b"CGMDv2:"

UNREADABLE = frozenset({KafkaError._BAD_MSG, KafkaError._BAD_COMPRESSION, KafkaError._NOT_IMPLEMENTED})  # noqa: SLF001
"""What librdkafka says of a batch whose checksum is wrong, that does not decompress, or that is of no known kind."""

GroupOffsets = dict[int, dict[str, int]]
"""Per source partition and input topic, the offset of the next record to read."""


def client_settings(broker: str) -> dict[str, Any]:
    """Settings that all our clients share. librdkafka otherwise writes to standard error by itself."""
    return {
        "bootstrap.servers": broker,
        "logger": logging.getLogger("librdkafka"),
        "socket.keepalive.enable": True,
        # By default a client waits up to 10 s before it tries a broker again that was away: longer than our calls.
        "reconnect.backoff.max.ms": 1_000,
        # By default a client that has lost all brokers forgets them and begins again at the bootstrap addresses. With
        # librdkafka 2.16 a transaction that was open then never ends: `send_offsets_to_transaction` ignored its time
        # limit for minutes after the broker was back, and a client could not even be closed.
        "metadata.recovery.strategy": "none",
    } | librdkafka_security(broker)


def reader_settings(broker: str, group: str) -> dict[str, Any]:
    """Settings of a consumer that joins no group, reads committed records and is told where they end."""
    return client_settings(broker) | {
        "group.id": group,
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "check.crcs": True,
        "fetch.queue.backoff.ms": 5,
        # A partition that has come to its end must not hold up the others in one fetch.
        "fetch.wait.max.ms": 10,
        "queued.max.messages.kbytes": 64 * 1024,
    }


class GroupMember(NamedTuple):
    """This worker's membership of its consumer group at one moment, as the broker knows it."""

    metadata: bytes
    generation: int
    member_id: str

    @property
    def is_current(self) -> bool:
        """Whether the member has joined. A commit by one that has not overwrites the offsets of whoever owns them."""
        return self.generation >= 0 and bool(self.member_id)


def group_member(consumer: Consumer) -> GroupMember:
    """Read the membership out of librdkafka's serialised metadata: a prefix, the generation, C strings."""
    metadata: bytes = consumer.consumer_group_metadata()
    if not metadata.startswith(_METADATA_PREFIX):
        raise RestoreError("this librdkafka writes group metadata in a form that amanzhol does not know")
    at = len(_METADATA_PREFIX)
    (generation,) = struct.unpack_from("<i", metadata, at)
    _group, member_id, *_ = metadata[at + 4 :].split(b"\0")
    return GroupMember(metadata, generation, member_id.decode())


def open_consumer(broker: str, group: str, instance_id: str | None, session_timeout_s: float) -> Consumer:
    """Make the consumer that reads the input. It subscribes to nothing yet."""
    settings = client_settings(broker) | {
        "group.id": group,
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        # Positions come from our own state. A reset behind its back would count twice or not at all.
        "auto.offset.reset": "error",
        # Without it flipped bits are counted, or stop the partition and nothing is said.
        "check.crcs": True,
        # What is behind the last committed record (markers, aborted records) is otherwise never known to be read.
        "enable.partition.eof": True,
        "partition.assignment.strategy": "cooperative-sticky",
        "session.timeout.ms": int(session_timeout_s * 1000),
        "heartbeat.interval.ms": int(session_timeout_s * 300),
        # By default a full queue makes the fetcher sleep a whole second.
        "fetch.queue.backoff.ms": 5,
        "queued.min.messages": 50_000,
        "queued.max.messages.kbytes": 64 * 1024,
        "fetch.message.max.bytes": 4 * 1024 * 1024,
    }
    if instance_id is not None:
        settings["group.instance.id"] = instance_id
    return Consumer(settings)


class CheckpointLog:
    """Writes checkpoints, each in one transaction with the offsets that it counts through."""

    def __init__(self, broker: str, topics: Topics, transactional_id: str) -> None:
        """Take over from whoever ran under this id before. Raises BrokerUnavailableError after a minute."""
        self._topics = topics
        self._producer = Producer(
            client_settings(broker)
            | {
                "transactional.id": transactional_id,
                "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
                "compression.type": "lz4",
                "linger.ms": 5,
                "message.max.bytes": 16 * 1024 * 1024,
                "queue.buffering.max.kbytes": 256 * 1024,
                "queue.buffering.max.messages": 1_000_000,
            }
        )
        try:
            self._producer.init_transactions(DECISION_TIMEOUT_S)
        except KafkaException as error:
            raise BrokerUnavailableError(f"{broker}: no transactions: {error.args[0].str()}") from None

    def commit(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        """Write and commit. Returns False where nothing of it was, and the partitions must be restored.

        Raises FencedError where another worker has taken this one's place, and RestoreError where the outcome
        cannot be learned: after either, this process may know nothing any more and must end.
        """
        try:
            return self._commit_or_abort(writes, offsets, member)
        except KafkaException as error:
            reason = error.args[0]
            if _is_fenced(reason):
                raise FencedError(f"another worker runs under this one's name: {reason.str()}") from None
            raise RestoreError(f"a transaction could be neither committed nor aborted: {reason.str()}") from None

    def _commit_or_abort(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        producer = self._producer
        producer.begin_transaction()
        try:
            for write in writes:
                self._produce(write)
            positions = [
                TopicPartition(self._topics.name(topic), partition, offset)
                for partition, by_topic in offsets.items()
                for topic, offset in by_topic.items()
            ]
            if positions:
                self._decided(lambda: producer.send_offsets_to_transaction(positions, member.metadata, 10.0))
            self._decided(lambda: producer.commit_transaction(10.0))
        except KafkaException as error:
            reason = error.args[0]
            if _is_fenced(reason):
                raise
            logger.warning("checkpoint refused, restoring from Kafka: %s", reason.str())
            self._decided(lambda: producer.abort_transaction(10.0))
            return False
        return True

    def _produce(self, write: Write) -> None:
        name = self._topics.name(write.topic)
        while True:
            try:
                self._producer.produce(name, write.value, write.key, write.partition, headers=list(write.headers))
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def _decided(self, call: Any) -> None:
        """Call until the broker has decided. An unknown outcome is asked for again, never assumed."""
        deadline = time.monotonic() + DECISION_TIMEOUT_S
        while True:
            try:
                call()
            except KafkaException as error:
                if not error.args[0].retriable():
                    raise
                if time.monotonic() > deadline:
                    message = (
                        f"the outcome of a commit is unknown after {DECISION_TIMEOUT_S:.0f} s: {error.args[0].str()}"
                    )
                    raise RestoreError(message) from None
            else:
                return


def _is_fenced(reason: KafkaError) -> bool:
    return bool(reason.fatal()) or reason.code() == KafkaError._FENCED  # noqa: SLF001 - its only name


class CommittedRecord(NamedTuple):
    """A committed record of one of our output topics, by the topic's name without the prefix."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    time_ms: int = 0


class CommittedLog:
    """Reads all partitions of some output topics, from their beginnings on and committed records only."""

    def __init__(self, broker: str, topics: Topics, names: Sequence[str]) -> None:
        """Find the partitions.

        Raises BrokerUnavailableError where no broker answers, and TopicMismatchError where a topic is not there.
        """
        self._names = {topics.name(name): name for name in names}
        self._consumer = Consumer(reader_settings(broker, f"{topics.prefix}reader"))
        try:
            found = self._consumer.list_topics(timeout=10).topics
        except KafkaException as error:
            raise BrokerUnavailableError(f"no Kafka answers at {broker} ({error.args[0].name()})") from None
        missing = sorted(self._names.keys() - found.keys())
        if missing:
            raise TopicMismatchError(f"no worker has counted here: there is no topic {missing[0]} at {broker}")
        self._reached: dict[tuple[str, int], int] = {}
        self._partitions = [(name, number) for name in self._names for number in found[name].partitions]
        self._consumer.assign([TopicPartition(name, number, OFFSET_BEGINNING) for name, number in self._partitions])

    def read_to_end(self, progress: Callable[[int, int], None] | None = None) -> Iterator[CommittedRecord]:
        """Records up to where the topics end now. Called again, it goes on from there.

        `progress` is told, batch by batch, how many offsets of how many lie behind.
        """
        ends = {at: self._end(TopicPartition(*at)) for at in self._partitions}
        open_ = {at for at, end in ends.items() if self._reached.get(at, 0) < end}
        passed = dict(self._reached)
        deadline = time.monotonic() + READ_TIMEOUT_S
        while open_:
            if time.monotonic() > deadline:
                raise BrokerUnavailableError("Kafka stopped answering while the output topics were read")
            for message in self._consumer.consume(10_000, 0.2):
                error = message.error()
                at = (message.topic(), message.partition())
                if error is None:
                    deadline = time.monotonic() + READ_TIMEOUT_S
                    _kind, time_ms = message.timestamp()
                    passed[at] = message.offset() + 1
                    yield CommittedRecord(self._names[at[0]], at[1], message.key(), message.value(), time_ms)
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                    # Where committed records end. Behind it only markers of transactions may stand, or an open one.
                    self._reached[at] = passed[at] = message.offset()
                    open_.discard(at)
                elif error.code() in UNREADABLE:
                    raise RestoreError(f"{at[0]}[{at[1]}] cannot be read: {error.str()}: restore it from a backup")
                else:
                    logger.warning("Kafka: %s", error.str())
            if progress is not None:
                progress(sum(passed.values()), sum(ends.values()))

    def _end(self, at: TopicPartition) -> int:
        """Where a partition ends now. One that was just made has no leader for a moment."""
        deadline = time.monotonic() + READ_TIMEOUT_S
        while True:
            try:
                _low, high = self._consumer.get_watermark_offsets(at, timeout=10)
            except KafkaException as error:
                if time.monotonic() > deadline:
                    reason = error.args[0].str()
                    raise BrokerUnavailableError(f"the end of {at.topic} cannot be learned: {reason}") from None
                time.sleep(0.1)
            else:
                return int(high)

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()


class StateReader:
    """Reads one partition's state back. It has clients of its own, so it may run beside the thread that polls."""

    def __init__(self, broker: str, topics: Topics, group: str) -> None:
        """Prepare the clients. They join no group; the group's name is for asking what it committed."""
        self._broker = broker
        self._topics = topics
        self._group = group
        self._admin = AdminClient(client_settings(broker))

    def committed(self, partition: int, timeout_s: float = 60.0) -> dict[str, int]:
        """Offsets that the group has committed, per topic that is read; empty where it has none.

        While a transaction that holds offsets is undecided the broker calls them unstable; librdkafka then asks
        again until they are decided, since the consumer reads committed records only. Other refusals (no
        coordinator yet, a broker that comes back) pass too: it is asked again until `timeout_s` is over.
        """
        deadline = time.monotonic() + timeout_s
        wanted = [TopicPartition(self._topics.name(topic), partition) for topic in READ]
        while True:
            # A client for each attempt: one that knew a broker before its restart may ask the wrong one for ever.
            consumer = self._consumer()
            try:
                found = consumer.committed(wanted, 10.0)
                break
            except KafkaException as error:
                if time.monotonic() > deadline:
                    reason = error.args[0].str()
                    raise RestoreError(f"partition {partition}: no committed offsets: {reason}") from None
                time.sleep(0.2)
            finally:
                consumer.close()
        return {topic: at.offset for topic, at in zip(READ, found, strict=True) if at.offset >= 0}

    def beginnings(self, partition: int) -> dict[str, int]:
        """Offset of the oldest record that each topic still holds."""
        return dict(zip(READ, self._offsets(READ, partition, OffsetSpec.earliest()), strict=True))

    def stored(self, partition: int, timeout_s: float = 120.0) -> Iterator[Stored]:
        """Everything committed to the topics that hold this partition's state, topic by topic, `state` first.

        The end is that of all records, those of open transactions too: a read-committed end would stop before an
        open transaction, and miss what it is about to commit. The broker aborts it after `TRANSACTION_TIMEOUT_MS`.
        """
        ends = self._offsets(_STATE_TOPICS, partition, OffsetSpec.latest())
        deadline = time.monotonic() + timeout_s
        for topic, end in zip(_STATE_TOPICS, ends, strict=True):
            if end > 0:
                yield from self._stored_in(topic, partition, end, deadline)

    def _stored_in(self, topic: str, partition: int, end: int, deadline: float) -> Iterator[Stored]:
        consumer = self._consumer()
        try:
            consumer.assign([TopicPartition(self._topics.name(topic), partition, OFFSET_BEGINNING)])
            while True:
                if time.monotonic() > deadline:
                    raise RestoreError(f"partition {partition}: its state was not read in time, in {topic}")
                for message in consumer.consume(10_000, 0.5):
                    error = message.error()
                    if message.offset() >= end:
                        # Behind the end stands what another owner wrote since: `state` was read to before that.
                        return
                    if error is None:
                        yield Stored(topic, message.key(), message.value())
                    elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                        raise RestoreError(f"partition {partition}: {error.str()}")
        finally:
            consumer.close()

    def ends(self, partitions: Iterable[int]) -> dict[tuple[str, int], int]:
        """Offset behind the newest record, per topic that is read and partition, asked of the broker itself.

        It is tried for a few seconds only: who asks this must see soon that a broker is away.
        """
        return {
            (topic, partition): end
            for partition in partitions
            for topic, end in zip(READ, self._offsets(READ, partition, OffsetSpec.latest(), 2.0), strict=True)
        }

    def _offsets(
        self, topics: Sequence[str], partition: int, spec: OffsetSpec, timeout_s: float = READ_TIMEOUT_S
    ) -> list[int]:
        wanted = [TopicPartition(self._topics.name(topic), partition) for topic in topics]
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                answers = self._admin.list_offsets(dict.fromkeys(wanted, spec), request_timeout=timeout_s)
                by_name = {at.topic: future.result().offset for at, future in answers.items()}
            except KafkaException:
                # A topic just made has no leader for a moment. And a client keeps the leader epochs that it learned
                # first: once the broker was started anew it is refused as fenced for good, and only a new one is not.
                if time.monotonic() > deadline:
                    raise
                self._admin = AdminClient(client_settings(self._broker))
                time.sleep(0.2)
            else:
                return [by_name[self._topics.name(topic)] for topic in topics]

    def _consumer(self) -> Consumer:
        return Consumer(reader_settings(self._broker, self._group))
