"""From the spool to Kafka, in order, until it is acknowledged, however often that takes.

One batch is under way at a time and stays in the spool until all of it is acknowledged: a source's records never
overtake each other. Whatever fails, the batch is sent again by another producer; what Kafka had already taken of it is
a duplicate there, with the same source and event id, and counts once.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from kafka import KafkaProducer
from kafka.errors import KafkaError

from devices.kafka_sink import KeyPartitioner
from models.endpoint import kafka_python_security
from models.errors import BrokerUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from devices.publisher.spool import Spool, Spooled
    from models.topics import Topics

    Connect = Callable[[], "DeviceProducer"]

logger = logging.getLogger(__name__)

DEFAULT_KEEP_S: Final = 60.0
"""So long what was acknowledged is kept, to be sent again after an outage.

Acknowledged means: in the log of every in-sync replica. A replica writes to its disk some 30 s later unless its topics
flush at once, so a broker without another that loses its power loses what it acknowledged last. It was away then, and
gets that again; what it still had counts once.
"""

_BATCH_RECORDS: Final = 500
_BATCH_BYTES: Final = 1024 * 1024
_LARGEST_REQUEST_BYTES: Final = 16 * 1024 * 1024
_BUSY_MS: Final = 10_000
_FIRST_RETRY_S: Final = 0.5
_LAST_RETRY_S: Final = 5.0
_IDLE_S: Final = 1.0


class DeviceProducer(Protocol):
    """As much of a `KafkaProducer` as is used here."""

    def send(self, topic: str, value: bytes, key: bytes) -> Any:
        """Hand over a record; its future."""

    def flush(self, timeout: float | None = None) -> None:
        """Wait for all futures."""

    def close(self, timeout: float | None = None) -> None:
        """Let the connection go."""


_producer: Any = KafkaProducer  # kafka-python has no types


def open_producer(broker: str) -> DeviceProducer:
    """Open an idempotent producer that waits for all replicas, small enough for a small box.

    How to connect (TLS, SASL) is said by the address where it is an `Endpoint`. Raises BrokerUnavailableError.
    """
    try:
        producer: DeviceProducer = _producer(
            bootstrap_servers=broker.split(","),
            client_id="amanzhol-publisher",
            acks="all",
            enable_idempotence=True,
            compression_type="gzip",
            linger_ms=5,
            batch_size=128 * 1024,
            max_request_size=_LARGEST_REQUEST_BYTES,
            partitioner=KeyPartitioner(),
            allow_auto_create_topics=False,
            metrics_enabled=False,
            max_block_ms=_BUSY_MS,
            bootstrap_timeout_ms=_BUSY_MS,
            request_timeout_ms=_BUSY_MS,
            delivery_timeout_ms=2 * _BUSY_MS,
            reconnect_backoff_max_ms=1_000,
            **kafka_python_security(broker),
        )
    except KafkaError as error:
        message = f"no Kafka at {broker} ({type(error).__name__}): start it, or correct --broker"
        raise BrokerUnavailableError(message) from error
    return producer


class Sender:
    """Sends what the spool holds. `acknowledged` and `failures` count records and attempts; any thread may look."""

    def __init__(self, spool: Spool, topics: Topics, connect: Connect, keep_s: float, now: Callable[[], float]) -> None:
        """Begin with the oldest record of the spool."""
        self._spool = spool
        self._topics = topics
        self._connect = connect
        self._keep_s = keep_s
        self._now = now
        self._producer: DeviceProducer | None = None
        self._woken = threading.Event()
        self._room_wanted = threading.Event()
        self._sent_through = 0
        self._forgotten_through = 0
        self._kept: deque[tuple[float, int]] = deque()
        self.acknowledged = 0
        self.failures = 0
        self.connected = False

    def wake(self) -> None:
        """Look into the spool now: something came."""
        self._woken.set()

    def make_room(self) -> None:
        """Keep nothing any longer that was acknowledged: the spool is full."""
        self._room_wanted.set()
        self._woken.set()

    def all_acknowledged(self) -> bool:
        """Whether Kafka has all that the spool has taken."""
        return self._sent_through >= self._spool.last_place()

    def run(self, stop: threading.Event) -> None:
        """Send until told to stop; errors are logged and tried again, later each time."""
        retry_s = _FIRST_RETRY_S
        while not stop.is_set():
            try:
                if self.send_batch():
                    retry_s = _FIRST_RETRY_S
                else:
                    self._woken.wait(_IDLE_S)
                    self._woken.clear()
            except Exception as error:  # noqa: BLE001 - whatever it is, a thread that ended would send nothing more
                self._lost(error, retry_s)
                stop.wait(retry_s)
                retry_s = min(retry_s * 2, _LAST_RETRY_S)
        if self.all_acknowledged():
            self._spool.forget(self._sent_through)
        self._let_go()

    def send_batch(self) -> int:
        """Send the next records and wait for Kafka to have them. Returns how many; 0 where none waits."""
        batch = self._spool.after(self._sent_through, _BATCH_RECORDS, _BATCH_BYTES)
        if not batch:
            self._forget()
            return 0
        if self._producer is None:
            self._producer = self._connect()
        self._deliver(self._producer, batch)
        self.connected = True
        self.acknowledged += len(batch)
        self._sent_through = batch[-1].place
        self._kept.append((self._now(), self._sent_through))
        self._forget()
        return len(batch)

    def _deliver(self, producer: DeviceProducer, batch: list[Spooled]) -> None:
        futures = [producer.send(self._topics.name(record.topic), record.value, record.key) for _, record in batch]
        producer.flush(2 * _BUSY_MS / 1000)
        for future in futures:
            future.get(timeout=0)

    def _forget(self) -> None:
        """Delete what was acknowledged long enough ago."""
        through = self._forgotten_through
        long_ago = math.inf if self._room_wanted.is_set() else self._now() - self._keep_s
        self._room_wanted.clear()
        while self._kept and self._kept[0][0] <= long_ago:
            through = self._kept.popleft()[1]
        if through > self._forgotten_through:
            if self._spool.forget(through):
                self._forgotten_through = through
            else:
                # The disk is full to the last byte; what is sent already may wait for its deletion.
                self._kept.appendleft((long_ago, through))

    def _lost(self, error: Exception, retry_s: float) -> None:
        self.failures += 1
        if self.connected or self.failures == 1:
            logger.warning(
                "Kafka does not take events (%s): they wait in the spool; next try in %.0f s", error, retry_s
            )
        self.connected = False
        # What was acknowledged last may be lost with the broker: send again what is kept of it.
        self._sent_through = self._forgotten_through
        self._kept.clear()
        self._let_go()

    def _let_go(self) -> None:
        if self._producer is not None:
            with suppress(KafkaError, OSError):
                self._producer.close(timeout=1)
            self._producer = None
