"""The memory of devices does not depend on how records are cut into batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.health.pulse import Pulse, Runs
from models.health.signals import Signals
from models.health.states import Limits

DEVICES = 3
ROWS = st.tuples(
    st.integers(0, DEVICES - 1),
    st.sampled_from([0.0, 1.0, 10.0, 60.0, 400.0]),  # since the record before
    st.sampled_from([0.0, -30.0, -3_600.0, -10_800.0, -100_000.0, 70.0, 100_000.0]),  # the device's clock
    st.sampled_from([-1, 0, 1, 2]),
    st.sampled_from([np.nan, 61.0, 0.0]),
    st.sampled_from([np.nan, 102.0, 80.0]),
    st.integers(1, 3),
)


def signals(rows) -> Signals:
    device, gap_s, clock_s, said, offset_s, speed, event = (
        np.array([row[at] for row in rows], dtype=float) for at in range(7)
    )
    arrived_s = 1e9 + np.cumsum(gap_s)
    return Signals(
        device.astype(np.int64),
        arrived_s,
        arrived_s + clock_s,
        said.astype(np.int64),
        np.where(said < 0, 0.0, 60.0),
        np.where(said < 0, np.nan, offset_s),
        np.where(said < 0, speed, np.nan),
        event.astype(np.int64),
    )


@given(st.lists(ROWS, min_size=1, max_size=40), st.data())
def test_batches_may_be_cut_anywhere(rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    everything = signals(rows)
    places = np.arange(len(rows))
    whole, parts = Pulse(DEVICES, Limits()), Pulse(DEVICES, Limits())
    whole.take(everything)
    for part in (places[:cut], places[cut:]):
        parts.take(everything.where(part))
    for name in ("heard_s", "said", "clock_off_s"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(parts, name), err_msg=name)
    for name in ("clock_side", "same_event", "same_status", "same_speed"):
        runs = getattr(whole, name), getattr(parts, name)
        np.testing.assert_array_equal(runs[0].length, runs[1].length, err_msg=name)
        np.testing.assert_array_equal(runs[0].value, runs[1].value, err_msg=name)
    assert whole.first_heard_s == parts.first_heard_s


@given(st.lists(st.tuples(st.integers(0, DEVICES - 1), st.integers(0, 2)), max_size=30))
def test_a_run_is_how_often_the_last_value_came_in_a_row(pairs):
    runs = Runs(DEVICES)
    pairs = sorted(pairs, key=lambda pair: pair[0])  # rows of one device together, in the order in which they came
    runs.take(np.array([device for device, _ in pairs], dtype=np.int64), np.array([value for _, value in pairs], float))
    for device in range(DEVICES):
        values = [value for other, value in pairs if other == device]
        expected = 0
        while expected < len(values) and values[-1 - expected] == values[-1]:
            expected += 1
        assert runs.length[device] == expected
