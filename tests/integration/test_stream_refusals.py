"""What a worker refuses to count from, each said in one line, and exit code 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from amanzhol.broker.ports import free_port
from devices.mangystau import NETWORK_PATH
from models.errors import BrokerUnavailableError
from models.topics import ACCIDENTS, INPUTS, STATE, VIOLATIONS, Topics
from streams.topics import ensure_topics
from tests.command_line import amanzhol
from tests.integration.stream import PARTITIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Traffic
    from tests.integration.stream import Stream

APPENDED = {"message.timestamp.type": "LogAppendTime"}
CREATED = {"message.timestamp.type": "CreateTime"}

UNFIT_TOPICS = [
    # Topics that are there, with their numbers of partitions and settings; what the worker says.
    (
        {VIOLATIONS: (4, CREATED)},
        (
            "{0}violations has message.timestamp.type=CreateTime; arrival is LogAppendTime: set it with kafka-configs "
            "--alter --topic {0}violations --add-config message.timestamp.type=LogAppendTime"
        ),
    ),
    (
        {VIOLATIONS: (4, APPENDED), ACCIDENTS: (3, APPENDED)},
        (
            "the input topics under '{0}' differ in their numbers of partitions (accidents: 3, violations: 4); "
            "choose another --prefix"
        ),
    ),
    (
        dict.fromkeys(INPUTS, (4, APPENDED)) | {STATE: (1, {})},
        "{0}state has 1 partitions where the input topics have 4; choose another --prefix",
    ),
]


@pytest.mark.parametrize(("made", "says"), UNFIT_TOPICS)
def test_topics_that_would_miscount(stream: Stream, made: dict[str, tuple[int, dict[str, str]]], says: str) -> None:
    admin = AdminClient({"bootstrap.servers": stream.broker, "log_level": 0})
    topics = [NewTopic(stream.topics.name(name), count, 1, config=config) for name, (count, config) in made.items()]
    for future in admin.create_topics(topics).values():
        future.result(20)
    worker = stream.worker()
    assert worker.wait() == 1
    assert worker.last_line == f"amanzhol: {says.format(stream.prefix)}"


def test_other_rules_than_it_was_counted_under(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    worker = stream.worker()
    stream.send(traffic.records[:1_000])
    stream.wait_counted()
    assert worker.stop() == 0
    counted = stream.export()

    other_network = stream.folder / "network.geojson"
    other_network.write_bytes(NETWORK_PATH.read_bytes().replace(b"KAZ11/383", b"KAZ11/383x"))
    for option in (("--window", "10m"), ("--network", str(other_network))):
        worker = stream.worker(None, *option)
        assert worker.wait() == 1
        assert "was counted under Fingerprint" in worker.last_line
        assert worker.last_line.endswith(": use those settings again, or another --prefix and a recount")
    assert stream.export() == counted


def test_a_broker_that_is_not_there(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    says = f"no Kafka answers at {nowhere} "
    with pytest.raises(BrokerUnavailableError, match=says):
        ensure_topics(nowhere, Topics("t."), PARTITIONS, timeout_s=1)
    done = amanzhol("export", "--broker", nowhere, "--out", "out.csv", cwd=tmp_path)
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith(f"amanzhol: {says}")
