"""The watch over the fleet as a service: reads what devices send beside the workers, and tells alerts.

One process sees all partitions, since only then "the whole uplink is gone" can be told from one dead camera. It joins
no group, commits nothing, and the workers do not know of it.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from models.decoding import decode_all
from models.errors import BrokerUnavailableError, TopicMismatchError
from models.health.alerts import decode_alert
from models.records import encode
from models.topics import ALERTS, STATUSES, VIOLATIONS
from streams.kafka import UNREADABLE, CommittedLog, client_settings, reader_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from models.health.alerts import Alert
    from models.health.watch import FleetWatch, Look
    from models.topics import Topics
    from streams.metrics import FleetMetrics

logger = logging.getLogger(__name__)

_READ = (VIOLATIONS, STATUSES)
_ASK_TIMEOUT_S = 10.0
_BATCH = 10_000


class DeviceLog:
    """Reads what devices sent, from a time on."""

    def __init__(self, broker: str, topics: Topics, since_s: float) -> None:
        """Find where to begin. Raises BrokerUnavailableError without a broker, TopicMismatchError without topics."""
        self._admin = AdminClient(client_settings(broker))
        self._consumer = Consumer(
            reader_settings(broker, f"{topics.prefix}fleet") | {"auto.offset.reset": "latest", "check.crcs": True}
        )
        names = [topics.name(topic) for topic in _READ]
        try:
            found = self._consumer.list_topics(timeout=_ASK_TIMEOUT_S).topics
            missing = [name for name in names if name not in found]
            if missing:
                raise TopicMismatchError(f"there is no topic {missing[0]} at {broker}: start a worker, it makes them")
            since = [TopicPartition(n, part, int(since_s * 1000)) for n in names for part in found[n].partitions]
            begins = self._consumer.offsets_for_times(since, timeout=_ASK_TIMEOUT_S)
        except KafkaException as error:
            raise BrokerUnavailableError(f"no Kafka answers at {broker} ({error.args[0].name()})") from None
        self._consumer.assign(begins)
        # Of one that has no record since then, the end: it is learned when the consumer comes to it.
        self._reached = {(at.topic, at.partition): at.offset for at in begins}

    def read(self, timeout_s: float) -> tuple[list[bytes | None], list[int]]:
        """Give the next records with their arrivals in microseconds since 1970, those of a partition in order."""
        values: list[bytes | None] = []
        arrivals_us = []
        for message in self._consumer.consume(_BATCH, timeout_s):
            error = message.error()
            at = (message.topic(), message.partition())
            if error is None:
                values.append(message.value())
                arrivals_us.append(message.timestamp()[1] * 1000)
                self._reached[at] = message.offset() + 1
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                self._reached[at] = max(self._reached[at], message.offset())
            elif error.code() in UNREADABLE:
                self._pass_over(TopicPartition(*at), error.str())
            else:
                logger.warning("Kafka: %s", error.str())
        return values, arrivals_us

    def _pass_over(self, at: TopicPartition, why: str) -> None:
        """Go on at the end of a partition. What is lost here is only looked at; the workers count it or refuse it."""
        _low, high = self._consumer.get_watermark_offsets(at, timeout=_ASK_TIMEOUT_S)
        logger.warning("%s[%d] is unreadable (%s): going on at its end, %d", at.topic, at.partition, why, high)
        self._consumer.assign(
            [TopicPartition(*key, high if key == (at.topic, at.partition) else max(reached, OFFSET_BEGINNING))
             for key, reached in self._reached.items()]
        )  # fmt: skip

    def waiting(self) -> int | None:
        """Ask the broker how many records have not been read yet; None where it does not answer."""
        wanted = dict.fromkeys((TopicPartition(*at) for at in self._reached), OffsetSpec.latest())
        try:
            answers = self._admin.list_offsets(wanted, request_timeout=_ASK_TIMEOUT_S)
            ends = {(at.topic, at.partition): future.result().offset for at, future in answers.items()}
        except KafkaException:
            return None
        # Where a partition has no record since the beginning, the consumer has yet to say where its end is.
        return sum(max(end - self._reached[at], 0) if self._reached[at] >= 0 else 1 for at, end in ends.items())

    def close(self) -> None:
        """Leave Kafka."""
        self._consumer.close()


class AlertLog:
    """The topic `alerts`: what was told, and what has to be told."""

    def __init__(self, broker: str, topics: Topics) -> None:
        """Connect."""
        self._broker = broker
        self._topics = topics
        # What is told is kept until Kafka has it: an alert about a broken uplink must not be lost with the uplink.
        self._producer = Producer(
            client_settings(broker) | {"enable.idempotence": True, "message.timeout.ms": 0, "linger.ms": 5}
        )

    def told(self) -> list[Alert]:
        """Give every alert that was told, oldest first."""
        log = CommittedLog(self._broker, self._topics, (ALERTS,))
        try:
            records = sorted(log.read_to_end(), key=lambda record: record.time_ms)
            return [decode_alert(record.value) for record in records if record.value is not None]
        finally:
            log.close()

    def tell(self, alerts: Iterable[Alert]) -> None:
        """Hand alerts over; they are sent beside."""
        for alert in alerts:
            self._producer.produce(self._topics.name(ALERTS), encode(alert), alert.problem.key.encode())
        self._producer.poll(0)

    def close(self) -> None:
        """Wait a while for what was handed over."""
        self._producer.flush(_ASK_TIMEOUT_S)


def read_until_now(log: DeviceLog, watch: FleetWatch) -> float:
    """Take in all there is. Returns the time up to which it was. Raises BrokerUnavailableError."""
    while True:
        now_s = time.time()
        waiting = log.waiting()
        if waiting is None:
            raise BrokerUnavailableError("Kafka stopped answering while the fleet's records were read")
        if waiting == 0:
            return now_s
        values, arrivals_us = log.read(0.2)
        watch.take(decode_all(values), arrivals_us)


class FleetService:
    """Watches until told to stop."""

    def __init__(self, log: DeviceLog, alerts: AlertLog, watch: FleetWatch, metrics: FleetMetrics) -> None:
        """Read here, tell there."""
        self._log = log
        self._alerts = alerts
        self._watch = watch
        self._metrics = metrics

    def turn(self, kinds: tuple[str, ...]) -> Look | None:
        """Take in what has come, and look at the fleet once all of it is in; None where it is not.

        While Kafka is away nobody is judged, for nobody could be heard.
        """
        now_s = time.time()
        waiting = self._log.waiting()
        if waiting is None:
            return None
        self._metrics.lag_records.set(waiting)
        if waiting:
            values, arrivals_us = self._log.read(0.2)
            self._metrics.records.inc(len(values))
            self._metrics.unknown.inc(self._watch.take(decode_all(values), arrivals_us))
            return None
        look = self._watch.look(now_s)
        self._alerts.tell(look.told)
        self._metrics.show(look, now_s, kinds)
        for alert in look.told:
            logger.info("%s (%s, %d times): %s", alert.state, alert.recurrence, alert.times, alert.message)
        return look
