"""Follows the workers' topics into the store, in a thread of its own, whatever fails."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from api.freshness import PATIENCE_S, Freshness
from api.store.taking import Arrival
from models.books import Books
from models.errors import AmanzholError, BrokerUnavailableError
from models.records import decode_checkpoint
from models.topics import CHECKPOINT_KEY, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from api.store import Store
    from api.store.store import Reached
    from api.store.taking import Changed
    from models.topics import Topics

logger = logging.getLogger(__name__)

FOLLOWED = (SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE)

_BATCH = 20_000
_POLL_S = 0.2
_ASK_EVERY_S = 1.0
_ASK_TIMEOUT_S = 2.0
_RETRY_S = 2.0
_TIDY_EVERY_S = 30.0
_THIN_EVERY_S = 3_600.0


class Following(NamedTuple):
    """What is followed: the broker's address, the topics, and for how many seconds detail is kept, None for good."""

    broker: str
    topics: Topics
    keep_detail_s: int | None = None


class _Message(Protocol):
    def topic(self) -> str: ...
    def partition(self) -> int: ...
    def offset(self) -> int: ...
    def key(self) -> bytes | None: ...
    def value(self) -> bytes | None: ...
    def timestamp(self) -> tuple[int, int]: ...
    def error(self) -> Any: ...


