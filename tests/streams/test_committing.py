"""What a checkpoint takes along: transactions of bounded size, and how far a partition has been read."""

from __future__ import annotations

import pytest

from models.books import Books
from models.marks import LOCATION_CONFLICT
from models.topics import QUARANTINE, VIOLATIONS
from streams import committing
from streams.committing import Committer, HeldPartition, pieces
from streams.kafka import GroupMember
from streams.metrics import WorkerMetrics
from streams.partition import SourcePartition, Write, fingerprint_of
from tests.rows import ON_R10, accident, raw, rules

RULES = rules()
MEMBER = GroupMember(b"", 1, "me")


def held(number: int, *, refused_bytes: int = 0) -> HeldPartition:
    made = HeldPartition(number)
    made.begin(SourcePartition.fresh(number, RULES, fingerprint_of(RULES, 4)))
    made.state.offsets[VIOLATIONS] = 10
    if refused_bytes:
        made.written.append(Write("rerouted", number, b"", b"x" * refused_bytes))
    return made


class Log:
    """Takes transactions until told otherwise."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.partitions: list[list[int]] = []

    def commit(self, writes, offsets, member) -> bool:
        self.partitions.append(sorted(offsets))
        assert {write.partition for write in writes if write.topic != QUARANTINE} == set(offsets)
        return len(self.partitions) <= self.takes


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([100, 100, 100], [[0, 1, 2]]),
        ([6_000, 6_000, 6_000], [[0], [1], [2]]),
        ([90_000, 100, 100], [[0], [1, 2]]),
        ([100, 100, 9_000], [[0, 1], [2]]),
    ],
    ids=["small ones go together", "each by itself", "one that is too large alone", "as many as fit"],
)
def test_partitions_share_a_transaction_as_far_as_it_reaches(monkeypatch, sizes, expected):
    # A checkpoint of nothing takes about a thousand bytes.
    monkeypatch.setattr(committing, "MAX_TRANSACTION_BYTES", 10_000)
    log = Log(takes=9)
    changed = [held(number, refused_bytes=size) for number, size in enumerate(sizes)]
    assert Committer(log, WorkerMetrics()).commit(changed, MEMBER)
    assert log.partitions == expected
    assert not any(one.has_news for one in changed)


def test_what_was_committed_before_a_refusal_is_and_the_rest_is_not(monkeypatch):
    monkeypatch.setattr(committing, "MAX_TRANSACTION_BYTES", 1)
    changed = [held(0), held(1), held(2)]
    assert not Committer(Log(takes=1), WorkerMetrics()).commit(changed, MEMBER)
    assert [one.has_news for one in changed] == [False, True, True]


def test_marks_are_shown_once_they_are_committed():
    """What a device says of its place contradicts itself: noted when it is folded, shown when it is committed."""
    contradicting = raw(accident(location=ON_R10 | {"route": "R", "km": 5}))
    metrics, changed = WorkerMetrics(), held(0)
    for _ in range(2):
        changed.state.ledger.fold([contradicting])

    def shown() -> float:
        return metrics.registry.get_sample_value("amanzhol_location_marks_total", {"mark": LOCATION_CONFLICT})

    assert not Committer(Log(takes=0), metrics).commit([changed], MEMBER)
    assert shown() == 0
    for _ in range(2):
        assert Committer(Log(takes=9), metrics).commit([changed], MEMBER)
        assert shown() == 2


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([], []),
        ([99], [[0]]),
        ([4, 4, 4], [[0, 1], [2]]),
        ([4, 99, 4], [[0], [1], [2]]),
        ([5, 5], [[0, 1]]),
    ],
)
def test_pieces_weigh_no_more_than_the_limit(weights, expected):
    assert [list(piece) for piece in pieces(range(len(weights)), weights, 10)] == expected


def test_an_end_counts_once_everything_before_it_is_folded():
    partition = held(0)
    partition.handed_on[VIOLATIONS] = 20
    partition.note_end(VIOLATIONS, 22)  # behind the last record stand two markers
    assert partition.position(VIOLATIONS) == 10
    partition.state.offsets[VIOLATIONS] = 20
    assert partition.position(VIOLATIONS) == 22
    partition.state.offsets[VIOLATIONS] = 25
    assert partition.position(VIOLATIONS) == 25
    partition.forget()
    partition.begin(SourcePartition.fresh(0, RULES, fingerprint_of(RULES, 4)))
    assert partition.position(VIOLATIONS) == 0
    assert partition.committed_books == Books()
