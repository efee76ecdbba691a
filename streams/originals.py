"""Reads single records of the input topics again, where the quarantine says that they stand."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from models.errors import BrokerUnavailableError, RunError, TopicMismatchError
from models.topics import VIOLATIONS, Topics
from streams.kafka import UNREADABLE, reader_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NEAR: Final = 10_000
"""So many records are read through rather than sought over."""

_TIMEOUT_S: Final = 30.0


class Place(NamedTuple):
    """Where a record stands: the topic's name without the prefix, its partition, its offset."""

    topic: str
    partition: int
    offset: int


class OriginalReader:
    """Reads records at places. It joins no group and commits nothing."""

    def __init__(self, broker: str, topics: Topics) -> None:
        """Connect. Raises BrokerUnavailableError where no broker answers, TopicMismatchError without input topics."""
        self._topics = topics
        self._consumer = Consumer(reader_settings(broker, f"{topics.prefix}originals"))
        try:
            found = self._consumer.list_topics(timeout=10).topics
        except KafkaException as error:
            raise BrokerUnavailableError(f"no Kafka answers at {broker} ({error.args[0].name()})") from None
        name = topics.name(VIOLATIONS)
        if name not in found:
            raise TopicMismatchError(f"there is no topic {name} at {broker}: correct --broker or --prefix")
        self.partitions = len(found[name].partitions)

    def read(self, places: Iterable[Place]) -> Iterator[tuple[Place, bytes | None]]:
        """Give each place with its bytes, or with None where they cannot be read any more, partition by partition.

        Raises RunError where the broker does not answer in time.
        """
        by_partition: dict[tuple[str, int], set[int]] = defaultdict(set)
        for topic, partition, offset in places:
            by_partition[topic, partition].add(offset)
        for (topic, partition), offsets in sorted(by_partition.items()):
            at = -_NEAR
            for offset in sorted(offsets):
                if offset - at >= _NEAR:
                    self._consumer.assign([TopicPartition(self._topics.name(topic), partition, offset)])
                at, value = self._next(offset)
                yield Place(topic, partition, offset), value
                if at > offset + 1:  # it is gone, and what stands behind it has been read over
                    at = -_NEAR

    def _next(self, offset: int) -> tuple[int, bytes | None]:
        """Read on to an offset. Returns where reading has come to, and the record if it stands there."""
        deadline = time.monotonic() + _TIMEOUT_S
        while time.monotonic() < deadline:
            message = self._consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is not None:
                if error.code() in {*UNREADABLE, KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET}:  # noqa: SLF001
                    return offset + _NEAR, None
            elif message.offset() >= offset:
                return message.offset() + 1, message.value() if message.offset() == offset else None
        raise RunError(f"offset {offset} was not read within {_TIMEOUT_S:.0f} s: is the broker well?")

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()
