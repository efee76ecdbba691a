"""Simulated time against a clock that tests move by hand."""

import pytest

from devices.pacing import Pace, paced
from devices.simulator import SimulatedRecord


class Hand:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now_s = 100.0

    def now(self):
        return self.now_s

    def sleep(self, seconds):
        self.now_s += seconds


def record(second):
    return SimulatedRecord(second * 1_000_000, "reports", "egov", b"{}")


@pytest.mark.parametrize(
    ("speed", "sent_at_s", "due_s"),
    [
        (1.0, [0, 1, 2], [0, 1, 2]),
        (60.0, [0, 60, 6000], [0, 1, 100]),
        (3600.0, [0, 1, 2], [0, 0, 0]),
        (0.5, [0, 3], [0, 6]),
        (1.0, [5, 3, 4], [5, 5, 5]),
    ],
)
def test_when_records_are_due(speed, sent_at_s, due_s):
    hand = Hand()
    pace = Pace(speed, 0, hand.now, hand.sleep)
    came = [hand.now_s - 100 for _ in paced(map(record, sent_at_s), pace)]
    assert came == pytest.approx(due_s, abs=0.01)


def test_what_lags_is_caught_up():
    hand = Hand()
    pace = Pace(1.0, 0, hand.now, hand.sleep)
    came = []
    for _ in paced(map(record, [0, 1, 2, 60]), pace):
        came.append(hand.now_s - 100)
        if len(came) == 1:
            hand.now_s += 30
    assert came == pytest.approx([0, 30, 30, 60], abs=0.01)


def test_stopping_ends_it_even_while_it_waits():
    hand = Hand()
    pace = Pace(1.0, 0, hand.now, hand.sleep)
    came = list(paced(map(record, [0, 1, 10_000]), pace, lambda: hand.now_s > 105))
    assert [r.sent_at for r in came] == [0, 1_000_000]
    assert hand.now_s < 106


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
def test_a_speed_is_above_0(speed):
    with pytest.raises(ValueError, match="speed"):
        Pace(speed, 0, lambda: 0.0, lambda _: None)
