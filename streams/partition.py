"""One source partition as a worker holds it: its ledger, how far it has read, and what its next checkpoint writes.

No Kafka client here: a checkpoint is a list of records and a mapping of offsets, a restore reads records. That they
are written and read as one is the business of `streams.kafka`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from models import topics
from models.books import Books
from models.errors import FingerprintError, RestoreError
from models.ledger import Ledger
from models.names import Names
from models.records import (
    NETWORK_DIGEST_CHARS,
    CellRecord,
    CheckpointRecord,
    CoverageRecord,
    Fingerprint,
    Revision,
    contribution_of,
    contribution_rows,
    decode_cell,
    decode_checkpoint,
    decode_coverage,
    encode,
    epoch_s,
    figures_of,
    rfc3339,
    spans_of,
)
from models.sighting import MICROSECOND, Vocabulary
from streams.chunks import ChunkLog, chunk_number, restore_chunks
from streams.rulings import restore_rulings, rulings_to_store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from models.sighting import Rules

_NO_WORDS = {"segments": 0, "sources": 0, "contributions": 0}
DIGEST_KEY_BYTES = 32
_STEPS_PER_HORIZON = 50
_NEVER_STORED = Revision(epoch=1, checkpoint=0)


class Write(NamedTuple):
    """A record to write to partition `partition` of an output topic; a `value` of None deletes the key."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class Stored(NamedTuple):
    """A record found in one of the topics that hold a partition's state."""

    topic: str
    key: bytes
    value: bytes | None


def fingerprint_of(rules: Rules, partitions: int) -> Fingerprint:
    """Describe what the counts depend on, to be compared with what the stored state was counted under."""
    return Fingerprint(
        window_s=rules.windows.length_s,
        timezone=rules.windows.zone.key,
        network=rules.network.digest,
        tolerance_m=rules.locator.tolerance_m,
        partitions=partitions,
    )


