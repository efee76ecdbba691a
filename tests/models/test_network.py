"""What a network file may hold, and the one line that says why another is refused."""

from __future__ import annotations

import json
import random

import pytest
import shapely

from models.errors import NetworkFileError
from models.network import Junction, Network, Segment
from models.network_file import read_network

LINE = {"type": "LineString", "coordinates": [[51.2, 43.6], [51.3, 43.7]]}
REQUIRED = {"segment_id": "KAZ11/383", "route": "KAZ11", "from_km": 383, "to_km": 384.5}


def feature(geometry=LINE, **properties):
    return {"type": "Feature", "properties": {**REQUIRED, **properties}, "geometry": geometry}


def without(name):
    own = feature()
    del own["properties"][name]
    return own


def collection(*features, **members):
    return {"type": "FeatureCollection", "features": list(features), **members}


def line(*positions, kind="LineString"):
    return feature({"type": kind, "coordinates": list(positions)})


def point(lonlat=(51.2, 43.6), **properties):
    own = {"segment_id": "junction/1"} | properties
    return {"type": "Feature", "properties": own, "geometry": {"type": "Point", "coordinates": list(lonlat)}}


def crs(name):
    return {"type": "name", "properties": {"name": name}}


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "net.geojson"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return read_network(path)

    return read


HOSTILE = [
    (b"", "is not JSON"),
    (b"{", "is not JSON"),
    (b"\xff\xfe{}", "is not JSON"),
    (b'{"type": NaN}', "is not JSON"),
    (b'{"type": 1e999}', "is not JSON"),
    (b"[" * 100_000, "is nested too deeply"),
    ([], "type: must be"),
    ({"type": "Feature"}, "type: must be"),
    ({"type": "FeatureCollection"}, "features: must be an array"),
    ({"type": "FeatureCollection", "features": {}}, "features: must be an array"),
    (collection(crs=crs("urn:ogc:def:crs:EPSG::3857")), "crs: 'urn:ogc:def:crs:EPSG::3857' is not WGS 84"),
    (collection(crs="EPSG:4326"), "crs: 'its value' is not WGS 84"),
    (collection(feature(), 7), "feature 1: feature: must be an object"),
    (collection({}), "feature 0: type: is missing"),
    (collection({"type": "Feature", "properties": None, "geometry": None}), "properties: must be an object"),
    (collection({"type": "Feature", "properties": REQUIRED}), r"\('KAZ11/383'\): geometry: is missing"),
    (collection(without("segment_id")), "feature 0: segment_id: is missing"),
    (collection(without("route")), r"feature 0 \('KAZ11/383'\): route: is missing"),
    (collection(without("from_km")), "from_km: is missing"),
    (collection(without("to_km")), "to_km: is missing"),
    (collection(feature(segment_id=383)), r"feature 0 \(383\): segment_id: must be a valid string"),
    (collection(feature(segment_id="")), "segment_id: "),
    (collection(feature(segment_id="x" * 129)), "segment_id: "),
    (collection(feature(segment_id="a\nb")), "segment_id: has characters that cannot be printed"),
    (collection(feature(segment_id="unlocated")), "segment_id: is a reserved word"),
    (collection(feature(segment_id="unlocated:Beyneu")), "segment_id: is a reserved word"),
    (collection(feature(segment_id="section:7")), "segment_id: is a reserved word"),
    (collection(feature(), feature()), r"feature 1 \('KAZ11/383'\): segment_id: feature 0 has the same"),
    (collection(feature(route=None)), "route: must be a valid string"),
    (collection(feature(from_km="383")), "from_km: must be a valid number"),
    (collection(feature(from_km=True)), "from_km: must be a valid number"),
    (collection(feature(from_km=10**400)), "from_km: must be a valid number"),
    (collection(feature(from_km=384.5)), "from_km: 384.5 must be less than to_km, 384.5"),
    (collection(feature(direction="up")), "direction: must be 'both', 'forward' or 'backward'"),
    (collection(feature(road_class="motorway")), "road_class: must be 'republican', 'regional'"),
    (collection(feature(area="")), "area: must be 'town' or 'highway'"),
    (collection(feature(name=5)), "name: must be a valid string"),
    (collection(feature(limit_kmh=0)), "limit_kmh: must be greater than 0"),
    (collection(feature([])), "geometry: must be an object"),
    (collection(feature({"coordinates": []})), "geometry: has no type"),
    (collection(point(radius_m=0)), r"\('junction/1'\): radius_m: must be greater than 0"),
    (collection(point(radius_m="25")), "radius_m: must be a valid number"),
    (collection(point(radius_m=25_000)), "radius_m: must be less than or equal to 1000"),
    (collection(point(segment_id="unlocated")), "segment_id: is a reserved word"),
    (collection(point(segment_id=None)), "segment_id: must be a valid string"),
    (collection(point(area="sea")), "area: must be 'town' or 'highway'"),
    (collection(point([51.2])), "geometry.coordinates: must have at least 2 items"),
    (collection(point([151.2, 143.6])), r"geometry: \[151.2, 143.6\] is not a longitude and a latitude"),
    (collection(point(), point()), r"feature 1 \('junction/1'\): segment_id: feature 0 has the same"),
    (collection(feature(), point(segment_id="KAZ11/383")), "segment_id: feature 0 has the same"),
    (collection(feature(km_uncertainty_m=-1)), "km_uncertainty_m: must be greater than or equal to 0"),
    (collection(line(1, 2, kind="Polygon")), "geometry: .*'Polygon'.*'LineString', 'MultiLineString'"),
    (collection(line()), "geometry.coordinates: must have at least 2 items, not 0"),
    (collection(line([1, 2])), "geometry.coordinates: must have at least 2 items, not 1"),
    (collection(line([1, 2], [3])), "geometry.coordinates.1: must have at least 2 items"),
    (collection(line([1, 2], [3, "4"])), "geometry.coordinates.1.1: must be a valid number"),
    (collection(line([1, 2], [3, None])), "geometry.coordinates.1.1: must be a valid number"),
    (collection(line([1, 2], [181, 4])), r"geometry: \[181.0, 4.0\] is not a longitude and a latitude"),
    (collection(line([1, 2], [3, -90.5])), r"geometry: \[3.0, -90.5\] is not"),
    (collection(line(kind="MultiLineString")), "geometry.coordinates: must have at least 1 item"),
    (
        collection(line([[1, 2]], kind="MultiLineString")),
        "geometry.coordinates.0: must have at least 2 items",
    ),
]


