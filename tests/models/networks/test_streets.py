"""Edges in, streets and junctions out. Nodes are named by numbers, placed on a grid of about 110 m."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.networks.streets import Edge, build_streets

LAT_STEP, LON_STEP = 0.001, 0.00138
METRES = 111.1


def place(node):
    """Node 34 lies 3 steps north and 4 east."""
    return 51 + LON_STEP * (node % 10), 43.6 + LAT_STEP * (node // 10)


def edge(*nodes, way=1, oneway=False, **said):
    """A street through these nodes, of which the first and the last are its ends."""
    lonlat = np.array([place(node) for node in nodes])
    return Edge(nodes[0], nodes[-1], way, lonlat, oneway, said.pop("highway", "residential"), **said)


def ids(edges, **options):
    segments, _ = build_streets(edges, **options)
    return [segment.segment_id for segment in segments]


def junctions(edges, **options):
    return build_streets(edges, **options)[1]


CROSS = [edge(11, 12), edge(12, 13), edge(2, 12), edge(12, 22)]


def test_streets_run_between_junctions():
    segments, found = build_streets(CROSS)
    assert [s.segment_id for s in segments] == ["street/2-12", "street/11-12", "street/12-13", "street/12-22"]
    assert {(s.route == s.segment_id, s.from_km, s.to_km, s.direction) for s in segments} == {
        (True, 0.0, 0.111, "both")
    }
    assert [(j.segment_id, j.lon, j.lat, j.radius_m) for j in found] == [("junction/12", *place(12), 25.0)]


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        # what merely goes on is one street, whatever its ways and the direction they were drawn in
        ([edge(1, 2, way=5), edge(3, 2, way=7), edge(3, 4)], ["street/1-4"]),
        # ... but not where its name, its class, its limit or its direction changes
        ([edge(1, 2), edge(2, 3, name="Abay")], ["street/1-2", "street/2-3"]),
        ([edge(1, 2), edge(2, 3, limit_kmh=40)], ["street/1-2", "street/2-3"]),
        ([edge(1, 2), edge(2, 3, oneway=True)], ["street/1-2", "street/2-3"]),
        ([edge(1, 2, oneway=True), edge(3, 2, oneway=True)], ["street/1-2", "street/3-2"]),
        ([edge(3, 2, oneway=True), edge(2, 1, oneway=True)], ["street/3-1"]),
        # a two-way street comes once in each direction, as OSMnx writes it
        ([edge(1, 2), edge(2, 1)], ["street/1-2"]),
        # the two carriageways of one street are two
        (
            [edge(1, 2, way=5, oneway=True), edge(2, 1, way=6, oneway=True), edge(1, 11), edge(2, 12)],
            ["street/1-2", "street/1-11", "street/2-1", "street/2-12"],
        ),
        # two streets between the same two junctions are told apart by their ways
        (
            [edge(1, 2, way=5), edge(1, 11, 2, way=6), edge(1, 3), edge(2, 4)],
            ["street/1-2/5", "street/1-2/6", "street/1-3", "street/2-4"],
        ),
        (
            [edge(1, 2, way=5), edge(1, 11, 2, way=5), edge(1, 3), edge(2, 4)],
            ["street/1-2/5.1", "street/1-2/5.2", "street/1-3", "street/2-4"],
        ),
        # a ring, and a loop at the end of a street
        ([edge(1, 2), edge(2, 12), edge(12, 1)], ["street/1-1"]),
        ([edge(1, 2), edge(2, 3, 13, 2)], ["street/1-2", "street/2-2"]),
        ([], []),
    ],
)
def test_ids(edges, expected):
    assert ids(edges) == expected
    assert ids(edges[::-1]) == expected


def test_a_line_is_drawn_in_the_order_of_its_id():
    (segment,) = build_streets([edge(3, 2), edge(2, 1)])[0]
    assert segment.segment_id == "street/1-3"
    assert list(segment.geometry.coords) == [place(1), place(2), place(3)]
    (oneway,) = build_streets([edge(3, 2, oneway=True), edge(2, 1, oneway=True)])[0]
    assert list(oneway.geometry.coords) == [place(3), place(2), place(1)]
    assert oneway.direction == "forward"


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(rng):
    named = [edge(22, 23, name="A"), edge(23, 24, name="A")]
    edges = [*CROSS, edge(13, 14), edge(14, 24, oneway=True), *named, edge(24, 25)]
    expected = build_streets(edges)
    rng.shuffle(edges)
    turned = [e if e.oneway or rng.random() < 0.5 else e._replace(u=e.v, v=e.u, lonlat=e.lonlat[::-1]) for e in edges]
    assert build_streets(turned) == expected


def test_an_edit_elsewhere_changes_no_id():
    grid = [edge(n, n + 1) for n in range(30) if n % 10 != 9] + [edge(n, n + 10) for n in range(20)]
    before = set(ids(grid))
    # A street is cut at a new junction: only the street itself gets other ids.
    after = set(ids([*(e for e in grid if (e.u, e.v) != (14, 15)), edge(14, 99), edge(99, 15), edge(99, 98)]))
    assert before - after == {"street/14-15"}
    assert after - before == {"street/14-99", "street/15-99", "street/98-99"}


def test_nodes_of_one_crossroads_are_one_junction():
    """Two dual carriageways that cross: four nodes within 20 m of each other."""
    near = 20 / METRES

    def at(east, north):
        return 51 + LON_STEP * east, 43.6 + LAT_STEP * north

    where = {
        1: at(0, 0), 2: at(near, 0), 3: at(0, near), 4: at(near, near),
        11: at(-1, 0), 12: at(2, 0), 13: at(0, -1), 14: at(near, 2), 15: at(-1, near), 16: at(2, near),
    }  # fmt: skip

    def street(u, v, name):
        return Edge(u, v, u * 100 + v, np.array([where[u], where[v]]), oneway=False, highway="primary", name=name)

    edges = [
        street(1, 2, "Abay"), street(3, 4, "Abay"), street(1, 3, "Satpayev"), street(2, 4, "Satpayev"),
        street(11, 1, "Abay"), street(2, 12, "Abay"), street(13, 1, "Satpayev"), street(4, 14, "Satpayev"),
        street(15, 3, "Abay"), street(4, 16, "Abay"),
    ]  # fmt: skip
    (found,) = junctions(edges)
    assert (found.segment_id, found.name) == ("junction/1", "Abay × Satpayev")
    assert (found.lon, found.lat) == pytest.approx(at(near / 2, near / 2), abs=1e-6)
    assert found.radius_m == pytest.approx(25 + 20 / 2**0.5, abs=0.5)
    apart = junctions(edges, radius_m=15)
    assert [junction.segment_id for junction in apart] == ["junction/1", "junction/2", "junction/3", "junction/4"]


def test_streets_of_a_route_make_junctions_but_no_segments():
    highway = [edge(11, 12, ref="KAZ11; E40"), edge(12, 13, ref="KAZ11")]
    side = edge(12, 22)
    assert ids([*highway, side], without_refs={"KAZ11"}) == ["street/12-22"]
    assert [j.segment_id for j in junctions([*highway, side], without_refs={"KAZ11"})] == ["junction/12"]


def test_what_is_said_of_a_street():
    said = {"name": "Абай", "name_kk": "Абай даңғылы", "name_ru": "Абая", "name_en": "Abay", "limit_kmh": 60.0}
    (segment,) = build_streets([edge(1, 2, highway="secondary", **said)])[0]
    assert {name: getattr(segment, name) for name in said} == said
    assert segment.road_class == "district"


def test_a_street_of_no_length_has_a_metre():
    nothing = Edge(1, 2, 5, np.array([(51.0, 43.0), (51.0, 43.0)]), oneway=False, highway="residential")
    (segment,) = build_streets([nothing])[0]
    assert (segment.from_km, segment.to_km) == (0.0, 0.001)


def test_thousands_of_streets_have_an_id_each():
    rng = random.Random(7)
    nodes = list(range(100))
    edges = [edge(u, v, way=n) for n, (u, v) in enumerate(rng.sample(nodes, 2) for _ in range(2_000))]
    segments, _ = build_streets(edges)
    assert len({segment.segment_id for segment in segments}) == len(segments)
