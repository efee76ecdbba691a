"""The sender: nothing is forgotten before Kafka has it, nothing overtakes, whatever Kafka does."""

from __future__ import annotations

import threading

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from kafka.errors import KafkaTimeoutError

from devices.publisher.outgoing import Outgoing
from devices.publisher.publisher import Publisher
from devices.publisher.sending import Sender
from devices.publisher.signing import SigningProducer
from devices.publisher.spool import Spool
from models.errors import BrokerUnavailableError, SpoolFullError
from models.signatures import sign
from models.topics import Topics
from tests.rows import raw, status

TOPICS = Topics("t.")


class Future:
    def __init__(self, error):
        self._error = error

    def get(self, timeout):
        if self._error is not None:
            raise self._error


class Kafka:
    """Takes records; `failures` says for each attempt what to raise and behind how many records, or None."""

    def __init__(self, failures=()):
        self.failures = list(failures)
        self.records = []
        self.connections = 0
        self.closed = 0

    def connect(self):
        self.connections += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure == "away":
            raise BrokerUnavailableError("no Kafka")
        return Producer(self, failure)


class Producer:
    def __init__(self, kafka, fails_after):
        self.kafka = kafka
        self.fails_after = fails_after

    def send(self, topic, value, key):
        if self.fails_after is not None:
            if self.fails_after == 0:
                return Future(KafkaTimeoutError("gone"))
            self.fails_after -= 1
        self.kafka.records.append((topic, key, value))
        return Future(None)

    def flush(self, timeout=None):
        pass

    def close(self, timeout=None):
        self.kafka.closed += 1


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def spool(tmp_path):
    spool = Spool(tmp_path / "spool")
    yield spool
    spool.close()


def fill(spool, *values):
    spool.append(Outgoing("statuses", b"cam-1", b"%d" % value) for value in values)


def attempt(sender):
    """Send once; what failed is what `run` catches."""
    try:
        return sender.send_batch()
    except (KafkaTimeoutError, BrokerUnavailableError) as error:
        sender._lost(error, 1)
        return -1


# How the attempts end, how many they send (-1: failed), and the values Kafka has in the end.
ATTEMPTS = [
    ([None], [3], [1, 2, 3]),
    (["away", "away", None], [-1, -1, 3], [1, 2, 3]),
    ([1, None], [-1, 3], [1, 1, 2, 3]),
    ([3, None], [3], [1, 2, 3]),
]


@pytest.mark.parametrize(("failures", "sent", "values"), ATTEMPTS)
def test_a_batch_is_sent_again_until_all_of_it_is_taken(spool, failures, sent, values):
    kafka = Kafka(failures)
    sender = Sender(spool, TOPICS, kafka.connect, 60, Clock())
    fill(spool, 1, 2, 3)
    assert [attempt(sender) for _ in sent] == sent
    assert kafka.records == [("t.statuses", b"cam-1", b"%d" % value) for value in values]
    assert sender.all_acknowledged()


def test_what_was_acknowledged_is_kept_a_while_and_sent_again_after_an_outage(spool):
    kafka, clock = Kafka([None, None]), Clock()
    sender = Sender(spool, TOPICS, kafka.connect, 60, clock)
    fill(spool, 1)
    attempt(sender)
    clock.now = 50
    fill(spool, 2)
    attempt(sender)
    clock.now = 70  # the first is kept no longer
    attempt(sender)
    assert [found.record.value for found in spool.after(0, 10, 1000)] == [b"2"]
    sender._lost(OSError("power"), 1)
    assert not sender.all_acknowledged()
    attempt(sender)
    assert [value for _, _, value in kafka.records] == [b"1", b"2", b"2"]


def test_a_full_spool_keeps_nothing_that_was_acknowledged(tmp_path):
    kafka = Kafka()
    publisher = Publisher(tmp_path, kafka.connect, TOPICS, max_bytes=200_000)
    with pytest.raises(SpoolFullError):  # noqa: PT012 - which of them does not fit any more does not matter
        for number in range(1_000):
            publisher.publish([raw(status(event_id=f"s{number}", note="x" * 2_000))])
    while publisher.sender.send_batch():
        pass
    publisher.publish([raw(status(event_id="last"))])
    publisher.close()


def test_the_thread_outlives_every_error_and_leaves_an_empty_spool(tmp_path, monkeypatch):
    monkeypatch.setattr("devices.publisher.sending._FIRST_RETRY_S", 0.01)
    kafka = Kafka(["away", 0, 1, None])
    unexpected = iter([RuntimeError("a bug"), None])

    def connect():
        if (error := next(unexpected, None)) is not None:
            raise error
        return kafka.connect()

    with Publisher(tmp_path, connect, TOPICS) as publisher:
        assert publisher.publish([raw(status(event_id=f"s{n}")) for n in range(3)]) == 3
        assert publisher.wait(timeout_s=30)
        assert publisher.sender.failures == 4
    assert [thread.name for thread in threading.enumerate() if thread.name == "publisher"] == []
    spool = Spool(tmp_path)
    assert len(spool) == 0
    spool.close()


def test_what_kafka_does_not_take_waits_for_the_next_time(tmp_path):
    with Publisher(tmp_path, Kafka(["away"] * 100).connect, TOPICS) as publisher:
        publisher.publish([raw(status())])
        assert not publisher.wait(timeout_s=0.1)
    kafka = Kafka()
    with Publisher(tmp_path, kafka.connect, TOPICS) as publisher:
        assert publisher.wait(timeout_s=30)
    assert [(topic, key) for topic, key, _ in kafka.records] == [("t.statuses", b"cam-1")]


def test_events_are_signed_on_their_way_out():
    private = Ed25519PrivateKey.generate()
    kafka = Kafka()
    producer = SigningProducer(kafka.connect(), private)
    event, words = raw(status()), b"no event at all"
    for value in (event, sign(event, Ed25519PrivateKey.generate()), words):
        producer.send("t.statuses", value, b"cam-1")
    assert [value for _, _, value in kafka.records] == [sign(event, private), sign(event, private), words]
    producer.flush()
    producer.close()
    assert kafka.closed == 1
