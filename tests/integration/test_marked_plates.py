"""Marked plates through publisher, gateway and worker: they end in no file, log, metric, answer or topic."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

from confluent_kafka import Consumer, KafkaError, TopicPartition

from models.topics import QUARANTINE
from tests.command_line import amanzhol
from tests.devices.gateway.payloads import PLATE, dahua, hikvision, openalpr, plate_recognizer
from tests.devices.gateway.running import Gateway
from tests.integration.stream import wait_until
from tests.rows import EACH_TYPE, raw, violation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stream import Stream

CYRILLIC = "888ЪЪФ88"
MARKS = [PLATE, PLATE.lower(), CYRILLIC, "777 QQZ 77"]

PLACES = [
    *(EACH_TYPE[name](event_id=f"{name}-1", plate=mark, note=f"({mark})") for name in EACH_TYPE for mark in MARKS[::2]),
    *(violation(event_id=f"v-{number}", source_id="nobody", GRNZ=mark) for number, mark in enumerate(MARKS)),
    violation(event_id="v-nested", vehicle={"licensePlate": [PLATE]}, extra=[{"a": f"x {CYRILLIC} y"}]),
    violation(event_id="v-wrong", plate={"text": PLATE}, speed_kmh=PLATE),
    violation(event_id="v-hash", plate_hash=PLATE),
    b'{"type": "violation", "plate": "%s", ' % PLATE.encode(),
    f"a line of words: {CYRILLIC}".encode(),
    f'["{PLATE}"]'.encode(),
]
POSTED = [
    ("hikvision", hikvision(), 200),
    ("hikvision", hikvision(code="1301"), 200),
    ("hikvision", hikvision(code="1301", uuid="half", top="<hasMoreData>true</hasMoreData>"), 200),
    ("openalpr", openalpr(), 200),
    ("plate-recognizer", plate_recognizer(), 200),
    ("dahua", dahua(), 200),
    ("dahua", dahua(GroupID=PLATE), 200),
    ("hikvision", hikvision(mac=PLATE), 403),
    ("hikvision", hikvision(at=PLATE), 422),
    ("hikvision", hikvision()[:-50], 400),
    (f"hikvision/{PLATE}", hikvision(), 200),
]


def marks_in(content: bytes) -> list[str]:
    """The marks that bytes hold, as they are or as JSON escapes them."""
    forms = {mark: (mark.encode(), mark.encode("utf-16-le"), json.dumps(mark)[1:-1].encode()) for mark in MARKS}
    return [mark for mark, written in forms.items() if any(form in content for form in written)]


def topics_of(stream: Stream) -> dict[str, list[bytes]]:
    """Keys and values of all topics under the prefix, the bytes in the quarantine decoded."""
    consumer = Consumer(
        {"bootstrap.servers": stream.broker, "group.id": f"{stream.prefix}plates", "enable.partition.eof": True}
    )
    known = consumer.list_topics(timeout=20).topics
    found: dict[str, list[bytes]] = {name: [] for name in known if name.startswith(stream.prefix)}
    partitions = [TopicPartition(name, number, 0) for name in found for number in known[name].partitions]
    consumer.assign(partitions)
    ended = 0
    while ended < len(partitions):
        message = consumer.poll(20)
        if message.error() is None:
            found[message.topic()] += [message.key() or b"", message.value() or b""]
        else:
            assert message.error().code() == KafkaError._PARTITION_EOF
            ended += 1
    consumer.close()
    for value in found[stream.topics.name(QUARANTINE)][1::2]:
        found[stream.topics.name(QUARANTINE)].append(b64decode(json.loads(value)["raw"]))
    return found


def test_marked_plates_are_found_nowhere(stream: Stream, tmp_path: Path, tmp_path_factory) -> None:
    outside = tmp_path_factory.mktemp("sent")
    events = outside / "events.ndjson"
    events.write_bytes(b"\n".join(raw(event) for event in PLACES))
    keys = outside / "keys"
    keys.write_text(f"k1 2020-01-01 {'6b' * 32}\n")
    keys.chmod(0o600)
    assert marks_in(events.read_bytes()) == MARKS

    stream.make_topics()
    worker = stream.worker("one")
    where = ("--broker", stream.broker, "--prefix", stream.prefix)
    published = amanzhol("publish", events, *where, "--plate-keys", keys, cwd=tmp_path)
    assert published.code == 0, published.err
    with Gateway(tmp_path, stream.broker, stream.prefix) as gateway:
        answers = [gateway.post(f"/v1/{vendor}", body) for vendor, body, _ in POSTED]
        assert [status for status, _ in answers] == [status for _, _, status in POSTED], answers
        wait_until(lambda: gateway.metrics()["amanzhol_gateway_acknowledged_records"] >= 3, "offences in Kafka")
        told = [gateway.get("/metrics"), gateway.log]
        assert gateway.stop() == 0
    stream.sent = len(PLACES) + 3
    stream.wait_counted()
    told += [worker.log, "".join(worker.metrics()), published.err, *(answer for _, answer in answers)]
    assert worker.stop() == 0

    for text in told:
        assert marks_in(text.encode()) == []
    topics = topics_of(stream)
    for name, values in topics.items():
        assert {mark for value in values for mark in marks_in(value)} == set(), name
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or marks_in(path.read_bytes()) == [], path

    # It was all there to be found: what refers to the vehicles are words under the key.
    values = topics[stream.topics.name("violations")]
    assert sum(b'"plate_hash":"b2:k1:2026-11:' in value for value in values) == 2
    assert len(topics[stream.topics.name(QUARANTINE)]) > 10
