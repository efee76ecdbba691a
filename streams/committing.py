"""Partitions as the worker holds them between two checkpoints, and the commit of what changed in them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from models.books import COLUMNS, Books
from models.index import ENTRY
from models.records import MAX_RAW_BYTES, decode_quarantine
from models.topics import QUARANTINE, READ, STATUSES, VIOLATIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from streams.batches import Batch
    from streams.kafka import GroupMember, GroupOffsets
    from streams.metrics import WorkerMetrics
    from streams.partition import SourcePartition, Write

Item = TypeVar("Item")

MAX_TRANSACTION_BYTES = 16 * 1024 * 1024
"""Larger ones take a broker long, while readers wait. One partition alone may exceed it: nothing of it stands alone."""

MAX_PIECE_BYTES = 4 * 1024 * 1024
"""Of one topic and partition, so many bytes are folded at once, were all of them to be quarantined."""

_ENTRY_BYTES = 2 * ENTRY.itemsize  # written once, and perhaps once more when chunks are merged
_VALUE_BYTES = 512
_ENTRY_BYTES_ESTIMATE = dict.fromkeys(READ, _ENTRY_BYTES + _VALUE_BYTES) | dict.fromkeys(
    (VIOLATIONS, STATUSES), _ENTRY_BYTES
)
"""Of accidents, reports and corrections more is kept than an entry; what is rerouted may be of any kind."""

_CELL_BYTES_ESTIMATE = 1_000
_RECORD_BYTES = 32
_REFUSAL_BYTES = 512
_BASE64 = 4 / 3


def _size(write: Write) -> int:
    return len(write.key) + len(write.value or b"") + _RECORD_BYTES


def worst_bytes(length: int) -> int:
    """Give about how many bytes a record of this length can add to a checkpoint: when it is refused, or forwarded."""
    return _REFUSAL_BYTES + max(length, int(min(length, MAX_RAW_BYTES) * _BASE64))


def pieces(items: Sequence[Item], weights: Sequence[int], limit: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into runs that weigh no more than the limit, or are of one item."""
    start, weight = 0, 0
    for at, added in enumerate(weights):
        if at > start and weight + added > limit:
            yield items[start:at]
            start, weight = at, 0
        weight += added
    if start < len(items):
        yield items[start:]


