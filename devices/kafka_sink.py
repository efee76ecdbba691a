"""Sending records to Kafka from Python alone (kafka-python), such that none is lost silently."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError
from kafka.partitioner.abc import Partitioner
from kafka.partitioner.default import murmur2

from models.endpoint import kafka_python_security
from models.errors import BrokerUnavailableError, RunError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from devices.simulator.record import SimulatedRecord

_WAIT_FOR_BROKER_MS = 15_000
_LINGER_MS = 20
_BATCH_BYTES = 256 * 1024
_LARGEST_REQUEST_BYTES = 16 * 1024 * 1024
"""Topics take records up to 16 MiB: what is too large to be counted shall still arrive, and be quarantined."""

# Called through names without types, for kafka-python has none.
_producer: Any = KafkaProducer
_murmur2: Any = murmur2


class Producer(Protocol):
    """As much of a `KafkaProducer` as is used here; kafka-python itself declares no types."""

    def send(self, topic: str, value: bytes, key: bytes) -> Any:
        """Hand over a record; its future."""

    def flush(self) -> None:
        """Wait for all futures."""

    def close(self) -> None:
        """Flush, and let the connection go."""


class KeyPartitioner(Partitioner):
    """Partition of a key as Java and the stream have it: murmur2, here remembered per key.

    kafka-python's own does the same in pure Python anew for every record; a fleet has few keys.
    """

    def __init__(self) -> None:
        """Know no key yet."""
        self._hashes: dict[bytes, int] = {}

    def partition(
        self, topic: str, key: Any, serialized_key: bytes, value: Any, serialized_value: bytes, cluster: Any
    ) -> int:
        """Partition for a keyed record; which are available does not matter, or the order of a source would break."""
        del key, value, serialized_value
        positive = self._hashes.get(serialized_key)
        if positive is None:
            positive = self._hashes[serialized_key] = _murmur2(serialized_key) & 0x7FFFFFFF
        return int(positive % len(cluster.partitions_for_topic(topic)))


def connect(broker: str, client_id: str) -> Producer:
    """Open an idempotent producer that waits for all replicas. Raises `BrokerUnavailableError`."""
    try:
        producer: Producer = _producer(
            bootstrap_servers=broker,
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            linger_ms=_LINGER_MS,
            batch_size=_BATCH_BYTES,
            max_request_size=_LARGEST_REQUEST_BYTES,
            partitioner=KeyPartitioner(),
            allow_auto_create_topics=False,
            max_block_ms=_WAIT_FOR_BROKER_MS,
            bootstrap_timeout_ms=_WAIT_FOR_BROKER_MS,
            **kafka_python_security(broker),
        )
    except KafkaError as error:
        message = f"no Kafka at {broker} ({error}): start it with `amanzhol broker start`, or correct --broker"
        raise BrokerUnavailableError(message) from error
    return producer


class KafkaSink:
    """Sends records and keeps count of them.

    `sent` counts what was handed to the producer, by topic as in `models.topics`; `flush` waits until all of it
    is acknowledged.
    """

    def __init__(self, producer: Producer, topics: Mapping[str, str]) -> None:
        """Send with this producer. `topics` maps each of `models.topics.INPUTS` to its full name."""
        self._producer = producer
        self._topics = dict(topics)
        self._failures: list[BaseException] = []
        self.sent: Counter[str] = Counter()

    def send(self, record: SimulatedRecord) -> None:
        """Hand over one record. Raises `RunError` when it cannot be, or when an earlier one was not delivered."""
        if self._failures:
            self._raise()
        try:
            future = self._producer.send(self._topics[record.topic], record.value, record.key.encode())
        except KafkaError as error:
            self._failures.append(error)
            self._raise()
        future.add_errback(self._failures.append)
        self.sent[record.topic] += 1

    def send_all(self, records: Iterable[SimulatedRecord]) -> dict[str, int]:
        """Send records until they end, and wait for them: how many were acknowledged, by topic. Raises `RunError`."""
        for record in records:
            self.send(record)
        return self.flush()

    def flush(self) -> dict[str, int]:
        """Wait until every record sent is acknowledged; how many they are, by topic. Raises `RunError`."""
        try:
            # Each record's errback has run when this returns: a batch calls them before it counts as completed.
            self._producer.flush()
        except KafkaError as error:
            self._failures.append(error)
        if self._failures:
            self._raise()
        return dict(self.sent)

    def _raise(self) -> None:
        first = self._failures[0]
        kind = type(first).__name__
        raise RunError(f"Kafka did not take every record ({kind}: {first}): check the broker and its topics") from first
