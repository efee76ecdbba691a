"""Medians of waiting times, as far as buckets know them."""

import pytest

from models.statistics.handling import Waited, waited

HOUR = 3_600
DAY = 24 * HOUR


def buckets(*cumulative):
    names = ["le_1h", "le_4h", "le_1d", "le_3d", "le_10d", "le_inf"]
    return {f"report_handled_{name}": n for name, n in zip(names, cumulative, strict=True) if n}


@pytest.mark.parametrize("share", [0, -0.5, 1.01, float("nan")])
def test_a_share_is_one(share):
    with pytest.raises(ValueError, match="share"):
        waited({}, share)


TABLE = [
    (buckets(0, 0, 0, 0, 0, 0), 0.5, None),
    ({"reports_open": 5}, 0.5, None),
    (buckets(1, 1, 1, 1, 1, 1), 0.5, Waited(0, HOUR)),
    (buckets(0, 0, 0, 0, 0, 1), 0.5, Waited(10 * DAY, None)),
    (buckets(5, 10, 10, 10, 10, 10), 0.5, Waited(0, HOUR)),  # half of them is reached
    (buckets(4, 10, 10, 10, 10, 10), 0.5, Waited(HOUR, 4 * HOUR)),
    (buckets(0, 0, 3, 9, 10, 10), 0.9, Waited(DAY, 3 * DAY)),  # 0.9 of 10 are 9
    (buckets(0, 0, 3, 8, 10, 10), 0.9, Waited(3 * DAY, 10 * DAY)),
    (buckets(0, 0, 3, 8, 9, 10), 1.0, Waited(10 * DAY, None)),
]


@pytest.mark.parametrize(("figures", "share", "expected"), TABLE)
def test_waiting(figures, share, expected):
    assert waited(figures, share) == expected
