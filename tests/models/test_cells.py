"""Cells are sums: merging knows no order, and the figures of a sum are the sum of figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cells import EMPTY, cell_of, figure_columns, figures, merge
from models.measures import Dimensions

FLEET = ("fixed_camera", "drone")

DIMENSIONS = st.builds(
    Dimensions,
    measure=st.sampled_from(["accidents", "violations", "violations_section", "dead", "reports", "test_events", "x"]),
    fleet=st.sampled_from(["", "fixed_camera", "drone", "bus"]),
    kind=st.sampled_from(["", "animal", "other"]),
    severity=st.sampled_from(["", "fatal", "injury", "damage"]),
)
CELLS = st.dictionaries(DIMENSIONS, st.integers(-3, 3).filter(bool), max_size=5)


@given(CELLS)
def test_nothing_added_changes_nothing(cell):
    assert merge([cell]) == merge([cell, EMPTY]) == merge([EMPTY, cell]) == cell


@given(CELLS, CELLS, CELLS)
def test_merging_knows_no_order(a, b, c):
    assert merge([a, b, c]) == merge([merge([a, b]), c]) == merge([c, merge([b, a])])


@given(CELLS)
def test_what_cancels_vanishes(cell):
    assert merge([cell, {dimensions: -n for dimensions, n in cell.items()}]) == merge([]) == EMPTY


@given(st.lists(CELLS))
def test_figures_of_a_sum_are_the_sum_of_figures(cells):
    apart = [figures(cell, FLEET) for cell in cells]
    assert figures(merge(cells), FLEET) == {
        column: sum(row[column] for row in apart) for column in figure_columns(FLEET)
    }


@given(st.lists(st.dictionaries(DIMENSIONS, st.integers(1, 3), max_size=3)))
def test_a_cell_is_the_sum_of_what_events_contribute(cells):
    assert cell_of(tuple(cell.items()) for cell in cells) == merge(cells)


def test_the_columns_and_their_order():
    assert figure_columns(("fixed_camera", "bus_recorder")) == (
        *("accidents", "accidents_fatal", "accidents_injury", "dead", "injured", "animal_accidents"),
        *("violations", "violations_fixed_camera", "violations_bus_recorder", "violations_section"),
        *("reports", "accidents_unofficial", "test_events"),
    )


ROWS = [
    ({}, {}),
    ({Dimensions("an_unknown_measure"): 5}, {}),
    ({Dimensions("injured_squared"): 9, Dimensions("reports_open"): 1}, {}),
    ({Dimensions("violations"): 2}, {"violations": 2}),
    ({Dimensions("violations", fleet="bus"): 2}, {"violations": 2}),
    ({Dimensions("violations", fleet="drone", offence="592.2"): 2}, {"violations": 2, "violations_drone": 2}),
    (
        {Dimensions("violations", fleet="drone"): 1, Dimensions("violations_section", fleet="drone"): 1},
        {"violations": 1, "violations_drone": 1, "violations_section": 1},
    ),
    ({Dimensions("accidents", kind="other", severity="damage"): 1}, {"accidents": 1}),
    (
        {Dimensions("accidents", kind="animal", severity="injury"): 2, Dimensions("injured", kind="animal"): 3},
        {"accidents": 2, "accidents_injury": 2, "animal_accidents": 2, "injured": 3},
    ),
    (
        {Dimensions("accidents", severity="fatal"): 1, Dimensions("dead", kind="animal"): 2},
        {"accidents": 1, "accidents_fatal": 1, "dead": 2},
    ),
    ({Dimensions("accidents_unofficial", kind="animal", severity="fatal"): 1}, {"accidents_unofficial": 1}),
    ({Dimensions("test_events"): 7, Dimensions("reports", kind="traffic"): 1}, {"test_events": 7, "reports": 1}),
]


@pytest.mark.parametrize(("cell", "row"), ROWS)
def test_figures(cell, row):
    assert figures(cell, FLEET) == dict.fromkeys(figure_columns(FLEET), 0) | row
    assert tuple(figures(cell, FLEET)) == figure_columns(FLEET)
