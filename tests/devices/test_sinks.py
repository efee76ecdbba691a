"""Where records go: a file that is whole or absent, and Kafka without silent losses."""

import gzip

import pytest
from kafka.errors import KafkaTimeoutError

from devices.kafka_sink import KafkaSink, KeyPartitioner
from devices.ndjson_sink import write_records
from devices.simulator import SimulatedRecord
from models.errors import OutputError, RunError

RECORDS = [
    SimulatedRecord(1, "reports", "egov", b'{"a":1}'),
    SimulatedRecord(2, "accidents", "mvd-register", b""),
    SimulatedRecord(3, "reports", "egov", b"\xff{"),
]
LINES = b'{"a":1}\n\n\xff{\n'


def test_lines(tmp_path):
    assert write_records(RECORDS, str(tmp_path / "out.ndjson")) == 3
    assert (tmp_path / "out.ndjson").read_bytes() == LINES


def test_compressed_lines_are_the_same_bytes_under_another_name(tmp_path):
    for name in ("a.ndjson.gz", "b.ndjson.gz"):
        write_records(RECORDS, str(tmp_path / name))
    a, b = (tmp_path / name for name in ("a.ndjson.gz", "b.ndjson.gz"))
    assert a.read_bytes() == b.read_bytes()
    assert gzip.decompress(a.read_bytes()) == LINES


def test_standard_output(capfdbinary):
    write_records(RECORDS, "-")
    assert capfdbinary.readouterr().out == LINES


def test_what_breaks_off_leaves_the_old_file(tmp_path):
    def broken():
        yield RECORDS[0]
        raise RuntimeError("the source broke")

    out = tmp_path / "out.ndjson"
    out.write_bytes(b"before\n")
    with pytest.raises(RuntimeError, match="broke"):
        write_records(broken(), str(out))
    assert [path.name for path in tmp_path.iterdir()] == ["out.ndjson"]
    assert out.read_bytes() == b"before\n"


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_records(RECORDS, str(tmp_path / "none" / "out.ndjson"))


class Future:
    def __init__(self, error):
        self.error = error
        self.errbacks = []

    def add_errback(self, errback):
        self.errbacks.append(errback)


class Producer:
    """Takes records, and fails those whose number is in `failing` when it is flushed."""

    def __init__(self, failing=(), refusing=False):
        self.failing = failing
        self.refusing = refusing
        self.records = []
        self.futures = []

    def send(self, topic, value, key):
        if self.refusing:
            raise KafkaTimeoutError("no metadata")
        self.futures.append(Future(KafkaTimeoutError("expired") if len(self.records) in self.failing else None))
        self.records.append((topic, value, key))
        return self.futures[-1]

    def flush(self):
        for future in self.futures:
            for errback in future.errbacks if future.error else ():
                errback(future.error)

    def close(self):
        pass


TOPICS = {"reports": "t.reports", "accidents": "t.accidents"}


def test_records_go_to_their_topics_under_their_keys():
    producer = Producer()
    assert KafkaSink(producer, TOPICS).send_all(RECORDS) == {"reports": 2, "accidents": 1}
    assert producer.records == [(TOPICS[r.topic], r.value, r.key.encode()) for r in RECORDS]


@pytest.mark.parametrize("producer", [Producer(failing=[2]), Producer(refusing=True)])
def test_one_record_that_is_not_delivered_is_an_error(producer):
    with pytest.raises(RunError, match="Kafka did not take every record"):
        KafkaSink(producer, TOPICS).send_all(RECORDS)


class Cluster:
    def partitions_for_topic(self, topic):
        return {0, 1, 2, 3}


@pytest.mark.parametrize(
    # Computed by org.apache.kafka.common.utils.Utils.murmur2, as in the tests of Kafka itself.
    ("key", "murmur2"),
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_partitions_are_those_of_java(key, murmur2):
    partitioner = KeyPartitioner()
    for _ in range(2):
        assert partitioner.partition("t", key, key, b"", b"", Cluster()) == (murmur2 & 0x7FFFFFFF) % 4
