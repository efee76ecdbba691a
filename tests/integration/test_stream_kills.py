"""A worker that is killed while records are on their way costs nothing: none is missing, none is counted twice."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tests.integration.stream import PARTITIONS

if TYPE_CHECKING:
    from tests.integration.conftest import Traffic
    from tests.integration.stream import Stream

KILLS = [
    # Who is killed, who takes over. One of the same name has its predecessor's place in the group at once, in
    # another home too; for one of another name the broker first waits for the dead one's session to end.
    (("one", "home"), ("one", "home")),
    (("one", "home"), ("one", "elsewhere")),
    (("one", "elsewhere"), ("two", "home")),
]


def test_kills_in_the_middle_of_the_stream(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    rng = random.Random(17)
    each = len(traffic.records) // len(KILLS) + 1
    worker = stream.worker("one", home="home")
    for number, (_, (name, home)) in enumerate(KILLS):
        stream.wait_counting((worker, PARTITIONS))
        before = stream.committed()
        with stream.sending(traffic.records[number * each : (number + 1) * each], over_s=3):
            stream.wait_committed(before + 1)
            # Any moment will do: between two batches, in a transaction, between its end and the next.
            time.sleep(rng.uniform(0, 1))
            worker.kill()
            killed_at = stream.committed()
            worker = stream.worker(name, home=home)
        assert before < killed_at < stream.sent
        stream.wait_counted()
    assert worker.stop() == 0
    assert stream.export() == traffic.counted
