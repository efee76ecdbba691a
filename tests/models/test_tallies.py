"""Cells in their compact form are the cells that a dictionary would hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.cells import merge
from models.measures import Dimensions
from models.tallies import Tallies

CONTRIBUTIONS = st.lists(
    st.tuples(st.builds(Dimensions, st.sampled_from(["accidents", "dead", "violations"])), st.integers(1, 3)),
    max_size=3,
).map(tuple)
# Window starts of the years 1899 and 2200 fit as well.
STARTS = st.sampled_from([-2_208_988_800, -300, 0, 300, 7_258_118_400])
ADDED = st.lists(
    st.tuples(st.integers(0, 3) | st.just(2**32 - 1), STARTS, CONTRIBUTIONS, st.integers(-2, 3)), max_size=20
)


def found(cells):
    return {(segment, start): cell for segment, start, cell, *_ in cells}


@given(ADDED)
def test_cells_are_the_sums_of_what_was_added(added):
    tallies, model = Tallies(), {}
    for segment, start, contribution, times in added:
        tallies.add(segment, start, contribution, times)
        for dimensions, n in contribution:
            model.setdefault((segment, start), []).append({dimensions: n * times})
        model.setdefault((segment, start), [])
    assert found(tallies) == {key: merge(parts) for key, parts in model.items()}
    assert len(tallies) == len(model)


@given(ADDED, ADDED)
def test_what_changed_is_told_once(before, after):
    tallies = Tallies()
    for row in before:
        tallies.add(*row)
    assert tallies.changed == len({row[:2] for row in before})
    assert found(tallies.take_changed()) == found(tallies)
    assert tallies.changed == 0
    for row in after:
        tallies.add(*row)
    assert found(tallies.take_changed()).keys() == {row[:2] for row in after}
    assert list(tallies.take_changed()) == []


@given(ADDED, ADDED)
def test_counting_goes_on_from_what_was_stored(before, after):
    whole, stored, resumed = Tallies(), Tallies(), Tallies()
    for row in before:
        whole.add(*row)
        stored.add(*row)
    for segment, start, cell in stored:
        resumed.restore(segment, start, [(*dimensions, n) for dimensions, n in cell.items()])
    assert resumed.changed == 0
    for row in after:
        whole.add(*row)
        resumed.add(*row)
    assert found(resumed) == found(whole)


def test_an_emptied_cell_is_still_there_to_be_told_as_empty():
    tallies = Tallies()
    tallies.add(1, 0, ((Dimensions("accidents"), 1),))
    tallies.add(1, 0, ((Dimensions("accidents"), 1),), times=-1)
    assert list(tallies.take_changed()) == [(1, 0, {}, False)]
