"""Bursts of records that cannot be counted: each is quarantined, the good ones among them are counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from models.topics import VIOLATIONS, Topics
from streams.committing import MAX_TRANSACTION_BYTES
from streams.topics import ensure_topics
from tests.integration.counting_source import PARTITIONS, count_all, source_on

if TYPE_CHECKING:
    from amanzhol.broker import EmbeddedBroker


def good(partition: int, number: int) -> bytes:
    return json.dumps(
        {"type": "violation", "event_id": f"e{number}", "source_id": source_on(partition), "offence": "592.2"}
        | {"occurred_at": "2025-03-01T00:00:00Z", "location": {"route": "KAZ11", "km": 383.5}}
    ).encode()


@pytest.mark.parametrize(
    ("bad", "number"),
    [(b'{"type": "violation", "event_id": 1', 50_000), (b"\xff" * 70_000, 400)],
    ids=["malformed", "large"],
)
def test_a_burst_is_quarantined_and_the_rest_is_counted(
    broker: EmbeddedBroker, topic_prefix: str, bad: bytes, number: int
) -> None:
    topics = Topics(topic_prefix)
    ensure_topics(broker.address, topics, PARTITIONS)
    producer = Producer(
        {"bootstrap.servers": broker.address, "linger.ms": 20, "compression.type": "lz4", "log_level": 0}
    )
    counted = 0
    for at in range(number):
        partition = at % PARTITIONS
        producer.produce(topics.name(VIOLATIONS), bad, partition=partition)
        if at % 10 < PARTITIONS:
            producer.produce(topics.name(VIOLATIONS), good(partition, at), partition=partition)
            counted += 1
        if at % 1_000 == 0:
            producer.poll(0)
            while len(producer) > 20_000:
                producer.poll(0.1)
    assert producer.flush(60) == 0

    run = count_all(broker.address, topics, topic_prefix, lambda books: books.received >= number + counted)
    books = {name: n for name, n in run.books.as_dict().items() if n}
    assert books == {"received": number + counted, "quarantined": number, "counted": counted}
    refused = run.checkpoints.quarantine
    assert len({(record.partition, record.offset) for record in refused}) == len(refused) == number
    assert max(run.checkpoints.bytes_each) < MAX_TRANSACTION_BYTES
