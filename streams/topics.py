"""Makes the topics, and refuses to run on ones that would lose or miscount."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from models import topics as names
from models.errors import BrokerUnavailableError, TopicMismatchError
from streams.kafka import client_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.topics import Topics

logger = logging.getLogger(__name__)

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024

_INPUT = {
    # Retention goes by record time: with a device's own time, a replayed year would be deleted within minutes.
    "message.timestamp.type": "LogAppendTime",
    "retention.ms": "-1",
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
}
_COMPACTED = {"cleanup.policy": "compact", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
_KEPT = {"retention.ms": "-1", "max.message.bytes": str(MAX_MESSAGE_BYTES)}
_REGISTRY = {"cleanup.policy": "compact", "max.message.bytes": str(1024 * 1024)}
_OUTPUTS = {
    names.REROUTED: _KEPT,
    names.SEGMENT_COUNTS: _COMPACTED,
    names.SEGMENT_COVERAGE: _COMPACTED,
    names.STATE: _COMPACTED,
    names.QUARANTINE: _KEPT,
    names.ALERTS: _KEPT,
}


def ensure_topics(
    broker: str, topics: Topics, partitions: int = names.DEFAULT_PARTITIONS, timeout_s: float = 60.0
) -> int:
    """Make those topics that are missing and check the others. Returns the number of partitions of each.

    An existing partition count is kept: it is fixed when the topics are made. Raises BrokerUnavailableError where
    no broker answers within the time, and TopicMismatchError where a topic cannot be counted from.
    """
    admin = AdminClient(client_settings(broker))
    existing = _partition_counts(admin, broker, topics, timeout_s)
    _ensure_registry(admin, topics, has=existing.pop(names.REGISTRY, 0))
    found = {count for topic, count in existing.items() if topic in names.INPUTS}
    if len(found) > 1:
        raise TopicMismatchError(
            f"the input topics under {topics.prefix!r} differ in their numbers of partitions "
            f"({', '.join(f'{name}: {n}' for name, n in sorted(existing.items()))}); choose another --prefix"
        )
    count = found.pop() if found else partitions
    wanted = dict.fromkeys(names.INPUTS, _INPUT) | _OUTPUTS
    for name, has in existing.items():
        if has != count:
            raise TopicMismatchError(
                f"{topics.name(name)} has {has} partitions where the input topics have {count}; choose another --prefix"
            )
    missing = [
        NewTopic(topics.name(name), num_partitions=count, replication_factor=-1, config=settings)
        for name, settings in wanted.items()
        if name not in existing
    ]
    if missing:
        _create(admin, missing)
    _check_timestamps(admin, topics, (name for name in names.INPUTS if name in existing))
    return count


def ensure_registry_topic(broker: str, topics: Topics, timeout_s: float = 60.0) -> None:
    """Make the topic of the registry where it is missing, and no other. Raises as `ensure_topics` does."""
    admin = AdminClient(client_settings(broker))
    found = _partition_counts(admin, broker, topics, timeout_s)
    _ensure_registry(admin, topics, has=found.get(names.REGISTRY, 0))


def _ensure_registry(admin: AdminClient, topics: Topics, *, has: int) -> None:
    """One partition: every worker reads all of it, and the records of a device stay in order."""
    name = topics.name(names.REGISTRY)
    if not has:
        _create(admin, [NewTopic(name, num_partitions=1, replication_factor=-1, config=_REGISTRY)])
    elif has > 1:
        raise TopicMismatchError(f"{name} has {has} partitions where one is wanted; choose another --prefix")


def _partition_counts(admin: AdminClient, broker: str, topics: Topics, timeout_s: float) -> dict[str, int]:
    """Partition counts of those of our topics that exist; asks again until a broker answers."""
    deadline = time.monotonic() + timeout_s
    waiting = False
    while True:
        try:
            metadata = admin.list_topics(timeout=min(timeout_s, 5))
        except KafkaException as error:
            if not waiting:
                logger.warning("no Kafka answers at %s yet; waiting for it for up to %.0f s", broker, timeout_s)
                waiting = True
            if time.monotonic() > deadline:
                raise BrokerUnavailableError(
                    f"no Kafka answers at {broker} ({error.args[0].name()}): start one with `amanzhol broker start`, "
                    "or correct --broker"
                ) from None
        else:
            ours = (*names.INPUTS, *_OUTPUTS, names.REGISTRY)
            return {
                name: len(metadata.topics[topics.name(name)].partitions)
                for name in ours
                if topics.name(name) in metadata.topics
            }


def _create(admin: AdminClient, missing: list[NewTopic]) -> None:
    for name, future in admin.create_topics(missing, request_timeout=30).items():
        try:
            future.result()
        except KafkaException as error:
            # Another worker that starts at the same time may have been quicker.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicMismatchError(f"{name} could not be made: {error.args[0].str()}") from None


def _check_timestamps(admin: AdminClient, topics: Topics, existing: Iterable[str]) -> None:
    resources = [ConfigResource(ResourceType.TOPIC, topics.name(name)) for name in existing]
    if not resources:
        return
    for resource, future in admin.describe_configs(resources, request_timeout=30).items():
        settings = future.result()
        kind = settings["message.timestamp.type"].value
        if kind != "LogAppendTime":
            raise TopicMismatchError(
                f"{resource.name} has message.timestamp.type={kind}; arrival is LogAppendTime: set it with "
                f"kafka-configs --alter --topic {resource.name} --add-config message.timestamp.type=LogAppendTime"
            )
