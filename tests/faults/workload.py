"""What is sent while faults are injected: a simulated fleet at its worst, and what has to become of each record.

The expectations made here are independent of the code that counts: of each record is known, from how it was made,
whether it is an event of which identity, or goes to quarantine under which code.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from confluent_kafka import Producer

from devices.simulator import Imperfections, simulate
from devices.simulator.moments import AQTAU
from models.partitioning import murmur2
from models.topics import ACCIDENTS, CORRECTIONS, REPORTS, STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from confluent_kafka import KafkaError, Message

    from models.topics import Topics

PARTITIONS = 4
RATE_PER_S = 700
_TICK_S = 0.05
_FIRST_DAY = datetime(2025, 2, 1, tzinfo=AQTAU)
_DAYS = 120
_KEPT_STATUSES = 0.2
_HELD_BACK = 0.08
_MISROUTED = 0.02
_PLANTED = 0.01
_STRETCH = 1_500
_DOOMED = 50
UNREADABLE = "unreadable_batch"
_IMPERFECT = Imperfections(malformed=0, clocks_ahead=0, repeats=0.03, corrections=0.08, plates=0.02)

_encode = msgspec.json.encode


class Sent(NamedTuple):
    """A record, and what has to become of it: an event `identity` to be counted once, or the `code` of its refusal."""

    topic: str
    key: str
    value: bytes | None
    identity: tuple[str, str] | None
    code: str | None = None
    astray: bool = False


class Place(NamedTuple):
    """Where the broker has put a record."""

    topic: str
    partition: int
    offset: int


def home(source_id: str) -> int:
    """The partition of a source, as Kafka chooses it."""
    return (murmur2(source_id.encode()) & 0x7FFFFFFF) % PARTITIONS


def _moment(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


class Fleet:
    """Draws the records of one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(f"workload {seed}")
        self._number = 0
        start = _FIRST_DAY + timedelta(days=self._rng.randrange(300))
        end = start + timedelta(days=_DAYS)
        self._simulated = simulate(seed, start, end, imperfections=_IMPERFECT, status_interval_s=3600)
        self._start = start
        self._back: deque[tuple[int, Sent]] = deque()

    def records(self) -> Iterator[Sent]:
        """Records without end, should the simulated span be long enough: some of them later than others."""
        rng = self._rng
        for at, record in enumerate(self._simulated):
            while self._back and self._back[0][0] <= at:
                yield self._back.popleft()[1]
            if record.topic == STATUSES and rng.random() > _KEPT_STATUSES:
                continue
            event = msgspec.json.decode(record.value)
            sent = Sent(record.topic, record.key, record.value, (event["source_id"], event["event_id"]))
            sent = sent._replace(astray=rng.random() < _MISROUTED)
            if rng.random() < _HELD_BACK:
                self._back.append((at + 20_000, sent))  # a late upload; its corrections may come before it
            else:
                yield sent
            if rng.random() < _PLANTED:
                yield self.planted()
            if rng.random() < _PLANTED / 4:
                yield self._span(record.key)
            if rng.random() < _PLANTED / 4:
                yield self._year_behind()

    def planted(self) -> Sent:
        """A record that cannot be counted, and the code under which it must be refused."""
        self._number += 1
        good: dict[str, Any] = {
            "type": "violation",
            "event_id": f"planted-{self._number}",
            "source_id": f"cam-{self._rng.randrange(1, 150):03}",
            "occurred_at": "2025-03-01T08:00:00+05:00",
            "offence": "592.2",
        }
        topic = VIOLATIONS
        whole = _encode(good)
        spoilt: tuple[tuple[str, bytes | None], ...] = (
            ("empty_record", b""),
            ("null_record", None),
            ("not_json", whole[: self._rng.randrange(1, len(whole))]),
            ("not_utf8", whole.replace(b"592.2", "Ақтау".encode("utf-16-be"))),
            ("not_an_object", b"[1,2]"),
            ("missing_field", _encode({key: value for key, value in good.items() if key != "occurred_at"})),
            ("naive_time", _encode(good | {"occurred_at": "2025-03-01T08:00:00"})),
            ("bad_time", _encode(good | {"occurred_at": "yesterday+05:00"})),
            ("wrong_type", _encode(good | {"event_id": 4711})),
            ("sentinel_position", _encode(good | {"location": {"lon": 999.0, "lat": 43.65}})),
            ("unknown_type", _encode(good | {"type": "tweet"})),
            ("unknown_device", _encode(good | {"source_id": "cam-nobody"})),
            ("future", _encode(good | {"occurred_at": _moment(365)})),
            ("wrong_topic", whole),
        )
        code, value = spoilt[self._rng.randrange(len(spoilt))]
        if code == "wrong_topic":
            topic = (ACCIDENTS, REPORTS, STATUSES)[self._number % 3]
        key = "cam-nobody" if code == "unknown_device" else good["source_id"]
        return Sent(topic, key, value, None, code, astray=self._rng.random() < _MISROUTED)

    def doomed(self, topic: str) -> Sent:
        """A good event that will not be readable."""
        self._number += 1
        event = {
            "type": "report" if topic == REPORTS else "violation",
            "event_id": f"doomed-{self._number}",
            "source_id": f"cam-{self._rng.randrange(1, 150):03}",
            "occurred_at": "2025-03-01T08:00:00+05:00",
            "channel": "egov",
            "offence": "592.2",
        }
        return Sent(topic, event["source_id"], _encode(event), None, UNREADABLE)

    def _span(self, source_id: str) -> Sent:
        """Take back, or give back, some days of a source: at a time of its own, so that the last writer differs."""
        self._number += 1
        rng = self._rng
        begin = self._start + timedelta(days=rng.uniform(0, _DAYS))
        event = {
            "type": "correction",
            "event_id": f"span-{self._number}",
            "source_id": "appeals-office",
            "occurred_at": (self._start + timedelta(minutes=rng.uniform(0, 99_999))).isoformat(),
            "target": {
                "source_id": source_id,
                "from": begin.isoformat(),
                "to": (begin + timedelta(days=rng.uniform(0.1, 5))).isoformat(),
            },
            "action": rng.choice(("retract", "restore")),
        }
        return Sent(CORRECTIONS, source_id, _encode(event), (event["source_id"], event["event_id"]))

    def _year_behind(self) -> Sent:
        """A report from somebody whose clock is a year slow: late, and counted."""
        self._number += 1
        event = {
            "type": "report",
            "event_id": f"slow-{self._number}",
            "source_id": "slow-clock",
            "occurred_at": _moment(-365),
            "channel": "egov",
        }
        return Sent(REPORTS, "slow-clock", _encode(event), (event["source_id"], event["event_id"]))


