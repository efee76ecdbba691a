"""How the index lies in the `state` topic: numbered chunks of entries, written once, merged when they are small.

Each checkpoint writes its new entries as one chunk. Once `FAN_IN` chunks of a level have come together they become
one of the next level and their keys are deleted; once all small ones make up a full one, they become that. So a
partition keeps some hundred small chunks and a full one per 16,384 events, and writes every entry a few times.
Chunks carry numbers that only grow: where two hold the same digest, the higher number holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from models.index import ENTRY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

FAN_IN: Final = 64
FULL_BYTES: Final = 512 * 1024
"""A chunk of this size is never merged again. It keeps records well below the topics' 16 MiB."""

_PUT_BYTES: Final = 32 * 1024 * 1024

_KEY: Final = "index/"


def chunk_key(number: int) -> bytes:
    """Kafka key of a chunk in the `state` topic."""
    return f"{_KEY}{number}".encode()


def chunk_number(key: bytes) -> int | None:
    """Give the number of the chunk with this key, or None for a key of something else."""
    text = key.decode()
    return int(text.removeprefix(_KEY)) if text.startswith(_KEY) else None


@dataclass(slots=True)
class ChunkLog:
    """Which chunks hold the index of one partition.

    `full` are the large ones, each with the time of its latest event in microseconds, `levels` the small ones with
    their bytes.
    """

    next_number: int = 0
    full: dict[int, int] = field(default_factory=dict)
    levels: list[list[tuple[int, bytes]]] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        """Numbers of all chunks that belong to the index now."""
        return sorted([*self.full, *(number for level in self.levels for number, _ in level)])

    def append(self, entries: NDArray[np.void]) -> list[tuple[bytes, bytes | None]]:
        """Add entries. Returns the records to write for it: key and value, None for a key to delete."""
        if not len(entries):
            return []
        written: dict[bytes, bytes | None] = {}
        raw = entries.astype(ENTRY, copy=False).tobytes()
        small = sorted(chunk for level in self.levels for chunk in level)
        if sum(len(held) for _, held in small) + len(raw) >= FULL_BYTES:
            # All small chunks at once: one that stayed behind would be merged into a higher number later, and its
            # older entries would then override those of the full chunks.
            self._replace(small, raw, written)
        else:
            self._write(0, raw, written)
            level = 0
            while len(self.levels[level]) >= FAN_IN:
                merged, self.levels[level] = self.levels[level], []
                _delete(merged, written)
                level += 1
                self._write(level, b"".join(held for _, held in merged), written)
        return list(written.items())

    def _replace(self, small: list[tuple[int, bytes]], raw: bytes, written: dict[bytes, bytes | None]) -> None:
        """Make full chunks of the small ones and what is new, in this order; the remainder is small again."""
        _delete(small, written)
        self.levels = []
        joined = b"".join([*(held for _, held in small), raw])
        for at in range(0, len(joined), FULL_BYTES):
            self._write(0, joined[at : at + FULL_BYTES], written)

    def _write(self, level: int, raw: bytes, written: dict[bytes, bytes | None]) -> None:
        number, self.next_number = self.next_number, self.next_number + 1
        written[chunk_key(number)] = raw
        if len(raw) >= FULL_BYTES:
            self.full[number] = _latest_us(raw)
            return
        while len(self.levels) <= level:
            self.levels.append([])
        self.levels[level].append((number, raw))

    def drop_before(self, time_us: int) -> list[bytes]:
        """Forget full chunks all of whose events are of before this time. Returns the keys to delete."""
        dropped = [number for number, latest_us in self.full.items() if latest_us < time_us]
        for number in dropped:
            del self.full[number]
        return [chunk_key(number) for number in dropped]


def _delete(chunks: Iterable[tuple[int, bytes]], written: dict[bytes, bytes | None]) -> None:
    for number, _ in chunks:
        written[chunk_key(number)] = None


def restore_chunks(chunks: dict[int, bytes], next_number: int, put: Callable[[NDArray[np.void]], None]) -> ChunkLog:
    """Take up the log where it was left, and give all entries to `put`, some million at a time, oldest first.

    Takes the chunks out of the dictionary as it goes: they and the index would not both fit into memory. Small
    chunks all come back at the lowest level; the next merge puts them in order.
    """
    log = ChunkLog(next_number=next_number, levels=[[]])
    pending: list[bytes] = []
    pending_bytes = 0
    for number in sorted(chunks):
        raw = chunks.pop(number)
        if len(raw) >= FULL_BYTES:
            log.full[number] = _latest_us(raw)
        else:
            log.levels[0].append((number, raw))
        pending.append(raw)
        pending_bytes += len(raw)
        if pending_bytes >= _PUT_BYTES:
            put(_entries_of(pending))
            pending, pending_bytes = [], 0
    if pending:
        put(_entries_of(pending))
    return log


def _entries_of(raws: list[bytes]) -> NDArray[np.void]:
    return np.frombuffer(b"".join(raws), dtype=ENTRY)


def _latest_us(raw: bytes) -> int:
    return int(np.frombuffer(raw, dtype=ENTRY)["time"].max())
