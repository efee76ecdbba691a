"""Watch time: spans behave like the sets of seconds that they stand for."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.coverage import CoverageCell, Watcher, add_span, watched_s

SPANS = st.lists(st.tuples(st.integers(0, 30), st.integers(-2, 8)).map(lambda at: (at[0], at[0] + at[1])), max_size=12)

CAM = Watcher("fixed_camera", "cam-1")
CAR = Watcher("oracle_car", "car-1")
SAME_CAR = Watcher("drone", "car-1")

ROWS = [
    # spans so far, one more, spans then, news?
    ([], (5, 5), [], False),
    ([], (5, 4), [], False),
    ([(0, 10)], (3, 3), [(0, 10)], False),
    ([(0, 10)], (0, 10), [(0, 10)], False),
    ([(0, 10)], (2, 8), [(0, 10)], False),
    ([], (5, 6), [(5, 6)], True),
    ([(0, 10)], (10, 11), [(0, 11)], True),
    ([(5, 10)], (0, 5), [(0, 10)], True),
    ([(0, 10)], (11, 12), [(0, 10), (11, 12)], True),
    ([(5, 10)], (0, 4), [(0, 4), (5, 10)], True),
    ([(0, 1), (2, 3), (4, 5)], (1, 4), [(0, 5)], True),
    ([(0, 1), (3, 4), (6, 7)], (2, 5), [(0, 1), (2, 5), (6, 7)], True),
    ([(0, 1), (3, 4)], (-5, 9), [(-5, 9)], True),
]


@pytest.mark.parametrize(("spans", "span", "then", "news"), ROWS)
def test_a_span_joins_the_others(spans, span, then, news):
    joined = list(spans)
    assert (add_span(joined, *span), joined) == (news, then)


@given(SPANS)
def test_spans_are_the_set_of_their_seconds(added):
    spans, seconds = [], set()
    for start, end in added:
        before = len(seconds)
        seconds.update(range(start, end))
        assert add_span(spans, start, end) == (len(seconds) > before)
    assert {second for start, end in spans for second in range(start, end)} == seconds
    assert watched_s(spans) == len(seconds)
    # in order, and none touches the next
    assert all(one[1] < other[0] for one, other in pairwise(spans))


@given(SPANS, st.randoms())
def test_any_order_gives_the_same_spans(added, random):
    spans, again = [], []
    for start, end in added:
        add_span(spans, start, end)
    for start, end in random.sample(added * 2, len(added) * 2):
        add_span(again, start, end)
    assert again == spans


def watched(*rows, passages=0):
    cell = CoverageCell(passages=passages)
    for watcher, start, end in rows:
        cell.watch(watcher, start, end)
    return cell


def test_devices_of_one_kind_add_up_even_where_they_watch_at_once():
    cell = watched((CAM, 0, 60), (Watcher("fixed_camera", "cam-2"), 0, 60), (CAR, 0, 60), (CAR, 30, 90))
    assert cell.watched_s_by_fleet() == {"fixed_camera": 120, "oracle_car": 90}


def test_source_partitions_add_up():
    cell = watched((CAM, 0, 60), (CAR, 0, 10), passages=3)
    cell.merge(watched((CAM, 50, 100), (SAME_CAR, 0, 10), passages=4))
    assert cell == watched((CAM, 0, 100), (CAR, 0, 10), (SAME_CAR, 0, 10), passages=7)
    cell.merge(CoverageCell())
    assert cell.passages == 7
