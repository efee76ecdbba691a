"""How travel agrees with roads: headings in, disagreement out."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from models.locating import UNLOCATED, Locator
from models.network import Network, Segment
from models.travel import HEADING_SPREAD_DEGREES, Travel, mismatch

NONE = math.nan
WORST = 4 / math.radians(HEADING_SPREAD_DEGREES) ** 2


def disagreement(heading, bearing, *, axis=False, direction=0, way=0):
    travel = Travel(np.array([heading]), np.array([axis]), np.array([direction], dtype=np.int8))
    turn = math.radians(bearing)
    edge = np.array([[math.sin(turn)]]), np.array([[math.cos(turn)]])
    return mismatch(travel, *edge, np.array([way], dtype=np.int8))[0, 0] / WORST


@pytest.mark.parametrize(
    ("heading", "bearing", "known", "share"),
    [
        # nothing known; a heading of 0 is one
        (NONE, 90, {}, 0),
        (NONE, 90, {"way": 1}, 0),
        (0, 90, {}, 0.5),
        (0, 0, {"way": 1}, 0),
        # two ways: either sense agrees, unless the event says its direction
        (90, 90, {}, 0),
        (270, 90, {}, 0),
        (270, 90, {"direction": 1}, 1),
        (270, 90, {"direction": -1}, 0),
        (90, 90, {"direction": -1}, 1),
        # one way
        (90, 90, {"way": 1}, 0),
        (270, 90, {"way": 1}, 1),
        (270, 90, {"way": -1}, 0),
        (90, 90, {"way": -1}, 1),
        (180, 90, {"way": 1}, 0.5),
        # the axis of a heading decides no carriageway, a direction does
        (270, 90, {"way": 1, "axis": True}, 0),
        (180, 90, {"way": 1, "axis": True}, 0.5),
        (NONE, 90, {"way": 1, "direction": -1}, 1),
        (270, 90, {"way": 1, "direction": -1}, 1),
        (270, 90, {"way": 1, "direction": -1, "axis": True}, 1),
        (NONE, 90, {"way": -1, "direction": -1}, 0),
        (NONE, 90, {"direction": -1}, 0),
    ],
)
def test_disagreement(heading, bearing, known, share):
    assert disagreement(heading, bearing, **known) == pytest.approx(share, abs=1e-12)


ANGLES = st.floats(0, 359.9)


@given(ANGLES, ANGLES, ANGLES, st.sampled_from([-1, 0, 1]), st.sampled_from([-1, 0, 1]), st.booleans())
def test_only_the_angle_between_them_matters(heading, bearing, turn, direction, way, axis):
    known = {"direction": direction, "way": way, "axis": axis}
    plain = disagreement(heading, bearing, **known)
    assert plain + 1e-12 >= 0
    assert plain <= 1 + 1e-12
    assert disagreement(heading + turn, bearing + turn, **known) == pytest.approx(plain, abs=1e-9)
    assert disagreement(heading + 180, bearing, **known | {"direction": -direction, "way": -way}) == pytest.approx(
        plain, abs=1e-9
    )


@given(st.floats(-4, 4))
def test_small_angles_count_as_their_squares(degrees):
    spreads = degrees / HEADING_SPREAD_DEGREES
    assert disagreement(90 + degrees, 90, way=1) * WORST == pytest.approx(spreads**2, rel=1e-3, abs=1e-9)


# A road that turns back on itself, its limbs 20 m apart; two posts of a route that meet at a bend.
HAIRPIN = [(51.0, 44.0), (51.01, 44.0), (51.01, 44.00018), (51.0, 44.00018)]
NETWORK = Network(
    [
        Segment(segment_id="hairpin", route="R", from_km=0, to_km=2, geometry=shapely.linestrings(HAIRPIN)),
        Segment(
            segment_id="a", route="S", from_km=0, to_km=1, geometry=shapely.linestrings([(51.1, 44.0), (51.11, 44.0)])
        ),
        Segment(
            segment_id="b", route="S", from_km=1, to_km=2, geometry=shapely.linestrings([(51.11, 44.0), (51.11, 44.01)])
        ),
    ]
)


def located(lon, lat, heading, direction=0):
    locator = Locator(NETWORK)
    travel = Travel(np.array([heading]), np.array([False]), np.array([direction], dtype=np.int8))
    found = locator.by_coordinates(np.array([lon]), np.array([lat]), travel)
    assert found.segment[0] != UNLOCATED
    return NETWORK.segments[found.segment[0]].segment_id, round(float(found.km[0]), 2)


@pytest.mark.parametrize(
    ("lon", "lat", "heading", "direction", "found"),
    [
        (51.005, 44.00007, NONE, 1, ("hairpin", 0.49)),
        (51.005, 44.00007, 90.0, 1, ("hairpin", 0.49)),
        (51.005, 44.00007, 270.0, 1, ("hairpin", 1.51)),
        (51.005, 44.00007, 270.0, -1, ("hairpin", 0.49)),
        # a limb out of reach does not hide the one within it
        (51.005, 43.9996, 270.0, 1, ("hairpin", 0.49)),
        # the end of one post is the beginning of the next, however one comes to it
        (51.1101, 43.9999, 90.0, 0, ("b", 1.0)),
        (51.1101, 43.9999, 0.0, 0, ("b", 1.0)),
        (51.1101, 43.9999, NONE, 0, ("b", 1.0)),
    ],
)
def test_the_limb_and_the_post(lon, lat, heading, direction, found):
    assert located(lon, lat, heading, direction) == found