@pytest.mark.parametrize(("content", "says"), HOSTILE)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(read, content, says):
    with pytest.raises(NetworkFileError, match=says) as refusal:
        read(content)
    assert "net.geojson: " in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(NetworkFileError, match=r"nowhere\.geojson: cannot be read: No such file"):
        read_network(tmp_path / "nowhere.geojson")
    with pytest.raises(NetworkFileError, match="cannot be read: Is a directory"):
        read_network(tmp_path)


def test_a_segment_with_everything(read):
    said = {
        "direction": "forward",
        "name": "Доссор",
        "name_ru": "Доссор",
        "name_kk": "ә",
        "name_en": "a",
        "road_class": "republican",
        "area": "highway",
        "district": "Beyneu",
        "settlement": None,
        "limit_kmh": 90,
        "colour": "ignored",
    }
    (segment,) = read(collection(feature(**said))).segments
    expected = {name: value for name, value in said.items() if name != "colour"}
    assert segment == Segment(**REQUIRED, **expected, geometry=shapely.from_wkt("LINESTRING (51.2 43.6, 51.3 43.7)"))


@pytest.mark.parametrize(
    ("drawn", "wkt"),
    [
        (None, None),
        ([[1, 2, 30.5], [3, 4]], "LINESTRING (1 2, 3 4)"),
        ([[1, 2, 30.5, 7], [3, 4, 5]], "LINESTRING (1 2, 3 4)"),
        ([[1, 2], [1, 2]], "LINESTRING (1 2, 1 2)"),  # four of the US interstates are such
        ([[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))"),
    ],
)
def test_geometry(read, drawn, wkt):
    kind = "MultiLineString" if drawn and isinstance(drawn[0][0], list) else "LineString"
    geometry = None if drawn is None else {"type": kind, "coordinates": drawn}
    (segment,) = read(collection(feature(geometry))).segments
    assert segment.geometry == (None if wkt is None else shapely.from_wkt(wkt))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_the_old_names_of_wgs_84_are_accepted(read, name):
    assert len(read(collection(feature(), crs=crs(name)))) == 1


def test_an_empty_collection_and_a_byte_order_mark_are_accepted(read):
    assert read(b"\xef\xbb\xbf" + json.dumps(collection()).encode()).segments == ()


def test_segments_are_sorted_and_found_by_id(read):
    network = read(collection(*(feature(segment_id=name) for name in ("b", "c", "a"))))
    assert [segment.segment_id for segment in network.segments] == ["a", "b", "c"]
    assert [network.index_of(name) for name in ("a", "b", "c")] == [0, 1, 2]
    with pytest.raises(KeyError):
        network.index_of("d")
    with pytest.raises(ValueError, match="same segment_id"):
        Network([*network.segments, network.segments[0]])


def test_points_are_junctions_beside_the_segments(read):
    network = read(collection(point(), feature(), point([51.3, 43.7, 12], segment_id="j", radius_m=40, name="X")))
    assert [segment.segment_id for segment in network.segments] == ["KAZ11/383"]
    assert network.junctions == (
        Junction(segment_id="j", lon=51.3, lat=43.7, radius_m=40, name="X"),
        Junction(segment_id="junction/1", lon=51.2, lat=43.6, radius_m=25),
    )
    with pytest.raises(ValueError, match="same segment_id"):
        Network(network.segments, [Junction(segment_id="KAZ11/383", lon=0, lat=0)])


def test_a_network_keeps_the_digest_that_it_had(read):
    """State counted over this network, before there were junctions and uncertainties, is gone on with."""
    assert read(collection(feature())).digest == "9585b14deefd50b08b6cf87b2a777e1908eddec483d41783dda76dc00d3ffc15"


def test_the_digest_ignores_order_and_formatting(read):
    features = [feature(segment_id=f"s{n}", from_km=n, to_km=n + 1, limit_kmh=60) for n in range(5)]
    digest = read(collection(*features)).digest
    random.Random(7).shuffle(features)
    for each in features:
        each["properties"] = {name: each["properties"][name] for name in reversed(each["properties"])}
        each["properties"] |= {"limit_kmh": 60.0, "from_km": float(each["properties"]["from_km"]), "extra": 1}
        each["properties"] |= {"name": None, "direction": "both"}
    text = json.dumps(collection(*features, bbox=[0, 0, 1, 1]), indent=3).replace("51.2", "5.120e1")
    assert read(text.encode()).digest == digest


def test_the_digest_knows_one_zero(read):
    zero, negative = (feature({"type": "LineString", "coordinates": [[0, y], [1, 1]]}, from_km=y) for y in (0, -0.0))
    assert read(collection(zero)).digest == read(collection(negative)).digest


@pytest.mark.parametrize(
    "change",
    [
        {"segment_id": "KAZ11/384"},
        {"route": "KAZ12"},
        {"from_km": 383.001},
        {"to_km": 384},
        {"direction": "forward"},
        {"name": "x"},
        {"name_kk": "x"},
        {"area": "town"},
        {"settlement": "x"},
        {"limit_kmh": 60},
        {"km_uncertainty_m": 12},
        {"geometry": None},
        {"geometry": {"type": "LineString", "coordinates": [[51.3, 43.7], [51.2, 43.6]]}},
    ],
)
def test_the_digest_sees_every_field(read, change):
    assert read(collection(feature(**change))).digest != read(collection(feature())).digest


def test_the_digest_sees_junctions(read):
    networks = [[], [point()], [point(radius_m=30)], [point([51.2, 43.7])], [point(name="x")], [point(segment_id="j")]]
    assert len({read(collection(feature(), *junctions)).digest for junctions in networks}) == len(networks)
    assert read(collection(point(), feature())).digest == read(collection(feature(), point(radius_m=25.0))).digest