@dataclass
class Workload:
    """Sends the records of a seed, without a pause, and keeps what the broker acknowledged."""

    broker: str
    topics: Topics
    seed: int
    acknowledged: dict[Place, Sent] = field(default_factory=dict)
    sent: int = 0
    failure: str = ""

    def __post_init__(self) -> None:
        self._fleet = Fleet(self.seed)
        self._records = self._fleet.records()
        self._rng = random.Random(f"sending {self.seed}")
        self._history: list[Sent] = []
        self._extra: deque[Sent] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="workload", daemon=True)
        quiet = logging.getLogger("faults.librdkafka")
        quiet.setLevel(logging.CRITICAL)
        self._producer = Producer(
            {
                "bootstrap.servers": self.broker,
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 20,
                # Longer than any outage: a record that was handed over arrives, or the run has failed.
                "message.timeout.ms": 300_000,
                "queue.buffering.max.messages": 500_000,
                "reconnect.backoff.max.ms": 500,
                "logger": quiet,
            }
        )

    def start(self) -> None:
        """Begin to send, in a thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 60) -> None:
        """Send nothing more and wait until everything sent is acknowledged."""
        self._stopping.set()
        self._thread.join(timeout_s)
        left = self._producer.flush(timeout_s)
        if left:
            self.failure = self.failure or f"{left} records were not acknowledged in {timeout_s:.0f} s"

    def burst(self, records: int) -> None:
        """Send so many records that cannot be counted, as fast as possible."""
        self._extra.extend(self._fleet.planted() for _ in range(records))

    def plant_batch(self, topic: str, partition: int) -> Place:
        """Write events as one batch that is going to be damaged, and wait until it is acknowledged. Gives its start.

        By themselves the events are good: were they read, they would be counted and nobody would expect it.
        """
        producer = Producer({"bootstrap.servers": self.broker, "compression.type": "lz4", "linger.ms": 5_000})
        places: list[Place] = []
        for sent in (self._fleet.doomed(topic) for _ in range(_DOOMED)):

            def delivered(error: KafkaError | None, message: Message, sent: Sent = sent) -> None:
                if error is not None:
                    self.failure = f"a batch was not acknowledged: {error.str()}"
                    return
                places.append(Place(sent.topic, message.partition(), message.offset()))
                self.acknowledged[places[-1]] = sent

            producer.produce(self.topics.name(topic), sent.value, partition=partition, on_delivery=delivered)
        producer.flush(60)
        return places[0]

    def upload_again(self) -> None:
        """Send a whole stretch of what was sent before once more, some of it to other partitions."""
        if self._history:
            at = self._rng.randrange(max(len(self._history) - _STRETCH, 1))
            self._extra.extend(
                again._replace(astray=self._rng.random() < _MISROUTED * 5)
                for again in self._history[at : at + _STRETCH]
            )

    def _run(self) -> None:
        due = 0.0
        before = time.monotonic()
        while not self._stopping.is_set() and not self.failure:
            self._producer.poll(0)
            now = time.monotonic()
            due, before = min(due + (now - before) * RATE_PER_S, RATE_PER_S), now
            while self._extra:
                self._send(self._extra.popleft())
            while due >= 1:
                sent = next(self._records, None)
                if sent is None:
                    self.failure = "the simulated span has ended: make it longer"
                    return
                self._history.append(sent)
                self._send(sent)
                due -= 1
            self._stopping.wait(_TICK_S)

    def _send(self, sent: Sent) -> None:
        where = {"partition": (home(sent.key) + 1) % PARTITIONS} if sent.astray else {}
        name = self.topics.name(sent.topic)

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self.acknowledged[Place(sent.topic, message.partition(), message.offset())] = sent
            else:
                self.failure = f"a record was not acknowledged: {error.str()}"

        while not self._stopping.is_set():
            try:
                self._producer.produce(name, sent.value, sent.key.encode(), on_delivery=delivered, **where)
            except BufferError:
                self._producer.poll(0.1)
            else:
                self.sent += 1
                return
