"""A reader of cells: the highest revision holds, in any order and however often it is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.cells import CellKey, merge
from models.coverage import CoverageCell, Watcher
from models.latest import LatestCells, LatestCoverage
from models.measures import Dimensions
from models.records import CellRecord, CoverageRecord, Revision, figures_of, rfc3339, spans_of
from tests.rows import NOON_S

MEASURES = [Dimensions("accidents"), Dimensions("violations", fleet="drone")]
CAM = Watcher("fixed_camera", "cam-1")

# One state per cell, source partition and revision: that is what a worker promises.
PLACES = st.tuples(st.sampled_from(["R/0", "R/10"]), st.sampled_from([NOON_S, NOON_S + 300]), st.integers(0, 2))
STATES = st.dictionaries(
    st.tuples(PLACES, st.builds(Revision, st.integers(1, 2), st.integers(0, 4))),
    st.dictionaries(st.sampled_from(MEASURES), st.integers(1, 9)),
    max_size=12,
)


def cell_record(segment_id, start, partition, revision, figures):
    return CellRecord(
        segment_id=segment_id,
        window_start=rfc3339(start),
        window_end=rfc3339(start + 300),
        source_partition=partition,
        revision=revision,
        through={},
        network="",
        corrected=False,
        figures=figures_of(figures),
    )


def coverage_record(segment_id, hour, partition, revision, cell):
    return CoverageRecord(
        segment_id=segment_id,
        hour_start=rfc3339(hour),
        source_partition=partition,
        revision=revision,
        watched_s={},
        passages=cell.passages,
        spans=spans_of(cell.spans),
    )


def latest(states):
    """The state with the highest revision of each cell and source partition."""
    return {place: state for (place, _), state in sorted(states.items(), key=lambda row: row[0][1])}


@given(STATES, st.randoms(), st.integers(1, 3))
def test_the_highest_revision_holds_and_partitions_add_up(states, random, times):
    records = [cell_record(*place, revision, figures) for (place, revision), figures in states.items()] * times
    random.shuffle(records)
    reader = LatestCells()
    for record in records:
        reader.read(record)
    expected = {}
    for (segment_id, start, _), figures in latest(states).items():
        expected.setdefault(CellKey(segment_id, start), []).append(figures)
    assert reader.cells() == {key: merge(parts) for key, parts in expected.items()}
    assert len(reader) == len(expected)
    for _, start in expected:
        assert reader.window_end(start) == start + 300


def test_a_record_is_news_once():
    reader = LatestCells()
    old, new, recount = (
        cell_record("R/0", NOON_S, 0, Revision(*revision), {MEASURES[0]: 1}) for revision in [(1, 9), (1, 10), (2, 1)]
    )
    assert [reader.read(record) for record in (new, new, old, recount, new)] == [True, False, False, True, False]


def test_an_emptied_cell_takes_its_figures_back():
    reader = LatestCells()
    reader.read(cell_record("R/0", NOON_S, 0, Revision(1, 1), {MEASURES[0]: 1}))
    reader.read(cell_record("R/0", NOON_S, 0, Revision(1, 2), {}))
    assert reader.cells() == {CellKey("R/0", NOON_S): {}}


WATCHED = st.builds(
    CoverageCell, st.dictionaries(st.just(CAM), st.just([(0, 60)]) | st.just([(30, 90)])), st.integers(0, 9)
)


@given(st.dictionaries(st.tuples(PLACES, st.builds(Revision, st.just(1), st.integers(0, 4))), WATCHED), st.randoms())
def test_coverage_too(states, random):
    records = [coverage_record(*place, revision, cell) for (place, revision), cell in states.items()] * 2
    random.shuffle(records)
    reader = LatestCoverage()
    for record in records:
        reader.read(record)
    expected = {}
    for (segment_id, hour, _), cell in latest(states).items():
        expected.setdefault(CellKey(segment_id, hour), CoverageCell()).merge(cell)
    assert reader.cells() == expected
    # Reading the sums does not change the parts.
    assert reader.cells() == expected


def test_a_device_that_two_partitions_tell_of_is_counted_once_per_second():
    reader = LatestCoverage()
    reader.read(coverage_record("R/0", 0, 0, Revision(1, 1), CoverageCell({CAM: [(0, 60)]}, 2)))
    reader.read(coverage_record("R/0", 0, 1, Revision(1, 1), CoverageCell({CAM: [(30, 90)]}, 3)))
    assert reader.cells() == {CellKey("R/0", 0): CoverageCell({CAM: [(0, 90)]}, 5)}
