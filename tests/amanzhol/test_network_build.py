"""`amanzhol network`: maps in, a network file out; what it says of a network and of two."""

from __future__ import annotations

import csv
import json
import math

import pyarrow.parquet as pq
import pytest

from models.network_file import read_network

ROUTES = "routes.geojson"
KM_LAT = 0.009  # a kilometre to the north


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def line(*lonlat):
    return {"type": "LineString", "coordinates": list(lonlat)}


def box(west, south, east, north):
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def write_features(path, *features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")


def write_rows(path, header, *rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *rows])


def north(km):
    return [51.0, 43 + km * KM_LAT]


@pytest.fixture
def maps(folder):
    """A road of 20 km with three posts, a crossroads of two streets, a table of 3 km, and a town."""
    road = line(*map(north, range(21)))
    write_features(folder / ROUTES, feature(road, ref="A-1", official_length_km=22, name="Road"))
    write_rows(folder / "posts.csv", "route,km,lon,lat,note", *(["A-1", km, *north(at), ""] for km, at in POSTS))
    ends = {1: (51.1, 43.1), 2: (51.101, 43.1), 3: (51.1, 43.101), 4: (51.099, 43.1), 5: (51.1, 43.099)}
    edges = []
    for u, v in ((1, 2), (2, 1), (1, 3), (3, 1), (4, 1), (1, 5)):
        wkt = f"LINESTRING ({ends[u][0]} {ends[u][1]}, {ends[v][0]} {ends[v][1]})"
        name = "['Abay', 'Абай']" if v in {2, 4} or u in {2, 4} else ""
        edges.append([u, v, "[70, 69]" if u == 4 else 71, "residential", u == 4 or v == 5, wkt, name, "60"])
    edges.append([1, 9, 72, "footway", False, "LINESTRING (51.1 43.1, 51.2 43.1)", "", ""])
    write_rows(folder / "edges.csv", "u,v,osmid,highway,oneway,geometry,name,maxspeed", *edges)
    write_rows(folder / "table.csv", "route,from_km,to_km,road_class,limit_kmh", ["T-9", 0.5, 3, "district", 70])
    write_features(
        folder / "areas.geojson",
        feature(box(50, 43, 52, 44), district="Munaily"),
        feature(box(51.05, 43.05, 51.15, 43.15), settlement="Batyr"),
    )
    return folder


POSTS = [(100, 0), (111, 10), (120, 20)]
ALL = (
    "network", "build", "--routes", ROUTES, "--posts", "posts.csv", "--streets", "edges.csv", "--table", "table.csv",
    "--areas", "areas.geojson", "--residuals", "residuals.csv", "--out", "built.geojson",
)  # fmt: skip


def features_of(path):
    features = json.loads(path.read_bytes())["features"]
    return {one["properties"]["segment_id"]: one for one in features}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_everything_at_once(maps, command):
    done = command(*ALL)
    assert done.code == 0, done.err
    assert "A-1: km 100.000 to 120.000 on 19.997 km of line, by 3 posts" in done.err
    assert "27 segments and 1 junctions in built.geojson" in done.err
    built = features_of(maps / "built.geojson")
    assert [name for name in built if name.startswith("A-1/")] == [f"A-1/{km}" for km in range(100, 120)]
    assert [name for name in built if not name.startswith("A-1/")] == [
        "T-9/0", "T-9/1", "T-9/2", "street/1-2", "street/1-3", "street/1-5", "street/4-1", "junction/1",
    ]  # fmt: skip

    road = built["A-1/111"]["properties"]
    assert {name: road[name] for name in ("route", "from_km", "to_km", "direction", "name", "district", "area")} == {
        "route": "A-1", "from_km": 111, "to_km": 112, "direction": "both", "name": "Road", "district": "Munaily",
        "area": "highway",
    }  # fmt: skip
    # Post 111 stands 10 of 20 drawn kilometres from post 100: 9 kilometres are left for the other ten.
    assert built["A-1/111"]["geometry"]["coordinates"][0] == pytest.approx(north(10), abs=2e-7)
    assert built["A-1/112"]["geometry"]["coordinates"][0] == pytest.approx(north(10 + 10 / 9), abs=1e-5)
    assert road["km_uncertainty_m"] > 0

    street = built["street/4-1"]["properties"]
    assert (street["direction"], street["name"], street["limit_kmh"]) == ("forward", "Abay / Абай", 60)
    assert (street["district"], street["settlement"], street["area"]) == ("Munaily", "Batyr", "town")
    assert built["street/1-2"]["properties"]["direction"] == "both"
    assert built["junction/1"] == feature(
        {"type": "Point", "coordinates": [51.1, 43.1]},
        segment_id="junction/1", radius_m=25, name="Abay / Абай", area="town", district="Munaily", settlement="Batyr",
    )  # fmt: skip
    assert built["T-9/0"]["geometry"] is None
    assert built["T-9/2"]["properties"]["limit_kmh"] == 70

    rows = table(maps / "residuals.csv")
    assert [(row["route"], row["km"], row["residual_m"]) for row in rows] == [
        ("A-1", "100.0", ""), ("A-1", "111.0", rows[1]["residual_m"]), ("A-1", "120.0", ""),
    ]  # fmt: skip
    assert float(rows[1]["residual_m"]) == pytest.approx(1_000, abs=2)
    assert float(rows[1]["along_km"]) == pytest.approx(10, abs=0.01)


