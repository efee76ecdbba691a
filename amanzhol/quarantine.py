"""The committed quarantine of a prefix: what stands in it, and how repaired records come back, once.

A record that is replayed is sent in one transaction with a copy of its quarantine record that says so. So a replay
that was cut short leaves nothing half done; and what is sent again all the same is a duplicate to the index.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from amanzhol.counting import ids_of
from models.decoding import decode, type_of
from models.errors import RecordError, RunError
from models.partitioning import home_of
from models.records import QuarantineRecord, decode_quarantine, encode, rfc3339
from models.topics import QUARANTINE, READ, TOPIC_OF_TYPE, Topics
from streams.kafka import CheckpointLog, CommittedLog, GroupMember
from streams.originals import Place
from streams.partition import Write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ORIGIN = re.compile(rf"({'|'.join(READ)})/(\d{{1,9}})/(\d{{1,18}})")
_TRANSACTION_RECORDS = 1_000
_TRANSACTION_BYTES = 8 * 1024 * 1024
_NOBODY = GroupMember(b"", -1, "")


def place_of(origin: str) -> Place | None:
    """Read `violations/2/1234`; None for anything else."""
    found = _ORIGIN.fullmatch(origin)
    return None if found is None else Place(found[1], int(found[2]), int(found[3]))


class Entry(NamedTuple):
    """A quarantined record: where it first stood, when it was refused, which event it was to be where it says so."""

    place: Place
    refused_ms: int
    partition: int
    source_id: str
    event_id: str
    record: QuarantineRecord

    @property
    def origin(self) -> str:
        """The place as it is written."""
        return "/".join(map(str, self.place))


class Filter(NamedTuple):
    """Which entries are meant; None means all. `first` and `end` are offsets, the times are milliseconds since 1970."""

    code: str | None = None
    source: str | None = None
    first: int | None = None
    end: int | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    places: frozenset[Place] | None = None

    def takes(self, entry: Entry) -> bool:
        """Tell whether an entry is meant: `first` and `since_ms` inclusive, `end` and `until_ms` exclusive."""
        return (
            (self.code is None or entry.record.code == self.code)
            and (self.source is None or entry.source_id == self.source)
            and (self.places is None or entry.place in self.places)
            and (self.first is None or entry.place.offset >= self.first)
            and (self.end is None or entry.place.offset < self.end)
            and (self.since_ms is None or entry.refused_ms >= self.since_ms)
            and (self.until_ms is None or entry.refused_ms < self.until_ms)
        )


def read_entries(broker: str, topics: Topics, wanted: Filter) -> list[Entry]:
    """Read the entries that are meant, oldest first; each once, and marked where it was replayed.

    Raises BrokerUnavailableError, and TopicMismatchError where no worker ever ran under this prefix.
    """
    log = CommittedLog(broker, topics, (QUARANTINE,))
    entries: dict[Place, Entry] = {}
    at_any_time = wanted._replace(since_ms=None, until_ms=None)
    try:
        for found in log.read_to_end():
            if found.value is None:
                continue
            record = decode_quarantine(found.value)
            if record.topic is None or record.partition is None or record.offset is None:
                continue
            place = Place(record.topic, record.partition, record.offset)
            before = entries.get(place)
            entry = Entry(place, found.time_ms, found.partition, *ids_of(record.bytes()), record)
            if before is not None:
                # A recount refuses again what has been replayed; the first time of refusal says more than the last.
                replayed_at = record.replayed_at or before.record.replayed_at
                record = msgspec.structs.replace(record, replayed_at=replayed_at)
                entry = before._replace(record=record)
            if at_any_time.takes(entry):
                entries[place] = entry
    finally:
        log.close()
    return sorted(filter(wanted.takes, entries.values()), key=lambda entry: (entry.refused_ms, entry.place))


def codes_of(entries: Iterable[Entry]) -> list[tuple[str, int, int]]:
    """Count records by code: code, how many, how many of them were replayed."""
    counted: Counter[str] = Counter()
    replayed: Counter[str] = Counter()
    for entry in entries:
        counted[entry.record.code] += entry.record.records
        replayed[entry.record.code] += entry.record.records if entry.record.replayed_at else 0
    return [(code, number, replayed[code]) for code, number in counted.most_common()]


class Repaired(NamedTuple):
    """An event to be sent: to which topic and partition, its key, its bytes, and the entries that it settles."""

    topic: str
    partition: int
    key: bytes
    raw: bytes
    settles: tuple[Entry, ...]


def repaired(raw: bytes, partitions: int, settles: tuple[Entry, ...]) -> Repaired:
    """Find where an event belongs. Raises the RecordError of one that still cannot be counted."""
    event = decode(raw)
    target = getattr(event, "target", None)
    source_id = event.source_id if target is None else target.source_id
    return Repaired(TOPIC_OF_TYPE[type_of(event)], home_of(partitions)(event), source_id.encode(), raw, settles)


def try_repaired(raw: bytes, partitions: int, settles: tuple[Entry, ...]) -> Repaired | RecordError:
    """Find where an event belongs, or what is still wrong with it."""
    try:
        return repaired(raw, partitions, settles)
    except RecordError as error:
        return error


class Replayer:
    """Sends repaired events and marks what they settle."""

    def __init__(self, broker: str, topics: Topics) -> None:
        """Connect; a replay that still runs elsewhere under the same prefix is shut out."""
        self._log = CheckpointLog(broker, topics, f"{topics.prefix}quarantine")

    def send(self, events: Iterable[Repaired]) -> int:
        """Send all, some of them at a time. Returns how many. Raises RunError where Kafka does not take them."""
        sent = 0
        for part in _parts(events):
            now = rfc3339(int(datetime.now(UTC).timestamp()))
            writes = []
            for event in part:
                writes.append(Write(event.topic, event.partition, event.key, event.raw))
                for entry in event.settles:
                    marked = msgspec.structs.replace(entry.record, replayed_at=now)
                    writes.append(Write(QUARANTINE, entry.partition, entry.origin.encode(), encode(marked)))
            if not self._log.commit(writes, {}, _NOBODY):
                raise RunError(f"Kafka refused what was to be replayed; {sent} were sent before: try again")
            sent += len(part)
        return sent


def _parts(events: Iterable[Repaired]) -> Iterator[list[Repaired]]:
    part: list[Repaired] = []
    size = 0
    for event in events:
        added = len(event.raw) + sum(len(entry.record.raw) for entry in event.settles)
        if part and (len(part) >= _TRANSACTION_RECORDS or size + added > _TRANSACTION_BYTES):
            yield part
            part, size = [], 0
        part.append(event)
        size += added
    if part:
        yield part
