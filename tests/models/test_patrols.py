"""What moving devices watch: one segment at a time, whatever the order in which their fixes come."""

from __future__ import annotations

import json

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.cells import CellKey
from models.coverage import Coverage, Watcher
from models.latest import LatestCoverage
from models.ledger import Ledger
from models.network import Network, Segment
from models.patrols import LONGEST_WATCH_S, Patrol, Watch, mobile_kinds
from models.records import decode_coverage
from models.tables import coverage_table
from models.topics import SEGMENT_COVERAGE, STATE
from models.windows import Windows
from streams.partition import SourcePartition, Stored, fingerprint_of, restore_partition
from tests.rows import AQTAU, NOON_S, OFF_THE_ROAD, ON_R0, ON_R10, REGISTRY, after_noon, raw, rules, status

RULES = rules()
CAR = Watcher("oracle_car", "car-1")
HOUR = 3600
IDS = str


def seconds_of(fixes):
    """The rule by itself, second by second: the first fix after a second has it, where it speaks for it."""
    watched = {}
    for second in range(max((end for _, _, end in fixes), default=0)):
        later = [fix for fix in fixes if fix[2] > second]
        first = [fix for fix in later if fix[2] == min(end for _, _, end in later)]
        if first and min(start for _, start, _ in first) <= second:
            watched[second] = min((segment for segment, _, _ in first), key=IDS)
    return watched


def told_of(patrol):
    watches = list(patrol)
    told = {second: segment for segment, start, end in watches for second in range(start, end)}
    assert len(told) == sum(end - start for _, start, end in watches)
    return told


FIXES = st.lists(
    st.tuples(st.integers(7, 12), st.integers(0, 40), st.integers(1, 20)).map(lambda f: Watch(f[0], f[1], f[1] + f[2])),
    max_size=14,
)


@given(FIXES, st.randoms())
def test_a_second_belongs_to_the_first_fix_after_it_in_any_order(fixes, random):
    patrol = Patrol()
    for fix in random.sample(fixes * 2, 2 * len(fixes)):
        before = told_of(patrol)
        changed = patrol.add(fix, IDS)
        after = told_of(patrol)
        moved = {second for second in before.keys() | after.keys() if before.get(second) != after.get(second)}
        assert {each[second] for each in (before, after) for second in moved if second in each} <= changed
    assert told_of(patrol) == seconds_of(fixes)


@given(FIXES, FIXES)
def test_a_restored_patrol_goes_on_as_if_nothing_had_been(before, after):
    patrol, restored = Patrol(), Patrol()
    for fix in before:
        patrol.add(fix, IDS)
    for segment in {watch.segment for watch in patrol}:
        restored.restore([watch for watch in patrol if watch.segment == segment])
    for fix in after:
        patrol.add(fix, IDS)
        restored.add(fix, IDS)
    assert list(restored) == list(patrol)


def fix(end, location=ON_R0, begin=None, event_id=None, **changes):
    """A status of car-1, `end` seconds after NOON, that speaks for the ten seconds before."""
    changes = {"source_id": "car-1", "location": location, "event_id": event_id or f"s{end}-{location}"[:64], **changes}
    return status(occurred_at=after_noon(end), period_start=after_noon(end - 10 if begin is None else begin), **changes)


def watched(*statuses, with_rules=RULES):
    """Seconds watched by the car, by segment and hour after NOON."""
    ledger = Ledger(with_rules)
    ledger.fold([raw(each) for each in statuses])
    return told(ledger.coverage_cells())


