"""What counts as standing still, look by look."""

from __future__ import annotations

import pytest

from streams.watchdog import StallDetector

AT = ("violations", 0)
OTHER = ("violations", 1)

LOOKS = [
    # What happens; per look: seconds, what was folded, where the topics end; who stands still for how long at the last.
    ("nothing to do", [(0, {AT: 5}, {AT: 5}), (100, {AT: 5}, {AT: 5})], []),
    ("work comes after a long rest", [(0, {AT: 5}, {AT: 5}), (100, {AT: 5}, {AT: 9})], []),
    ("and is not done", [(0, {AT: 5}, {AT: 5}), (100, {AT: 5}, {AT: 9}), (107, {AT: 5}, {AT: 9})], [(AT, 4, 7.0)]),
    ("work waits", [(0, {AT: 5}, {AT: 9}), (10, {AT: 5}, {AT: 12})], [(AT, 7, 10.0)]),
    ("slow is not still", [(0, {AT: 5}, {AT: 9}), (10, {AT: 6}, {AT: 20})], []),
    ("moved, then stands", [(0, {AT: 5}, {AT: 9}), (10, {AT: 6}, {AT: 9}), (14, {AT: 6}, {AT: 9})], [(AT, 3, 4.0)]),
    ("a restore is work too", [(0, {AT: -1}, {AT: 3}), (10, {AT: -1}, {AT: 3})], [(AT, 4, 10.0)]),
    ("restored", [(0, {AT: -1}, {AT: 3}), (10, {AT: 3}, {AT: 3})], []),
    ("another one works", [(0, {AT: 5, OTHER: 1}, {AT: 9, OTHER: 9}), (10, {AT: 5, OTHER: 8}, {AT: 9, OTHER: 9})],
     [(AT, 4, 10.0)]),
    ("given away", [(0, {AT: 5}, {AT: 9}), (10, {}, {})], []),
    ("given away and back", [(0, {AT: 5}, {AT: 9}), (10, {}, {}), (20, {AT: 5}, {AT: 9})], []),
    ("the end is not known", [(0, {AT: 5}, {AT: 9}), (10, {AT: 5}, {})], []),
    ("the topic was cut behind", [(0, {AT: 5}, {AT: 9}), (10, {AT: 5}, {AT: 2})], []),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "still"), [row[1:] for row in LOOKS], ids=[row[0] for row in LOOKS])
def test_looks(looks: list, still: list) -> None:
    detector = StallDetector()
    for look in looks:
        stalls = detector.look(*look)
    assert [((one.topic, one.partition), one.waiting, one.standing_s) for one in stalls] == still


def test_the_longest_wait_comes_first() -> None:
    detector = StallDetector()
    detector.look(0, {AT: 5, OTHER: 5}, {AT: 9, OTHER: 9})
    detector.look(3, {AT: 6, OTHER: 5}, {AT: 9, OTHER: 9})
    stalls = detector.look(10, {AT: 6, OTHER: 5}, {AT: 9, OTHER: 9})
    assert [str(one) for one in stalls] == [
        "violations[1]: 4 records wait behind offset 5, none was folded for 10 s",
        "violations[0]: 3 records wait behind offset 6, none was folded for 7 s",
    ]


def test_while_no_broker_answers_nobody_stands_still() -> None:
    detector = StallDetector()
    detector.look(0, {AT: 5}, {AT: 9})
    detector.forget()
    assert detector.look(600, {AT: 5}, {AT: 9}) == []
