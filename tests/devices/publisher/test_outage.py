"""A publisher on a real Kafka that comes late and goes once, with a spool that fills up, and killed on the way.

The whole day, with a broker away half of the time and a full disk, is `python -m tests.devices.publisher`.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from models.topics import Topics
from streams.topics import ensure_topics
from tests.command_line import amanzhol
from tests.devices.publisher.outage import FULL, Device, arrived, day_of_events, order_of
from tests.integration.stream import wait_until

if TYPE_CHECKING:
    from pathlib import Path

MEMORY_KB = 96 * 1024
PLATE = re.compile(rb'"plate')


def test_each_event_arrives_in_order_whatever_fails(tmp_path: Path) -> None:
    lines = day_of_events(10)
    assert sum(map(len, lines)) > 1.5 * 1024 * 1024  # more than the spool holds
    assert any(PLATE.search(line) for line in lines)
    port = free_port()
    broker = EmbeddedBroker(tmp_path, port)
    device = Device(tmp_path, f"127.0.0.1:{port}", "t.", "--spool-mb", "1")
    there = threading.Event()

    def come_late() -> None:
        wait_until(lambda: FULL in device.log, "a full spool")
        broker.start()
        ensure_topics(broker.address, Topics("t."))
        there.set()

    def go_once() -> None:
        assert there.wait(60)
        broker.stop()
        broker.start()

    late = threading.Thread(target=come_late)
    try:
        late.start()
        # The first kill finds a full spool, the second one that is being emptied.
        device.feed(lines, over_s=0, kills=2, before_last=go_once)
        device.wait(90)
        late.join()
        records = arrived(broker.address, "t.")
        assert order_of(records) == order_of(lines)
        assert not any(PLATE.search(record) for record in records)
        assert device.kills == 2
        assert device.peak_kb < MEMORY_KB
    finally:
        device.close()
        late.join()
        broker.stop()


def test_files_and_nothing_at_all(tmp_path: Path, broker: EmbeddedBroker, topic_prefix: str) -> None:
    ensure_topics(broker.address, Topics(topic_prefix))
    where = ("--broker", broker.address, "--prefix", topic_prefix)
    lines = day_of_events(1)
    for number in range(2):
        (tmp_path / f"{number}.ndjson").write_bytes(b"\n".join(lines[number::2]))
    done = amanzhol("publish", "0.ndjson", "1.ndjson", *where, cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert re.match(rf"{len(lines):,} events taken, {len(lines):,} records acknowledged", done.err)
    assert amanzhol("publish", *where, cwd=tmp_path).err.startswith("0 events taken, 0 records")
    assert len(arrived(broker.address, topic_prefix)) == len(lines)
