"""A camera is added, moved and taken away while a worker counts: what is sent afterwards is judged by it."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from amanzhol.reading import CountedReader
from devices.simulator.record import SimulatedRecord
from models.fleet import Device
from models.measures import VIOLATIONS as VIOLATIONS_MEASURE
from models.registry_records import encode_devices
from models.topics import REGISTRY, VIOLATIONS
from streams.registry import push_devices
from tests.command_line import amanzhol
from tests.rows import MICROSECOND, after_noon, raw, violation

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.stream import Stream, Worker

HEADER = "device_id,kind,route,km,valid_from,valid_to\n"
DAY_S = 86_400
YEAR_S = 365 * DAY_S


def push(stream: Stream, folder: Path, *rows: str) -> None:
    """Push rows as an operator does. Afterwards they hold for all that is sent."""
    file = folder / "devices.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    done = amanzhol("registry", "push", file, "--broker", stream.broker, "--prefix", stream.prefix, cwd=folder)
    assert (done.code, done.err) == (0, ""), done


def seen_at(camera: str, event_id: str, seconds: float) -> SimulatedRecord:
    # Noon of the rows lies ahead of this machine's clock: a year earlier is the past.
    event = violation(source_id=camera, event_id=event_id, occurred_at=after_noon(seconds - 2 * YEAR_S))
    return SimulatedRecord(0, VIOLATIONS, camera, raw(event))


def counted(reader: CountedReader) -> Counter[str]:
    """Violations by segment, as committed."""
    found: Counter[str] = Counter()
    for key, cell in reader.read().cells.cells().items():
        found[key.segment_id] += sum(n for dimensions, n in cell.items() if dimensions.measure == VIOLATIONS_MEASURE)
    return found


def wait_refused(stream: Stream, worker: Worker, unknown_device: int, device_not_valid: int) -> None:
    """Wait until all that was sent is committed, and so many of it are refused."""
    stream.wait_counted()
    expected = {"unknown_device": unknown_device, "device_not_valid": device_not_valid}

    def refused() -> dict[str, float]:
        samples = worker.metrics()
        return {code: samples.get(f'amanzhol_quarantined_total{{code="{code}"}}', -1) for code in expected}

    stream.wait_until(lambda: refused() == expected, f"refused: {expected}")


def test_a_camera_that_is_added_and_moved_while_a_worker_runs(stream: Stream, tmp_path: Path) -> None:
    stream.make_topics()
    worker = stream.worker()
    stream.send([seen_at("new-1", "a", 0)])
    wait_refused(stream, worker, unknown_device=1, device_not_valid=0)
    reader = CountedReader(stream.broker, stream.topics)

    push(stream, tmp_path, "new-1,fixed_camera,KAZ11,400.5,2024-11-01,")
    stream.send([seen_at("new-1", "b", 0), seen_at("new-1", "c", -DAY_S * 60)])
    wait_refused(stream, worker, unknown_device=1, device_not_valid=1)
    assert counted(reader) == {"KAZ11/400": 1}

    # Somebody else's record in the topic changes nothing.
    producer = Producer({"bootstrap.servers": stream.broker, "log_level": 0})
    producer.produce(stream.topics.name(REGISTRY), b"[{}]", b"new-1", partition=0)
    assert producer.flush(30) == 0

    moved_us = 1_732_053_600 * MICROSECOND  # 2024-11-20T03:00:00+05:00
    camera = {"device_id": "new-1", "kind": "fixed_camera", "mobile": False, "route": "KAZ11"}
    rows = (Device(**camera, km=400.5, valid_to_us=moved_us), Device(**camera, km=500.5, valid_from_us=moved_us))
    push_devices(stream.broker, stream.topics, encode_devices(rows))
    stream.send([seen_at("new-1", "d", 0), seen_at("new-1", "e", -DAY_S * 10)])
    stream.wait_counted()
    assert worker.metrics()["amanzhol_registry_refused_total"] == 1
    assert counted(reader) == {"KAZ11/400": 2, "KAZ11/500": 1}
    assert worker.stop() == 0

    # One that is started later knows it all before it counts.
    stream.send([seen_at("new-1", "f", 1), seen_at("new-1", "b", 0)])
    again = stream.worker()
    wait_refused(stream, again, unknown_device=0, device_not_valid=0)
    assert counted(reader) == {"KAZ11/400": 2, "KAZ11/500": 2}
    assert reader.read().books.duplicate == 1
    reader.close()


def test_a_file_that_cannot_be_used_is_not_pushed(tmp_path: Path) -> None:
    file = tmp_path / "devices.csv"
    file.write_text(HEADER + "c,drone,,,,\nc,drone,,,,\n", encoding="utf-8")
    done = amanzhol("registry", "push", file, "--broker", "127.0.0.1:1", cwd=tmp_path)
    assert done.code == 2
    assert "line 3, column valid_from: overlaps line 2" in done.err
    assert json.dumps(done.err).count("\\n") == 1
