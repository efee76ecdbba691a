"""A worker waits for a broker that is not there yet, and goes on where one goes away and comes back."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from amanzhol.broker import EmbeddedBroker
from amanzhol.broker.ports import free_port
from tests.integration.stream import PARTITIONS, Stream

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Traffic


def test_a_broker_that_comes_late_and_is_killed_once(tmp_path: Path, traffic: Traffic) -> None:
    port = free_port()
    stream = Stream(f"127.0.0.1:{port}", "t.", tmp_path)
    broker = EmbeddedBroker(tmp_path, port)
    half = len(traffic.records) // 2
    try:
        worker = stream.worker("one")
        stream.wait_until(lambda: "no Kafka answers" in worker.log, "a first attempt")
        broker.start()
        stream.wait_counting((worker, PARTITIONS))
        with stream.sending(traffic.records[:half], over_s=4):
            stream.wait_committed(1)
            pid = broker.status().pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            broker.start()
        stream.send(traffic.records[half:])
        stream.wait_counted()
        assert worker.stop() == 0
        assert stream.export() == traffic.counted
    finally:
        stream.close()
        broker.stop()
