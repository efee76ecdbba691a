"""Matching: a town and a highway drawn in metres, and vehicles whose ways through them are known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.locating import UNLOCATED
from models.network import Network, Segment
from models.tracks.graph import build_graph
from models.tracks.matching import match
from models.tracks.routes import Routes
from models.tracks.runs import Fixes

# A plane about 44 degrees north, where a degree is so many metres (WGS 84).
EAST_M, NORTH_M = 80_206.2, 111_109.0
SPEED_M_S = 15


def lonlat(east_m, north_m):
    return 51 + np.asarray(east_m) / EAST_M, 44 + np.asarray(north_m) / NORTH_M


def road(segment_id, *places, direction="both"):
    line = shapely.linestrings(np.column_stack(lonlat(*zip(*places, strict=True))))
    return Segment(segment_id=segment_id, route=segment_id, from_km=0, to_km=1, direction=direction, geometry=line)


# Streets every 200 m, each block a segment; a highway of two carriageways, 15 m apart, crosses above the town on a
# bridge, without a junction; a track ends at the middle of a carriageway.
BLOCK = 200
TOWN = [
    *(road(f"ew{x}{y}", (x * BLOCK, y * BLOCK), (x * BLOCK + BLOCK, y * BLOCK)) for x in range(4) for y in range(5)),
    *(road(f"ns{x}{y}", (x * BLOCK, y * BLOCK), (x * BLOCK, y * BLOCK + BLOCK)) for x in range(5) for y in range(4)),
    road("east", (-3000, 300), (500, 300), (3000, 300), direction="forward"),
    road("west", (3000, 315), (-3000, 315), direction="forward"),
    road("against", (-3000, -500), (3000, -500), direction="backward"),
    road("spur", (500, 300), (500, 50)),
    road("far", (20_000, 0), (25_000, 0)),
]
NETWORK = Network(TOWN)
GRAPH = build_graph(NETWORK)
ROUTES = Routes(GRAPH)


def drive(*places, every_s=5, noise_m=0.0, seed=1, heading=False):
    """Fixes of a vehicle that drives straight from place to place at SPEED_M_S: rows (time, east, north, heading)."""
    rng = np.random.default_rng(seed)
    rows, clock, due = [], 0.0, 0.0
    for (x0, y0), (x1, y1) in pairwise(places):
        took = math.hypot(x1 - x0, y1 - y0) / SPEED_M_S
        while due < clock + took:
            share = (due - clock) / took
            towards = math.degrees(math.atan2(x1 - x0, y1 - y0)) % 360 if heading else math.nan
            rows.append((due, x0 + share * (x1 - x0), y0 + share * (y1 - y0), towards))
            due += every_s
        clock += took
    rows.append((clock, *places[-1], rows[-1][3]))
    noise = rng.normal(0, noise_m, (len(rows), 2)) if noise_m else np.zeros((len(rows), 2))
    return [(t, x + dx, y + dy, h) for (t, x, y, h), (dx, dy) in zip(rows, noise, strict=True)]


def matched(rows, network=NETWORK, tolerance_m=50):
    graph, routes = (GRAPH, ROUTES) if network is NETWORK else (build_graph(network), None)
    times, x, y, heading = np.array(rows, dtype=float).reshape(-1, 4).T
    fixes = Fixes(times, *lonlat(x, y), heading)
    found = match(fixes, graph, routes or Routes(graph), tolerance_m)
    ids = [None if number == UNLOCATED else network.segments[number].segment_id for number in found.segment.tolist()]
    driven = {network.segments[number].segment_id: metres for number, metres in found.driven_m.items()}
    return ids, driven, found


def in_a_row(ids):
    return [name for at, name in enumerate(ids) if at == 0 or ids[at - 1] != name]


def at(seconds, east, north=0, heading=math.nan):
    return (seconds, east, north, heading)


ROUNDABOUT = [(20, 0), (400, 0), (400, 400), (790, 400)]
ON_IT = ["ew00", "ew10", "ns20", "ns21", "ew22", "ew32"]


HOSTILE = [
    # what, fixes, segments in a row, metres driven
    ("none", [], [], {}),
    ("off any road", [at(0, 0, -200), at(10, 0, 9000)], [None], {}),
    ("one", [at(0, 100, 4)], ["ew00"], {}),
    ("one at the pole, one on the other side of the Earth", [at(0, 0, 46 * NORTH_M), at(5, -180 * EAST_M)], [None], {}),
    ("one twice", [at(0, 100), at(0, 100)], ["ew00"], {}),
    ("every one twice", [row for row in drive((20, 0), (160, 0)) for _ in (1, 2)], ["ew00"], {"ew00": 140}),
    ("parked: nothing is driven", [at(s, 100 + s % 13, s % 7) for s in range(0, 3600, 10)], ["ew00"], {}),
    ("out and back on one street", drive((20, 0), (170, 0), (20, 0)), ["ew00"], {"ew00": 300}),
    ("a jump to another road", [*drive((20, 0), (90, 0)), at(6, 22_000), at(8, 110), at(12, 150)],
     ["ew00", None, "ew00"], {"ew00": 130}),
    ("the first one jumps", [at(-1, 22_000), *drive((20, 0), (150, 0))], [None, "ew00"], {"ew00": 130}),
    ("the last one jumps", [*drive((20, 0), (150, 0)), at(10, 22_000)], ["ew00", None], {"ew00": 130}),
    ("two that contradict each other", [at(0, 100), at(1, 22_000)], ["ew00", "far"], {}),
    ("a field beside the road", [at(0, 20), at(10, 60), at(20, 100, -90), at(30, 190)], ["ew00", None, "ew00"],
     {"ew00": 170}),
    ("silence", [at(0, 20), at(10, 100), at(200, 420), at(210, 500)], ["ew00", "ew20"], {"ew00": 80, "ew20": 80}),
    ("silence that is bridged", [at(0, 20), at(10, 100), at(170, 420), at(180, 500)], ["ew00", "ew20"],
     {"ew00": 180, "ew10": 200, "ew20": 100}),
    ("no way leads there", [at(0, -1000, 300), at(10, -800, 300), at(60, -800, -500), at(70, -900, -500)],
     ["east", "against"], {"east": 200, "against": 100}),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "segments", "driven"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_hostile_tracks(rows, segments, driven):
    ids, metres, found = matched(rows)
    assert in_a_row(ids) == segments
    assert {name: pytest.approx(m, abs=3) for name, m in driven.items()} == {n: m for n, m in metres.items() if m > 3}
    for number, km, distance_m in zip(found.segment, found.km, found.distance_m, strict=True):
        assert (number == UNLOCATED) == math.isnan(km) == math.isnan(distance_m)


@pytest.mark.parametrize("every_s", [1, 5, 10, 20])
@pytest.mark.parametrize("noise_m", [0, 5, 10])
def test_a_way_through_a_town(every_s, noise_m):
    ids, driven, _ = matched(drive(*ROUNDABOUT, every_s=every_s, noise_m=noise_m))
    # At a corner a noisy fix may as well lie on the street that the vehicle did not take.
    assert sum(name in ON_IT for name in ids) >= (0.9 if noise_m else 1) * len(ids)
    assert {name: driven.get(name, 0) for name in ON_IT} == {
        name: pytest.approx(BLOCK if 0 < at < 5 else BLOCK - 15, abs=6 + 3 * noise_m) for at, name in enumerate(ON_IT)
    }
    assert sum(driven.values()) == pytest.approx(1170, abs=1 + 3 * noise_m)


@pytest.mark.parametrize("every_s", [1, 10])
@pytest.mark.parametrize("noise_m", [5, 20])
def test_an_hour_at_the_kerb_drives_no_metre(every_s, noise_m):
    noise = np.random.default_rng(7).normal(0, noise_m, (3600 // every_s, 2))
    parked = [at(600 + number * every_s, 100 + dx, dy) for number, (dx, dy) in enumerate(noise.tolist())]
    ids, driven, _ = matched(parked)
    assert (driven, ids.count("ew00") >= 0.95 * len(ids)) == ({}, True)
    came_and_went = [at(590, 10), *parked, at(4220, 180), at(4230, 330)]
    _, driven, _ = matched(came_and_went)
    assert driven == {"ew00": pytest.approx(190, abs=1), "ew10": pytest.approx(130, abs=1)}


PARALLEL = [
    # the way, with heading, the carriageway it is on
    (((-2000, 300), (2000, 300)), "east"),
    (((2000, 315), (-2000, 315)), "west"),
    (((2000, -500), (-2000, -500)), "against"),
]


@pytest.mark.parametrize("heading", [False, True])
@pytest.mark.parametrize(("way", "carriageway"), PARALLEL)
def test_a_carriageway_is_driven_one_way_and_bridges_are_no_junctions(way, carriageway, heading):
    ids, driven, _ = matched(drive(*way, every_s=10, noise_m=10, heading=heading))
    # The first and the last fix have nobody beside them; those above the town have streets within reach.
    assert ids.count(carriageway) >= 0.9 * len(ids)
    assert driven[carriageway] == pytest.approx(4000, rel=0.05)


def test_a_heading_of_zero_is_north():
    crossing = [road("ns", (0, -100), (0, 100)), road("ew", (-100, 0), (100, 0))]
    network = Network(crossing)
    assert matched([at(0, 6, 8)], network)[0] == ["ns"]
    assert [matched([at(0, 8, 6, heading)], network)[0] for heading in (math.nan, 0.0, 90.0, 180.0, 270.0)] == [
        ["ew"], ["ns"], ["ew"], ["ns"], ["ew"]
    ]  # fmt: skip


def test_one_way_roads_are_told_apart_by_heading_alone():
    assert [matched([at(0, 1000, 307.4, heading)])[0] for heading in (90.0, 270.0)] == [["east"], ["west"]]
    assert [matched([at(0, 1000, -490, heading)])[0] for heading in (90.0, 270.0)] == [["against"], ["against"]]


def test_a_road_may_end_at_the_middle_of_another():
    ids, driven, _ = matched(drive((100, 300), (500, 300), (500, 60)))
    assert in_a_row(ids) == ["east", "spur"]
    assert driven == {"east": pytest.approx(400, abs=3), "spur": pytest.approx(240, abs=3)}


def test_a_one_way_road_is_not_driven_the_other_way():
    ids, driven, _ = matched(drive((-2000, -500), (2000, -500)))
    assert (set(ids), driven) == ({"against"}, {})


def test_a_fix_that_falls_back_on_a_one_way_road_drives_no_round():
    block = [
        road("one way", (0, 0), (400, 0), direction="forward"),
        road("round", (400, 0), (400, 200), (0, 200), (0, 0)),
    ]
    rows = [at(0, 100), at(20, 160, 15), at(40, 136, -15), at(60, 200)]
    assert matched(rows, Network(block))[1] == {"one way": pytest.approx(60 + 64, abs=1)}


def test_a_fork_is_not_taken_for_two_fixes():
    fork = [
        road("on", (0, 0), (200, 0)),
        road("straight", (200, 0), (900, 0)),
        road("off", (200, 0), (240, -20), (900, -60)),
    ]
    rows = [at(0, 100), at(10, 180), at(20, 260, -14), at(30, 320, -18), at(40, 400), at(50, 500)]
    ids, driven, _ = matched(rows, Network(fork))
    assert (in_a_row(ids), ids.count("on")) == (["on", "straight"], 2)
    assert driven == {"on": pytest.approx(100, abs=1), "straight": pytest.approx(300, abs=1)}
    assert [matched([row], Network(fork))[0] for row in rows[2:4]] == [["off"], ["off"]]


def test_a_hairpin_is_followed_along_both_of_its_sides():
    hairpin = road("hairpin", (0, 0), (300, 0), (600, 0), (610, 10), (600, 20), (300, 20), (0, 20))
    rows = drive((10, 0), (600, 0), (610, 10), (600, 20), (10, 20))
    # Two fixes are nearer to the side that the vehicle is not on.
    rows[2], rows[-3] = (*rows[2][:2], 13, math.nan), (*rows[-3][:2], 7, math.nan)
    _, driven, found = matched(rows, Network([hairpin]))
    assert driven == {"hairpin": pytest.approx(1208, abs=5)}
    assert (np.diff(found.km) > 0).all()


def test_where_two_segments_meet_the_next_one_begins():
    halves = [road("a", (0, 0), (100, 0)), road("b", (100, 0), (100, 100))]
    assert matched([at(0, 110, -10)], Network(halves))[0] == ["b"]


def test_a_network_without_lines_places_nothing():
    ids, driven, _ = matched([at(0, 0), at(10, 100)], Network([Segment(segment_id="t", route="T", from_km=0, to_km=1)]))
    assert (ids, driven) == ([None, None], {})


PLACES = st.tuples(
    st.integers(0, 400), st.integers(-60, 900), st.integers(-60, 900), st.sampled_from([math.nan, 0, 95])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PLACES, max_size=25).map(sorted))
def test_whatever_comes_each_place_is_on_its_segment(rows):
    ids, driven, found = matched(rows)
    located = found.segment != UNLOCATED
    assert len(ids) == len(rows)
    assert ((found.km[located] >= 0) & (found.km[located] <= 1) & (found.distance_m[located] <= 50)).all()
    # Nobody drives farther than the fastest could.
    elapsed_s = rows[-1][0] - rows[0][0] if rows else 0
    assert sum(driven.values()) <= 70 * elapsed_s + 100 * len(rows)
    again = matched(rows)
    assert (again[0], again[1]) == (ids, driven)
