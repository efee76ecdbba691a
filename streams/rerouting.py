"""Records that stand on another partition than their source's: on to the right one, counted there and only there.

A forwarded record carries in its headers where it first stood and when it arrived, so that it is judged as if it had
come to the right partition at once. The copy is written in the transaction that moves the offset behind the
original. A recount reads the copies of earlier runs as well as those it makes itself; of copies of one record the
first is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from models import topics
from models.topics import INPUTS
from streams.partition import Write

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOPIC, _PARTITION, _OFFSET, _ARRIVAL = "topic", "partition", "offset", "arrival_us"


class Forwarded(NamedTuple):
    """Where a forwarded record first stood, and when it arrived there."""

    topic: str
    partition: int
    offset: int
    arrival_us: int

    @property
    def place(self) -> str:
        """The partition it came from, as a key of `SourcePartition.forwarded`."""
        return f"{self.topic}/{self.partition}"


def forward(first: Forwarded, home: int, value: bytes) -> Write:
    """Write a record on to the partition where it belongs."""
    headers = (
        (_TOPIC, first.topic.encode()),
        (_PARTITION, b"%d" % first.partition),
        (_OFFSET, b"%d" % first.offset),
        (_ARRIVAL, b"%d" % first.arrival_us),
    )
    return Write(topics.REROUTED, home, f"{first.place}/{first.offset}".encode(), value, headers)


def forwarded_from(headers: Sequence[tuple[str, bytes | None]] | None) -> Forwarded | None:
    """Read where a record first stood, or give None where a stranger wrote it: nobody else writes this topic."""
    found = dict(headers or ())
    try:
        first = Forwarded(
            (found[_TOPIC] or b"").decode(),
            int(found[_PARTITION] or b""),
            int(found[_OFFSET] or b""),
            int(found[_ARRIVAL] or b""),
        )
    except (KeyError, ValueError):
        return None
    return first if first.topic in INPUTS else None
