"""Partitions as the worker holds them between two checkpoints, and the commit of what changed in them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from models.books import COLUMNS, Books
from models.records import decode_quarantine
from models.topics import QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from streams.batches import Batch
    from streams.kafka import GroupMember, GroupOffsets
    from streams.metrics import WorkerMetrics
    from streams.partition import SourcePartition, Write

_ENTRY_BYTES_ESTIMATE = 64
_CELL_BYTES_ESTIMATE = 400


class WritesCheckpoints(Protocol):
    """Where checkpoints go: `streams.kafka.CheckpointLog`, or a log in memory."""

    def commit(self, writes: Iterable[Write], offsets: GroupOffsets, member: GroupMember) -> bool:
        """Write records and offsets as one, or nothing and return False."""


@dataclass(slots=True)
class HeldPartition:
    """A source partition that the group has given to this worker.

    `state` is None while it is read back. `written` are records for the quarantine and for other partitions, `folded`
    numbers of records by topic, both since the last checkpoint.
    """

    number: int
    state: SourcePartition | None = None
    stored_offsets: dict[str, int] = field(default_factory=dict)
    written: list[Write] = field(default_factory=list)
    folded: Counter[str] = field(default_factory=Counter)
    committed_books: Books = field(default_factory=Books)

    @property
    def has_news(self) -> bool:
        """Whether anything was folded since the last checkpoint."""
        return self.state is not None and self.state.offsets != self.stored_offsets

    def forget(self) -> None:
        """Drop the state; it will be read back."""
        self.state = None
        self.written = []
        self.folded = Counter()

    def begin(self, state: SourcePartition) -> None:
        """Go on from a state as it is stored."""
        self.state = state
        self.stored_offsets = dict(state.offsets)
        self.committed_books = state.ledger.books

    def note_folded(self, batch: Batch, written: list[Write]) -> int:
        """Note a batch that was folded. Returns about how many bytes it adds to the next checkpoint."""
        self.written += written
        self.folded[batch.topic] += len(batch.offsets)
        entries = len(batch.offsets) * _ENTRY_BYTES_ESTIMATE
        cells = batch.into.ledger.tallies.changed * _CELL_BYTES_ESTIMATE
        return entries + cells + sum(len(write.value or b"") for write in written)


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
            writes: list[Write] = []
            offsets: dict[int, dict[str, int]] = {}
            for held in changed:
                if held.state is not None:
                    writes += held.written
                    writes += held.state.checkpoint()
                    offsets[held.number] = dict(held.state.offsets)
            if not self._log.commit(writes, offsets, member):
                self._metrics.checkpoint_failures.inc()
                return False
        for held in changed:
            self._note_committed(held)
        self._metrics.last_checkpoint.set(time.time())
        return True

    def _note_committed(self, held: HeldPartition) -> None:
        if held.state is None:
            return
        held.stored_offsets = dict(held.state.offsets)
        held.committed_books = held.state.ledger.books
        for topic, count in held.folded.items():
            self._metrics.records.labels(topic).inc(count)
        for write in held.written:
            if write.topic == QUARANTINE and write.value is not None:
                self._metrics.quarantined.labels(decode_quarantine(write.value).code).inc()
        held.folded = Counter()
        held.written = []

    def note_totals(self, all_held: Iterable[HeldPartition]) -> None:
        """Show the books and the sizes over all partitions that this worker holds."""
        total = Books()
        cells = entries = nbytes = 0
        states: Counter[str] = Counter({"counting": 0, "restoring": 0})
        for held in all_held:
            states["restoring" if held.state is None else "counting"] += 1
            if held.state is not None:
                total += held.committed_books
                cells += len(held.state.ledger.tallies)
                entries += len(held.state.ledger.index)
                nbytes += held.state.ledger.index.nbytes
        for column in COLUMNS:
            self._metrics.books.labels(column).set(getattr(total, column))
        self._metrics.books.labels("received").set(total.received)
        self._metrics.books_difference.set(total.difference)
        self._metrics.cells.set(cells)
        self._metrics.index_entries.set(entries)
        self._metrics.index_bytes.set(nbytes)
        for state, count in states.items():
            self._metrics.partitions.labels(state).set(count)

    def note_progress(self, lag: dict[str, int], *, counted: bool) -> None:
        """Show how far the counting is behind. A worker that has work and does none lets the time stand still."""
        for topic, records in lag.items():
            self._metrics.lag_records.labels(topic).set(records)
        if counted or not any(lag.values()):
            self._metrics.last_progress.set(time.time())
