"""What travels from the record source to the agents: a batch of records of one topic and partition."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import topics
from models.records import Origin, encode, quarantine_record
from streams.partition import Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.partition import SourcePartition


@dataclass(slots=True)
class Batch:
    """Records of one topic and partition, in order, and the partition's state that they are to be folded into.

    `settled` is done once the batch is folded; it carries what was refused, as records for the quarantine, or the
    exception that kept the batch from being folded.
    """

    into: SourcePartition
    topic: str
    offsets: Sequence[int]
    values: Sequence[bytes | None]
    arrivals_us: Sequence[int]
    settled: Future[list[Write]] = field(default_factory=Future)


def fold(batch: Batch) -> list[Write]:
    """Fold a batch into its partition and move the partition's offset behind it.

    Returns the records for the quarantine, which belong into the same transaction as what was counted.
    """
    partition = batch.into
    folded = partition.ledger.fold(batch.values, batch.topic, batch.arrivals_us)
    partition.offsets[batch.topic] = batch.offsets[-1] + 1
    refused = []
    for at, error in folded.refused:
        origin = Origin(batch.topic, partition.number, batch.offsets[at])
        record = quarantine_record(error, batch.values[at], origin)
        key = f"{batch.topic}/{partition.number}/{batch.offsets[at]}".encode()
        refused.append(Write(topics.QUARANTINE, partition.number, key, encode(record)))
    return refused
