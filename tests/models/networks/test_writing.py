"""Bytes of a network file: the same for the same network, and read back as what they were made of."""

from __future__ import annotations

import json

import shapely

from models.network import Junction, Network, Segment
from models.network_file import read_network
from models.networks.writing import network_bytes

SEGMENTS = [
    Segment(segment_id="b", route="R", from_km=1, to_km=2.5, name="Абай", limit_kmh=60, km_uncertainty_m=17),
    Segment(segment_id="a", route="R", from_km=0, to_km=1, geometry=shapely.from_wkt("LINESTRING (51 43, 51.01 43)")),
    Segment(
        segment_id="c",
        route="Q",
        from_km=0.0,
        to_km=1.0,
        direction="forward",
        geometry=shapely.from_wkt("MULTILINESTRING ((51 43, 51.01 43), (52 43, 52.01 43))"),
    ),
]
JUNCTIONS = [Junction(segment_id="junction/2", lon=51.5, lat=43.5, radius_m=30), Junction(segment_id="j", lon=0, lat=1)]


def test_it_is_read_back_as_it_was(tmp_path):
    network = Network(SEGMENTS, JUNCTIONS)
    path = tmp_path / "net.geojson"
    path.write_bytes(network_bytes(network))
    read = read_network(path)
    assert (read.segments, read.junctions, read.digest) == (network.segments, network.junctions, network.digest)


def test_the_same_network_gives_the_same_bytes():
    assert network_bytes(Network(SEGMENTS[::-1], JUNCTIONS[::-1])) == network_bytes(Network(SEGMENTS, JUNCTIONS))


def test_one_feature_a_line_and_nothing_that_is_not_said():
    lines = network_bytes(Network(SEGMENTS, JUNCTIONS), "© somebody").decode().splitlines()
    assert lines[0] == '{"type":"FeatureCollection","attribution":"© somebody","features":['
    assert len(lines) == 1 + 5 + 1
    assert json.loads(lines[2].rstrip(","))["properties"] == {
        "segment_id": "b", "route": "R", "from_km": 1, "to_km": 2.5, "direction": "both", "name": "Абай",
        "limit_kmh": 60, "km_uncertainty_m": 17,
    }  # fmt: skip
    assert '"from_km":1,' in lines[2]


def test_an_empty_network_is_a_file_as_well(tmp_path):
    path = tmp_path / "net.geojson"
    path.write_bytes(network_bytes(Network([])))
    assert len(read_network(path)) == 0
