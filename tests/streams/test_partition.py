"""A partition that was stored and read back counts on as if nothing had happened; one that does not fit is refused."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.books import Books
from models.errors import FingerprintError, RestoreError
from models.locating import Locator
from models.network import Network, Segment
from models.records import Revision, decode_cell, decode_checkpoint, decode_coverage, decode_quarantine, encode
from models.topics import CHECKPOINT_KEY, INPUTS, QUARANTINE, SEGMENT_COUNTS, SEGMENT_COVERAGE, STATE, TOPIC_OF_TYPE
from models.windows import Windows
from streams.batches import Batch, fold
from streams.partition import SourcePartition, Stored, fingerprint_of, restore_partition
from tests.generated import events, record_of, records
from tests.rows import AQTAU, MICROSECOND, NETWORK, NOON_S, accident, after_noon, raw, report, rules, status, violation

RULES = rules()
PARTITIONS = 4
NUMBER = 2
FINGERPRINT = fingerprint_of(RULES, PARTITIONS)


class Kafka:
    """The output topics in memory: what is written under a key takes the place of what was."""

    def __init__(self):
        self.kept = {}

    def write(self, writes):
        for topic, partition, key, value, _ in writes:
            assert partition == NUMBER
            self.kept.pop((topic, key), None)
            if value is not None:
                self.kept[topic, key] = value

    def stored(self):
        # `state` is read before anything else.
        kept = sorted(self.kept.items(), key=lambda item: item[0][0] != STATE)
        return [Stored(topic, key, value) for (topic, key), value in kept]

    def restore(self, under=RULES, fingerprint=FINGERPRINT):
        return restore_partition(NUMBER, under, fingerprint, self.stored())


def fresh():
    return SourcePartition.fresh(NUMBER, RULES, FINGERPRINT)


def folded(partition, events, topic="violations", arrival_s=NOON_S):
    """Fold events as one batch that follows what was folded before. Gives the records for the quarantine."""
    first = partition.offsets.get(topic, 0)
    values = [None if event is None else raw(event) for event in events]
    offsets = range(first, first + len(values))
    return fold(Batch(partition, topic, offsets, values, [arrival_s * MICROSECOND] * len(values), lambda _: NUMBER))


def counted(partition):
    """Everything that a partition has to say."""
    ledger = partition.ledger
    return (
        ledger.books,
        {(segment, start): cell for segment, start, cell in ledger.cells()},
        ledger.coverage_cells(),
        partition.offsets,
    )


def stored(kafka):
    """What readers of the output topics see: cells and coverage by key, without revisions."""
    cells, coverage = {}, {}
    for (topic, key), value in kafka.kept.items():
        if topic == SEGMENT_COUNTS:
            cells[key] = decode_cell(value).cell()
        elif topic == SEGMENT_COVERAGE:
            coverage[key] = decode_coverage(value).cell()
    return cells, coverage


# -- stored and read back -----------------------------------------------------------------------------------

EVENTS = events().map(lambda event: (TOPIC_OF_TYPE[event["type"]], record_of(event)))
BATCHES = st.lists(
    st.tuples(
        st.lists(EVENTS | st.tuples(st.sampled_from(INPUTS), records() | st.none()), max_size=4),
        st.sampled_from(["nothing", "checkpoint", "restart", "crash"]),
    ),
    max_size=8,
)


@settings(deadline=None)
@given(BATCHES)
def test_counting_goes_on_from_any_checkpoint_as_if_it_had_never_stopped(batches):
    whole, partition, kafka = fresh(), fresh(), Kafka()
    kafka.write(partition.checkpoint())
    since = []
    for rows, then in batches:
        for topic, event in rows:
            folded(whole, [event], topic)
            folded(partition, [event], topic)
        since.append(rows)
        if then in {"checkpoint", "restart"}:
            kafka.write(partition.checkpoint())
            since = []
        if then in {"restart", "crash"}:
            partition = kafka.restore()
            # What was folded since the last checkpoint is read again.
            for again in since:
                for topic, event in again:
                    folded(partition, [event], topic)
        assert counted(partition) == counted(whole)
    kafka.write(partition.checkpoint())
    assert counted(kafka.restore()) == counted(whole)
    assert stored(kafka) == stored_at_once(whole)


def stored_at_once(partition):
    kafka = Kafka()
    kafka.write(partition.checkpoint())
    return stored(kafka)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=5), max_size=30), st.sets(st.integers(0, 29)))
def test_an_event_is_known_again_after_any_number_of_checkpoints(batches, restarts):
    partition, kafka, seen = fresh(), Kafka(), set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streams.chunks.FAN_IN", 3)
        for at, numbers in enumerate(batches):
            before = partition.ledger.books
            folded(partition, [violation(event_id=f"e{number}") for number in numbers])
            new = set(numbers) - seen
            assert partition.ledger.books.counted - before.counted == len(new)
            seen |= new
            kafka.write(partition.checkpoint())
            if at in restarts:
                partition = kafka.restore()


def test_a_checkpoint_writes_what_changed_and_itself_last():
    partition = fresh()
    folded(partition, [violation(), violation(event_id="e2"), violation(source_id="nobody")])
    folded(partition, [accident(location={"area": "Beyneu"})], "accidents")
    folded(partition, [status()], "statuses")
    first = list(partition.checkpoint())
    keys = [(topic, key.partition(b"/")[0] + b"/" if key.startswith(b"value/") else key) for topic, _, key, *_ in first]
    assert keys == [
        (SEGMENT_COUNTS, b"2|2026-11-22T07:00:00Z|R/0"),
        (SEGMENT_COUNTS, b"2|2026-11-22T07:00:00Z|unlocated:Beyneu"),
        (STATE, b"index/0"),
        (STATE, b"value/"),
        (STATE, b"segments/0"),
        (STATE, b"sources/0"),
        (STATE, b"contributions/0"),
        (STATE, CHECKPOINT_KEY),
    ]
    folded(partition, [violation(), violation(event_id="e3")])
    second = list(partition.checkpoint())
    assert [(topic, key) for topic, _, key, *_ in second] == [
        (SEGMENT_COUNTS, b"2|2026-11-22T07:00:00Z|R/0"),
        (STATE, b"index/1"),
        (STATE, CHECKPOINT_KEY),
    ]
    cell = decode_cell(second[0].value)
    assert (cell.window_end, cell.source_partition, cell.revision) == ("2026-11-22T07:05:00Z", NUMBER, Revision(1, 2))
    assert sum(cell.cell().values()) == 3
    checkpoint = decode_checkpoint(second[-1].value)
    assert checkpoint.offsets == cell.through == {"violations": 5, "accidents": 1, "statuses": 1}
    assert Books(**checkpoint.books) == Books(
        received=7, quarantined=1, duplicate=2, counted=3, unlocated=1, statuses=0
    )


def test_a_checkpoint_of_nothing_new_writes_itself_only():
    partition = fresh()
    list(partition.checkpoint())
    assert [key for _, _, key, *_ in partition.checkpoint()] == [CHECKPOINT_KEY]
    assert partition.revision == Revision(1, 2)


def test_nothing_stored_is_no_partition():
    assert Kafka().restore() is None


def test_each_partition_has_a_key_of_its_own_and_keeps_it():
    partition, kafka = fresh(), Kafka()
    kafka.write(partition.checkpoint())
    assert kafka.restore().ledger.key == partition.ledger.key != fresh().ledger.key
    assert len(partition.ledger.key) == 32


def test_what_is_deleted_later_in_the_log_is_gone():
    kafka = Kafka()
    kafka.write(fresh().checkpoint())
    stray = [Stored(STATE, b"index/0", b"\0" * 32), Stored(STATE, b"index/0", None)]
    assert restore_partition(NUMBER, RULES, FINGERPRINT, [*stray, *kafka.stored()]) is not None


# -- refused ------------------------------------------------------------------------------------------------


@pytest.fixture
def kafka():
    """A partition as it is stored after three checkpoints."""
    partition, kafka = fresh(), Kafka()
    for number in range(3):
        folded(partition, [violation(event_id=f"e{number}"), violation(source_id="cam-km", event_id=f"e{number}")])
        folded(partition, [report(source_id=f"line-{number}", location={"area": f"district {number}"})], "reports")
        folded(partition, [status(event_id=f"s{number}")], "statuses")
        kafka.write(partition.checkpoint())
    return kafka


ANOTHER_NETWORK = Network([*NETWORK.segments, Segment(segment_id="T/0", route="T", from_km=0, to_km=1)])
OTHER_RULES = [
    (replace(RULES, windows=Windows(600, AQTAU)), PARTITIONS),
    (replace(RULES, windows=Windows(300, type(AQTAU)("Asia/Almaty"))), PARTITIONS),
    (rules(network=ANOTHER_NETWORK), PARTITIONS),
    (replace(RULES, locator=Locator(NETWORK, 51.0)), PARTITIONS),
    (RULES, PARTITIONS + 1),
]


@pytest.mark.parametrize(("under", "partitions"), OTHER_RULES)
def test_other_settings_are_refused(kafka, under, partitions):
    with pytest.raises(FingerprintError, match=r"partition 2 was counted under .*use those settings again"):
        kafka.restore(under, fingerprint_of(under, partitions))


def test_the_same_settings_are_accepted(kafka):
    assert kafka.restore(rules(), fingerprint_of(rules(), PARTITIONS)).revision == Revision(1, 3)


LOST = [
    ((STATE, b"index/0"), "the index in `state` is not the one its checkpoint names"),
    ((STATE, b"index/2"), "the index in `state` is not the one its checkpoint names"),
    ((STATE, b"segments/0"), "the segments from 0 on are missing"),
    ((STATE, b"segments/4"), "the segments from 4 on are missing"),
    ((STATE, b"sources/0"), "the sources from 0 on are missing"),
    ((STATE, b"contributions/0"), "the contributions from 0 on are missing"),
    ((STATE, CHECKPOINT_KEY), "has state but no checkpoint"),
]


@pytest.mark.parametrize(("lost", "says"), LOST, ids=[key.decode() for (_, key), _ in LOST])
def test_a_part_that_is_missing_is_refused(kafka, lost, says):
    del kafka.kept[lost]
    with pytest.raises(RestoreError, match=says):
        kafka.restore()


@pytest.mark.parametrize("topic", [SEGMENT_COUNTS, SEGMENT_COVERAGE])
def test_a_cell_that_is_missing_is_refused(kafka, topic):
    del kafka.kept[next(at for at in kafka.kept if at[0] == topic)]
    with pytest.raises(RestoreError, match=rf"`{topic}` holds \d+ cells where its checkpoint counted \d+: restore"):
        kafka.restore()


def test_cells_without_state_are_refused(kafka):
    kafka.kept = {at: value for at, value in kafka.kept.items() if at[0] != STATE}
    with pytest.raises(RestoreError, match="has cells but no checkpoint"):
        kafka.restore()


def test_a_chunk_of_another_time_is_refused(kafka):
    kafka.kept[STATE, b"index/99"] = b"\0" * 32
    with pytest.raises(RestoreError, match="the index in `state`"):
        kafka.restore()


def test_a_checkpoint_older_than_its_index_is_refused(kafka):
    checkpoint = decode_checkpoint(kafka.kept[STATE, CHECKPOINT_KEY])
    kafka.kept[STATE, CHECKPOINT_KEY] = encode(msgspec.structs.replace(checkpoint, chunks=checkpoint.chunks[:-1]))
    with pytest.raises(RestoreError, match="the index in `state`"):
        kafka.restore()


# -- what is refused goes to quarantine ---------------------------------------------------------------------


def test_a_refused_record_names_its_topic_and_offset_and_the_batch_moves_on():
    partition = fresh()
    partition.offsets = {"violations": 40}
    writes = folded(
        partition, [violation(), b'{"plate": "123ABC12"', None, accident(), violation(occurred_at=after_noon(999))]
    )
    assert partition.offsets == {"violations": 45}
    assert [(write.topic, write.partition, write.key) for write in writes] == [
        (QUARANTINE, NUMBER, f"violations/2/{offset}".encode()) for offset in (41, 42, 43, 44)
    ]
    found = [decode_quarantine(write.value) for write in writes]
    assert [(record.topic, record.partition, record.offset) for record in found] == [
        ("violations", NUMBER, offset) for offset in (41, 42, 43, 44)
    ]
    assert [record.code for record in found] == ["not_json", "null_record", "wrong_topic", "future"]
    assert found[0].bytes() == b'{"plate": "***"'
    assert partition.ledger.books == Books(received=5, quarantined=4, counted=1)
