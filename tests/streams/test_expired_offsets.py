"""Offsets of the group that expired, all of them or some, against the checkpoint that holds them all."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from models.errors import RestoreError
from streams import restoring
from streams.partition import Stored
from streams.restoring import read_back

CHECKPOINT = {"violations": 9, "accidents": 4, "reports": 0}


class Reader:
    def __init__(self, committed):
        self._committed = committed

    def committed(self, partition):
        return self._committed

    def stored(self, partition):
        yield Stored("state", b"checkpoint", b"")


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """A clock on which every look is 10 s after the last one, and nothing is slept through."""
    seconds = iter(range(0, 1000, 10))
    monkeypatch.setattr(restoring, "time", SimpleNamespace(monotonic=lambda: next(seconds), sleep=lambda _s: None))
    state = SimpleNamespace(offsets=CHECKPOINT)
    monkeypatch.setattr(restoring, "restore_partition", lambda *_: state)
    return state


@pytest.mark.parametrize(
    "committed",
    [
        {},
        CHECKPOINT,
        # Kafka keeps those of topics that somebody subscribes to, and the worker subscribes to violations only.
        {"violations": 9},
        {"accidents": 4, "reports": 0},
    ],
)
def test_what_is_left_of_the_offsets_agrees(committed, hurry):
    assert read_back(Reader(committed), 0, None, None) is hurry


@pytest.mark.parametrize("committed", [{"violations": 8}, {"violations": 9, "accidents": 5}, {"statuses": 0}])
def test_offsets_that_disagree_are_refused(committed, hurry):
    with pytest.raises(RestoreError, match="the group committed"):
        read_back(Reader(committed), 0, None, None)