class Follower:
    """Keeps a store up to date until it is stopped. What fails is tried again, and said in `freshness`."""

    def __init__(self, store: Store, following: Following, tell: Callable[[list[Changed]], None]) -> None:
        """Prepare. `tell` is told, in the follower's thread, what each batch has changed."""
        self._store = store
        self._following = following
        self._tell = tell
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower")
        self._trouble: str | None = "Kafka has not answered yet"
        self._read_through_s: float | None = None
        self._heard_s = 0.0
        self._waiting: dict[tuple[str, int], int] = {}
        self._unreadable = 0
        self._reached: Reached = {}

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for what is being written."""
        self._stop.set()
        self._thread.join()

    def freshness(self) -> Freshness:
        """Tell how far the store is behind now. Any thread may ask."""
        trouble = self._trouble
        if trouble is None and time.monotonic() - self._heard_s > PATIENCE_S:
            trouble = "Kafka does not answer"
        records = None if trouble is not None else sum(list(self._waiting.values()))
        return Freshness(records, self._read_through_s, self._unreadable, trouble)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except (AmanzholError, KafkaException) as error:
                self._trouble = str(error) if isinstance(error, AmanzholError) else f"Kafka: {error.args[0].str()}"
                logger.warning("the store is not fed: %s", self._trouble)
            except Exception:
                # A thread that died would leave a service that answers for ever with what it had.
                self._trouble = "the follower failed: see the log"
                logger.exception("the store is not fed")
            self._stop.wait(_RETRY_S)

    def _follow(self) -> None:
        """Follow until stopped or something fails."""
        broker, topics, keep_detail_s = self._following
        partitions, origin = _found(broker, topics)
        self._store.follow(origin)
        reached = self._store.reached()
        consumer = Consumer(_reader_settings(broker, topics))
        names = {topics.name(name): name for name in FOLLOWED}
        try:
            consumer.assign(
                [
                    TopicPartition(topics.name(name), number, reached.get((name, number), 0))
                    for name, number in partitions
                ]
            )
            self._waiting = dict.fromkeys(partitions, 1)
            self._reached = {}
            self._heard_s = time.monotonic()
            self._trouble = None
            asked_s = tidied_s = thinned_s = 0.0
            while not self._stop.is_set():
                self._take(consumer.consume(_BATCH, _POLL_S), names)
                now = time.monotonic()
                if now - asked_s > _ASK_EVERY_S:
                    asked_s = now
                    self._ask_ends(consumer, topics)
                if now - tidied_s > _TIDY_EVERY_S:
                    tidied_s = now
                    self._store.tidy()
                if keep_detail_s is not None and now - thinned_s > _THIN_EVERY_S and not any(self._waiting.values()):
                    thinned_s = now
                    self._store.thin(int(time.time()) - keep_detail_s)
        finally:
            consumer.close()

    def _take(self, messages: Iterable[_Message], names: dict[str, str]) -> None:
        arrivals: list[Arrival] = []
        reached: Reached = {}  # markers of transactions at an end wait here for the next records
        books: dict[int, Books] = {}
        for message in messages:
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                if error.fatal() or not error.retriable():
                    raise KafkaException(error)
                logger.warning("Kafka: %s", error.str())
                continue
            at = (names[message.topic()], message.partition())
            self._heard_s = time.monotonic()
            if error is not None:  # all that is committed has been read
                reached[at] = message.offset()
                self._waiting[at] = 0
                continue
            reached[at] = message.offset() + 1
            self._waiting[at] = max(self._waiting[at], 1)
            value = message.value()
            if value is None:
                continue
            if at[0] != STATE:
                arrivals.append(Arrival(*at, message.timestamp()[1], value))
            elif message.key() == CHECKPOINT_KEY:
                books[at[1]] = Books(**decode_checkpoint(value).books)
        self._reached |= reached
        if arrivals or books:
            taken = self._store.take(arrivals, self._reached, books)
            self._unreadable += taken.unreadable
            self._reached = {}
            self._tell(taken.changed)
        if self._waiting and not any(self._waiting.values()) and time.monotonic() - self._heard_s <= PATIENCE_S:
            self._read_through_s = time.time()

    def _ask_ends(self, consumer: Consumer, topics: Topics) -> None:
        """Ask Kafka for the ends of the partitions: it says how much waits, and that it is there."""
        for name, number in self._waiting:
            at = TopicPartition(topics.name(name), number)
            with suppress(KafkaException):
                _low, high = consumer.get_watermark_offsets(at, timeout=_ASK_TIMEOUT_S)
                self._heard_s = time.monotonic()
                if self._waiting[name, number]:
                    position = consumer.position([at])[0].offset
                    self._waiting[name, number] = max(high - max(position, 0), 1)
                continue
            return


def _found(broker: str, topics: Topics) -> tuple[list[tuple[str, int]], str]:
    """Find the partitions of the topics, and the ids that tell topics from others that had their names before."""
    admin = AdminClient(_client_settings(broker))
    try:
        found = admin.list_topics(timeout=5).topics
        missing = [name for name in FOLLOWED if topics.name(name) not in found]
        if missing:
            raise BrokerUnavailableError(f"no worker has counted yet: there is no topic {topics.name(missing[0])}")
        asked = admin.describe_topics(TopicCollection([topics.name(name) for name in FOLLOWED]), request_timeout=10)
        ids = [str(asked[topics.name(name)].result().topic_id) for name in FOLLOWED]
    except KafkaException as error:
        raise BrokerUnavailableError(f"no Kafka answers at {broker} ({error.args[0].name()})") from None
    partitions = [(name, number) for name in FOLLOWED for number in found[topics.name(name)].partitions]
    return partitions, " ".join(ids)


def _client_settings(broker: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": broker,
        # librdkafka otherwise writes to standard error by itself.
        "logger": logging.getLogger("librdkafka"),
        "reconnect.backoff.max.ms": 1_000,
    }


def _reader_settings(broker: str, topics: Topics) -> dict[str, Any]:
    """Settings of a consumer that joins no group, reads committed records and is told where they end."""
    return _client_settings(broker) | {
        "group.id": f"{topics.prefix}api",
        "enable.auto.commit": False,
        "isolation.level": "read_committed",
        # A compacted topic may lose its beginning, but never the newest record of a cell.
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "check.crcs": True,
        # By default a full queue makes the fetcher sleep a whole second.
        "fetch.queue.backoff.ms": 5,
        "queued.max.messages.kbytes": 64 * 1024,
    }
