"""Shortest ways: those of a graph drawn at random are the ones that trying all of them gives."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.network import Network, Segment
from models.tracks.graph import build_graph
from models.tracks.routes import Routes

PLACES = [(51 + x / 1000, 44 + y / 1000) for x in range(3) for y in range(3)]
STREETS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 8), st.sampled_from(["both", "forward", "backward"])),
    min_size=1,
    max_size=14,
)


def graph_of(streets):
    segments = [
        Segment(
            segment_id=str(number),
            route="R",
            from_km=0,
            to_km=1,
            direction=direction,
            geometry=shapely.linestrings([PLACES[tail], PLACES[head]]),
        )
        for number, (tail, head, direction) in enumerate(streets)
    ]
    return build_graph(Network(segments))


def by_trying_all(graph):
    """Metres between all nodes (Floyd and Warshall)."""
    metres = np.full((graph.nodes, graph.nodes), np.inf)
    np.fill_diagonal(metres, 0)
    for edge, length_m in enumerate(graph.length_m):
        tail, head = graph.tail[edge], graph.head[edge]
        if graph.forward[edge]:
            metres[tail, head] = min(metres[tail, head], length_m)
        if graph.backward[edge]:
            metres[head, tail] = min(metres[head, tail], length_m)
    for over in range(graph.nodes):
        metres = np.minimum(metres, metres[:, [over]] + metres[[over]])
    return metres


@settings(max_examples=60, deadline=None)
@given(STREETS, st.lists(st.integers(0, 1_000), min_size=1, max_size=4))
def test_shortest_ways(streets, limits_m):
    graph = graph_of(streets)
    all_m, routes, nodes = by_trying_all(graph), Routes(graph), np.arange(graph.nodes)
    # What was searched for before with another limit changes nothing.
    for limit_m in limits_m:
        found = routes.distances_m(nodes, nodes, limit_m)
        assert found == pytest.approx(np.where(all_m <= limit_m, all_m, np.inf))
        for source, target in zip(*np.nonzero(np.isfinite(found)), strict=True):
            edges = routes.edges_between(source, target, limit_m)
            assert graph.length_m[edges].sum() == pytest.approx(all_m[source, target])


def test_edges_join_where_segments_meet_and_nowhere_else():
    lines = {
        "main": [(51.0, 44.0), (51.001, 44.0), (51.002, 44.0)],  # 80 m from vertex to vertex
        "ends at its vertex": [(51.001, 44.0), (51.001, 44.001)],
        "ends beside its vertices": [(51.0015, 44.0), (51.0015, 43.999)],
        "crosses it": [(51.0005, 43.9995), (51.0005, 44.0005)],
    }
    graph = build_graph(
        Network(
            Segment(segment_id=name, route="R", from_km=0, to_km=1, geometry=shapely.linestrings(line))
            for name, line in lines.items()
        )
    )
    names = [graph.network.segments[number].segment_id for number in graph.segment]
    assert sorted(names) == sorted(["main", *lines])
    routes, nodes = Routes(graph), np.arange(graph.nodes)
    ends = {name: graph.tail[names.index(name)] for name in lines} | {"main": graph.tail[names.index("main")]}
    metres = routes.distances_m(nodes, nodes, 10_000)
    joined = {name: bool(np.isfinite(metres[ends["main"], node])) for name, node in ends.items()}
    assert joined == {"main": True, "ends at its vertex": True, "ends beside its vertices": False, "crosses it": False}


def test_the_parts_of_a_segment_lie_one_behind_the_other():
    two = shapely.multilinestrings([
        shapely.linestrings([(51.0, 44.0), (51.001, 44.0)]),
        shapely.linestrings([(51.01, 44.0), (51.012, 44.0)]),
    ])  # fmt: skip
    graph = build_graph(Network([Segment(segment_id="s", route="R", from_km=10, to_km=13, geometry=two)]))
    assert graph.start_m == pytest.approx([0, 80.2], abs=0.1)
    half_m = graph.length_m / 2
    assert graph.km(np.array([0, 1]), half_m) == pytest.approx([10.5, 12.0])
    assert graph.bearing(np.array([0, 1]), half_m) == pytest.approx([90, 90])
