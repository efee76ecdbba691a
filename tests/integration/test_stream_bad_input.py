"""Whatever Kafka holds: what cannot be counted goes to quarantine, the rest is counted, and the worker lives on."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from devices.simulator import SimulatedRecord
from models.masking import mask_record
from models.records import MAX_RAW_BYTES, QuarantineRecord, decode_quarantine
from models.topics import ACCIDENTS, QUARANTINE, REPORTS, STATUSES, VIOLATIONS
from streams.kafka import CommittedLog
from tests.country import REGION, lines, write_country
from tests.integration.stream import Tables
from tests.refused import REFUSED
from tests.rows import ON_R0, accident, raw, report, status, violation

if TYPE_CHECKING:
    from tests.integration.stream import Stream

PLATE = "123ABC12"
SEEN = "2025-06-10T12:00:00+05:00"
HOUR_BEFORE = "2025-06-10T11:00:00+05:00"
AHEAD = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

# What is wrong with these only the worker can tell: it has the registry, the topic and the time of arrival.
REFUSED_BY_WORKER = [
    (VIOLATIONS, violation(occurred_at=SEEN, source_id="nobody"), "unknown_device", "$.source_id"),
    (VIOLATIONS, violation(occurred_at=SEEN, source_id="nobody", plate=PLATE), "unknown_device", "$.source_id"),
    (VIOLATIONS, violation(occurred_at=SEEN, source_id="cam-moved"), "device_not_valid", "$.source_id"),
    (VIOLATIONS, violation(occurred_at=SEEN, source_id="car-1"), "missing_location", "$.location"),
    (VIOLATIONS, violation(occurred_at=AHEAD), "future", "$.occurred_at"),
    (VIOLATIONS, accident(occurred_at=SEEN), "wrong_topic", "$.type"),
    (ACCIDENTS, violation(occurred_at=SEEN), "wrong_topic", "$.type"),
    (ACCIDENTS, accident(occurred_at=AHEAD), "future", "$.occurred_at"),
    (ACCIDENTS, None, "null_record", "$"),
    (REPORTS, report(occurred_at=AHEAD), "future", "$.occurred_at"),
    (REPORTS, b"", "empty_record", "$"),
    (STATUSES, status(occurred_at=SEEN, period_start=HOUR_BEFORE, source_id="nobody"), "unknown_device", "$.source_id"),
    (STATUSES, report(occurred_at=SEEN), "wrong_topic", "$.type"),
]  # fmt: skip

BAD = [(VIOLATIONS, *row) for row in REFUSED] + REFUSED_BY_WORKER

GOOD = [
    (VIOLATIONS, violation(occurred_at=SEEN)),
    (VIOLATIONS, violation(occurred_at=SEEN, event_id="e2", plate=PLATE)),
    (VIOLATIONS, violation(occurred_at=SEEN, source_id="car-1", location=ON_R0)),
    (ACCIDENTS, accident(occurred_at=SEEN, dead=1, location={"route": "R", "km": 5})),
    (REPORTS, report(occurred_at=SEEN)),
    (STATUSES, status(occurred_at=SEEN, period_start=HOUR_BEFORE, passages=7)),
]


def sent() -> list[tuple[str, bytes | None, str | None, str | None]]:
    """Good ones before, among and behind the bad ones: topic, bytes, code and path."""
    bad = [(topic, None if event is None else raw(event), code, path) for topic, event, code, path in BAD]
    good = [(topic, raw(event), None, None) for topic, event in GOOD]
    return [*good[:2], *bad[:60], *good[2:4], *bad[60:], *good[4:]]


def test_bad_input_goes_to_quarantine_and_the_rest_is_counted(stream: Stream) -> None:
    write_country(stream.folder)
    (stream.folder / "good.ndjson").write_bytes(lines(event for _, event in GOOD))
    stream.make_topics()
    worker = stream.worker(None, *REGION)
    # Of one key, so of one partition: a record's place in its topic is its offset.
    stream.send(SimulatedRecord(0, topic, "cam-1", value) for topic, value, _, _ in sent())
    stream.wait_counted()

    log = CommittedLog(stream.broker, stream.topics, [QUARANTINE])
    quarantined = [decode_quarantine(record.value) for record in log.read_to_end()]
    log.close()
    found = {(record.topic, record.offset): (record.code, record.path) for record in quarantined}
    expected = {}
    values = {}
    places: defaultdict[str, int] = defaultdict(int)
    for topic, value, code, path in sent():
        at = (topic, places[topic])
        places[topic] += 1
        if code is not None:
            expected[at] = (code, path)
            values[at] = value or b""
    assert found == expected
    assert len(quarantined) == len(expected)
    assert len({record.partition for record in quarantined}) == 1
    for record in quarantined:
        assert_kept(record, values[record.topic, record.offset])

    metrics = worker.metrics()
    assert metrics['amanzhol_quarantined_total{code="too_large"}'] == sum(code == "too_large" for *_, code, _ in BAD)
    assert worker.stop() == 0
    assert PLATE not in worker.log
    counted = Tables.written_by("count", stream.folder / "good.ndjson", *REGION, folder=stream.folder / "counted")
    exported = stream.export()
    assert exported[:3] == counted[:3]
    bad = len(BAD)
    assert exported.books == counted.books | {"received": len(GOOD) + bad, "quarantined": bad}


def assert_kept(record: QuarantineRecord, value: bytes) -> None:
    """Of a record's bytes is kept what may be: no plate, and no more than the first 64 KiB."""
    assert PLATE.encode() not in record.bytes()
    if len(value) <= MAX_RAW_BYTES:
        assert record.bytes() == mask_record(value)
        assert (record.length, record.sha256) == (None, None)
    else:
        assert len(record.bytes()) <= MAX_RAW_BYTES
        assert (record.length, record.sha256) == (len(value), sha256(value).hexdigest())
