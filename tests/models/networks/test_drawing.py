"""The picture is well-formed, whatever the network says and wherever it lies."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
import shapely

from models.network import Junction, Network, Segment
from models.networks.drawing import draw

SVG = "{http://www.w3.org/2000/svg}"


def segment(number, wkt="LINESTRING (51 43, 51.01 43.01)", **said):
    own = {"segment_id": f"R/{number}", "route": "R", "from_km": number, "to_km": number + 1}
    return Segment(**own | said, geometry=wkt and shapely.from_wkt(wkt))


def picture(*segments, junctions=(), **options):
    return ET.fromstring(draw(Network(segments, junctions), "net", **options))


def texts(drawn):
    return [text.text for text in drawn.iter(f"{SVG}text")]


HOSTILE = [
    (),
    (segment(0, None),),
    (segment(0, "LINESTRING (51 43, 51 43)"),),
    (segment(0, "LINESTRING (51 -90, 51 90)"),),
    (segment(0, "LINESTRING (-180 0, 180 0)"),),
    (segment(0, "LINESTRING (51 43, 51 44)"),),
    (segment(0, segment_id="<&>", route="]]>\"'", name="</svg>"), segment(1, segment_id="<b>", route="]]>\"'")),
]


@pytest.mark.parametrize("segments", HOSTILE)
@pytest.mark.parametrize("junctions", [(), (Junction(segment_id="<j>", lon=51, lat=43, name="&\0\ud800"),)])
def test_it_is_well_formed(segments, junctions):
    drawn = picture(*segments, junctions=junctions, attribution="© <somebody>")
    assert drawn.tag == f"{SVG}svg"
    assert "© <somebody>" in texts(drawn)
    for path in drawn.iter(f"{SVG}path"):
        assert "nan" not in path.get("d")
        assert "inf" not in path.get("d")


def test_what_cannot_be_drawn_is_counted():
    drawn = picture(segment(0), segment(1, None), junctions=[Junction(segment_id="j", lon=51, lat=43)])
    assert any(text.startswith("1 segments drawn, 1 without geometry, 1 junctions") for text in texts(drawn))


def test_north_is_up_and_west_is_left():
    drawn = picture(segment(0, "LINESTRING (51 43, 52 44)", road_class="regional"))
    road, _in_legend = (path.get("d") for path in drawn.iter(f"{SVG}path") if path.get("stroke") == "#0072b2")
    (x0, y0), (x1, y1) = (map(float, place.split(",")) for place in road[1:].split())
    assert x0 < x1
    assert y0 > y1


def test_round_kilometres_are_named():
    road = [segment(n, f"LINESTRING (51 {43 + n / 100}, 51 {43 + (n + 1) / 100})") for n in range(3, 80)]
    names = texts(picture(*road))
    assert "R 3" in names
    assert {"10", "20", "30"} <= set(names)
    assert "11" not in names


def test_a_one_way_street_has_an_arrow():
    ways = [(direction, picture(segment(0, direction=direction))) for direction in ("both", "forward", "backward")]
    ends = {
        direction: [path.get("d") for path in drawn.iter(f"{SVG}path") if path.get("marker-end")]
        for direction, drawn in ways
    }
    assert ends["both"] == []
    (forward,), (backward,) = ends["forward"], ends["backward"]
    assert forward[1:].split() == backward[1:].split()[::-1]