def test_building_twice_gives_the_same_bytes(maps, command):
    assert command(*ALL).code == 0
    first = (maps / "built.geojson").read_bytes()
    for name in ("posts.csv", "edges.csv"):
        header, *rows = (maps / name).read_text(encoding="utf-8").splitlines()
        # The order of rows says nothing, and a row that comes twice is one.
        (maps / name).write_text("\n".join([header, *rows[::-1], rows[0]]) + "\n", encoding="utf-8")
    assert command(*ALL).code == 0
    assert (maps / "built.geojson").read_bytes() == first


def test_what_is_built_is_sound_and_can_be_counted_on(maps, command):
    assert command(*ALL).code == 0
    checked = command("network", "check", "built.geojson")
    assert (checked.code, checked.out) == (0, "")
    assert "28 features, nothing wrong" in checked.err
    event = {
        "type": "accident", "event_id": "1", "source_id": "r", "occurred_at": "2026-01-01T00:00:00Z", "kind": "other",
        "location": {"route": "A-1", "km": 111.5},
    }  # fmt: skip
    (maps / "events.ndjson").write_text(json.dumps(event), encoding="utf-8")
    assert command("count", "events.ndjson", "--network", "built.geojson", "--out", "out.csv").code == 0
    assert [row["segment_id"] for row in table(maps / "out.csv")] == ["A-1/111"]


def test_accidents_at_a_junction_are_its_own_and_tables_name_their_network(maps, command):
    assert command(*ALL).code == 0

    def event(number, of_type, lat, **said):
        place = {"lon": 51.1, "lat": lat}
        own = {"event_id": str(number), "source_id": "r", "occurred_at": "2026-01-01T00:00:00Z", "location": place}
        return json.dumps(own | {"type": of_type} | said)

    events = [
        event(1, "accident", 43.1002, kind="other"),  # 22 m from the middle of the crossroads
        event(2, "accident", 43.1005, kind="other", junction=True),  # 55 m from it
        event(3, "accident", 43.1005, kind="other"),
        event(4, "violation", 43.1002, offence="592.2"),
    ]
    (maps / "events.ndjson").write_text("\n".join(events), encoding="utf-8")
    count = ("count", "events.ndjson", "--network", "built.geojson", "--out", "out.parquet", "--located", "located.csv")
    assert command(*count).code == 0
    assert {row["event_id"]: row["segment_id"] for row in table(maps / "located.csv")} == {
        "1": "junction/1", "2": "junction/1", "3": "street/1-3", "4": "street/1-3",
    }  # fmt: skip
    schema = pq.read_schema(maps / "out.parquet")
    assert schema.metadata[b"amanzhol.network"].decode() == read_network(maps / "built.geojson").digest


def test_streets_of_a_route_are_its_kilometres_alone(maps, command):
    text = (maps / "edges.csv").read_text(encoding="utf-8").replace("maxspeed", "maxspeed,ref").splitlines()
    rows = [f"{row},{'A-1' if row.startswith('1,5') else ''}" for row in text[1:]]
    (maps / "edges.csv").write_text("\n".join([text[0], *rows]), encoding="utf-8")
    assert command(*ALL).code == 0
    built = features_of(maps / "built.geojson")
    assert "street/1-5" not in built
    assert "junction/1" in built


