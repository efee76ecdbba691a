"""Batches that the broker serves and no client can read: their offsets are quarantined, and the partition goes on.

The segment files of a cleanly stopped broker are edited: Kafka serves what stands in them without a look.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from amanzhol.broker import EmbeddedBroker
from models.topics import REPORTS, VIOLATIONS, Topics
from streams.fetching import LogReader
from streams.poison import unreadable_at
from streams.topics import ensure_topics
from tests.damaged_segments import damage_batches, flip, last_offset_damaged, scramble, unknown_codec
from tests.integration.counting_source import PARTITIONS, Counted, count_all, source_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.damaged_segments import Damage

BATCHES = 4
RECORDS = 10
"""In each batch."""

TOPICS = Topics("poison.")


CASES: dict[tuple[str, int], tuple[str, dict[int, Damage]]] = {
    # topic, partition: compression, what is done to which batch. Each ends with what librdkafka does about it.
    (VIOLATIONS, 0): ("none", {1: flip}),  # reports a bad checksum, then goes astray and asks for a wild offset
    (VIOLATIONS, 1): ("lz4", {1: flip, 2: flip}),
    (VIOLATIONS, 2): ("lz4", {1: scramble}),  # reports that it cannot decompress, again and again
    (VIOLATIONS, 3): ("none", {1: scramble}),  # stops and says nothing
    (REPORTS, 0): ("lz4", {0: unknown_codec, 2: scramble}),
    (REPORTS, 1): ("lz4", {3: flip}),  # nothing comes behind it
    (REPORTS, 2): ("none", {1: last_offset_damaged}),
    (REPORTS, 3): ("none", {0: scramble, 1: flip, 2: unknown_codec, 3: scramble}),
}

PLANTED = {
    (topic, partition, batch * RECORDS, batch * RECORDS + RECORDS - 1)
    for (topic, partition), (_, damage) in CASES.items()
    for batch in damage
}
RECEIVED = len(CASES) * BATCHES * RECORDS
REFUSED = len(PLANTED) * RECORDS


def event(topic: str, partition: int, number: int) -> bytes:
    kind = {"type": "violation", "offence": "592.2"} if topic == VIOLATIONS else {"type": "report", "channel": "egov"}
    common = {"event_id": f"{topic}-{number}", "source_id": source_on(partition), "occurred_at": "2025-03-01T00:00:00Z"}
    return json.dumps(kind | common | {"location": {"route": "KAZ11", "km": 383.5}}).encode()


def write(address: str, topic: str, partition: int, compression: str) -> None:
    producer = Producer(
        {"bootstrap.servers": address, "compression.type": compression, "linger.ms": 5000, "log_level": 0}
    )
    for batch in range(BATCHES):
        for number in range(batch * RECORDS, (batch + 1) * RECORDS):
            producer.produce(TOPICS.name(topic), event(topic, partition, number), partition=partition)
        assert producer.flush(20) == 0


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(tmp_path_factory.mktemp("damaged")) as own:
        ensure_topics(own.address, TOPICS, PARTITIONS)
        for (topic, partition), (compression, _) in CASES.items():
            write(own.address, topic, partition, compression)
        own.stop()
        for (topic, partition), (_, damage) in CASES.items():
            folder = own.folder.data / f"{TOPICS.name(topic)}-{partition}"
            damage_batches(folder, {batch * RECORDS: how for batch, how in damage.items()})
        own.start()
        yield own


def count(broker: EmbeddedBroker, group: str) -> Counted:
    return count_all(broker.address, TOPICS, group, lambda books: books.received >= RECEIVED, settings={"quiet_s": 0.5})


def ranges(counted: Counted) -> list[tuple[str | None, int | None, int | None, int | None]]:
    found = counted.checkpoints.quarantine
    assert {record.code for record in found} == {"unreadable_batch"}
    return sorted((record.topic, record.partition, record.offset, record.last_offset) for record in found)


def test_what_cannot_be_read_is_refused_and_the_rest_is_counted_again_and_again_the_same(
    damaged: EmbeddedBroker,
) -> None:
    for group in ("first", "replay"):
        counted = count(damaged, group)
        assert ranges(counted) == sorted(PLANTED)
        books = {name: n for name, n in counted.books.as_dict().items() if n}
        assert books == {"received": RECEIVED, "quarantined": REFUSED, "counted": RECEIVED - REFUSED}
        assert counted.metric("amanzhol_quarantined_total", code="unreadable_batch") == REFUSED
        assert counted.metric("amanzhol_books_difference") == 0


@pytest.mark.parametrize(
    ("batch", "position", "expected"),
    [(0, 0, None), (0, 9, None), (1, 10, (10, 20)), (1, 15, (15, 20)), (2, 20, None)],
    ids=["readable", "its last record", "damaged", "the rest of it", "behind it"],
)
def test_the_log_itself_says_how_far_a_batch_reaches(damaged, batch, position, expected):
    found = unreadable_at(LogReader(damaged.address).fetch(TOPICS.name(VIOLATIONS), 0, position), position)
    assert (found and (found.first, found.end)) == expected


def test_what_librdkafka_says_time_and_again_is_believed(damaged):
    fetched = LogReader(damaged.address).fetch(TOPICS.name(VIOLATIONS), 0, 0)
    found = unreadable_at(fetched, 4, believed="no such codec here")
    assert found == (4, 10, "no such codec here")
