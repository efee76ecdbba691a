"""What the harness concludes from what it saw: a run that cannot fail would prove nothing."""

from __future__ import annotations

import pytest

from tests.faults.cluster import Look, recovery_s
from tests.faults.injecting import plan
from tests.faults.judging import differences
from tests.faults.worker_with_faults import POINTS


@pytest.mark.parametrize(
    ("expected", "found", "missing_and_surplus"),
    [
        ({}, {}, (0, 0)),
        ({("a",): 2}, {("a",): 2}, (0, 0)),
        ({("a",): 2}, {}, (2, 0)),
        ({("a",): 2}, {("a",): 5}, (0, 3)),
        ({("here",): 1}, {("there",): 1}, (1, 1)),
    ],
)
def test_differences(expected, found, missing_and_surplus) -> None:
    assert differences(expected, found) == missing_and_surplus


@pytest.mark.parametrize(
    ("committed", "seconds"),
    [
        ([(5, 5, 5, 5), (6, 6, 6, 6)], 2.0),
        ([(5, 5, 5, 5), (6, 6, 6, 5), (7, 6, 6, 6)], 3.0),  # the last partition decides
        ([(5, 5, 5, 5), (9, 9, 9, 5)], None),
        ([], None),
    ],
)
def test_recovery_is_that_of_the_last_partition(committed, seconds) -> None:
    looks = [Look(at, dict(enumerate(row)), 100) for at, row in enumerate(committed, 11)]
    assert recovery_s(looks, 10.0) == seconds


def test_twenty_seeds_have_every_fault() -> None:
    faults = {fault for seed in range(20) for fault in plan(seed, root=True)}
    assert {"kill", "stop", "poison", "again", "restart", "crash", "churn", "twin", "outage", "full-disk"} <= faults
    assert {f"kill {point}" for point in POINTS} <= faults
    assert sum("outage" in plan(seed, root=True) for seed in range(20)) >= 2
    assert sum("full-disk" in plan(seed, root=True) for seed in range(20)) >= 2


def test_a_seed_is_the_same_again() -> None:
    assert [plan(seed, root=True) for seed in range(20)] == [plan(seed, root=True) for seed in range(20)]
