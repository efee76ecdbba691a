"""Batches that cannot be read: which offsets they take, so that a partition can go on behind them.

A batch whose checksum is wrong, that cannot be decompressed, or whose records are garbage under a right checksum
stops librdkafka for ever: it reports the first two again and again, goes astray behind a wrong checksum, and says
nothing at all of the third. So the log itself is read (`streams.fetching`) and judged here, by another decoder.

Of the header of a batch the checksum covers all but the offset, the length and the version. A wrong length keeps the
broker from starting, so the place of the next batch, and its first offset, are known whatever else is damaged.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from kafka.record.memory_records import MemoryRecords

from models.errors import UnreadableBatchError
from models.records import Origin, encode, quarantine_record
from models.topics import QUARANTINE
from streams.partition import Write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from streams.partition import SourcePartition

_FIRST = struct.Struct(">qi")
_HEADER_BYTES = 61

_TRIALS: Final = 3
_SLOWER: Final = 12

Place = tuple[str, int]
"""A topic's full name, and a partition."""

_memory_records: Any = MemoryRecords  # kafka-python declares no types


class Fetched(NamedTuple):
    """Bytes of a partition's log, beginning with the batch that holds the offset asked for, and where the log ends."""

    raw: bytes
    end: int


class Unreadable(NamedTuple):
    """Offsets, of which `end` is the first behind them, that hold records which cannot be read, and why."""

    first: int
    end: int
    reason: str

    @property
    def records(self) -> int:
        """How many offsets they are."""
        return self.end - self.first


@dataclass(slots=True)
class Suspects:
    """Partitions that may stand before a batch that cannot be read.

    `reported` are those of which librdkafka said so since the last look, with its words.
    """

    quiet_s: float
    reported: dict[Place, str] = field(default_factory=dict)
    _quiet: dict[Place, tuple[int, float]] = field(default_factory=dict)
    _tried: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def take(self, now_s: float, waiting: Mapping[Place, int]) -> dict[Place, str]:
        """Give those to look at now, with what was reported of them, if anything.

        `waiting` are the offsets of the next record, where one was appended. One that does not come for `quiet_s` is
        looked at, and if that led to nothing, seldom again: what is waited for may simply be elsewhere.
        """
        taken, self.reported = self.reported, {}
        self._quiet = {at: known for at, known in self._quiet.items() if at in waiting}
        for at, position in waiting.items():
            known = self._quiet.get(at)
            if known is None or known[0] != position:
                self._quiet[at] = (position, now_s + self.quiet_s)
            elif now_s >= known[1]:
                self._quiet[at] = (position, now_s + self.quiet_s * _SLOWER)
                taken.setdefault(at, "")
        return taken

    def believe(self, at: Place, position: int, reported: str) -> str:
        """Give what is reported of an offset if it was so time and again: another decoder may find nothing wrong."""
        if not reported:
            return ""
        before, trials = self._tried.get(at, (position, 0))
        self._tried[at] = (position, trials + 1 if before == position else 1)
        return reported if self._tried[at][1] >= _TRIALS else ""


def unreadable_at(fetched: Fetched, position: int, *, believed: str = "") -> Unreadable | None:
    """Judge the batch that holds the next record to read, or give None where it can be read.

    Of a batch of which records were read before it stopped, the rest is unreadable. With `believed` the batch counts
    as unreadable for that reason whatever is found here: librdkafka cannot read it, and it is the one that reads.
    """
    at, raw = 0, fetched.raw
    while len(raw) - at >= _HEADER_BYTES:
        first, length = _FIRST.unpack_from(raw, at)
        behind = at + _FIRST.size + length
        end = _FIRST.unpack_from(raw, behind)[0] if length > 0 and len(raw) - behind >= _FIRST.size else fetched.end
        if end > position:
            batch = next(iter(_memory_records(raw[at:behind])), None)
            if batch is not None and batch.magic >= 2 and batch.is_control_batch and batch.validate_crc():  # noqa: PLR2004
                position = end  # the marker of a transaction is no record
            else:
                reason = believed or _what_is_wrong(batch, position)
                return Unreadable(max(first, position), end, reason) if reason else None
        if length <= 0:
            break
        at = behind
    return None


def _what_is_wrong(batch: Any, position: int) -> str:
    """Decode a batch. Returns why that fails, or nothing."""
    if batch is None:
        return "its length is wrong"
    if not batch.validate_crc():
        return "its checksum is wrong"
    try:
        offsets = [record.offset for record in batch]
    except Exception as error:  # noqa: BLE001 - whatever damaged bytes make of a decoder
        return f"its records are damaged ({type(error).__name__})"
    return "" if any(offset >= position for offset in offsets) else "records are missing"


def refuse_range(partition: SourcePartition, topic: str, found: Unreadable) -> Write:
    """Enter the offsets of a batch into the books, one each, and move the partition's offset behind it.

    Returns the record for the quarantine that names the range.
    """
    partition.ledger.refuse(found.records)
    partition.offsets[topic] = found.end
    error = UnreadableBatchError(
        f"offsets {found.first} to {found.end - 1} of {topic}[{partition.number}] cannot be read, {found.records} "
        f"records: {found.reason}; restore the batch from a backup and publish its events again"
    )
    record = quarantine_record(error, None, Origin(topic, partition.number, found.first, last_offset=found.end - 1))
    return Write(QUARANTINE, partition.number, f"{topic}/{partition.number}/{found.first}".encode(), encode(record))
