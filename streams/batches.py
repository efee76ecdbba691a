"""What travels from the record source to the agents: a batch of records of one topic and partition."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models import topics
from models.errors import MisroutedError, RecordError
from models.records import Origin, encode, quarantine_record
from streams.partition import Write
from streams.rerouting import Forwarded, forward, forwarded_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.events import Event
    from streams.partition import SourcePartition


@dataclass(slots=True)
class Batch:
    """Records of one topic and partition, in order, and the partition's state that they are to be folded into.

    `home` tells which partition an event belongs on; `headers` are those of rerouted records. `settled` is done once
    the batch is folded; it carries what else has to be written, records for the quarantine and for other
    partitions, or the exception that kept the batch from being folded.
    """

    into: SourcePartition
    topic: str
    offsets: Sequence[int]
    values: Sequence[bytes | None]
    arrivals_us: Sequence[int]
    home: Callable[[Event], int]
    headers: Sequence[Sequence[tuple[str, bytes | None]] | None] = ()
    settled: Future[list[Write]] = field(default_factory=Future)


def fold(batch: Batch) -> list[Write]:
    """Fold a batch into its partition and move the partition's offset behind it.

    Returns what has to be written besides, in the same transaction as what was counted.
    """
    partition = batch.into
    if batch.topic == topics.REROUTED:
        written = _fold_rerouted(batch)
    else:
        places = [
            Forwarded(batch.topic, partition.number, offset, arrival_us)
            for offset, arrival_us in zip(batch.offsets, batch.arrivals_us, strict=True)
        ]
        written = _fold_records(batch, batch.topic, places, batch.values)
    partition.offsets[batch.topic] = batch.offsets[-1] + 1
    partition.arrived_us = max(partition.arrived_us, batch.arrivals_us[-1])
    return written


def _fold_records(batch: Batch, topic: str, places: Sequence[Forwarded], values: Sequence[bytes | None]) -> list[Write]:
    """Fold records of one input topic; those of other partitions are forwarded, or refused if they were already."""
    partition, home = batch.into, batch.home
    folded = partition.ledger.fold(
        values, topic, [place.arrival_us for place in places], lambda event: home(event) != partition.number
    )
    written = [_refusal(error, values[at], places[at], partition) for at, error in folded.refused]
    for at in folded.strays:
        event = folded.decoded[at]
        if batch.topic == topics.REROUTED or isinstance(event, RecordError):
            partition.ledger.refuse(1)
            error = MisroutedError("still on another partition than its source's: was a topic given more partitions?")
            written.append(_refusal(error, values[at], places[at], partition))
        else:
            written.append(forward(places[at], home(event), values[at] or b""))
    return written


def _fold_rerouted(batch: Batch) -> list[Write]:
    """Fold records that were forwarded here, each kind under the topic that it first stood on, copies left out."""
    partition = batch.into
    written = []
    by_topic: dict[str, tuple[list[Forwarded], list[bytes | None]]] = {}
    for offset, value, headers in zip(batch.offsets, batch.values, batch.headers, strict=True):
        first = forwarded_from(headers)
        if first is None:
            partition.ledger.refuse(1)
            place = Forwarded(topics.REROUTED, partition.number, offset, 0)
            error = MisroutedError("only workers write to this topic: send events to the input topics")
            written.append(_refusal(error, value, place, partition))
        elif first.offset > partition.forwarded.get(first.place, -1):
            partition.forwarded[first.place] = first.offset
            places, values = by_topic.setdefault(first.topic, ([], []))
            places.append(first)
            values.append(value)
    for topic, (places, values) in by_topic.items():
        written += _fold_records(batch, topic, places, values)
    return written


def _refusal(error: RecordError, value: bytes | None, place: Forwarded, partition: SourcePartition) -> Write:
    origin = Origin(place.topic, place.partition, place.offset)
    key = f"{place.topic}/{place.partition}/{place.offset}".encode()
    return Write(topics.QUARANTINE, partition.number, key, encode(quarantine_record(error, value, origin)))
