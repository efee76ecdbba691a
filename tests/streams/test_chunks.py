"""The index as it lies in Kafka: whatever is written, compacted and read back, the latest entry of an event holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.index import ENTRY, EventIndex, entries_for
from streams.chunks import ChunkLog, chunk_key, chunk_number, restore_chunks

# Small enough that a few batches bring about every kind of merge.
FULL_ENTRIES = 8
FAN_IN = 3


@pytest.fixture(scope="module", autouse=True)
def _small_chunks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.chunks.FULL_BYTES", FULL_ENTRIES * ENTRY.itemsize)
        patch.setattr("streams.chunks.FAN_IN", FAN_IN)
        yield


def entries_of(rows):
    """Entries of (event, number) rows."""
    entries = entries_for([event.to_bytes(12, "big") for event, _ in rows])
    entries["time"] = [number for _, number in rows]
    return entries


class Topic:
    """The `state` topic after compaction, and the number of bytes that were ever written to it."""

    def __init__(self):
        self.kept = {}
        self.written = 0

    def write(self, records):
        for key, value in records:
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value
                self.written += len(value)

    def read(self, next_number):
        entries = []
        chunks = {chunk_number(key): value for key, value in self.kept.items()}
        log = restore_chunks(chunks, next_number, entries.append)
        return log, np.concatenate(entries) if entries else entries_of([])


def held(entries, events):
    """What an index made of these entries says of events: their numbers, None where it knows nothing."""
    index = EventIndex()
    index.put(entries)
    found, known = index.find(entries_of([(event, 0) for event in events]))
    return [number if is_known else None for number, is_known in zip(found["time"].tolist(), known, strict=True)]


BATCHES = st.lists(st.integers(0, 9) | st.integers(FULL_ENTRIES - 1, 3 * FULL_ENTRIES), max_size=15)


@settings(deadline=None)
@given(BATCHES, st.sets(st.integers(0, 14)))
def test_every_entry_comes_back_once(sizes, restarts):
    log, topic, first = ChunkLog(), Topic(), 0
    for at, size in enumerate(sizes):
        topic.write(log.append(entries_of([(event, event) for event in range(first, first + size)])))
        first += size
        assert sorted(map(chunk_number, topic.kept)) == log.numbers
        if at in restarts:
            log, entries = topic.read(log.next_number)
            assert sorted(entries["time"].tolist()) == list(range(first))
    _, entries = topic.read(log.next_number)
    assert sorted(entries["time"].tolist()) == list(range(first))


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(st.integers(0, 12), max_size=2 * FULL_ENTRIES), max_size=15), st.sets(st.integers(0, 14)))
def test_of_an_event_that_was_entered_again_the_latest_entry_holds(batches, restarts):
    log, topic, latest, number = ChunkLog(), Topic(), {}, 0
    for at, events in enumerate(batches):
        rows = []
        for event in events:
            number += 1
            latest[event] = number
            rows.append((event, number))
        topic.write(log.append(entries_of(rows)))
        if at in restarts:
            log, _ = topic.read(log.next_number)
    _, entries = topic.read(log.next_number)
    assert held(entries, range(13)) == [latest.get(event) for event in range(13)]


def test_chunks_stay_few_and_entries_are_written_a_few_times():
    log, topic, total = ChunkLog(), Topic(), 500
    for event in range(total):
        topic.write(log.append(entries_of([(event, event)])))
        small = [value for value in topic.kept.values() if len(value) < FULL_ENTRIES * ENTRY.itemsize]
        assert len(small) < 4 * FAN_IN  # three levels, and remainders
    # In a chunk of 1, of 3, of 8: three times, and some in the remainder of a merge once more.
    assert topic.written < 4 * total * ENTRY.itemsize


def test_nothing_new_writes_nothing():
    log = ChunkLog()
    assert log.append(entries_of([])) == []
    assert (log.numbers, log.next_number) == ([], 0)


def test_a_number_is_never_given_twice():
    log, seen = ChunkLog(), set()
    for event in range(100):
        records = log.append(entries_of([(event, event)]))
        numbers = {chunk_number(key) for key, value in records if value is not None}
        assert not numbers & seen
        seen |= numbers


@pytest.mark.parametrize(
    ("key", "number"), [(b"index/0", 0), (b"index/17", 17), (b"checkpoint", None), (b"segments/0", None)]
)
def test_keys(key, number):
    assert chunk_number(key) == number
    if number is not None:
        assert chunk_key(number) == key
