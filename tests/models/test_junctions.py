"""Accidents around crossroads: which junction each belongs to. Places are metres east and north of the first one."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from models.junctions import NO_JUNCTION, Junctions
from models.network import Junction, Network, Segment

LON, LAT = 51.15, 43.65
EAST, NORTH = 1 / 80_650, 1 / 111_113


def place(east_m, north_m):
    return LON + east_m * EAST, LAT + north_m * NORTH


def junction(name, east_m, north_m, radius_m=25.0):
    lon, lat = place(east_m, north_m)
    return Junction(segment_id=f"junction/{name}", lon=lon, lat=lat, radius_m=radius_m)


ROAD = shapely.linestrings([place(-200, 0), place(200, 0)])
NETWORK = Network(
    [
        Segment(segment_id="road", route="R", from_km=0, to_km=0.4, geometry=ROAD),
        Segment(segment_id="table", route="T", from_km=0, to_km=1),
    ],
    [junction("a", 0, 0), junction("b", 60, 0, radius_m=40.0), junction("c", 0, 300)],
)
JUNCTIONS = Junctions(NETWORK, tolerance_m=50)

ROWS = [
    # (east_m, north_m), marked, the junction, metres to its centre
    ((0, 0), False, "a", 0),
    ((24, 0), False, "b", 36),  # b reaches it as well, from 36 m: but a is nearer
    ((0, 24), False, "a", 24),
    ((0, 26), False, None, np.nan),
    ((0, 26), True, "a", 26),
    ((0, 74), True, "a", 74),
    ((0, 76), True, None, np.nan),
    ((99, 0), False, "b", 39),
    ((30, 0), False, "b", 30),
    ((-30, 0), False, None, np.nan),
    ((0, 160), True, None, np.nan),
    ((5_000_000, 0), True, None, np.nan),
]
ROWS[1] = ((24, 0), False, "a", 24)


def test_claims():
    lon, lat = np.array([place(*row[0]) for row in ROWS]).T
    claims = JUNCTIONS.claim(lon, lat, np.array([row[1] for row in ROWS]))
    names = [None if at == NO_JUNCTION else NETWORK.junctions[at].segment_id[-1] for at in claims.junction]
    assert names == [row[2] for row in ROWS]
    assert claims.distance_m == pytest.approx([row[3] for row in ROWS], abs=0.1, nan_ok=True)


def test_coordinates_that_are_none_belong_to_no_junction():
    lon = np.array([np.nan, np.inf, 181, LON, LON, 0, -180])
    lat = np.array([LAT, LAT, LAT, np.nan, 90, -90, 86])
    assert (JUNCTIONS.claim(lon, lat, np.ones(7, dtype=bool)).junction == NO_JUNCTION).all()


def test_of_two_as_near_the_lesser_id_has_it():
    twins = Junctions(Network([], [junction("z", 10, 0), junction("y", -10, 0)]), 50)
    assert twins.claim(np.array([LON]), np.array([LAT]), np.array([False])).junction.tolist() == [0]


def test_a_network_without_junctions():
    none = Junctions(Network(NETWORK.segments), 50)
    assert none.claim(np.array([LON]), np.array([LAT]), np.array([True])).junction.tolist() == [NO_JUNCTION]
    assert none.claim_stated(0, 0.2) == NO_JUNCTION


@pytest.mark.parametrize(
    ("segment_id", "km", "expected"),
    [("road", 0.2, "a"), ("road", 0.27, "b"), ("road", 0.05, None), ("road", 0.0, None), ("table", 0.2, None)],
)
def test_marked_accidents_that_say_only_their_kilometre(segment_id, km, expected):
    found = JUNCTIONS.claim_stated(NETWORK.index_of(segment_id), km)
    assert (None if found == NO_JUNCTION else NETWORK.junctions[found].segment_id[-1]) == expected
