"""Reads a partition's state back from Kafka, and makes sure that it is the one its offsets belong to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from models.errors import RestoreError
from streams.partition import SourcePartition, restore_partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.records import Fingerprint
    from models.sighting import Rules
    from streams.partition import Stored

AGREEMENT_TIMEOUT_S = 30.0
_PAUSE_S = 0.5


class ReadsState(Protocol):
    """Where a partition's state is read from: `streams.kafka.StateReader`, or a log in memory."""

    def committed(self, partition: int) -> dict[str, int]:
        """Offsets that the group has committed, per topic that is read; empty where it has none."""

    def beginnings(self, partition: int) -> dict[str, int]:
        """Offset of the oldest record of each topic that is read."""

    def stored(self, partition: int) -> Iterator[Stored]:
        """Everything committed to the topics that hold this partition's state."""


def read_back(reader: ReadsState, number: int, rules: Rules, fingerprint: Fingerprint) -> SourcePartition:
    """Make a partition as its last committed checkpoint left it, or a fresh one where there is none.

    The checkpoint and the group's offsets are written in one transaction, so they agree unless one of them was
    read before and the other after such a commit: then both are read again. Where the group's offsets are gone, all
    or some (they expire when nothing is committed for long), the checkpoint counts. Raises RestoreError where they
    go on to disagree: somebody reset the group, or deleted the state.
    """
    deadline = time.monotonic() + AGREEMENT_TIMEOUT_S
    while True:
        committed = reader.committed(number)
        partition = restore_partition(number, rules, fingerprint, reader.stored(number))
        if partition is None and not committed:
            fresh = SourcePartition.fresh(number, rules, fingerprint)
            fresh.offsets = reader.beginnings(number)
            return fresh
        # Kafka lets the offsets of topics expire that no member subscribes to, and we subscribe to one only. So of a
        # partition where nothing happens for a week some are gone and some are not: those that are there must agree.
        if partition is not None and committed.items() <= partition.offsets.items():
            return partition
        if time.monotonic() > deadline:
            held = "no checkpoint" if partition is None else f"a checkpoint at {partition.offsets}"
            raise RestoreError(
                f"partition {number}: the group committed {committed} where `state` holds {held}. "
                "If the group was reset on purpose, delete the group: the checkpoint then counts"
            )
        time.sleep(_PAUSE_S)
