"""The columns of answers: what each takes in, what filters it knows, and what the public does not see."""

from __future__ import annotations

import pytest

from models.cells import figure_columns, figures
from models.figures import chosen, figures_of, masks
from models.fleet import DEFAULT_FLEET, DEFAULT_FLEET_KINDS
from models.measures import Dimensions

ALL = figures_of(DEFAULT_FLEET, merged=False)
CELL = {
    Dimensions("violations", fleet="fixed_camera", offence="592.2"): 3,
    Dimensions("violations", fleet="drone", offence="592.3", direction="forward"): 2,
    Dimensions("violations_section", fleet="fixed_camera", offence="592.2"): 1,
    Dimensions("accidents", kind="animal", severity="fatal"): 1,
    Dimensions("accidents", kind="collision", severity="injury"): 2,
    Dimensions("dead", kind="animal"): 4,
    Dimensions("injured", kind="collision"): 5,
    Dimensions("reports", kind="traffic", channel="egov"): 6,
    Dimensions("accidents_unofficial", kind="other", severity="damage"): 1,
    Dimensions("test_events"): 9,
}


def summed(columns, filters):
    bits = masks(CELL, columns, filters)
    return {
        figure.name: sum(n for n, mask in zip(CELL.values(), bits, strict=True) if mask >> at & 1)
        for at, figure in enumerate(columns)
    }


def test_they_are_the_columns_of_count():
    found = summed(ALL, {})
    wide = figures(CELL, DEFAULT_FLEET_KINDS)
    assert {name: found[name] for name in wide} == wide
    assert tuple(figure.name for figure in ALL)[: len(wide)] == figure_columns(DEFAULT_FLEET_KINDS)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"fleet": {"drone"}}, {"violations": 2, "violations_drone": 2, "violations_fixed_camera": 0}),
        ({"offence": {"592.2"}}, {"violations": 3, "violations_section": 1}),
        ({"kind": {"animal"}}, {"accidents": 1, "dead": 4, "injured": 0}),
        ({"severity": {"injury"}}, {"accidents": 2, "accidents_fatal": 0}),
        ({"channel": {"egov"}, "category": {"traffic", "other"}}, {"reports": 6}),
        ({"category": {"road_defect"}}, {"reports": 0}),
    ],
)
def test_filters(filters, expected):
    columns = chosen(ALL, filters)
    found = summed(columns, {name: frozenset(values) for name, values in filters.items()})
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("filters", "left_out"),
    [
        (["fleet"], {"accidents", "dead", "reports", "test_events"}),
        (["severity"], {"dead", "injured", "violations"}),
        (["kind"], {"reports", "violations"}),
        (["fleet", "channel"], {"accidents", "violations", "reports"}),
    ],
)
def test_a_figure_that_does_not_know_a_filter_is_left_out(filters, left_out):
    kept = {figure.name for figure in chosen(ALL, filters)}
    assert not kept & left_out
    assert {"watched_s", "passages"} <= kept


def test_the_public_sees_the_mobile_kinds_as_one():
    columns = figures_of(DEFAULT_FLEET, merged=True)
    assert [figure.name for figure in columns if figure.name.startswith(("violations_", "watched_s_"))] == [
        *("violations_fixed_camera", "violations_mobile", "violations_section"),
        *("watched_s_fixed_camera", "watched_s_mobile"),
    ]  # fmt: skip
    found = summed(columns, {})
    assert (found["violations"], found["violations_fixed_camera"], found["violations_mobile"]) == (5, 3, 2)


def test_every_column_fits_into_a_mask():
    assert len(ALL) < 63
    assert len({figure.name for figure in ALL}) == len(ALL)
    assert {figure.unseen for figure in ALL} - {None} <= {figure.name for figure in ALL}
