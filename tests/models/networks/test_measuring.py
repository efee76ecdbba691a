"""Lines on the ground: lengths against a geodesic table, and cuts that join again without a gap."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.networks.measuring import GroundLine, distance_m

# One degree on WGS 84, from tables of the ellipsoid: along the equator, and of latitude around 43.5° and 0.5°.
DEGREES = [
    ([(50, 0), (51, 0)], 111_319.49),
    ([(51, 43), (51, 44)], 111_100.6),
    ([(51, 0), (51, 1)], 110_574.4),
    ([(51, 60), (52, 60)], 55_800.1),
]

PLACES = st.lists(
    st.tuples(st.floats(50, 51).map(lambda v: round(v, 4)), st.floats(43, 44).map(lambda v: round(v, 4))),
    min_size=2,
    max_size=12,
    unique=True,
)


@pytest.mark.parametrize(("lonlat", "length_m"), DEGREES)
def test_a_degree_is_as_long_as_tables_say(lonlat, length_m):
    assert GroundLine(np.array(lonlat, dtype=float)).length_m == pytest.approx(length_m, rel=2e-5)


def test_a_line_to_the_pole_has_a_length():
    assert np.isfinite(GroundLine(np.array([(0.0, 88.0), (0.0, 90.0)])).length_m)


@settings(max_examples=50, deadline=None)
@given(PLACES)
def test_a_line_is_as_long_in_both_directions(places):
    line = GroundLine(np.array(places))
    assert line.reversed().length_m == pytest.approx(line.length_m)


@settings(max_examples=50, deadline=None)
@given(PLACES, st.lists(st.floats(0, 1), max_size=5))
def test_pieces_join_and_are_as_long_as_the_whole(places, shares):
    line = GroundLine(np.array(places))
    cuts = [0.0, *sorted(share * line.length_m for share in shares), line.length_m]
    pieces = [line.cut(a, b) for a, b in itertools.pairwise(cuts)]
    assert all(len(piece) >= 2 for piece in pieces)
    assert all((a[-1] == b[0]).all() for a, b in itertools.pairwise(pieces))
    # Each end is rounded to a centimetre.
    assert sum(GroundLine(piece).length_m for piece in pieces) == pytest.approx(line.length_m, abs=0.05 * len(places))


@settings(max_examples=50, deadline=None)
@given(PLACES, st.floats(0, 1))
def test_a_place_of_a_line_is_nearest_to_itself(places, share):
    line = GroundLine(np.array(places))
    lon, lat = line.places(np.array([share * line.length_m]))[0]
    assert line.nearest(lon, lat).offset_m == pytest.approx(0, abs=0.1)


def test_nearest():
    line = GroundLine(np.array([(51.0, 43.0), (51.0, 43.01), (51.01, 43.01)]))
    first_m = line.metres[1]
    assert line.nearest(51.001, 43.005) == pytest.approx((first_m / 2, 81.5), abs=0.1)
    assert line.nearest(50.9, 42.9) == pytest.approx((0.0, 13_780), rel=1e-3)
    assert line.nearest(51.02, 43.01).along_m == pytest.approx(line.length_m)


def test_distances():
    a, b = np.array([(51.0, 43.0), (51.0, 43.0)]), np.array([(51.0, 43.0), (51.0, 43.001)])
    assert distance_m(a, b) == pytest.approx([0, 111.1], abs=0.05)