def test_check_names_every_fault_and_its_place(folder, command):
    def segment(number, at, **said):
        own = {"segment_id": f"A/{number}", "route": "A", "from_km": number, "to_km": number + 1}
        return feature(line(north(at), north(at + 1)), **own | said)

    write_features(folder / "bad.geojson", segment(0, 0), segment(2, 2), segment(3, 30), segment(4, 31, to_km="x"))
    done = command("network", "check", "bad.geojson")
    assert done.code == 1
    assert done.out.splitlines() == [
        "bad.geojson: feature 1 ('A/2'): km 1: gap: km 1 to 2 of A belong to no segment",
        "bad.geojson: feature 2 ('A/3'): km 3: jump: its line begins 26996 m from the end of A/2",
        "bad.geojson: feature 3 ('A/4'): unusable: to_km: must be a valid number",
    ]
    assert "4 features, 1 gap, 1 jump, 1 unusable" in done.err
    rows = [json.loads(row) for row in command("network", "check", "bad.geojson", "--json").out.splitlines()]
    assert [(row["kind"], row["feature"]) for row in rows] == [("gap", 1), ("jump", 2), ("unusable", 3)]


def test_a_picture(maps, command):
    assert command(*ALL, "--attribution", "© the test").code == 0
    assert command("network", "draw", "built.geojson", "--out", "net.svg").code == 0
    picture = (maps / "net.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "© the test" in picture


def test_two_networks_compared(maps, command):
    assert command(*ALL).code == 0
    write_rows(maps / "posts.csv", "route,km,lon,lat", ["A-1", 100, *north(0)], ["A-1", 110, *north(20)])
    assert command(*ALL[:-1], "new.geojson").code == 0
    done = command("network", "diff", "built.geojson", "new.geojson", "--out", "crosswalk.csv")
    assert done.code == 0, done.err
    assert "0.000 km are gone, 0.000 km are new" in done.err
    rows = table(maps / "crosswalk.csv")
    assert list(rows[0]) == ["old_segment", "new_segment", "shared_m"]
    shared = {(row["old_segment"], row["new_segment"]): float(row["shared_m"]) for row in rows}
    assert shared["T-9/0", "T-9/0"] == 500
    assert shared["street/1-2", "street/1-2"] == pytest.approx(81, abs=1)
    # Eleven old kilometres are ten drawn ones; a new one is two of these.
    assert shared["A-1/100", "A-1/100"] == pytest.approx(10_000 / 11, abs=5)
    assert shared["A-1/102", "A-1/101"] == pytest.approx(30_000 / 11 - 2_000, abs=8)
    road = math.fsum(metres for (old, _), metres in shared.items() if old.startswith("A-1/"))
    assert road == pytest.approx(20_000, abs=10)


ROW = "route,km,lon,lat\nA-1,100,51.0,43.0\n"
EDGES = "u,v,osmid,highway,oneway,geometry\n"
BUILD = ("network", "build", "--out", "o.geojson")
REFUSED = [
    (BUILD, {}, "nothing to build from"),
    ((*BUILD, "--table", "table.csv", "--posts", "posts.csv"), {}, "--posts and --only belong to --routes"),
    ((*BUILD, "--routes", "none.geojson"), {}, "none.geojson: cannot be read: No such file"),
    ((*BUILD, "--routes", ROUTES, "--only", "B-2"), {}, "ref: no feature is of route 'B-2'"),
    ((*BUILD, "--routes", "areas.geojson"), {}, "areas.geojson: feature 0: ref: is missing"),
    (("network", "build", "--out", ROUTES, "--routes", ROUTES), {}, "routes.geojson: is named twice"),
    (("network", "build", "--out", "no/o.geojson", "--routes", ROUTES), {}, "the folder no does not exist"),
    (
        (*BUILD, "--routes", "r"),
        {"r": json.dumps({"type": "FeatureCollection", "features": [feature(line([1, 2], [1, 90]), ref="P")]})},
        "r: geometry: route 'P' goes beyond 85 degrees",
    ),
    (
        (*BUILD, "--routes", "r"),
        {"r": json.dumps({"type": "FeatureCollection", "features": [feature(line([1, 2], [1, 2]), ref="P")]})},
        "r: geometry: route 'P' is shorter than a metre",
    ),
    # posts
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": b""}, "p: line 1: route: the column is missing"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": b"\xff\xfe"}, "p: line 1: is not UTF-8"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": "route,km,lon\n"}, "p: line 1: lat: the column is missing"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": ROW + '"A-1,2,3,4\n'}, "p: line 3: is not CSV"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": ROW + "A-1,1,2\n"}, "p: line 3: has 3 cells, the header 4"),
    (
        (*BUILD, "--routes", ROUTES, "--posts", "p"),
        {"p": ROW + '\nA-1,"101,5",51,43\n'},
        "p: line 4: km: '101,5' is not a number (a decimal comma? write a point)",
    ),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": ROW + "A-1,nan,51,43\n"}, "p: line 3: km: nan is not between"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": ROW + "A-1,1,51,\n"}, "p: line 3: lat: is missing"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": ROW + "A-1,1,43,151\n"}, "p: line 3: lat: 151 is not between"),
    ((*BUILD, "--routes", ROUTES, "--posts", "p"), {"p": "route,km,lon,lat\nB,1,51,43\n"}, "p: route: no post is of"),
    (
        (*BUILD, "--routes", ROUTES, "--posts", "p"),
        {"p": ROW + "A-1,101,51.1,43.0\n"},
        "p: line 3: km: A-1: km 101 stands 8154 m beside the line",
    ),
    (
        (*BUILD, "--routes", ROUTES, "--posts", "p"),
        {"p": ROW + "A-1,102,51.0,43.1\nA-1,103,51.0,43.05\nA-1,104,51.0,43.12\n"},
        "p: line 4: km: A-1: km 103 does not lie after km 102 (line 3) on the route",
    ),
    # streets
    ((*BUILD, "--streets", "e.osm"), {"e.osm": ""}, "e.osm: the ending says the format: .csv"),
    ((*BUILD, "--streets", "e.pbf"), {"e.pbf": b"\x00" * 99}, "e.pbf: cannot be read as an OpenStreetMap extract"),
    ((*BUILD, "--streets", "none.pbf"), {}, "none.pbf: cannot be read as an OpenStreetMap extract"),
    ((*BUILD, "--streets", "e.csv"), {"e.csv": EDGES + "1,2,3,road,Maybe,x\n"}, "e.csv: line 2: oneway: 'Maybe' is"),
    ((*BUILD, "--streets", "e.csv"), {"e.csv": EDGES + "1,2,3,road,True,x\n"}, "e.csv: line 2: geometry: is not WKT"),
    ((*BUILD, "--streets", "e.csv"), {"e.csv": EDGES + "1,2,3,road,True,POINT (1 2)\n"}, "is not a LINESTRING"),
    (
        (*BUILD, "--streets", "e.csv"),
        {"e.csv": EDGES + '1,2,3,road,True,"LINESTRING (1 2, 190 2)"\n'},
        "e.csv: line 2: geometry: has a position that is not a longitude",
    ),
    (
        (*BUILD, "--streets", "e.csv"),
        {"e.csv": EDGES + '1.5,2,3,road,True,"LINESTRING (1 2, 1 3)"\n'},
        "e.csv: line 2: u: '1.5' is not a whole number",
    ),
    # tables and areas
    ((*BUILD, "--table", "t"), {"t": "route,from_km,to_km\nA,2,1\n"}, "t: line 2: from_km: 2.0 must be less"),
    ((*BUILD, "--table", "t"), {"t": "route,from_km,to_km,area\nA,1,2,sea\n"}, "t: line 2: area: must be 'town' or"),
    ((*BUILD, "--table", "t"), {"t": "route,from_km,to_km\nA,1,1.0004\n"}, "t: line 2: to_km: is less than a metre"),
    ((*BUILD, "--table", "t"), {"t": "route,from_km,to_km\nA,1,2\nA,1,2\n"}, "segment_id: 'A/1' would come from two"),
    ((*BUILD, "--table", "table.csv", "--areas", ROUTES), {}, "routes.geojson: feature 0: properties: says none of"),
    (
        (*BUILD, "--table", "table.csv", "--areas", "a"),
        {"a": json.dumps({"type": "FeatureCollection", "features": [feature(line([1, 2], [3, 4]), district="X")]})},
        "a: feature 0: geometry: must be a Polygon",
    ),
    # the others
    (("network", "check", "none.geojson"), {}, "none.geojson: cannot be read"),
    (("network", "draw", ROUTES, "--out", "net.png"), {}, "net.png: the picture is an SVG"),
    (("network", "draw", ROUTES, "--out", "net.svg"), {}, "routes.geojson: feature 0: segment_id: is missing"),
    (("network", "diff", ROUTES, ROUTES, "--out", "x.csv"), {}, "routes.geojson: feature 0: segment_id"),
    (("network", "diff", "network.geojson", "network.geojson", "--out", "x.txt"), {}, "x.txt: the ending says"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "files", "says"), REFUSED)
def test_a_map_that_cannot_be_used_is_refused_in_one_line(maps, command, arguments, files, says):
    for name, content in files.items():
        (maps / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = {path.name for path in maps.iterdir()}
    done = command(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.count("\n") == 1
    assert {path.name for path in maps.iterdir()} == before