class WritesCheckpoints(Protocol):
    """Where checkpoints go: `streams.kafka.CheckpointLog`, or a log in memory."""

    def commit(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        """Write records and offsets as one, or nothing and return False."""


@dataclass(slots=True)
class HeldPartition:
    """A source partition that the group has given to this worker.

    `state` is None while it is read back. `written` are records for the quarantine and for other partitions, `folded`
    numbers of records by topic and `arrivals_us` when they reached the log, all since the last checkpoint.
    """

    number: int
    state: SourcePartition | None = None
    stored_offsets: dict[str, int] = field(default_factory=dict)
    written: list[Write] = field(default_factory=list)
    folded: Counter[str] = field(default_factory=Counter)
    committed_books: Books = field(default_factory=Books)
    handed_on: dict[str, int] = field(default_factory=dict)
    arrivals_us: list[NDArray[np.int64]] = field(default_factory=list)
    _arrived_us: dict[str, int] = field(default_factory=dict)
    _at_end_us: dict[str, int] = field(default_factory=dict)
    _ends: dict[str, tuple[int, int]] = field(default_factory=dict)
    _changed: int = 0

    @property
    def has_news(self) -> bool:
        """Whether anything was folded since the last checkpoint."""
        return self.state is not None and self.state.offsets != self.stored_offsets

    def forget(self) -> None:
        """Drop the state; it will be read back."""
        self.state = None
        self.written = []
        self.folded = Counter()
        self.handed_on = {}
        self.arrivals_us = []
        self._arrived_us = {}
        self._at_end_us = {}
        self._ends = {}
        self._changed = 0

    def position(self, topic: str) -> int:
        """Give the offset of the next record of a topic; markers and aborted records at its end are passed over."""
        folded = 0 if self.state is None else self.state.offsets.get(topic, 0)
        through, end = self._ends.get(topic, (folded, folded))
        return max(folded, end) if folded >= through else folded

    def asked_for(self, topic: str) -> set[int]:
        """Give the offsets at which the consumer may stand in a topic."""
        folded = 0 if self.state is None else self.state.offsets.get(topic, 0)
        return {self.handed_on.get(topic, folded), folded, self.position(topic)}

    def note_end(self, topic: str, end: int) -> None:
        """Note that the consumer came to the end of a topic: behind what was handed on, no record stands before it."""
        if self.state is not None:
            self._ends[topic] = (self.handed_on.get(topic, self.state.offsets.get(topic, 0)), end)

    def note_stored(self) -> None:
        """Begin anew to collect what the next checkpoint writes."""
        self.folded = Counter()
        self.written = []
        self.arrivals_us = []
        self._changed = 0

    def note_waiting(self, topic: str, records: int) -> int:
        """Note how many records of a topic wait now. Returns them."""
        if records == 0:
            self._at_end_us[topic] = time.time_ns() // 1_000
        return records

    def oldest_waiting_us(self, topic: str) -> int:
        """Give a time before which no record arrived that waits: none did when nothing waited, nor before the last."""
        restored = 0 if self.state is None else self.state.arrived_us
        return max(self._at_end_us.get(topic, 0), self._arrived_us.get(topic, restored))

    def begin(self, state: SourcePartition) -> None:
        """Go on from a state as it is stored."""
        self.state = state
        self.stored_offsets = dict(state.offsets)
        self.committed_books = state.ledger.books

    def note_folded(self, batch: Batch, written: list[Write]) -> int:
        """Note a batch that was folded. Returns about how many bytes it adds to the next checkpoint."""
        self.written += written
        self.folded[batch.topic] += len(batch.offsets)
        self.arrivals_us.append(np.array(batch.arrivals_us, dtype=np.int64))
        self._arrived_us[batch.topic] = batch.arrivals_us[-1]
        entries = len(batch.offsets) * _ENTRY_BYTES_ESTIMATE[batch.topic]
        # Cells that had changed before this batch are in the sum already.
        before, self._changed = self._changed, batch.into.ledger.tallies.changed
        cells = max(self._changed - before, 0) * _CELL_BYTES_ESTIMATE
        return entries + cells + sum(map(_size, written))

    def note_refused(self, topic: str, count: int, write: Write) -> int:
        """Note offsets that could not be read. Returns the bytes that this adds to the next checkpoint."""
        self.written.append(write)
        self.folded[topic] += count
        return _size(write)


class Committer:
    """Commits checkpoints, and shows in the metrics what is committed, never more."""

    def __init__(self, log: WritesCheckpoints, metrics: WorkerMetrics) -> None:
        """Write to this log and show in these metrics."""
        self._log = log
        self._metrics = metrics

    def commit(self, changed: Collection[HeldPartition], member: GroupMember) -> bool:
        """Write what changed in these partitions, and their offsets, in one transaction.

        Returns False where nothing of it was committed: their states must then be read back.
        """
        self._metrics.checkpoint_attempts.inc()
        with self._metrics.checkpoint_seconds.time():
            together: list[HeldPartition] = []
            writes: list[Write] = []
            waiting = 0
            for held in changed:
                if held.state is None:
                    continue
                added = [*held.written, *held.state.checkpoint()]
                size = sum(map(_size, added))
                if together and waiting + size > MAX_TRANSACTION_BYTES:
                    # Partitions stand for themselves, so each may be committed without the others.
                    if not self._commit(together, writes, member):
                        return False
                    together, writes, waiting = [], [], 0
                together.append(held)
                writes += added
                waiting += size
            return self._commit(together, writes, member)

    def _commit(self, together: Collection[HeldPartition], writes: list[Write], member: GroupMember) -> bool:
        offsets = {held.number: dict(held.state.offsets) for held in together if held.state is not None}
        if not self._log.commit(writes, offsets, member):
            self._metrics.checkpoint_failures.inc()
            return False
        now_s = time.time()
        self._metrics.last_checkpoint.set(now_s)
        self._metrics.checkpoint_bytes.inc(sum(map(_size, writes)))
        for held in together:
            self._note_committed(held, now_s)
        return True

    def _note_committed(self, held: HeldPartition, now_s: float) -> None:
        if held.state is None:
            return
        held.stored_offsets = dict(held.state.offsets)
        held.committed_books = held.state.ledger.books
        for topic, count in held.folded.items():
            self._metrics.records.labels(topic).inc(count)
        for mark, count in held.state.ledger.take_marks().items():
            self._metrics.location_marks.labels(mark).inc(count)
        for write in held.written:
            if write.topic == QUARANTINE and write.value is not None:
                refused = decode_quarantine(write.value)
                self._metrics.quarantined.labels(refused.code).inc(refused.records)
        for arrivals_us in held.arrivals_us:
            # The broker's clock may run a little ahead of this one.
            self._metrics.event_to_cell.observe(np.maximum(now_s - arrivals_us / 1e6, 0.0))
        held.note_stored()

    def note_totals(self, all_held: Iterable[HeldPartition]) -> None:
        """Show the books and the sizes over all partitions that this worker holds."""
        total = Books()
        cells = watched = entries = nbytes = 0
        states: Counter[str] = Counter({"counting": 0, "restoring": 0})
        for held in all_held:
            states["restoring" if held.state is None else "counting"] += 1
            if held.state is not None:
                total += held.committed_books
                cells += len(held.state.ledger.tallies)
                watched += len(held.state.ledger.coverage)
                entries += len(held.state.ledger.index)
                nbytes += held.state.ledger.index.nbytes
        for column in COLUMNS:
            self._metrics.books.labels(column).set(getattr(total, column))
        self._metrics.books.labels("received").set(total.received)
        self._metrics.books_difference.set(total.difference)
        self._metrics.cells.set(cells)
        self._metrics.coverage_cells.set(watched)
        self._metrics.index_entries.set(entries)
        self._metrics.index_bytes.set(nbytes)
        for state, count in states.items():
            self._metrics.partitions.labels(state).set(count)

    def note_progress(self, lag: dict[str, int], all_held: Collection[HeldPartition], *, counted: bool) -> None:
        """Show how far the counting is behind. A worker that has work and does none lets the time stand still."""
        now_s = time.time()
        for topic, records in lag.items():
            self._metrics.lag_records.labels(topic).set(records)
            times_us = [held.oldest_waiting_us(topic) for held in all_held if held.state is not None]
            # A partition that has counted nothing yet knows no time.
            oldest_us = min(filter(None, times_us), default=None)
            age_s = 0.0 if oldest_us is None or not records else max(now_s - oldest_us / 1e6, 0.0)
            self._metrics.lag_seconds.labels(topic).set(age_s)
        if counted or not any(lag.values()):
            self._metrics.last_progress.set(now_s)
