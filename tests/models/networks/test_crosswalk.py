"""Two networks in, shared metres out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.network import Network, Segment
from models.networks.crosswalk import crosswalk
from models.networks.measuring import GroundLine

LAT, EAST_M = 43.0, 0.0000122693  # a metre in degrees of longitude at this latitude


def road(segment_id, from_m, to_m, north_m=0.0, **said):
    """A segment of a road that leads straight east, `north_m` beside it."""
    lat = LAT + north_m / 111_100
    line = shapely.linestrings([(51 + from_m * EAST_M, lat), (51 + to_m * EAST_M, lat)])
    said = {"route": "R", "from_km": from_m / 1000, "to_km": to_m / 1000, "geometry": line} | said
    return Segment(segment_id=segment_id, **said)


def table(segment_id, from_km, to_km, **said):
    return Segment(**{"segment_id": segment_id, "route": "R", "from_km": from_km, "to_km": to_km} | said)


def across(segment_id, at_m):
    lon = 51 + at_m * EAST_M
    line = shapely.linestrings([(lon, LAT - 0.001), (lon, LAT + 0.001)])
    return Segment(segment_id=segment_id, route=segment_id, from_km=0, to_km=0.2, geometry=line)


ROWS = [
    ("the same", [road("a", 0, 1000)], [road("a", 0, 1000)], [("a", "a", 1000)]),
    ("renamed", [road("a", 0, 1000)], [road("b", 0, 1000)], [("a", "b", 1000)]),
    ("cut", [road("a", 0, 1000)], [road("b", 0, 400), road("c", 400, 1000)], [("a", "b", 400), ("a", "c", 600)]),
    ("joined", [road("b", 0, 400), road("c", 400, 1000)], [road("a", 0, 1000)], [("b", "a", 400), ("c", "a", 600)]),
    ("redrawn", [road("a", 0, 1000)], [road("a", 0, 1000, north_m=12)], [("a", "a", 1000)]),
    ("moved away", [road("a", 0, 1000)], [road("a", 0, 1000, north_m=60)], [("a", "", 1000), ("", "a", 1000)]),
    ("within reach", [road("a", 0, 500)], [road("a", 0, 500, north_m=19.8)], [("a", "a", 500)]),
    ("just out of it", [road("a", 0, 500)], [road("a", 0, 500, north_m=20.2)], [("a", "", 500), ("", "a", 500)]),
    ("longer", [road("a", 0, 500)], [road("a", 0, 800)], [("a", "a", 500), ("", "a", 300)]),
    ("crossed", [road("a", 0, 1000)], [road("a", 0, 1000), across("x", 500)], [("a", "a", 1000), ("", "x", 222)]),
    ("only crossed", [road("a", 0, 1000)], [across("x", 500)], [("a", "", 1000), ("", "x", 222)]),
    (
        "two carriageways",
        [road("f", 0, 500), road("b", 0, 500, north_m=15)],
        [road("f2", 0, 500, north_m=3), road("b2", 0, 500, north_m=13)],
        [("b", "b2", 500), ("f", "f2", 500)],
    ),
    ("emptied", [road("a", 0, 1000)], [], [("a", "", 1000)]),
    ("nothing", [], [], []),
    # without geometry the kilometres of the route decide
    (
        "by km",
        [table("a", 0, 2)],
        [table("b", 0, 0.5), table("c", 0.5, 3)],
        [("a", "b", 500), ("a", "c", 1500), ("", "c", 1000)],
    ),
    ("the narrower", [table("a", 0, 2)], [table("b", 0, 2), table("c", 0, 0.5)], [("a", "b", 1500), ("a", "c", 500)]),
    ("another route", [table("a", 0, 2)], [table("a", 0, 2, route="Q")], [("a", "", 2000), ("", "a", 2000)]),
    ("drawn now", [table("a", 0, 1)], [road("a", 0, 1000)], [("a", "a", 1000)]),
    ("drawn no more", [road("a", 0, 1000)], [table("a", 0, 1)], [("a", "a", 1000)]),
    (
        "carriageways by km",
        [table("a", 0, 1, direction="forward")],
        [table("f", 0, 1, direction="forward"), table("b", 0, 1, direction="backward")],
        [("a", "f", 1000), ("", "b", 1000)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_shares(old, new, expected):
    found = crosswalk(Network(old), Network(new))
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    # Pieces of 5 m are given as a whole.
    assert [row.shared_m for row in found] == pytest.approx([row[2] for row in expected], abs=3.5, rel=0.001)


def test_reach_is_asked_for():
    old, new = Network([road("a", 0, 1000)]), Network([road("b", 0, 1000, north_m=60)])
    assert [row[:2] for row in crosswalk(old, new, reach_m=100)] == [("a", "b")]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 99), max_size=6, unique=True), st.lists(st.integers(1, 99), max_size=6, unique=True))
def test_shares_of_a_segment_add_up_to_its_length(old_cuts, new_cuts):
    def cut(name, cuts):
        ends = [0, *(10 * at for at in sorted(cuts)), 1000]
        return [road(f"{name}{a}", a, b) for a, b in itertools.pairwise(ends)]

    old, new = Network(cut("o", old_cuts)), Network(cut("n", new_cuts))
    total = dict.fromkeys((s.segment_id for s in old.segments), 0.0)
    for row in crosswalk(old, new):
        total[row.old_segment] += row.shared_m
    for segment in old.segments:
        length_m = GroundLine(np.array(segment.geometry.coords)).length_m
        assert total[segment.segment_id] == pytest.approx(length_m, abs=0.1 * len(new))
