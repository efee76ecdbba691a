"""A partition is given back only where its checkpoint and the group's offsets agree."""

from __future__ import annotations

import pytest

from models.errors import FingerprintError, RestoreError
from models.records import Revision
from models.topics import INPUTS, STATE
from streams import restoring
from streams.partition import SourcePartition, Stored, fingerprint_of
from streams.restoring import read_back
from tests.rows import raw, rules, violation

RULES = rules()
FINGERPRINT = fingerprint_of(RULES, 4)
NUMBER = 1
BEGINNINGS = dict.fromkeys(INPUTS, 100)


def stored_at(*offsets, fingerprint=FINGERPRINT):
    """What the topics hold after checkpoints at these offsets of `violations`."""
    partition = SourcePartition.fresh(NUMBER, RULES, fingerprint)
    kept = []
    for offset in offsets:
        partition.ledger.fold([raw(violation(event_id=f"e{offset}"))])
        partition.offsets = BEGINNINGS | {"violations": offset}
        kept += [Stored(topic, key, value) for topic, _, key, value, _ in partition.checkpoint()]
    return sorted(kept, key=lambda stored: stored.topic != STATE)


def group_at(offset):
    return BEGINNINGS | {"violations": offset}


class Log:
    """Kafka as it looks at one attempt after another; the last look stays."""

    def __init__(self, *looks):
        self.looks = list(looks)
        self.asked = 0

    def committed(self, partition):
        assert partition == NUMBER
        self.asked += 1
        return self.looks[0][0]

    def stored(self, partition):
        assert partition == NUMBER
        _, stored = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return iter(stored)

    def beginnings(self, partition):
        assert partition == NUMBER
        return dict(BEGINNINGS)


@pytest.fixture
def clock(monkeypatch):
    """Time that goes on only while somebody sleeps."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(restoring, "time", clock)
    return clock


def restored(log):
    return read_back(log, NUMBER, RULES, FINGERPRINT)


@pytest.mark.parametrize(
    "looks",
    [
        [(group_at(101), stored_at(101))],
        [(group_at(102), stored_at(101, 102))],
        # the group's offsets have expired: the checkpoint counts
        [({}, stored_at(101))],
        # those of some topics have
        [({"violations": 101}, stored_at(101))],
        # read before and after a commit
        [(group_at(101), stored_at(101, 102)), (group_at(102), stored_at(101, 102))],
        [(group_at(102), stored_at(101)), (group_at(102), stored_at(101, 102))],
        [(group_at(101), []), (group_at(101), []), (group_at(101), stored_at(101))],
    ],
)
def test_a_checkpoint_that_agrees_with_the_group_is_gone_on_from(looks, clock):
    log = Log(*looks)
    partition = restored(log)
    last = looks[-1][1]
    assert partition.offsets == group_at(102 if len([s for s in last if s.key == b"checkpoint"]) == 2 else 101)
    assert partition.revision == Revision(1, partition.offsets["violations"] - 100)
    assert partition.ledger.books.counted == partition.offsets["violations"] - 100
    assert log.asked == len(looks)
    assert clock.now < restoring.AGREEMENT_TIMEOUT_S


def test_where_nothing_was_ever_stored_counting_begins_at_the_oldest_record(clock):
    partition = restored(Log(({}, [])))
    assert partition.offsets == BEGINNINGS
    assert (partition.number, partition.ledger.books.received, partition.revision) == (NUMBER, 0, Revision(1, 0))
    assert clock.now == 0


DISAGREE = [
    # somebody reset the group
    (group_at(100), stored_at(101), "a checkpoint at .*'violations': 101.*delete the group"),
    (group_at(150), stored_at(101), "the group committed .*'violations': 150"),
    # somebody deleted the state
    (group_at(101), [], "holds no checkpoint"),
]


@pytest.mark.parametrize(("committed", "stored", "says"), DISAGREE)
def test_where_they_go_on_to_disagree_counting_is_refused(committed, stored, says, clock):
    log = Log((committed, stored))
    with pytest.raises(RestoreError, match=says):
        restored(log)
    assert log.asked > 1
    assert clock.now >= restoring.AGREEMENT_TIMEOUT_S


@pytest.mark.parametrize(
    ("stored", "error"),
    [
        (stored_at(101, fingerprint=fingerprint_of(RULES, 5)), FingerprintError),
        ([each for each in stored_at(101) if each.key != b"checkpoint"], RestoreError),
        ([each for each in stored_at(101) if each.key != b"index/0"], RestoreError),
    ],
)
def test_a_state_that_cannot_be_used_is_refused_at_once(stored, error, clock):
    log = Log((group_at(101), stored))
    with pytest.raises(error):
        restored(log)
    assert (log.asked, clock.now) == (1, 0)
