"""A transaction that was refused and then cannot be aborted either: the worker ends, and says why."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from models.errors import FencedError, RestoreError
from models.topics import Topics
from streams import kafka
from streams.kafka import CheckpointLog, GroupMember

REFUSED = KafkaError(KafkaError.UNKNOWN_MEMBER_ID, "unknown member", False, False, True)
FENCED = KafkaError(KafkaError._FENCED, "fenced", True)
BROKEN = KafkaError(KafkaError._STATE, "wrong state")


@pytest.mark.parametrize(
    ("begin", "send", "abort", "ends_with"),
    [
        (None, REFUSED, FENCED, FencedError),  # a twin came while this worker aborted
        (None, REFUSED, BROKEN, RestoreError),
        (None, FENCED, None, FencedError),
        (FENCED, None, None, FencedError),
        (None, REFUSED, None, None),
    ],
)
def test_a_transaction_ends_one_way_or_the_other(begin, send, abort, ends_with, monkeypatch):
    def raising(error):
        def call(*_args):
            if error is not None:
                raise KafkaException(error)

        return call

    class Producer:
        def __init__(self, settings):
            self.init_transactions = self.commit_transaction = raising(None)
            self.begin_transaction = raising(begin)
            self.send_offsets_to_transaction = raising(send)
            self.abort_transaction = raising(abort)

    monkeypatch.setattr(kafka, "Producer", Producer)
    log = CheckpointLog("broker", Topics(), "worker")
    member = GroupMember(b"", 1, "m")
    if ends_with is None:
        assert log.commit([], {0: {"violations": 1}}, member) is False
    else:
        with pytest.raises(ends_with):
            log.commit([], {0: {"violations": 1}}, member)
