"""`amanzhol quarantine` on a real broker: what was refused comes back, once, and the books say so."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Producer

from models.topics import REPORTS, VIOLATIONS, Topics
from streams.topics import ensure_topics
from tests.integration.counting_source import PARTITIONS, count_all, source_on
from tests.rows import REGISTRY, accident, raw, report, rules, violation

if TYPE_CHECKING:
    from pathlib import Path

    from amanzhol.broker import EmbeddedBroker
    from tests.amanzhol.conftest import Command
    from tests.command_line import Outcome

PLATE = "123ABC02"
NEW_CAMERA = source_on(2, "new")
GOOD = violation()
UNKNOWN = violation(event_id="u", source_id=NEW_CAMERA, plate=PLATE, location={"route": "R", "km": 3})
NAIVE = report(event_id="n", occurred_at="2026-11-22T12:00:00")
LOST = accident(event_id="lost")
BROKEN = b'{"type": "violation", "event_id": "b", "plate": "123ABC02"'


class Stream:
    """A prefix with five records, three of which a worker has refused."""

    def __init__(self, broker: str, prefix: str, command: Command) -> None:
        self.broker, self.topics, self.command = broker, Topics(prefix), command
        self.at = ("--broker", broker, "--prefix", prefix)
        ensure_topics(broker, self.topics, PARTITIONS)
        producer = Producer({"bootstrap.servers": broker, "partitioner": "murmur2_random", "log_level": 0})
        for topic, event in (
            (VIOLATIONS, GOOD),
            (VIOLATIONS, UNKNOWN),
            (VIOLATIONS, BROKEN),
            (VIOLATIONS, LOST),
            (REPORTS, NAIVE),
        ):
            key = event["source_id"] if isinstance(event, dict) else "cam-1"
            producer.produce(self.topics.name(topic), raw(event), key)
        assert producer.flush(20) == 0

    def count(self, received: int, registry=REGISTRY) -> dict[str, int]:
        counted = count_all(
            self.broker,
            self.topics,
            f"{self.topics.prefix}worker",
            lambda books: books.received >= received,
            rules=rules(registry),
            committing=True,
        )
        return {name: n for name, n in counted.books.as_dict().items() if n}

    def quarantine(self, *arguments: str) -> Outcome:
        return self.command("quarantine", arguments[0], *self.at, *arguments[1:])

    def listed(self, *arguments: str) -> dict[str, dict]:
        done = self.quarantine("list", "--json", *arguments)
        assert done.code == 0, done.err
        return {record["code"]: record for record in map(json.loads, done.out.splitlines())}


@pytest.fixture
def stream(broker: EmbeddedBroker, topic_prefix: str, command: Command) -> Stream:
    made = Stream(broker.address, topic_prefix, command)
    assert made.count(5) == {"received": 5, "quarantined": 4, "counted": 1}
    return made


def test_repaired_records_come_back_once(stream: Stream, folder: Path):
    refused = stream.listed()
    assert refused.keys() == {"unknown_device", "naive_time", "wrong_topic", "not_json"}
    assert {record["replayed_at"] for record in refused.values()} == {None}
    assert stream.listed("--source", NEW_CAMERA).keys() == {"unknown_device"}
    assert stream.listed("--to", "2020-01-01T00:00:00Z") == {}
    summary = stream.quarantine("list", "--summary", "--code", "naive_time")
    assert summary.out.splitlines() == ["code\trecords\treplayed", "naive_time\t1\t0"]

    shown = stream.quarantine("show", refused["unknown_device"]["origin"])
    assert shown.code == 0
    assert f'"source_id": "{NEW_CAMERA}"' in shown.out
    assert PLATE not in shown.out + b64decode(refused["unknown_device"]["raw"]).decode()

    # The registry has got the device; the accident was sent to the wrong topic; neither event was wrong in itself.
    assert "nothing was sent" in stream.quarantine("replay", "--code", "unknown_device", "--dry-run").out
    assert stream.quarantine("replay", "--code", "unknown_device").out == "1 sent, 0 left out\n"
    assert stream.quarantine("replay", refused["wrong_topic"]["origin"]).out == "1 sent, 0 left out\n"
    # The rest is not: what does not decode is left out, and what was replayed is not replayed again.
    left = stream.quarantine("replay", "--all")
    assert (left.code, left.out) == (1, "0 to be sent, 2 left out, 2 were replayed before; nothing was sent\n")
    assert stream.count(7, registry=None)["counted"] == 2

    # A clerk mends the time and writes the event down once more.
    (folder / "mended.ndjson").write_bytes(raw(report(event_id="n")) + b"\n" + BROKEN + b"\n")
    sent = stream.quarantine("replay", "mended.ndjson")
    assert (sent.code, sent.out) == (1, "1 sent, 1 left out\n")
    assert sent.err.startswith("mended.ndjson:2: not one JSON value")
    assert stream.quarantine("replay", "--all", "--again", "--code", "unknown_device").out == "1 sent, 0 left out\n"
    assert stream.count(9, registry=None) == {
        "received": 9, "quarantined": 4, "duplicate": 1, "unlocated": 2, "counted": 2
    }  # fmt: skip
    replayed = {code for code, record in stream.listed().items() if record["replayed_at"]}
    assert replayed == {"unknown_device", "wrong_topic", "naive_time"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("replay",), "say what to replay"),
        (("replay", "--all", "events.ndjson"), "replay either files"),
        (("replay", "--code", "future", "--from", "2026-11-22T12:00:00"), "--from 2026-11-22T12:00:00: neither"),
        (("replay", "violations/0"), "violations/0: cannot be read"),
        (("show", "violations/0"), "not of the form violations/0/1234"),
        (("show", "violations/0/999"), "nothing of this origin"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_is_asked_wrongly(broker: EmbeddedBroker, command: Command, arguments, message):
    topics = Topics("asked-wrongly.")
    ensure_topics(broker.address, topics, 1)
    at = ("--broker", broker.address, "--prefix", topics.prefix)
    done = command("quarantine", arguments[0], *at, *arguments[1:])
    assert done.code == 2
    assert message in done.err
