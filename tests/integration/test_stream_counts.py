"""The stream counts what `count` counts, over restarts too, and what it shows meanwhile is whole."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from amanzhol.reading import CountedReader
from models.measures import VIOLATIONS
from models.records import CellRecord, Revision, encode
from models.topics import SEGMENT_COUNTS
from tests.integration.stream import PARTITIONS

if TYPE_CHECKING:
    from tests.integration.conftest import Traffic
    from tests.integration.stream import Stream


def test_the_stream_and_a_file_give_the_same_tables(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    worker = stream.worker()
    stream.send(traffic.records)
    stream.wait_counted()
    assert worker.stop() == 0
    assert stream.export() == traffic.counted


def test_a_stop_commits_what_was_counted_and_a_start_goes_on_from_there(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    half = len(traffic.records) // 2
    for kind, records in ((signal.SIGTERM, traffic.records[:half]), (signal.SIGINT, traffic.records[half:])):
        worker = stream.worker(every_s=60)
        stream.wait_until(
            lambda worker=worker: worker.metrics().get("amanzhol_restores_total") == PARTITIONS, "partitions restored"
        )
        before = stream.committed()
        stream.send(records)
        assert stream.committed() == before
        assert worker.stop(kind) == 0
        assert before < stream.committed() <= stream.sent

    worker = stream.worker()
    stream.wait_counted()
    assert stream.export() == traffic.counted

    # It knows the events of its predecessors.
    stream.send(traffic.records)
    stream.wait_counted()
    assert worker.stop() == 0
    once, again = traffic.counted, stream.export()
    assert again[:3] == once[:3]
    anew = once.books["received"] - once.books["quarantined"]
    assert again.books == once.books | {
        "received": 2 * once.books["received"],
        "quarantined": 2 * once.books["quarantined"],
        "duplicate": once.books["duplicate"] + anew,
    }


def test_the_books_balance_at_every_moment(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    workers = [stream.worker(every_s=0.05) for _ in range(2)]
    stream.wait_until(lambda: sum(worker.counting for worker in workers) == PARTITIONS, "all partitions counting")
    follower = CountedReader(stream.broker, stream.topics)
    received = [0]
    with stream.sending(traffic.records, over_s=5):
        while received[-1] < len(traffic.records):
            newcomer = CountedReader(stream.broker, stream.topics)
            for reader in (newcomer, follower):
                books = reader.read().books
                assert books.difference == 0
                received.append(books.received)
            newcomer.close()
    follower.close()
    assert received == sorted(received)
    assert len(set(received)) > 3  # it was looked at in between
    assert stream.export() == traffic.counted


CELL = CellRecord(
    segment_id="KAZ11/383",
    window_start="2025-06-10T00:00:00Z",
    window_end="2025-06-10T00:05:00Z",
    source_partition=0,
    revision=Revision(epoch=1, checkpoint=1),
    through={},
    network="",
    corrected=False,
    figures=[(VIOLATIONS, "", "", "", "", "", "", 1)],
)


def test_an_open_transaction_is_neither_seen_nor_waited_for(stream: Stream) -> None:
    stream.make_topics()
    producer = Producer({"bootstrap.servers": stream.broker, "transactional.id": stream.prefix, "log_level": 0})
    producer.init_transactions(20)
    producer.begin_transaction()
    producer.produce(stream.topics.name(SEGMENT_COUNTS), encode(CELL), CELL.key(), partition=0)
    producer.flush(20)
    reader = CountedReader(stream.broker, stream.topics)
    assert [len(reader.read().cells) for _ in range(2)] == [0, 0]
    producer.commit_transaction(20)
    stream.wait_until(lambda: len(reader.read().cells) == 1, "the cell, once it is committed")
    reader.close()