@dataclass(slots=True)
class SourcePartition:
    """The state of one source partition in memory.

    `offsets` are, per topic that is read, those of the next record to fold. `revision` is that of the last checkpoint.
    `stored_cells` and `stored_hours` are how many cells and hours of coverage the state that it was restored from had.
    `forwarded` holds, per partition that records were forwarded from, the offset of the last one: a copy that a
    recount makes once more is told by it. `arrived_us` is the latest arrival of a record.
    """

    number: int
    ledger: Ledger
    fingerprint: Fingerprint
    offsets: dict[str, int] = field(default_factory=dict)
    revision: Revision = _NEVER_STORED
    chunks: ChunkLog = field(default_factory=ChunkLog)
    stored_words: dict[str, int] = field(default_factory=lambda: dict(_NO_WORDS))
    forwarded: dict[str, int] = field(default_factory=dict)
    arrived_us: int = 0
    stored_cells: int = 0
    stored_hours: int = 0
    _horizon_us: int = 0

    @classmethod
    def fresh(cls, number: int, rules: Rules, fingerprint: Fingerprint) -> SourcePartition:
        """Begin a partition of which nothing has been stored yet, with a key of its own for its index."""
        return cls(number, Ledger(rules, secrets.token_bytes(DIGEST_KEY_BYTES)), fingerprint)

    def checkpoint(self) -> Iterator[Write]:
        """Write all that changed since the last checkpoint, and the checkpoint itself last.

        Counts as done when called: where the writes do not come to be committed, the partition must be restored.
        """
        ledger = self.ledger
        self.revision = Revision(self.revision.epoch, self.revision.checkpoint + 1)
        network = self.fingerprint.network[:NETWORK_DIGEST_CHARS]
        for segment_id, start, cell, corrected in ledger.take_cells():
            record = CellRecord(
                segment_id=segment_id,
                window_start=rfc3339(start),
                window_end=rfc3339(ledger.rules.windows.end(start)),
                source_partition=self.number,
                revision=self.revision,
                through=self.offsets,
                network=network,
                corrected=corrected,
                figures=figures_of(cell),
            )
            yield Write(topics.SEGMENT_COUNTS, self.number, record.key(), encode(record))
        for segment_id, hour, coverage in ledger.take_coverage():
            watched = CoverageRecord(
                segment_id=segment_id,
                hour_start=rfc3339(hour),
                source_partition=self.number,
                revision=self.revision,
                watched_s=coverage.watched_s_by_fleet(),
                passages=coverage.passages,
                spans=spans_of(coverage.spans),
                patrols=spans_of(coverage.patrols),
            )
            yield Write(topics.SEGMENT_COVERAGE, self.number, watched.key(), encode(watched))
        for key, value in self.chunks.append(ledger.take_entries()):
            yield Write(topics.STATE, self.number, key, value)
        yield from self._forget_expired()
        for key, value in rulings_to_store(ledger):
            yield Write(topics.STATE, self.number, key, value)
        yield from self._new_words()
        yield Write(topics.STATE, self.number, topics.CHECKPOINT_KEY, encode(self._checkpoint_record()))

    def _new_words(self) -> Iterator[Write]:
        """Write the part of the vocabulary that came up since the last checkpoint; its key says where it begins."""
        vocabulary = self.ledger.vocabulary
        pages: dict[str, tuple[int, list[Any]]] = {
            "segments": (len(vocabulary.segments), vocabulary.segments.since(self.stored_words["segments"])),
            "sources": (len(vocabulary.sources), vocabulary.sources.since(self.stored_words["sources"])),
            "contributions": (
                len(vocabulary.contributions),
                [contribution_rows(c) for c in vocabulary.contributions.since(self.stored_words["contributions"])],
            ),
        }
        for kind, (length, words) in pages.items():
            if words:
                key = f"{kind}/{self.stored_words[kind]}".encode()
                yield Write(topics.STATE, self.number, key, msgspec.json.encode(words))
                self.stored_words[kind] = length

    def _checkpoint_record(self) -> CheckpointRecord:
        return CheckpointRecord(
            revision=self.revision,
            offsets=dict(self.offsets),
            books=self.ledger.books.as_dict(),
            fingerprint=self.fingerprint,
            digest_key=self.ledger.key.hex(),
            words=dict(self.stored_words),
            chunks=self.chunks.numbers,
            next_chunk=self.chunks.next_number,
            forwarded=dict(self.forwarded),
            arrived_us=self.arrived_us,
            cells=len(self.ledger.tallies),
            hours=len(self.ledger.coverage),
        )

    def _forget_expired(self) -> Iterator[Write]:
        """Drop index and cells that lie before the horizon, a fiftieth of it at a time."""
        horizon_s = self.ledger.rules.horizon_s
        if horizon_s is None:
            return
        horizon_us = self.arrived_us - horizon_s * MICROSECOND
        if horizon_us - self._horizon_us < horizon_s * MICROSECOND // _STEPS_PER_HORIZON:
            return
        self._horizon_us = horizon_us
        self.ledger.forget_before(horizon_us)
        for key in self.chunks.drop_before(horizon_us):
            yield Write(topics.STATE, self.number, key, None)


def restore_partition(
    number: int, rules: Rules, fingerprint: Fingerprint, stored: Iterable[Stored]
) -> SourcePartition | None:
    """Make a partition anew from all that its topics hold, or give None where they hold nothing.

    `stored` is everything committed, oldest first: all of `state` before anything else. Raises FingerprintError where
    it was counted under other settings, and RestoreError where parts of it are missing.
    """
    state: dict[bytes, bytes] = {}
    partition: SourcePartition | None = None
    for topic, key, value in stored:
        if topic == topics.STATE:
            if value is None:
                state.pop(key, None)
            else:
                state[key] = value
            continue
        if partition is None:
            # Before the cells are read: index, chunks and cells would not fit into memory together.
            partition = _partition_from(state, number, rules, fingerprint)
            if partition is None:
                raise RestoreError(f"partition {number} has cells but no checkpoint: was `state` deleted?")
        # Absolute states: of the records of one cell the last holds, so each may simply take its place.
        if value is not None:
            _restore_record(partition.ledger, topic, value)
    partition = partition or _partition_from(state, number, rules, fingerprint)
    if partition is not None:
        _refuse_missing_cells(partition)
    return partition


