"""Workers of one group share the partitions, and whatever becomes of one of them the figures stay exact."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from tests.integration.stream import PARTITIONS

if TYPE_CHECKING:
    from tests.integration.conftest import Traffic
    from tests.integration.stream import Stream, Worker


def wait_shared(stream: Stream, *workers: Worker) -> None:
    """Wait until these workers hold some partitions each, and all of them together."""

    def shared() -> bool:
        held = [worker.counting for worker in workers]
        return min(held) > 0 and sum(held) == PARTITIONS

    stream.wait_until(shared, f"partitions shared by {len(workers)} workers")


def test_workers_come_and_go(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    third = len(traffic.records) // 3
    first, second = stream.worker(), stream.worker()
    wait_shared(stream, first, second)
    with stream.sending(traffic.records[:third], over_s=5):
        stream.wait_committed(1)
        newcomer = stream.worker()
        wait_shared(stream, first, second, newcomer)
    with stream.sending(traffic.records[third : 2 * third], over_s=3):
        assert first.stop() == 0
        wait_shared(stream, second, newcomer)
    with stream.sending(traffic.records[2 * third :], over_s=3):
        second.kill()
        wait_shared(stream, newcomer)
    stream.wait_counted()
    assert newcomer.stop() == 0
    assert stream.export() == traffic.counted


def test_a_worker_that_sleeps_through_its_session(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    half = len(traffic.records) // 2
    sleeper, other = stream.worker("sleeper"), stream.worker("other")
    wait_shared(stream, sleeper, other)
    with stream.sending(traffic.records[:half], over_s=2):
        stream.wait_committed(1)
        sleeper.send_signal(signal.SIGSTOP)
        wait_shared(stream, other)
    with stream.sending(traffic.records[half:], over_s=3):
        sleeper.send_signal(signal.SIGCONT)
    stream.wait_counted()
    # It may come back into the group, or find that its place is lost; what it folded before is lost either way.
    stream.wait_until(lambda: not sleeper.runs or sleeper.counting > 0, "the sleeper awake, or gone")
    assert other.stop() == 0
    if sleeper.runs:
        assert sleeper.stop() == 0
    else:
        assert sleeper.wait() == 1
    assert stream.export() == traffic.counted


def test_of_two_workers_of_one_name_the_second_stays(stream: Stream, traffic: Traffic) -> None:
    stream.make_topics()
    half = len(traffic.records) // 2
    first = stream.worker("twin", home="here")
    with stream.sending(traffic.records[:half], over_s=5):
        stream.wait_committed(1)
        second = stream.worker("twin", home="there")
        assert first.wait() == 1
    assert first.last_line.startswith("amanzhol: another worker runs under this one's name: ")
    stream.send(traffic.records[half:])
    stream.wait_counted()
    assert second.stop() == 0
    assert stream.export() == traffic.counted
