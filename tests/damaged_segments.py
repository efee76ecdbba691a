"""Damage to batches in the segment files of a stopped broker: Kafka serves what stands in them without a look."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from kafka.record.util import calc_crc32c

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Damage = Callable[[bytearray], None]

_HEADER_BYTES = 61
_LENGTH_AT, _CRC_AT, _CHECKED_FROM, _LAST_DELTA_AT = 8, 17, 21, 23


def flip(batch: bytearray) -> None:
    """Change a byte, so that the checksum is wrong."""
    batch[-20] ^= 0xFF


def scramble(batch: bytearray) -> None:
    """Change all records and make the checksum right: nothing decompresses or parses."""
    for at in range(_HEADER_BYTES, len(batch)):
        batch[at] ^= 0x5A
    _seal(batch)


def unknown_codec(batch: bytearray) -> None:
    """Name a compression that nobody knows."""
    batch[_CHECKED_FROM + 1] |= 7
    _seal(batch)


def last_offset_damaged(batch: bytearray) -> None:
    """Let the batch claim a million offsets."""
    struct.pack_into(">i", batch, _LAST_DELTA_AT, 1_000_000)


def _seal(batch: bytearray) -> None:
    struct.pack_into(">I", batch, _CRC_AT, calc_crc32c(bytes(batch[_CHECKED_FROM:])))


def damage_batches(partition: Path, damage: Mapping[int, Damage]) -> None:
    """Damage batches of a partition's folder, each named by the offset of its first record. They must be there."""
    left = dict(damage)
    for segment in sorted(partition.glob("*.log")):
        raw = bytearray(segment.read_bytes())
        start = 0
        while start < len(raw):
            first, length = struct.unpack_from(">qi", raw, start)
            end = start + _LENGTH_AT + 4 + length
            if length <= 0:
                break  # what the broker has set aside for later
            if first in left:
                batch = raw[start:end]
                left.pop(first)(batch)
                raw[start:end] = batch
            start = end
        segment.write_bytes(raw)
    assert not left, f"{partition} has no batch that begins at {sorted(left)}"