def _refuse_missing_cells(partition: SourcePartition) -> None:
    """Refuse to count on where cells were deleted: they would be written again as if all began now."""
    for topic, found, counted in (
        (topics.SEGMENT_COUNTS, len(partition.ledger.tallies), partition.stored_cells),
        (topics.SEGMENT_COVERAGE, len(partition.ledger.coverage), partition.stored_hours),
    ):
        if found < counted:
            raise RestoreError(
                f"partition {partition.number}: `{topic}` holds {found} cells where its checkpoint counted {counted}: "
                "restore the topic from a backup, or recount under another --prefix"
            )


def _restore_record(ledger: Ledger, topic: str, value: bytes) -> None:
    if topic == topics.SEGMENT_COUNTS:
        record = decode_cell(value)
        ledger.restore_cell(record.segment_id, epoch_s(record.window_start), record.figures)
    else:
        watched = decode_coverage(value)
        ledger.restore_coverage(watched.segment_id, epoch_s(watched.hour_start), watched.cell())


def _partition_from(
    state: dict[bytes, bytes], number: int, rules: Rules, fingerprint: Fingerprint
) -> SourcePartition | None:
    """Make a partition without its cells from its records in `state`, which are used up."""
    raw = state.pop(topics.CHECKPOINT_KEY, None)
    if raw is None:
        if state:
            raise RestoreError(f"partition {number} has state but no checkpoint in it: was it deleted?")
        return None
    checkpoint = decode_checkpoint(raw)
    if checkpoint.fingerprint != fingerprint:
        raise FingerprintError(
            f"partition {number} was counted under {checkpoint.fingerprint}, and this worker counts under "
            f"{fingerprint}: use those settings again, or another --prefix and a recount"
        )
    ledger = Ledger(rules, bytes.fromhex(checkpoint.digest_key), _restore_words(number, checkpoint, state))
    ledger.books = Books(**checkpoint.books)
    restore_rulings(ledger, state)
    chunks = _restore_index(number, checkpoint, state, ledger)
    return SourcePartition(
        number=number,
        ledger=ledger,
        fingerprint=fingerprint,
        offsets=dict(checkpoint.offsets),
        revision=checkpoint.revision,
        chunks=chunks,
        stored_words=dict(checkpoint.words),
        forwarded=dict(checkpoint.forwarded),
        arrived_us=checkpoint.arrived_us,
        stored_cells=checkpoint.cells,
        stored_hours=checkpoint.hours,
    )


def _restore_words(number: int, checkpoint: CheckpointRecord, state: Mapping[bytes, bytes]) -> Vocabulary:
    words: dict[str, list[Any]] = {}
    for kind, length in checkpoint.words.items():
        words[kind] = []
        while len(words[kind]) < length:
            page = state.get(f"{kind}/{len(words[kind])}".encode())
            if page is None:
                raise RestoreError(f"partition {number}: the {kind} from {len(words[kind])} on are missing in `state`")
            words[kind] += msgspec.json.decode(page)
    return Vocabulary(
        segments=Names(words["segments"]),
        sources=Names(words["sources"]),
        contributions=Names([contribution_of(rows) for rows in words["contributions"]]),
    )


def _restore_index(number: int, checkpoint: CheckpointRecord, state: dict[bytes, bytes], ledger: Ledger) -> ChunkLog:
    """Restore the index; its chunks are taken out of `state`."""
    found: dict[int, bytes] = {}
    for key in list(state):
        chunk = chunk_number(key)
        if chunk is not None:
            found[chunk] = state.pop(key)
    if sorted(found) != checkpoint.chunks:
        raise RestoreError(f"partition {number}: the index in `state` is not the one its checkpoint names")
    return restore_chunks(found, checkpoint.next_chunk, ledger.index.put)
