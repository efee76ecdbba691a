"""Chance by name, and splitting a total."""

import pytest

from devices.simulator.chance import Weighted, apportion, dice, whole


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (0, [1, 2], [0, 0]),
        (7, [0, 1], [0, 7]),
        (3, [5, 3, 2], [1, 1, 1]),
        (1195, [730, 620], [646, 549]),
    ],
)
def test_apportion(total, weights, parts):
    assert apportion(total, weights) == parts


def test_dice_of_one_name_fall_alike_on_every_platform():
    assert [whole(dice("name", 1), 1, 6) for _ in range(3)] == [whole(dice("name", 1), 1, 6)] * 3
    assert dice("name", 1).random() != dice("name", 2).random()
    assert round(dice(2025, "pinned").random(), 6) == 0.870312


def test_weights_are_frequencies():
    rng = dice("weights")
    weighted = Weighted({"a": 3, "b": 1})
    drawn = [weighted.draw(rng) for _ in range(4000)]
    assert drawn.count("a") == pytest.approx(3000, abs=120)
