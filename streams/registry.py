"""Follows the topic `registry`, so that devices are added and moved while workers run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from confluent_kafka import KafkaException, Producer

from models.errors import BrokerUnavailableError, RegistryRecordError, RunError
from models.registry_records import FollowedRegistry, decode_device
from models.topics import REGISTRY
from streams.kafka import CommittedLog, client_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.fleet import Device, FleetKind, Registry
    from models.sighting import Rules
    from models.topics import Topics
    from streams.metrics import WorkerMetrics

logger = logging.getLogger(__name__)

_PUSH_TIMEOUT_S = 60.0


class RegistryFollower:
    """The registry as it is at the moment of asking: the rows of the worker's file and what the topic says beyond."""

    def __init__(
        self, broker: str, topics: Topics, rules: Rules, fleet: Sequence[FleetKind], metrics: WorkerMetrics
    ) -> None:
        """Begin with the registry of the rules, that of the worker's file. Nothing is read from the topic yet."""
        self._broker = broker
        self._topics = topics
        self._fleet = fleet
        self._zone = rules.windows.zone
        self._metrics = metrics
        self._log: CommittedLog | None = None
        self._followed = FollowedRegistry(rules.registry)
        self._begun = False
        self._show()

    def read(self) -> Registry | None:
        """Read to the present end of the topic and give the registry: the same object where nothing is new.

        The first reading raises BrokerUnavailableError where the broker does not answer; later ones go on with what is
        known, and ask again the next time.
        """
        said: dict[str, tuple[Device, ...] | None] = {}
        try:
            if self._log is None:
                self._log = CommittedLog(self._broker, self._topics, (REGISTRY,))
            for record in self._log.read_to_end():
                self._take(record.key, record.value, said)
        except BrokerUnavailableError as error:
            if not self._begun:
                raise
            logger.warning("the registry is asked for again: %s", error)
            if self._log is not None:
                # A client that knew the broker before its restart may ask in vain for ever.
                self._log.close()
                self._log = None
            return self._followed.registry
        self._begun = True
        if said:
            self._followed.hear(said)
            self._show()
        return self._followed.registry

    def _take(self, key: bytes | None, value: bytes | None, said: dict[str, tuple[Device, ...] | None]) -> None:
        """Read one record. One that cannot be used changes nothing: the device keeps the rows it had."""
        try:
            rows = None if value is None else decode_device(key, value, self._fleet, self._zone)
        except RegistryRecordError as error:
            self._metrics.registry_refused.inc()
            logger.error("%s: its rows stay as they were", error)  # noqa: TRY400 - the message says it all
            return
        said[(key or b"").decode("utf-8", "replace")] = rows

    def _show(self) -> None:
        registry = self._followed.registry
        self._metrics.registry_rows.set(0 if registry is None else len(registry.rows))


def push_devices(broker: str, topics: Topics, records: Mapping[bytes, bytes]) -> None:
    """Write records of devices. Raises BrokerUnavailableError, or RunError where some were not written."""
    # In order, so that of two records of a device the later holds; one that is written twice does no harm.
    producer = Producer(client_settings(broker) | {"acks": "all", "max.in.flight.requests.per.connection": 1})
    faults: list[str] = []
    try:
        for key, value in records.items():
            producer.produce(
                topics.name(REGISTRY),
                value,
                key,
                partition=0,
                on_delivery=lambda error, _message: faults.append(error.str()) if error is not None else None,
            )
            producer.poll(0)
        left = producer.flush(_PUSH_TIMEOUT_S)
    except (BufferError, KafkaException) as error:
        raise RunError(f"the registry was not written: {error}; push it again") from None
    if left:
        raise BrokerUnavailableError(f"{broker}: {left} devices were not written in time: push them again")
    if faults:
        raise RunError(f"{len(faults)} of {len(records)} devices were not written ({faults[0]}): push them again")