def told(cells):
    found = {(key.segment_id, (key.window_start - NOON_S) // HOUR): c.watched_s_by_fleet() for key, c in cells.items()}
    return {key: seconds["oracle_car"] for key, seconds in found.items() if seconds}


WATCHED = [
    # who is not there, on no road, or only tried out, watches nothing
    ([fix(10, state="off")], {}),
    ([fix(10, location=OFF_THE_ROAD)], {}),
    ([fix(10, location=None)], {}),
    ([fix(10, location={"area": "Beyneu"})], {}),
    ([fix(10, mode="test")], {}),
    ([fix(10, source_id="drone-1")], {}),
    ([fix(10, begin=10)], {}),
    # one who is
    ([fix(10)], {("R/0", 0): 10}),
    ([fix(10), fix(10)], {("R/0", 0): 10}),
    ([fix(10), fix(20), fix(30, ON_R10)], {("R/0", 0): 20, ("R/10", 0): 10}),
    ([fix(10, {"route": "R", "km": 25})], {("R/20", 0): 10}),
    ([fix(10, {**OFF_THE_ROAD, "route": "S", "km": 1})], {("S/0", 0): 10}),
    ([fix(10, {**ON_R10, "route": "S", "km": 1})], {("R/10", 0): 10}),
    # silence
    ([fix(10), fix(500, ON_R10)], {("R/0", 0): 10, ("R/10", 0): 10}),
    ([fix(10), fix(HOUR - 1, ON_R10, begin=10)], {("R/0", 0): 10, ("R/10", 0): LONGEST_WATCH_S}),
    # periods that overlap: nobody is on two roads at once
    ([fix(10, begin=-60), fix(20, ON_R10, begin=-50), fix(30, begin=-40)],
     {("R/0", -1): 60, ("R/0", 0): 20, ("R/10", 0): 10}),
    ([fix(60, begin=0), fix(30, ON_R10)], {("R/0", 0): 30, ("R/10", 0): 10}),
    ([fix(30, ON_R10), fix(60, begin=0)], {("R/0", 0): 30, ("R/10", 0): 10}),
    ([fix(10, ON_R10), fix(10, ON_R0)], {("R/0", 0): 10}),
    ([fix(10, ON_R0), fix(10, ON_R10)], {("R/0", 0): 10}),
    # over the end of an hour
    ([fix(HOUR + 4, begin=HOUR - 6)], {("R/0", 0): 6, ("R/0", 1): 4}),
    ([fix(HOUR + 4, begin=HOUR - 6), fix(HOUR - 2, ON_R10)], {("R/0", 0): 2, ("R/0", 1): 4, ("R/10", 0): 10}),
]  # fmt: skip


@pytest.mark.parametrize(("statuses", "found"), WATCHED)
def test_a_car_watches_the_segment_it_is_on(statuses, found):
    assert watched(*statuses) == found


def test_a_late_fix_changes_the_cells_of_its_followers_segment_too():
    ledger = Ledger(RULES)
    ledger.fold([raw(fix(60, begin=0))])
    assert [segment for segment, *_ in ledger.take_coverage()] == ["R/0"]
    ledger.fold([raw(fix(30, ON_R10))])
    assert told({CellKey(segment, hour): cell for segment, hour, cell in ledger.take_coverage()}) == {
        ("R/0", 0): 30, ("R/10", 0): 10
    }  # fmt: skip
    ledger.fold([raw(fix(30, ON_R10)), raw(fix(30, ON_R10, event_id="the same again"))])
    assert list(ledger.take_coverage()) == []


def test_its_heading_decides_the_carriageway():
    lines = {"out": ((51.0, 44.0), (51.1, 44.0)), "back": ((51.1, 44.0001), (51.0, 44.0001))}
    network = Network(
        Segment(
            segment_id=name, route=name, from_km=0, to_km=8, direction="forward", geometry=shapely.linestrings(line)
        )
        for name, line in lines.items()
    )
    between = {"lon": 51.05, "lat": 44.00004}
    for heading, carriageway in ((90, "out"), (270, "back"), (None, "out")):
        assert watched(fix(10, {**between, "heading": heading}), with_rules=rules(network=network)) == {
            (carriageway, 0): 10
        }


def test_passages_that_a_moving_device_saw_lie_on_its_segment_too():
    ledger = Ledger(RULES)
    ledger.fold([raw(fix(10, passages=4)), raw(fix(20, ON_R10, passages=2))])
    assert {key.segment_id: cell.passages for key, cell in ledger.coverage_cells().items()} == {"R/0": 4, "R/10": 2}


def test_only_kinds_that_move_have_fixes():
    assert mobile_kinds(REGISTRY) == {"oracle_car", "drone"}
    assert mobile_kinds(None) == frozenset()
    on_another_road = status(location=ON_R10, occurred_at=after_noon(10), period_start=after_noon(0))
    ledger = Ledger(RULES)
    ledger.fold([raw(on_another_road)])
    assert set(ledger.coverage_cells()) == {CellKey("R/0", NOON_S)}


ROADS = (ON_R0, ON_R10, OFF_THE_ROAD)
SHIFT = [fix(at, ROADS[at // 70 % 3], begin=at - 25) for at in range(HOUR - 150, HOUR + 150, 10)]


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(len(SHIFT))), st.sets(st.integers(1, 2 * len(SHIFT) - 1), max_size=5))
def test_late_uploads_twice_over_restarts_are_as_if_in_order(order, restarts):
    """The stream, restored from what it stored at some points, against files in one go and in order."""
    stored: list[Stored] = []
    kept: dict[tuple[str, bytes], bytes | None] = {}
    fingerprint = fingerprint_of(RULES, 1)
    partition = SourcePartition.fresh(0, RULES, fingerprint)
    reader = LatestCoverage()
    sent = [SHIFT[at] for at in order] + SHIFT
    for number, each in enumerate(sent):
        partition.ledger.fold([raw(each)], "statuses", [(NOON_S + 2 * HOUR) * 1_000_000])
        if number in restarts or number == len(sent) - 1:
            for write in partition.checkpoint():
                kept[write.topic, write.key] = write.value
                if write.topic == SEGMENT_COVERAGE:
                    reader.read(decode_coverage(write.value))
            stored = [Stored(topic, key, value) for (topic, key), value in kept.items()]
            stored.sort(key=lambda record: record.topic != STATE)
            partition = restore_partition(0, RULES, fingerprint, stored)
    expected = watched(*SHIFT)
    assert 200 < sum(expected.values()) <= 325
    assert told(reader.cells()) == told(partition.ledger.coverage_cells()) == expected


def test_the_table_has_it_in_the_column_of_its_kind():
    ledger = Ledger(RULES)
    ledger.fold([raw(fix(10)), raw(status(occurred_at=after_noon(60), period_start=after_noon(0)))])
    table = coverage_table(ledger.coverage_cells(), ["fixed_camera", "oracle_car"])
    assert list(table.rows) == [("R/0", NOON_S, 60, 10, 0)]


def test_a_record_of_before_there_were_patrols_can_be_read():
    row = {"segment_id": "R/0", "hour_start": "2026-11-22T07:00:00Z", "source_partition": 0, "revision": [1, 1]}
    record = decode_coverage(json.dumps({**row, "watched_s": {}, "passages": 3, "spans": []}).encode())
    assert (record.cell().patrols, record.cell().passages) == ({}, 3)


def test_of_many_fixes_each_takes_eight_bytes():
    hours = Windows(HOUR, AQTAU)
    coverage = Coverage(hours)
    for at in range(10, 24 * HOUR, 10):
        coverage.patrol(at // 600, CAR, NOON_S + at - 10, NOON_S + at, IDS)
    held = sum(
        patrol._fixes.itemsize * len(patrol._fixes) for own in coverage._patrols.values() for patrol in own.values()
    )
    assert held == 8 * (24 * 360 - 1)
    assert sum(cell.watched_s_by_fleet()["oracle_car"] for *_, cell in coverage) == 24 * HOUR - 10
