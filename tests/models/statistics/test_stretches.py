"""High-injury stretches: where a window stops, and where chance would have brought as many."""

import pytest
from scipy.stats import poisson

from models.statistics.stretches import Piece, find_stretches


def pieces(accidents, route="R", start=0.0, length=1.0, **changes):
    """Consecutive segments with these injury accidents, each weighing as much as it has."""
    return [
        Piece(f"{route}/{start + n * length:g}", route, start + n * length, start + (n + 1) * length, k, k, **changes)
        for n, k in enumerate(accidents)
    ]


QUIET = pieces([0, 1] * 100, "Q")


def found(given, window_km=3.0, **options):
    return [(one.route, one.from_km, one.to_km, one.accidents) for one in find_stretches(given, window_km, **options)]


@pytest.mark.parametrize(
    "wrong", [lambda: find_stretches([], 0), lambda: find_stretches([Piece("a", "R", 1, 1, 0, 0)])]
)
def test_windows_and_segments_have_a_length(wrong):
    with pytest.raises(ValueError, match="above 0"):
        wrong()


TABLE = [
    ("nothing", [], []),
    ("a quiet network", QUIET, []),
    ("a cluster", [*QUIET, *pieces([0, 0, 6, 7, 8, 0, 0])], [("R", 2, 5, 21)]),
    ("two, apart", [*QUIET, *pieces([9, 9, 9, 0, 0, 0, 8, 8, 8])], [("R", 0, 3, 27), ("R", 6, 9, 24)]),
    ("a short route", [*QUIET, *pieces([20])], [("R", 0, 1, 20)]),
    ("both carriageways", [*QUIET, *pieces([5, 5, 5]), *[
        Piece(f"back/{n}", "R", n, n + 1, 5, 5) for n in range(3)]], [("R", 0, 3, 30)]),
    ("a gap", [*QUIET, *pieces([0, 9, 9]), *pieces([9, 0, 0], start=50)], [("R", 50, 53, 9), ("R", 0, 3, 18)][::-1]),
    ("the same kilometres elsewhere", [*QUIET, *pieces([8, 8, 8], "A"), *pieces([8, 8, 8], "B")],
     [("A", 0, 3, 24), ("B", 0, 3, 24)]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_stretches(given, expected):
    assert found(given) == expected


def test_a_road_class_is_judged_by_its_own_mean():
    streets = pieces([6, 7, 6, 7, 8, 6, 7, 6] * 10, "T", road_class="street")
    highway = pieces([0] * 80, "H", road_class="republican") + pieces([6, 7, 6], "R", road_class="republican")
    assert found([*streets, *highway]) == [("R", 0, 3, 19)]


@pytest.mark.parametrize("repeats", [8, 400])
def test_the_more_windows_were_tried_the_more_it_takes(repeats):
    given = [*pieces([0, 0, 1] * repeats, "Q"), *pieces([3, 3, 2, 0, 0, 0])]
    windows = 3 * repeats - 2 + 4
    worst = find_stretches(given, 3.0, chance=1.0)[0]
    assert (worst.route, worst.accidents) == ("R", 8)
    assert worst.expected == pytest.approx(3 * (repeats + 8) / (3 * repeats + 6))
    assert worst.chance == pytest.approx(min(1, poisson.sf(7, worst.expected) * windows))
    assert "R" not in [route for route, *_ in found(given, fewest=9, chance=1.0)]


def test_weight_decides_the_order_and_the_interval_is_of_the_accidents():
    deadly = [Piece(f"D/{n}", "D", n, n + 1, 6, 60) for n in range(3)]
    first, second = find_stretches([*QUIET, *pieces([8, 8, 8]), *deadly], 3.0)
    assert (first.route, second.route) == ("D", "R")
    assert first.interval.low < first.accidents < first.interval.high
    assert first.length_km == 3
    assert first.expected < 6
